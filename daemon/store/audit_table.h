/* Audit table: leaves of the audit log with their sealed payloads, and the tree's right edge.
 * Table audit (index); the frontier lies in meta and is written in the leaf's transaction.
 */
#pragma once

#include "daemon/store/person.h"

enum { AUDIT_PEAKS_MAX = 64 };

/* RFC 6962: the hashes of the perfect subtrees that make up a tree of `size` leaves, largest first. */
struct audit_frontier {
	uint64_t size;
	uint8_t root[SHA256_SIZE];
	uint32_t peak_count;
	uint8_t peaks[AUDIT_PEAKS_MAX][SHA256_SIZE];
};

/** Append `payload`, sealed for leaf `index`, to `out`: under the owner's key, or the shared key if `owner`
 * is NULL (no personal data then). Before the append, because the leaf carries the hash of these bytes.
 */
MUST_CHECK int audit_table_seal(struct store_txn *txn, const struct person *owner, uint64_t index,
				struct blob payload, struct buf *out, struct err *err);
/** Append the payload's plain text to `plain`. ERR_CORRUPT also once the owner's key is destroyed. */
MUST_CHECK int audit_table_open(struct store_txn *txn, const struct person *owner, uint64_t index,
				struct blob sealed, struct buf *plain, struct err *err);

/** Append at `index`, which must be the number of leaves. `sealed` may be empty. */
MUST_CHECK int audit_table_append(struct store_txn *txn, uint64_t index, struct blob leaf,
				  struct blob sealed, struct err *err);
MUST_CHECK int audit_table_get(struct store_txn *txn, uint64_t index, struct blob *ret_leaf,
			       struct blob *ret_sealed, struct err *err);
/** Walk the leaves with an index >= `from`. */
MUST_CHECK int audit_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
				struct err *err);
MUST_CHECK int audit_table_next(struct store_scan *scan, uint64_t *ret_index, struct blob *ret_leaf,
				struct blob *ret_sealed, struct err *err);

/** An empty tree (size 0, root SHA-256 of nothing) if none was put. */
MUST_CHECK int audit_frontier_get(struct store_txn *txn, struct audit_frontier *ret_frontier,
				  struct err *err);
MUST_CHECK int audit_frontier_put(struct store_txn *txn, const struct audit_frontier *frontier,
				  struct err *err);
