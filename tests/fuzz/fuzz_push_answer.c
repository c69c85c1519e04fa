/* Push answer: any bytes as an answer to a batch: whatever is taken is within the bounds of a frame. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "connectors/rest_push/oauth.h"
#include "connectors/rest_push/push_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the first byte says which kind of answer it is */
	static const struct {
		uint16_t status;
		const char *type;
	} kinds[] = { { 200, "application/json" },
		      { 422, "application/problem+json" },
		      { 404, "application/problem+json" } };
	static struct frame_batch batch = { .batch = 1, .ask = true };
	struct https_answer http = { .fate = HTTPS_ANSWERED };
	struct frame_answer answer, again;
	struct buf scratch = { 0 }, frame = { 0 }, token = { 0 };
	uint64_t life_s;
	if (size == 0 || uuid_parse("00112233-4455-8677-8899-aabbccddeeff", batch.uuid) < 0)
		return 0;
	size_t kind = data[0] % (sizeof(kinds) / sizeof(kinds[0]));
	http.status = kinds[kind].status;
	(void)snprintf(http.type, sizeof(http.type), "%s", kinds[kind].type);
	buf_put(&http.body, data + 1, size - 1);
	if (push_answer_make(&batch, &http, &scratch, &answer, NULL) == 0) {
		size_t at = frame_open(&frame, FRAME_ANSWER);
		frame_put_answer(&frame, &answer);
		frame_close(&frame, at);
		/* the engine must be able to read what its worker tells */
		if (!buf_ok(&frame) || frame_get_answer(blob_of(frame.data + FRAME_HEADER_SIZE,
								frame.len - FRAME_HEADER_SIZE),
							&again, NULL) < 0)
			abort();
	}
	if (oauth_read_answer(&http, &token, &life_s) && (token.len == 0 || life_s == 0))
		abort();
	buf_finish(&scratch);
	buf_finish(&frame);
	buf_finish(&token);
	https_answer_finish(&http);
	return 0;
}
