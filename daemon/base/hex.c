#include "daemon/base/hex.h"

#include <string.h>

#include "daemon/base/bytes.h"

void hex_encode(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_decode(const char *text, size_t text_len, uint8_t *out, size_t out_len)
{
	if (text_len != 2 * out_len)
		return -1;
	for (size_t i = 0; i < out_len; i++) {
		int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const void *data, size_t len, struct buf *out)
{
	const uint8_t *bytes = data;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;
		group |= n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		group |= n > 2 ? bytes[i + 2] : 0;
		char text[4] = { base64_digits[group >> 18], base64_digits[group >> 12 & 63], '=',
				 '=' };
		if (n > 1)
			text[2] = base64_digits[group >> 6 & 63];
		if (n > 2)
			text[3] = base64_digits[group & 63];
		buf_put(out, text, sizeof(text));
	}
}

/* Decode four characters, of which the last `padding` are '='; -1 if that is not canonical. */
static int decode_group(const char *text, size_t padding, struct buf *out)
{
	uint32_t group = 0;
	for (size_t i = 0; i < 4; i++) {
		const char *digit =
			i < 4 - padding && text[i] != '\0' ? strchr(base64_digits, text[i]) : NULL;
		if (digit == NULL && i < 4 - padding)
			return -1;
		group = group << 6 | (digit == NULL ? 0 : (uint32_t)(digit - base64_digits));
	}
	uint8_t bytes[3] = { (uint8_t)(group >> 16), (uint8_t)(group >> 8), (uint8_t)group };
	for (size_t i = 3 - padding; i < 3; i++)
		if (bytes[i] != 0)
			return -1; /* stray bits: a second spelling of the same bytes */
	buf_put(out, bytes, 3 - padding);
	return 0;
}

int base64_decode(const char *text, size_t text_len, struct buf *out)
{
	if (text_len % 4 != 0)
		return -1;
	for (size_t i = 0; i < text_len; i += 4) {
		size_t padding = 0;
		if (i + 4 == text_len)
			padding = text[i + 3] != '=' ? 0 : text[i + 2] != '=' ? 1 : 2;
		if (decode_group(text + i, padding, out) < 0)
			return -1;
	}
	return buf_ok(out) ? 0 : -1;
}
