#include "daemon/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "daemon/base/bytes.h"

int32_t utf8_next(const char *text, size_t len, size_t *pos)
{
	const uint8_t *at = (const uint8_t *)text + *pos;
	size_t left = len - *pos;
	(*pos)++;
	if (at[0] < 0x80)
		return at[0];
	/* Table 3-7 of Unicode: the lead byte fixes the length and the range of the second byte. */
	size_t more;
	uint8_t low = 0x80, high = 0xbf;
	int32_t c;
	if (at[0] >= 0xc2 && at[0] <= 0xdf) {
		more = 1;
		c = at[0] & 0x1f;
	} else if ((at[0] & 0xf0) == 0xe0) {
		more = 2;
		c = at[0] & 0x0f;
		low = at[0] == 0xe0 ? 0xa0 : 0x80;
		high = at[0] == 0xed ? 0x9f : 0xbf;
	} else if (at[0] >= 0xf0 && at[0] <= 0xf4) {
		more = 3;
		c = at[0] & 0x07;
		low = at[0] == 0xf0 ? 0x90 : 0x80;
		high = at[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return -1;
	}
	for (size_t i = 1; i <= more; i++) {
		if (i >= left || at[i] < low || at[i] > high)
			return -1;
		low = 0x80;
		high = 0xbf;
		c = c << 6 | (at[i] & 0x3f);
	}
	*pos += more;
	return c;
}

void utf8_put(struct buf *out, int32_t code_point)
{
	uint8_t bytes[4];
	utf8proc_ssize_t n = utf8proc_encode_char(code_point, bytes);
	buf_put(out, bytes, (size_t)n);
}

/* Length of the run of ASCII at the front, eight bytes at a look. */
static size_t ascii_run(const char *text, size_t len)
{
	size_t at = 0;
	uint64_t word;
	for (; len - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	while (at < len && (unsigned char)text[at] < 0x80)
		at++;
	return at;
}

bool utf8_valid(const char *text, size_t len)
{
	for (size_t pos = ascii_run(text, len); pos < len; pos += ascii_run(text + pos, len - pos))
		if (utf8_next(text, len, &pos) < 0)
			return false;
	return true;
}

void utf8_nfc(const char *text, size_t len, struct buf *out)
{
	if (ascii_run(text, len) == len) {
		buf_put(out, text, len);
		return;
	}
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len,
					  &composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		out->failed = true;
	else
		buf_put(out, composed, (size_t)n);
	free(composed);
}

bool utf8_is_nfc(const char *text, size_t len)
{
	if (ascii_run(text, len) == len)
		return true;
	struct buf composed = { 0 };
	utf8_nfc(text, len, &composed);
	bool same = buf_ok(&composed) && blob_equal(buf_blob(&composed), blob_of(text, len));
	buf_finish(&composed);
	return same;
}

int32_t utf8_lower(int32_t code_point)
{
	return utf8proc_tolower(code_point);
}

int32_t utf8_upper(int32_t code_point)
{
	return utf8proc_toupper(code_point);
}

bool utf8_is_upper(int32_t code_point)
{
	return utf8proc_tolower(code_point) != code_point;
}

bool utf8_is_lower(int32_t code_point)
{
	return utf8proc_toupper(code_point) != code_point;
}

bool utf8_is_control(int32_t c)
{
	static const struct {
		int32_t first, last;
	} ranges[] = {
		{ 0x00, 0x08 },     { 0x0b, 0x1f },       { 0x7f, 0x9f },        { 0x61c, 0x61c },
		{ 0x200e, 0x200f }, { 0x2028, 0x202e },   { 0x2066, 0x2069 },    { 0xe000, 0xf8ff },
		{ 0xfdd0, 0xfdef }, { 0xe0000, 0xe007f }, { 0xf0000, 0x10ffff },
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return (c & 0xfffe) == 0xfffe;
}

bool utf8_is_hidden(int32_t c)
{
	return utf8_is_control(c) || c == 0xad || (c >= 0x200b && c <= 0x200d) || c == 0x2060 ||
	       c == 0xfeff;
}

size_t utf8_cut(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

size_t utf8_width(const char *text, size_t len)
{
	size_t width = 0;
	for (size_t pos = 0; pos < len;) {
		int32_t c = utf8_next(text, len, &pos);
		width += c < 0 ? 1 : (size_t)utf8proc_charwidth(c);
	}
	return width;
}
