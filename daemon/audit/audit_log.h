/* Audit log: leaves appended inside the transaction of the change that they tell.
 *
 * Words.  head: size and root of what is committed.
 * Rules.  A change and its leaf commit together or not at all: append writes in the caller's
 *         transaction, and a failed append poisons it.
 *         Order of calls: store_begin, audit_log_begin, appends, audit_log_commit (or store_abort).
 *         Begin reads the frontier anew, so an aborted transaction leaves nothing behind here.
 *         A transaction that appended and was ended by store_commit would leave leaves without their
 *         frontier; the next begin finds that and refuses.
 *         The first leaf of a process is start; it carries the boot that mono_us belongs to.
 * Reading is daemon/store/audit_table.h with leaf_view.h; checking the whole is verify.h.
 */
#pragma once

#include "daemon/audit/leaf.h"
#include "daemon/audit/tree.h"
#include "daemon/base/clock.h"
#include "daemon/base/random.h"
#include "daemon/store/audit_table.h"

struct err;
struct audit_log; /* opaque: the writer's side; one per store */

struct audit_head {
	uint64_t size;
	uint8_t root[TREE_HASH_SIZE];
};

/** Load the head; ERR_CORRUPT unless frontier, root and last leaf fit together. `clock` and `random`
 * are copied; what their ctx points to must outlive the log.
 */
MUST_CHECK int audit_log_open(struct store *store, const struct clock *clock,
			      const struct random_source *random, struct audit_log **ret_log,
			      struct err *err);
void audit_log_close(struct audit_log *log);

MUST_CHECK int audit_log_begin(struct audit_log *log, struct store_txn *txn, struct err *err);

/** Append `leaf` (borrowed for the call).
 *
 * owner      whose key seals what is private in the leaf. NULL where nobody's record is: texts, such as
 *            the reason that an operator gives, then lie under the key that all share.
 * ret_index  may be NULL.
 */
MUST_CHECK int audit_log_append(struct audit_log *log, struct store_txn *txn,
				const struct leaf *leaf, const struct person *owner,
				uint64_t *ret_index, struct err *err);

/** Write the frontier and commit; as store_commit(), the transaction ends whatever this returns. */
MUST_CHECK int audit_log_commit(struct audit_log *log, struct store_txn *txn, struct err *err);

/** What is committed, for the high-water mark. */
const struct audit_head *audit_log_head(const struct audit_log *log);

/** The stored frontier as a tree. ERR_CORRUPT if it does not fit its size or its root. */
MUST_CHECK int audit_frontier_tree(const struct audit_frontier *frontier, struct sha256 *sha,
				   struct tree *ret_tree, struct err *err);

DEFINE_CLEANUP(struct audit_log, audit_log_close);
