/* Frame: the envelope of the protocol between engine and worker, and taking frames off a stream.
 *
 * Format. Header of 8 bytes: u8 version 1 | u8 type | u16 reserved 0 | u32 body length (big-endian, at most
 *         LIMIT_FRAME_BODY). The bodies are in frame_control.h, frame_pull.h and frame_push.h.
 * Course. The worker says HELLO first; the engine answers BEGIN with the descriptors. A pull then sends FILE,
 *         ROW, REJECT, SKIP and PROGRESS; a push is fed BATCH frames and answers each by ANSWER, until
 *         FINISH. END closes either; a stream that ends without it is a failed run.
 * Rules.  The receiver validates everything. Whatever is not foreseen is ERR_PROTOCOL, and the
 *         connection is then of no further use.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/limits.h"

struct err;

enum { FRAME_VERSION = 1, FRAME_HEADER_SIZE = 8, FRAME_PROTOCOL = 1 };

enum frame_type {
	/* engine to worker */
	FRAME_BEGIN = 1,
	FRAME_BATCH = 2,
	FRAME_PROCEED = 3,
	FRAME_FINISH = 4,
	/* worker to engine */
	FRAME_HELLO = 16,
	FRAME_FILE = 17,
	FRAME_ROW = 18,
	FRAME_REJECT = 19,
	FRAME_SKIP = 20,
	FRAME_ANSWER = 21,
	FRAME_PROGRESS = 22,
	FRAME_END = 23,
};

enum frame_side { FRAME_FROM_ENGINE, FRAME_FROM_WORKER };

struct frame {
	enum frame_type type;
	struct blob body;
};

/** Start a frame in `out` and end it once its body is written; what was written between is the body.
 * A body past LIMIT_FRAME_BODY makes `out` fail.
 *
 *	size_t at = frame_open(&out, FRAME_ROW);
 *	frame_put_row(&out, &row);
 *	frame_close(&out, at);
 */
size_t frame_open(struct buf *out, enum frame_type type);
void frame_close(struct buf *out, size_t at);

/* Takes frames off a stream of bytes as they come. Ready for use once frame_reader_init() has run. */
struct frame_reader {
	struct buf in;
	size_t taken;         /* bytes of `in` that were given out */
	enum frame_side from; /* whose frames are accepted */
	bool broken;
};

void frame_reader_init(struct frame_reader *reader, enum frame_side from);
void frame_reader_finish(struct frame_reader *reader); /* overwrites what it held */

/** Add bytes that arrived. Blobs of earlier frames become invalid.
 * Errors: ERR_NOMEM.
 */
MUST_CHECK int frame_reader_feed(struct frame_reader *reader, const void *data, size_t len,
				 struct err *err);

/** Take the next whole frame: 1 with a frame (its body lives until the next feed), 0 if more bytes are needed.
 * Errors: ERR_PROTOCOL (version, reserved bits, length, a type that is unknown or of the wrong side); the
 * reader then stays broken.
 */
MUST_CHECK int frame_reader_next(struct frame_reader *reader, struct frame *ret_frame,
				 struct err *err);

/** True if no part of a frame is waiting: the only place where a stream may end. */
static inline bool frame_reader_is_empty(const struct frame_reader *reader)
{
	return reader->in.len == reader->taken;
}
