#include "daemon/base/json_writer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/hex.h"
#include "daemon/base/utf8.h"

/* A value or key begins: put the comma that is due. */
static void begin_item(struct json_writer *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	uint64_t bit = 1ull << json->depth;
	if ((json->has_member & bit) != 0)
		buf_put_u8(json->out, ',');
	json->has_member |= bit;
}

static void open_level(struct json_writer *json, char bracket)
{
	begin_item(json);
	buf_put_u8(json->out, (uint8_t)bracket);
	json->depth++;
	assert(json->depth < 64);
	json->has_member &= ~(1ull << json->depth);
}

static void close_level(struct json_writer *json, char bracket)
{
	assert(json->depth > 0 && !json->after_key);
	json->depth--;
	buf_put_u8(json->out, (uint8_t)bracket);
}

void json_object_begin(struct json_writer *json)
{
	open_level(json, '{');
}

void json_object_end(struct json_writer *json)
{
	close_level(json, '}');
}

void json_array_begin(struct json_writer *json)
{
	open_level(json, '[');
}

void json_array_end(struct json_writer *json)
{
	close_level(json, ']');
}

static void put_escaped(struct buf *out, int32_t c)
{
	/* RFC 8785 section 3.2.2.2: the short forms, else \u00xx in lower case. */
	static const char short_form[] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
	};
	if (c == '"' || c == '\\') {
		buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)c);
	} else if ((size_t)c < sizeof(short_form) && short_form[c] != 0) {
		buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)short_form[c]);
	} else {
		char text[8];
		(void)snprintf(text, sizeof(text), "\\u%04x", (unsigned)c);
		buf_put_text(out, text);
	}
}

static bool is_plain_ascii(int32_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void put_string(struct buf *out, struct blob text)
{
	const char *chars = (const char *)text.data;
	buf_put_u8(out, '"');
	size_t plain = 0; /* start of what needs no change */
	for (size_t pos = 0; pos < text.len;) {
		if (is_plain_ascii(
			    text.data
				    [pos])) { /* nearly all there is: the audit log lives by this loop */
			pos++;
			continue;
		}
		size_t start = pos;
		int32_t c = utf8_next(chars, text.len, &pos);
		if (c > 0x7f || is_plain_ascii(c))
			continue;
		buf_put(out, chars + plain, start - plain);
		plain = pos;
		if (c < 0)
			buf_put_text(out, "\xef\xbf\xbd");
		else
			put_escaped(out, c);
	}
	if (plain < text.len)
		buf_put(out, chars + plain, text.len - plain);
	buf_put_u8(out, '"');
}

void json_key_blob(struct json_writer *json, struct blob key)
{
	begin_item(json);
	put_string(json->out, key);
	buf_put_u8(json->out, ':');
	json->after_key = true;
}

void json_key(struct json_writer *json, const char *key)
{
	json_key_blob(json, blob_text(key));
}

void json_text_blob(struct json_writer *json, struct blob text)
{
	begin_item(json);
	put_string(json->out, text);
}

void json_text(struct json_writer *json, const char *text)
{
	json_text_blob(json, blob_text(text));
}

void json_raw(struct json_writer *json, struct blob value)
{
	begin_item(json);
	buf_put(json->out, value.data, value.len);
}

static void put_decimal(struct json_writer *json, uint64_t value, bool negative)
{
	char text[24];
	size_t at = sizeof(text);
	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	if (negative)
		text[--at] = '-';
	json_raw(json, blob_of(text + at, sizeof(text) - at));
}

void json_unsigned(struct json_writer *json, uint64_t value)
{
	put_decimal(json, value, false);
}

void json_signed(struct json_writer *json, int64_t value)
{
	put_decimal(json, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
}

void json_bool(struct json_writer *json, bool value)
{
	json_raw(json, blob_text(value ? "true" : "false"));
}

void json_null(struct json_writer *json)
{
	json_raw(json, blob_text("null"));
}

void json_hex(struct json_writer *json, const void *data, size_t len)
{
	begin_item(json);
	buf_put_u8(json->out, '"');
	for (size_t i = 0; i < len; i++) {
		char digits[3];
		hex_encode((const uint8_t *)data + i, 1, digits);
		buf_put(json->out, digits, 2);
	}
	buf_put_u8(json->out, '"');
}

void json_member_text(struct json_writer *json, const char *key, const char *value)
{
	json_key(json, key);
	json_text(json, value);
}

void json_member_blob(struct json_writer *json, const char *key, struct blob value)
{
	json_key(json, key);
	json_text_blob(json, value);
}

void json_member_unsigned(struct json_writer *json, const char *key, uint64_t value)
{
	json_key(json, key);
	json_unsigned(json, value);
}

void json_member_bool(struct json_writer *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

void json_member_hex(struct json_writer *json, const char *key, const void *data, size_t len)
{
	json_key(json, key);
	json_hex(json, data, len);
}
