/* Stage: the rows of a run between COLLECTING and the end of APPLYING, under the run's own key.
 *
 * Tables  stage (run, sequence) in order of arrival; stage_key (run, index of the source key) gives the
 *         order of applying; seen (run, chunk): which ordinals of the source the run has met.
 */
#pragma once

#include "daemon/store/run_table.h"

enum { SEEN_CHUNK_BYTES = 1024, SEEN_CHUNK_BITS = 8 * SEEN_CHUNK_BYTES };

struct stage_key {
	uint8_t idx[KEYRING_IDX_SIZE];
	uint64_t seq;
	uint8_t kind;     /* new, changed, duplicate, …: the run layer's */
	uint32_t ordinal; /* of the source record in force, 0 if none */
};

/** Append one row (run->staged is its sequence number and rises; the caller puts the run). */
MUST_CHECK int stage_append(struct store_txn *txn, struct run_row *run, struct blob row,
			    struct err *err);
/** Decrypt into `plain`, behind what stands there. */
MUST_CHECK int stage_get(struct store_txn *txn, const struct run_row *run, uint64_t seq,
			 struct buf *plain, struct err *err);

MUST_CHECK int stage_key_put(struct store_txn *txn, uint32_t run, const struct stage_key *key,
			     struct err *err);
MUST_CHECK int stage_key_find(struct store_txn *txn, uint32_t run,
			      const uint8_t idx[KEYRING_IDX_SIZE], struct stage_key *ret_key,
			      struct err *err);
/** Walk the run's keys in order, behind `after` (NULL: from the first). */
MUST_CHECK int stage_key_scan(struct store_txn *txn, uint32_t run, const uint8_t *after,
			      struct store_scan **ret_scan, struct err *err);
MUST_CHECK int stage_key_next(struct store_scan *scan, struct stage_key *ret_key, struct err *err);

/** Chunk `chunk` holds the bits of ordinals chunk * SEEN_CHUNK_BITS and up. */
MUST_CHECK int seen_put(struct store_txn *txn, uint32_t run, uint32_t chunk,
			const uint8_t bits[SEEN_CHUNK_BYTES], struct err *err);
/** All zero if it was never put. */
MUST_CHECK int seen_get(struct store_txn *txn, uint32_t run, uint32_t chunk,
			uint8_t ret_bits[SEEN_CHUNK_BYTES], struct err *err);

/** Delete up to `limit` rows of the run from the three tables; *ret_more tells whether any are left. */
MUST_CHECK int stage_delete(struct store_txn *txn, uint32_t run, size_t limit, bool *ret_more,
			    struct err *err);
