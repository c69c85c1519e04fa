/* Bytes: growing a buffer and reading one, both with bounds.
 *
 * Words.  blob: a view of bytes that somebody else owns. buf: a growing buffer; its first failure
 *         (memory, or past its limit) sticks, later appends do nothing, buf_ok() tells once.
 *         reader: takes typed values off the front of a blob; the first failure sticks as well and
 *         every later value is zero, so that a decoder checks once at its end.
 * Integers are big-endian: the byte order of keys is then the order of numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "daemon/base/cleanup.h"

struct blob {
	const uint8_t *data;
	size_t len;
};

static inline struct blob blob_of(const void *data, size_t len)
{
	return (struct blob){ .data = data, .len = len };
}

static inline struct blob blob_text(const char *text)
{
	return (struct blob){ .data = (const uint8_t *)text, .len = strlen(text) };
}

/** The bytes as a C string of the caller's, NULL if memory is out. strndup() wants more of its source than this. */
char *blob_dup_text(struct blob blob);
bool blob_equal(struct blob a, struct blob b);
/** Byte order, the shorter first where one begins the other: <0, 0, >0. */
int blob_compare(struct blob a, struct blob b);

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max; /* 0 = no limit of its own */
	bool failed;
};

/** Ready for use as `struct buf b = { 0 }`; buf_finish() frees, clears and leaves it usable. */
void buf_finish(struct buf *buf);
/** Overwrites the bytes before it frees them: for keys and personal data. */
void buf_cleanse(struct buf *buf);
void buf_reset(struct buf *buf); /* empty again, memory kept */
void buf_put(struct buf *buf, const void *data, size_t len);
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u16(struct buf *buf, uint16_t value);
void buf_put_u32(struct buf *buf, uint32_t value);
void buf_put_u64(struct buf *buf, uint64_t value);
void buf_put_varint(struct buf *buf, uint64_t value);    /* LEB128, unsigned */
void buf_put_blob(struct buf *buf, struct blob blob);    /* u32 length, bytes */
void buf_put_varblob(struct buf *buf, struct blob blob); /* varint length, bytes */
void buf_put_text(struct buf *buf, const char *text);    /* the characters alone */
void *buf_grow(struct buf *buf, size_t len); /* space for len bytes, counted in; NULL once failed */
void buf_drop_front(struct buf *buf, size_t len);
static inline bool buf_ok(const struct buf *buf)
{
	return !buf->failed;
}
static inline struct blob buf_blob(const struct buf *buf)
{
	return blob_of(buf->data, buf->len);
}

struct reader {
	const uint8_t *data;
	size_t left;
	bool failed;
};

static inline struct reader reader_of(struct blob blob)
{
	return (struct reader){ .data = blob.data, .left = blob.len };
}
uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);
uint64_t reader_u64(struct reader *reader);
uint64_t reader_varint(struct reader *reader); /* the shortest form only */
struct blob reader_take(struct reader *reader, size_t len);
struct blob reader_blob(struct reader *reader, size_t max_len); /* u32 length, bytes */
struct blob reader_varblob(struct reader *reader, size_t max_len);
/** True if nothing failed and nothing is left. */
static inline bool reader_done(const struct reader *reader)
{
	return !reader->failed && reader->left == 0;
}
