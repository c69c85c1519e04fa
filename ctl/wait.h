/* Wait: follow a run until it ends, with progress on stderr. */
#pragma once

#include <stdint.h>

#include "ctl/session.h"

/** Show the run at its end on stdout.
 * Returns the exit code of DESIGN.md section 13: 0 COMPLETE, 65 INCOMPLETE, 75 HELD or SUPERSEDED,
 * FAILED by its cause; or a negative error if the daemon stops answering. The run goes on then.
 */
MUST_CHECK int wait_for_run(struct session *session, uint32_t run, struct err *err);

/** The exit code for the state of a run and the name of its cause's error code ("IO", or ""). */
int wait_exit_code(const char *state, const char *error);

struct wait_progress {
	uint64_t done, total; /* total 0: not known */
	double rate;          /* per second; 0: not known yet */
	uint64_t left_s;      /* meaningful with a rate and a total */
};

/** From two sights of one state, `elapsed_us` apart. */
struct wait_progress wait_progress_of(uint64_t first_done, uint64_t done, uint64_t total,
				      uint64_t elapsed_us);
