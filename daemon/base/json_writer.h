/* Json writer: canonical JSON into a buffer, without a tree.
 *
 * Writes commas and escapes; the caller keeps the order of keys (sorted where RFC 8785 order is due)
 * and closes what it opens. Numbers are integers only: identifiers are strings (DESIGN.md section 6).
 * A failure of memory sticks in the buffer. Depth is at most 64.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

struct json_writer {
	struct buf *out;
	uint64_t has_member; /* one bit per depth: a comma is due */
	unsigned depth;
	bool after_key;
};

static inline struct json_writer json_writer_of(struct buf *out)
{
	return (struct json_writer){ .out = out };
}

void json_object_begin(struct json_writer *json);
void json_object_end(struct json_writer *json);
void json_array_begin(struct json_writer *json);
void json_array_end(struct json_writer *json);
void json_key(struct json_writer *json, const char *key);
void json_key_blob(struct json_writer *json, struct blob key);
/** Valid UTF-8 as it stands; ill-formed bytes become U+FFFD. */
void json_text(struct json_writer *json, const char *text);
void json_text_blob(struct json_writer *json, struct blob text);
void json_unsigned(struct json_writer *json, uint64_t value);
void json_signed(struct json_writer *json, int64_t value);
void json_bool(struct json_writer *json, bool value);
void json_null(struct json_writer *json);
void json_hex(struct json_writer *json, const void *data, size_t len);
/** A value that is JSON already, put in as it stands. */
void json_raw(struct json_writer *json, struct blob value);

/* key and value in one call */
void json_member_text(struct json_writer *json, const char *key, const char *value);
void json_member_blob(struct json_writer *json, const char *key, struct blob value);
void json_member_unsigned(struct json_writer *json, const char *key, uint64_t value);
void json_member_bool(struct json_writer *json, const char *key, bool value);
void json_member_hex(struct json_writer *json, const char *key, const void *data, size_t len);
