/* Host: the life of a worker on its socket: HELLO, BEGIN, one pull or batches until FINISH, END.
 *
 * END is always told, with the error if there was one; only where the engine is gone there is nobody to tell.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/cleanup.h"
#include "daemon/record/frame_control.h"

struct err;

/** Serve one run. `sandbox`: what is in force, for HELLO. Blocks until the run has ended.
 * Returns 0 once END was sent (also for a run that failed) and where the engine closed before BEGIN.
 * Errors: ERR_UNAVAILABLE, ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int host_run(int socket_fd, enum frame_role role, uint32_t sandbox, struct err *err);
