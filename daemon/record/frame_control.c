#include "daemon/record/frame_control.h"

#include "daemon/record/frame_text.h"

void frame_put_hello(struct buf *out, const struct frame_hello *hello)
{
	buf_put_u32(out, hello->protocol);
	buf_put_u32(out, hello->sandbox);
}

int frame_get_hello(struct blob body, struct frame_hello *ret_hello, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_hello hello = { .protocol = reader_u32(&in), .sandbox = reader_u32(&in) };
	const uint32_t known =
		FRAME_SANDBOX_SECCOMP | FRAME_SANDBOX_LANDLOCK | FRAME_SANDBOX_RLIMITS;
	if ((hello.sandbox & ~known) != 0)
		in.failed = true;
	int result = frame_body_end(&in, "HELLO", err);
	if (result == 0 && hello.protocol != FRAME_PROTOCOL)
		result = err_set(err, ERR_PROTOCOL, MSG_FRAME_PROTOCOL,
				 ARG_U("theirs", hello.protocol), ARG_U("ours", FRAME_PROTOCOL));
	if (result == 0)
		*ret_hello = hello;
	return result;
}

void frame_put_begin(struct buf *out, const struct frame_begin *begin)
{
	buf_put_u8(out, (uint8_t)begin->role);
	buf_put_blob(out, begin->connector);
	buf_put_blob(out, begin->source);
	buf_put_u64(out, begin->run);
	buf_put(out, begin->interpretation, sizeof(begin->interpretation));
	buf_put(out, begin->cell_key, sizeof(begin->cell_key));
	buf_put_u64(out, begin->deadline_ms);
	buf_put_blob(out, begin->options);
	buf_put_blob(out, begin->numbers);
	frame_list_put(out, &begin->fd_names);
}

int frame_get_begin(struct blob body, struct frame_begin *ret_begin, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_begin begin = { .role = (enum frame_role)frame_take_enum(&in,
									      FRAME_ROLE_MAX) };
	begin.connector = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	begin.source = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	begin.run = reader_u64(&in);
	frame_take_bytes(&in, begin.interpretation, sizeof(begin.interpretation));
	frame_take_bytes(&in, begin.cell_key, sizeof(begin.cell_key));
	begin.deadline_ms = reader_u64(&in);
	begin.options = frame_take_text(&in, LIMIT_CONFIG_BYTES);
	begin.numbers = reader_blob(&in, LIMIT_SCHEMA_FIELDS * sizeof(uint16_t));
	begin.fd_names = frame_list_take_texts(&in);
	if (begin.fd_names.count > LIMIT_FRAME_FDS)
		in.failed = true;
	int result = frame_body_end(&in, "BEGIN", err);
	if (result == 0)
		*ret_begin = begin;
	return result;
}

void frame_put_progress(struct buf *out, const struct frame_progress *progress)
{
	buf_put_u64(out, progress->done);
	buf_put_u64(out, progress->total);
}

int frame_get_progress(struct blob body, struct frame_progress *ret_progress, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_progress progress = { .done = reader_u64(&in), .total = reader_u64(&in) };
	int result = frame_body_end(&in, "PROGRESS", err);
	if (result == 0)
		*ret_progress = progress;
	return result;
}

void frame_put_end(struct buf *out, const struct frame_end *end)
{
	buf_put_u8(out, (uint8_t)end->status);
	buf_put_u64(out, end->read);
	buf_put_u64(out, end->accepted);
	buf_put_u64(out, end->quarantined);
	for (int kind = 0; kind < FRAME_SKIP_MAX; kind++)
		buf_put_u64(out, end->skipped[kind]);
	buf_put_u8(out, (uint8_t)end->completeness);
	buf_put_u64(out, end->promised);
	buf_put_u64(out, end->counted);
	buf_put_u8(out, end->error);
	buf_put_blob(out, end->message_code);
	buf_put_blob(out, end->message_en);
	buf_put_blob(out, end->message_vi);
}

/* What must hold between the parts: every row is counted once, and a good end has no error. */
static bool end_adds_up(const struct frame_end *end)
{
	uint64_t sum;
	bool over = __builtin_add_overflow(end->accepted, end->quarantined, &sum);
	for (int kind = 0; kind < FRAME_SKIP_MAX; kind++)
		over |= __builtin_add_overflow(sum, end->skipped[kind], &sum);
	if (end->status == FRAME_END_OK)
		return !over && sum == end->read && end->error == 0;
	return end->error > 0 && end->error < ERR_MAX_;
}

int frame_get_end(struct blob body, struct frame_end *ret_end, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_end end = { .status = (enum frame_end_status)frame_take_enum(
					 &in, FRAME_END_STATUS_MAX) };
	end.read = reader_u64(&in);
	end.accepted = reader_u64(&in);
	end.quarantined = reader_u64(&in);
	for (int kind = 0; kind < FRAME_SKIP_MAX; kind++)
		end.skipped[kind] = reader_u64(&in);
	end.completeness = (enum frame_completeness)frame_take_enum(&in, FRAME_COMPLETENESS_MAX);
	end.promised = reader_u64(&in);
	end.counted = reader_u64(&in);
	end.error = reader_u8(&in);
	end.message_code = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES);
	end.message_en = frame_take_text(&in, ERR_TEXT_SIZE);
	end.message_vi = frame_take_text(&in, ERR_TEXT_SIZE);
	if (!end_adds_up(&end))
		in.failed = true;
	int result = frame_body_end(&in, "END", err);
	if (result == 0)
		*ret_end = end;
	return result;
}

int frame_get_nothing(struct blob body, struct err *err)
{
	struct reader in = reader_of(body);
	return frame_body_end(&in, "PROCEED or FINISH", err);
}
