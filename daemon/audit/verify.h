/* Verify: the whole audit log read again from its first leaf, by daemon or reader process.
 *
 * Held    index without a gap, seq = index; canonical leaves of known acts (leaf_view.h); sealed bytes
 *         as ct_sha256 says; mono_us never back within one boot; size, peaks and root as stored;
 *         nothing behind them; and at the size of the high-water mark the root of the mark, so that a
 *         log rewritten with all its hashes, cut or rolled back does not pass.
 * Rules.  A log that fails is an answer, not an error: see the report. The first failure ends it.
 *         It goes in steps, each with a read transaction of its own, so that none is held long; what
 *         was appended since the first step is not looked at.
 */
#pragma once

#include "daemon/audit/audit_log.h"
#include "daemon/base/err.h"

struct verify; /* opaque */

struct verify_report {
	bool holds;
	uint64_t size;     /* of the log when verifying began */
	uint64_t verified; /* leaves that were found good */
	uint8_t root[TREE_HASH_SIZE];
	struct err reason; /* unless it holds; the first bad leaf is the one after those verified */
};

/** `mark` is copied; audit_size 0: there is none. */
MUST_CHECK int verify_create(struct store_txn *txn, const struct store_mark *mark,
			     struct verify **ret_verify, struct err *err);
void verify_destroy(struct verify *verify);

/** Go on with at most `limit` leaves; *ret_done once the report is final. Errors: of the store alone. */
MUST_CHECK int verify_step(struct verify *verify, struct store_txn *txn, size_t limit,
			   bool *ret_done, struct err *err);
const struct verify_report *verify_report(const struct verify *verify);

/** All steps, against the mark that was found when `store` was opened. */
MUST_CHECK int verify_whole(struct store *store, struct verify_report *ret_report, struct err *err);

DEFINE_CLEANUP(struct verify, verify_destroy);
