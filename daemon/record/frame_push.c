#include "daemon/record/frame_push.h"

#include "daemon/record/frame_text.h"

void frame_put_batch(struct buf *out, const struct frame_batch *batch)
{
	buf_put_u64(out, batch->batch);
	buf_put(out, batch->uuid, sizeof(batch->uuid));
	buf_put_u8(out, batch->ask);
	buf_put_u64(out, batch->epoch);
	buf_put_blob(out, batch->idempotency_key);
	buf_put_blob(out, batch->body);
	frame_list_put(out, &batch->items);
}

int frame_get_batch(struct blob body, struct frame_batch *ret_batch, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_batch batch = { .batch = reader_u64(&in) };
	frame_take_bytes(&in, batch.uuid, sizeof(batch.uuid));
	uint8_t ask = reader_u8(&in);
	batch.ask = ask == 1;
	batch.epoch = reader_u64(&in);
	batch.idempotency_key = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	batch.body = reader_blob(&in, LIMIT_FRAME_BODY);
	batch.items = frame_list_take_texts(&in);
	if (ask > 1 || batch.items.count == 0)
		in.failed = true;
	int result = frame_body_end(&in, "BATCH", err);
	if (result == 0)
		*ret_batch = batch;
	return result;
}

void frame_put_answer(struct buf *out, const struct frame_answer *answer)
{
	buf_put_u64(out, answer->batch);
	buf_put_u8(out, (uint8_t)answer->outcome);
	buf_put_u16(out, answer->http_status);
	buf_put_u32(out, answer->retry_after_s);
	buf_put(out, answer->response_sha256, sizeof(answer->response_sha256));
	buf_put_blob(out, answer->problem_type);
	buf_put_blob(out, answer->peer);
	frame_list_put(out, &answer->results);
}

int frame_get_answer(struct blob body, struct frame_answer *ret_answer, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_answer answer = { .batch = reader_u64(&in) };
	answer.outcome = (enum frame_outcome)frame_take_enum(&in, FRAME_OUTCOME_MAX);
	answer.http_status = reader_u16(&in);
	answer.retry_after_s = reader_u32(&in);
	frame_take_bytes(&in, answer.response_sha256, sizeof(answer.response_sha256));
	answer.problem_type = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	answer.peer = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	answer.results = frame_list_take_results(&in);
	int result = frame_body_end(&in, "ANSWER", err);
	if (result == 0)
		*ret_answer = answer;
	return result;
}
