/* Source record: what one source said of one of its keys, sealed under the key of the person it is linked to.
 *
 * Words.  ordinal: dense number within the source, from 1; the bit of the seen bitmap.
 *         incarnation: who is behind a source key when it is given to somebody else; a row of its own.
 * Tables  source_record (source, ordinal), record_key (source, index of the key) -> ordinal in force.
 */
#pragma once

#include "daemon/store/person.h"
#include "daemon/store/store.h"

enum source_record_flag { SOURCE_RECORD_ENDED = 1 };

struct source_record {
	uint16_t source;
	uint16_t incarnation;
	uint32_t ordinal;
	uint32_t person;
	uint32_t run;    /* that wrote this version */
	uint16_t absent; /* complete snapshots in a row without it */
	uint8_t flags;
	uint8_t cells_hash[16];   /* keyed, of the decoded text of the mapped cells */
	uint8_t content_hash[16]; /* of the record encoding */
	uint8_t interpretation[8];
};

struct source_record_body {
	struct blob key;    /* the source's own key */
	struct blob record; /* record encoding */
	struct blob cells;  /* as the run layer encodes them */
	struct blob warnings;
	struct blob as_of;
};

void source_key_idx(struct store *store, uint16_t source, struct blob key,
		    uint8_t out[KEYRING_IDX_SIZE]);

/** The ordinal in force behind a source key (its newest incarnation). */
MUST_CHECK int source_record_find(struct store_txn *txn, uint16_t source,
				  const uint8_t idx[KEYRING_IDX_SIZE], uint32_t *ret_ordinal,
				  struct err *err);
MUST_CHECK int source_record_get(struct store_txn *txn, uint16_t source, uint32_t ordinal,
				 struct source_record *ret_record, struct err *err);
/** Decrypt into `plain`, which ret_body points into. */
MUST_CHECK int source_record_body(struct store_txn *txn, const struct source_record *record,
				  struct buf *plain, struct source_record_body *ret_body,
				  struct err *err);

/** A new row: gives it the source's next ordinal (record->ordinal) and puts it in force behind its key. */
MUST_CHECK int source_record_create(struct store_txn *txn, const struct person *owner,
				    struct source_record *record,
				    const struct source_record_body *body, struct err *err);
/** Another version, or another owner: everything is sealed anew. record->person must be owner->ordinal. */
MUST_CHECK int source_record_put(struct store_txn *txn, const struct person *owner,
				 const struct source_record *record,
				 const struct source_record_body *body, struct err *err);
/** Only the fields in clear (flags, absent, run); the person stays. */
MUST_CHECK int source_record_put_head(struct store_txn *txn, const struct source_record *record,
				      struct err *err);
/** The number of ordinals given out for the source: the size of its bitmap. */
MUST_CHECK int source_record_count(struct store_txn *txn, uint16_t source, uint32_t *ret_count,
				   struct err *err);

/** Walk the rows of a source with an ordinal >= `from`, in order; heads only. */
MUST_CHECK int source_record_scan(struct store_txn *txn, uint16_t source, uint32_t from,
				  struct store_scan **ret_scan, struct err *err);
MUST_CHECK int source_record_next(struct store_scan *scan, struct source_record *ret_record,
				  struct err *err);
