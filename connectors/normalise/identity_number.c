#include "connectors/normalise/identity_number.h"

#include <string.h>

#include "connectors/normalise/text.h"
#include "daemon/base/utf8.h"

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* 2.0085E+10: digits, perhaps a fraction, an exponent. */
static bool has_exponent(struct blob text)
{
	size_t i = 0;
	while (i < text.len &&
	       (is_digit(text.data[i]) || text.data[i] == '.' || text.data[i] == ','))
		i++;
	if (i == 0 || i == text.len || (text.data[i] != 'e' && text.data[i] != 'E'))
		return false;
	i++;
	if (i < text.len && (text.data[i] == '+' || text.data[i] == '-'))
		i++;
	size_t digits = i;
	while (i < text.len && is_digit(text.data[i]))
		i++;
	return i == text.len && i > digits;
}

/* One or two digits behind the only dot or comma. */
static bool has_fraction(struct blob text)
{
	size_t marks = 0, mark = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '.' || text.data[i] == ',') {
			marks++;
			mark = i;
		} else if (!is_digit(text.data[i])) {
			return false;
		}
	}
	size_t behind = text.len - mark - 1;
	return marks == 1 && mark > 0 && (behind == 1 || behind == 2);
}

static bool is_dropped(int32_t c)
{
	return c == ' ' || c == '.' || c == '-';
}

/* Adds the digits of `text`; false if anything else is there, or too many. */
static bool collect(struct blob text, struct id_digits *digits)
{
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (c >= 0xff10 && c <= 0xff19) /* full width */
			c -= 0xff10 - '0';
		if (is_dropped(c))
			continue;
		if (c < '0' || c > '9' || digits->count == ID_DIGITS_MAX)
			return false;
		digits->text[digits->count++] = (char)c;
	}
	digits->text[digits->count] = '\0';
	return true;
}

static struct blob without_apostrophe(struct blob text)
{
	static const char *const marks[] = { "'", "’" };
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t len = strlen(marks[i]);
		if (text.len >= len && memcmp(text.data, marks[i], len) == 0)
			return blob_of(text.data + len, text.len - len);
	}
	return text;
}

enum reason identity_number_read(struct blob clean, struct id_digits *ret_digits)
{
	struct id_digits digits = { .count = 0 };
	*ret_digits = digits;
	if (text_is_null(clean))
		return REASON_NONE;
	clean = text_trim(without_apostrophe(clean));
	if (clean.len > 2 && memcmp(clean.data + clean.len - 2, ".0", 2) == 0) {
		clean.len -= 2;
		digits.number_cell = true;
	}
	if (has_exponent(clean) || has_fraction(clean))
		return REASON_ID_LOSSY;
	if (!collect(clean, &digits) || digits.count < 8 ||
	    (digits.count == 11 && digits.text[0] == '0'))
		return REASON_ID_MALFORMED;
	*ret_digits = digits;
	return REASON_NONE;
}

struct cccd_parts identity_number_decode(const char digits[ID_DIGITS_MAX])
{
	unsigned d[6];
	for (size_t i = 0; i < 6; i++)
		d[i] = (unsigned)(digits[i] - '0');
	return (struct cccd_parts){
		.province = d[0] * 100 + d[1] * 10 + d[2],
		.year = (int)(100 * (19 + d[3] / 2) + d[4] * 10 + d[5]),
		.female = d[3] % 2 == 1,
	};
}

bool identity_number_is_tax_code(const char digits[10])
{
	static const unsigned weights[9] = { 31, 29, 23, 19, 17, 13, 7, 5, 3 };
	unsigned sum = 0;
	bool zeros = true;
	for (size_t i = 0; i < 9; i++) {
		sum += (unsigned)(digits[i] - '0') * weights[i];
		zeros = zeros && (i < 2 || digits[i] == '0');
	}
	unsigned check = 10 - sum % 11;
	return !zeros && check <= 9 && check == (unsigned)(digits[9] - '0');
}
