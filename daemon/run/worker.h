/* Worker: one connector process as the engine sees it: a socket with frames, a deadline, an end.
 *
 * Started by hand it is spawned over a socketpair; under systemd the engine connects to worker-ROLE.sock and
 * never needs what the worker may do (DESIGN.md section 4). After that there is no difference.
 * A turn takes at most what one read gives, so the socket's back-pressure reaches a worker that is faster.
 * The process is gone when worker_destroy() returns.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"
#include "daemon/record/frame_control.h"

struct err;
struct sd_event;
struct worker; /* opaque */

struct worker_options {
	const char *program;     /* to spawn; NULL: connect */
	const char *sockets_dir; /* of worker-ROLE.sock */
	enum frame_role role;
	uint64_t deadline_ms;
	/* One frame; a negative return ends the worker with that error. */
	int (*on_frame)(void *ctx, const struct frame *frame, struct err *err);
	/* No more frames will come. `cause` is NULL where the stream ended between two frames. Called once, last. */
	void (*on_end)(void *ctx, const struct err *cause);
	void *ctx;
};

/** Start and connect. Errors: ERR_UNAVAILABLE, ERR_IO, ERR_NOMEM. */
MUST_CHECK int worker_start(struct sd_event *loop, const struct worker_options *options,
			    struct worker **ret_worker, struct err *err);

/** Queue whole frames; with `fds` (copied; the caller keeps its own) attached to the first byte. */
MUST_CHECK int worker_send(struct worker *worker, struct blob frames, const int *fds,
			   size_t fd_count, struct err *err);

/** End the process, whatever it does, without a call of on_end. May be called from its callbacks. */
void worker_destroy(struct worker *worker);

DEFINE_CLEANUP(struct worker, worker_destroy);
