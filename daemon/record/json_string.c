#include "daemon/record/json_string.h"

#include "daemon/base/utf8.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int32_t json_hex4(const char *text, size_t len)
{
	int32_t value = 0;
	if (len < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(text[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

bool json_is_low_surrogate(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

bool json_is_high_surrogate(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

int32_t json_string_next(const char *text, size_t len, size_t *pos)
{
	if (text[*pos] != '\\')
		return utf8_next(text, len, pos);
	char c = text[*pos + 1];
	*pos += 2;
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		break;
	default:
		return c;
	}
	int32_t unit = json_hex4(text + *pos, 4);
	*pos += 4;
	if (!json_is_high_surrogate(unit))
		return unit;
	int32_t low = json_hex4(text + *pos + 2, 4);
	*pos += 6;
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}
