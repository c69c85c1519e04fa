/* Frame push: a batch for a sink, and what came of it.
 *
 * Numbers are big-endian; a blob is u32 length and bytes; text is a blob of valid UTF-8. A decoded struct is
 * a view into the frame. A decoder checks every length, count, enum and text and that nothing is left
 * over, and fails with ERR_PROTOCOL; writing again what it gave makes the same bytes.
 */
#pragma once

#include "daemon/base/digest.h"
#include "daemon/base/random.h"
#include "daemon/record/frame.h"
#include "daemon/record/frame_list.h"

enum frame_outcome {
	FRAME_ANSWERED = 1,
	FRAME_UNKNOWN,
	FRAME_NOT_SENT,
	FRAME_REFUSED,
	FRAME_OUTCOME_MAX
};

struct frame_batch {
	uint64_t batch;
	uint8_t uuid[UUID_SIZE];
	bool ask; /* its outcome is unknown: ask before sending it again */
	uint64_t
		epoch; /* of the engine: the fence, beside the body because it differs at the next start */
	struct blob idempotency_key, body;
	struct frame_list items; /* texts: item ids */
};

struct frame_answer {
	uint64_t batch;
	enum frame_outcome outcome;
	uint16_t http_status;   /* 0: none came */
	uint32_t retry_after_s; /* 0: not said */
	uint8_t response_sha256[SHA256_SIZE];
	struct blob problem_type, peer;
	struct frame_list results;
};

void frame_put_batch(struct buf *out, const struct frame_batch *batch);
void frame_put_answer(struct buf *out, const struct frame_answer *answer);
MUST_CHECK int frame_get_batch(struct blob body, struct frame_batch *ret_batch, struct err *err);
MUST_CHECK int frame_get_answer(struct blob body, struct frame_answer *ret_answer, struct err *err);
