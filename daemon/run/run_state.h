/* Run state: the life of one execution, as a table of the moves that are allowed.
 *
 *	COLLECTING ──▶ GUARDING ──▶ APPLYING ──▶ COMPLETE
 *	    │             │  │          │
 *	    │             │  └▶ HELD ──▶│ (approved)      HELD ──▶ SUPERSEDED
 *	    │             └▶ INCOMPLETE
 *	    └────────────────▶ FAILED ◀─┘
 *
 * Only APPLYING changes records; a run that did not prove what it had to never gets there.
 * The numbers are stored: append only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum run_state {
	RUN_COLLECTING = 1,
	RUN_GUARDING = 2,
	RUN_APPLYING = 3,
	RUN_COMPLETE = 4,
	RUN_INCOMPLETE = 5,
	RUN_HELD = 6,
	RUN_SUPERSEDED = 7,
	RUN_FAILED = 8,
	RUN_PUBLISHING = 9, /* of a publishing run, which ends COMPLETE or FAILED */
	RUN_STATE_MAX,
};

bool run_state_may_follow(enum run_state from, enum run_state to);
/** A state that the run will not leave by itself. */
bool run_state_is_end(enum run_state state);
const char *run_state_name(enum run_state state);

/** "proven", "unproven", "failed" (enum frame_completeness); "" while it is not known. */
const char *run_completeness_name(uint8_t completeness);
