/* Reader: jobs over the whole store in a process of their own, `trithucd --reader JOB`, so that the engine never waits.
 *
 * A reader opens the store read-only beside the daemon, reads in transactions of less than a second, and writes its
 * answer to standard output.
 *	export   one line of canonical JSON per person, case and quarantined row (invariant 8)
 *	verify   one JSON object: does the audit log hold?
 *	rebuild  one JSON object: is every golden record what its links, records and the policy make?
 */
#pragma once

#include "daemon/base/cleanup.h"

struct config;
struct err;

/** Run a job to its end; the exit code of the process: 0, 1 with findings, else an error's.
 * Errors: ERR_CONFIG (no such job), the store's.
 */
MUST_CHECK int reader_run(const struct config *config, const char *job, int *ret_exit,
			  struct err *err);

/** Start `program --config DIR --reader JOB`; its output comes out of *ret_fd (non-blocking), *ret_pidfd ends with it. */
MUST_CHECK int reader_start(const char *program, const char *config_dir, const char *job,
			    int *ret_fd, int *ret_pidfd, struct err *err);
