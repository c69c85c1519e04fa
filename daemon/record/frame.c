#include "daemon/record/frame.h"

#include <assert.h>

#include "daemon/base/err.h"

size_t frame_open(struct buf *out, enum frame_type type)
{
	size_t at = out->len;
	buf_put_u8(out, FRAME_VERSION);
	buf_put_u8(out, (uint8_t)type);
	buf_put_u16(out, 0);
	buf_put_u32(out, 0); /* the length, once it is known */
	return at;
}

void frame_close(struct buf *out, size_t at)
{
	if (!buf_ok(out))
		return;
	size_t len = out->len - at - FRAME_HEADER_SIZE;
	if (len > LIMIT_FRAME_BODY) {
		out->failed = true;
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		out->data[at + 4 + i] = (uint8_t)(len >> (24 - 8 * i));
}

void frame_reader_init(struct frame_reader *reader, enum frame_side from)
{
	*reader = (struct frame_reader){ .from = from };
}

void frame_reader_finish(struct frame_reader *reader)
{
	buf_cleanse(&reader->in);
	reader->taken = 0;
}

int frame_reader_feed(struct frame_reader *reader, const void *data, size_t len, struct err *err)
{
	/* What was given out goes before more comes in, so the buffer holds one frame and one read at most. */
	buf_drop_front(&reader->in, reader->taken);
	reader->taken = 0;
	buf_put(&reader->in, data, len);
	return buf_ok(&reader->in) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

static bool is_known(enum frame_side from, uint8_t type)
{
	if (from == FRAME_FROM_ENGINE)
		return type >= FRAME_BEGIN && type <= FRAME_FINISH;
	return type >= FRAME_HELLO && type <= FRAME_END;
}

/* What is wrong with a header, or MSG_NONE. */
static enum msg_id header_fault(const struct frame_reader *reader, uint8_t version, uint8_t type,
				uint16_t reserved, uint32_t len)
{
	if (version != FRAME_VERSION || reserved != 0)
		return MSG_FRAME_HEADER;
	if (!is_known(reader->from, type))
		return MSG_FRAME_TYPE;
	return len > LIMIT_FRAME_BODY ? MSG_FRAME_LENGTH : MSG_NONE;
}

int frame_reader_next(struct frame_reader *reader, struct frame *ret_frame, struct err *err)
{
	struct reader in =
		reader_of(blob_of(reader->in.data + reader->taken, reader->in.len - reader->taken));
	if (reader->broken)
		return err_set(err, ERR_PROTOCOL, MSG_FRAME_BROKEN);
	if (in.left < FRAME_HEADER_SIZE)
		return 0;
	uint8_t version = reader_u8(&in), type = reader_u8(&in);
	uint16_t reserved = reader_u16(&in);
	uint32_t len = reader_u32(&in);
	enum msg_id fault = header_fault(reader, version, type, reserved, len);
	if (fault != MSG_NONE) {
		reader->broken = true;
		return err_set(err, ERR_PROTOCOL, fault);
	}
	if (in.left < len)
		return 0;
	*ret_frame = (struct frame){ .type = (enum frame_type)type, .body = reader_take(&in, len) };
	reader->taken += FRAME_HEADER_SIZE + len;
	return 1;
}
