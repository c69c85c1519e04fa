#include "daemon/run/guard.h"

struct guard_decision guard_judge(const struct guard_facts *facts)
{
	if (facts->rows_said != facts->rows_received)
		return (struct guard_decision){ GUARD_BROKEN, MSG_RUN_COUNTS_DIFFER };
	if (facts->completeness == FRAME_INCOMPLETE)
		return (struct guard_decision){ GUARD_INCOMPLETE, MSG_RUN_INCOMPLETE };
	if (facts->must_prove && facts->completeness != FRAME_PROVEN)
		return (struct guard_decision){ GUARD_INCOMPLETE, MSG_RUN_UNPROVEN };
	/* The engine does its own sum: a worker that calls itself proven may be wrong. */
	if (facts->completeness == FRAME_PROVEN && facts->promised != facts->counted)
		return (struct guard_decision){ GUARD_INCOMPLETE, MSG_RUN_INCOMPLETE };
	return (struct guard_decision){ GUARD_APPLY, MSG_NONE };
}
