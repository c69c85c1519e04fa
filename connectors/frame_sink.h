/* Frame sink: where a connector tells what it found; writes frames to the engine and keeps the counts.
 *
 * Frames are gathered and sent in pieces; the engine's pace is the connector's, by the socket. A call may block.
 * ERR_UNAVAILABLE: the engine is gone, and nobody is there to be told anything.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/cleanup.h"
#include "daemon/record/frame_control.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/frame_push.h"

struct err;
struct frame_sink; /* opaque */

struct frame_counts {
	uint64_t read, accepted, quarantined, skipped[FRAME_SKIP_MAX];
};

/** `socket_fd` stays the caller's. Errors: ERR_NOMEM. */
MUST_CHECK int frame_sink_create(int socket_fd, struct frame_sink **ret_sink, struct err *err);
void frame_sink_destroy(struct frame_sink *sink); /* overwrites what it held; sends nothing */

MUST_CHECK int frame_sink_file(struct frame_sink *sink, const struct frame_file *file,
			       struct err *err);
MUST_CHECK int frame_sink_row(struct frame_sink *sink, const struct frame_row *row,
			      struct err *err);
MUST_CHECK int frame_sink_reject(struct frame_sink *sink, const struct frame_reject *reject,
				 struct err *err);
MUST_CHECK int frame_sink_skip(struct frame_sink *sink, const struct frame_skip *skip,
			       struct err *err);
MUST_CHECK int frame_sink_progress(struct frame_sink *sink, uint64_t done, uint64_t total,
				   struct err *err);
/** Sent at once. */
MUST_CHECK int frame_sink_answer(struct frame_sink *sink, const struct frame_answer *answer,
				 struct err *err);

/* for the host */
MUST_CHECK int frame_sink_hello(struct frame_sink *sink, uint32_t sandbox, struct err *err);
/** The counts are filled in by the sink. Sent at once. */
MUST_CHECK int frame_sink_end(struct frame_sink *sink, struct frame_end *end, struct err *err);

const struct frame_counts *frame_sink_counts(const struct frame_sink *sink);

DEFINE_CLEANUP(struct frame_sink, frame_sink_destroy);
