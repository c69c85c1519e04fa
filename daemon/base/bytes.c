#include "daemon/base/bytes.h"

#include <openssl/crypto.h>

char *blob_dup_text(struct blob blob)
{
	char *text = malloc(blob.len + 1);
	if (text == NULL)
		return NULL;
	if (blob.len > 0)
		memcpy(text, blob.data, blob.len);
	text[blob.len] = '\0';
	return text;
}

bool blob_equal(struct blob a, struct blob b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int blob_compare(struct blob a, struct blob b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

/* ---- buf ---- */

void buf_finish(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ .max = buf->max };
}

void buf_cleanse(struct buf *buf)
{
	if (buf->data != NULL)
		OPENSSL_cleanse(buf->data, buf->cap);
	buf_finish(buf);
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
}

static bool reserve(struct buf *buf, size_t len)
{
	size_t wanted;
	if (buf->failed || __builtin_add_overflow(buf->len, len, &wanted) ||
	    (buf->max != 0 && wanted > buf->max)) {
		buf->failed = true;
		return false;
	}
	if (wanted <= buf->cap)
		return true;
	size_t cap = buf->cap < 64 ? 64 : buf->cap;
	while (cap < wanted)
		cap = cap > SIZE_MAX / 2 ? wanted : cap * 2;
	uint8_t *data = realloc(buf->data, cap);
	if (data == NULL) {
		buf->failed = true;
		return false;
	}
	buf->data = data;
	buf->cap = cap;
	return true;
}

void *buf_grow(struct buf *buf, size_t len)
{
	if (!reserve(buf, len))
		return NULL;
	void *at = buf->data + buf->len;
	buf->len += len;
	return at;
}

void buf_put(struct buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	void *at = buf_grow(buf, len);
	if (at != NULL)
		memcpy(at, data, len);
}

static void put_integer(struct buf *buf, uint64_t value, unsigned size)
{
	uint8_t bytes[8];
	for (unsigned i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
	buf_put(buf, bytes, size);
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
	put_integer(buf, value, 1);
}

void buf_put_u16(struct buf *buf, uint16_t value)
{
	put_integer(buf, value, 2);
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
	put_integer(buf, value, 4);
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
	put_integer(buf, value, 8);
}

void buf_put_varint(struct buf *buf, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;
	do {
		bytes[n] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		n++;
		value >>= 7;
	} while (value != 0);
	buf_put(buf, bytes, n);
}

void buf_put_blob(struct buf *buf, struct blob blob)
{
	if (blob.len > UINT32_MAX) {
		buf->failed = true;
		return;
	}
	buf_put_u32(buf, (uint32_t)blob.len);
	buf_put(buf, blob.data, blob.len);
}

void buf_put_varblob(struct buf *buf, struct blob blob)
{
	buf_put_varint(buf, blob.len);
	buf_put(buf, blob.data, blob.len);
}

void buf_put_text(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_drop_front(struct buf *buf, size_t len)
{
	if (len == 0)
		return;
	memmove(buf->data, buf->data + len, buf->len - len);
	buf->len -= len;
}

/* ---- reader ---- */

struct blob reader_take(struct reader *reader, size_t len)
{
	if (reader->failed || len > reader->left) {
		reader->failed = true;
		return (struct blob){ 0 };
	}
	struct blob taken = blob_of(reader->data, len);
	if (len > 0) /* an empty blob may be NULL */
		reader->data += len;
	reader->left -= len;
	return taken;
}

static uint64_t take_integer(struct reader *reader, size_t size)
{
	struct blob bytes = reader_take(reader, size);
	uint64_t value = 0;
	for (size_t i = 0; i < bytes.len; i++)
		value = value << 8 | bytes.data[i];
	return value;
}

uint8_t reader_u8(struct reader *reader)
{
	return (uint8_t)take_integer(reader, 1);
}

uint16_t reader_u16(struct reader *reader)
{
	return (uint16_t)take_integer(reader, 2);
}

uint32_t reader_u32(struct reader *reader)
{
	return (uint32_t)take_integer(reader, 4);
}

uint64_t reader_u64(struct reader *reader)
{
	return take_integer(reader, 8);
}

uint64_t reader_varint(struct reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = reader_u8(reader);
		if (reader->failed)
			return 0;
		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0) {
			if (byte == 0 && shift > 0)
				break; /* a longer form of a smaller number: two encodings of one value */
			return value;
		}
	}
	reader->failed = true;
	return 0;
}

struct blob reader_blob(struct reader *reader, size_t max_len)
{
	uint32_t len = reader_u32(reader);
	if (len > max_len)
		reader->failed = true;
	return reader_take(reader, len);
}

struct blob reader_varblob(struct reader *reader, size_t max_len)
{
	uint64_t len = reader_varint(reader);
	if (len > max_len)
		reader->failed = true;
	return reader_take(reader, (size_t)len);
}
