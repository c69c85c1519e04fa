/* Frame text: the small checks that all bodies share; only the frame_*.c include it. */
#pragma once

#include "daemon/base/bytes.h"
#include "daemon/base/err.h"
#include "daemon/base/utf8.h"

/* Text of at most `max_len` bytes; the reader fails if it is not UTF-8. */
static inline struct blob frame_take_text(struct reader *in, size_t max_len)
{
	struct blob text = reader_blob(in, max_len);
	if (!in->failed && !utf8_valid((const char *)text.data, text.len))
		in->failed = true;
	return text;
}

/* A value of an enum that begins at 1. */
static inline uint8_t frame_take_enum(struct reader *in, unsigned max)
{
	uint8_t value = reader_u8(in);
	if (value == 0 || value >= max)
		in->failed = true;
	return value;
}

static inline void frame_take_bytes(struct reader *in, uint8_t *out, size_t len)
{
	struct blob bytes = reader_take(in, len);
	if (bytes.len == len)
		memcpy(out, bytes.data, len);
}

/* How a decoder ends: everything taken, nothing left, or the protocol is broken. */
static inline int frame_body_end(const struct reader *in, const char *frame, struct err *err)
{
	return reader_done(in)
		       ? 0
		       : err_set(err, ERR_PROTOCOL, MSG_FRAME_BODY, ARG_WORD("frame", frame));
}
