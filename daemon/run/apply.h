/* Apply: puts what a run staged into the store, in slices that a crash may cut anywhere.
 *
 * Each slice writes how far it came together with what it did, so a restart goes on behind it. The order is that
 * of the keys within each phase, never that of arrival.
 */
#pragma once

#include "daemon/run/run.h"

struct applier {
	struct session *session;
	struct reconciler *reconciler;
	struct audit_log *audit;
	struct buf plain; /* of the row in hand */
};

enum apply_progress { APPLY_MORE, APPLY_DONE };

/** Do at most `budget` rows of an APPLYING run. APPLY_DONE: it is COMPLETE, as far as the transaction goes.
 * Errors: the store's; the transaction is then to be aborted.
 */
MUST_CHECK int apply_step(struct applier *applier, struct run *run, unsigned budget,
			  struct err *err);

/** Delete staged rows of an ended run, at most `budget` of them. Returns as apply_step(). */
MUST_CHECK int apply_sweep(struct applier *applier, struct run *run, unsigned budget,
			   struct err *err);

/** The run ends in `run->row.state`: its key goes, its leaf run.end is written, its row is put. */
MUST_CHECK int apply_end_run(struct applier *applier, struct run *run, struct err *err);

void applier_finish(struct applier *applier);
