/* The worker protocol: the first byte says whose frames and in what pieces the rest comes; every body that
 * is read writes back to the same bytes.
 */
#include <stdlib.h>

#include "daemon/record/frame_control.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/frame_push.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CASE(type, name) \
	case type: { \
		struct frame_##name body; \
		if (frame_get_##name(frame->body, &body, NULL) < 0) \
			return; \
		frame_put_##name(again, &body); \
		break; \
	}

static void read_and_write(const struct frame *frame, struct buf *again)
{
	switch (frame->type) {
		CASE(FRAME_BEGIN, begin)
		CASE(FRAME_BATCH, batch)
		CASE(FRAME_HELLO, hello)
		CASE(FRAME_FILE, file)
		CASE(FRAME_ROW, row)
		CASE(FRAME_REJECT, reject)
		CASE(FRAME_SKIP, skip)
		CASE(FRAME_ANSWER, answer)
		CASE(FRAME_PROGRESS, progress)
		CASE(FRAME_END, end)
	case FRAME_PROCEED:
	case FRAME_FINISH:
		if (frame_get_nothing(frame->body, NULL) == 0 && frame->body.len != 0)
			abort();
		return;
	}
	if (!blob_equal(frame->body, buf_blob(again)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(frame_reader_finish) struct frame_reader reader;
	CLEANUP(buf_finish) struct buf again = { 0 };
	struct frame frame;
	frame_reader_init(&reader,
			  size > 0 && (data[0] & 1) != 0 ? FRAME_FROM_WORKER : FRAME_FROM_ENGINE);
	size_t step = size > 0 ? 1 + data[0] / 2 : 1;
	for (size_t at = 1; at < size; at += step) {
		if (frame_reader_feed(&reader, data + at, size - at < step ? size - at : step,
				      NULL) < 0)
			return 0;
		while (frame_reader_next(&reader, &frame, NULL) == 1) {
			buf_reset(&again);
			read_and_write(&frame, &again);
		}
		if (reader.broken)
			return 0;
	}
	return 0;
}
