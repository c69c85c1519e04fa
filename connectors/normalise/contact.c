#include "connectors/normalise/contact.h"

#include <string.h>

enum { PHONE_DIGITS_MIN = 6, PHONE_DIGITS_MAX = 15 /* ITU-T E.164 */, EMAIL_BYTES_MAX = 254 };

/* Digits of the text, a leading plus kept; 0 if anything else is there. */
static size_t collect(struct blob clean, char digits[PHONE_DIGITS_MAX + 2])
{
	size_t count = 0;
	for (size_t i = 0; i < clean.len; i++) {
		char c = (char)clean.data[i];
		if (strchr(" .-()", c) != NULL && c != '\0')
			continue;
		if ((c < '0' || c > '9') && !(c == '+' && count == 0))
			return 0;
		if (count == PHONE_DIGITS_MAX + 1)
			return 0;
		digits[count++] = c;
	}
	digits[count] = '\0';
	return count;
}

/* Mobile numbers have nine digits behind the zero and begin with 3 5 7 8 9, fixed lines ten and begin with 2. */
static bool lost_a_zero(const char *digits, size_t count)
{
	return (count == 9 && strchr("35789", digits[0]) != NULL) ||
	       (count == 10 && digits[0] == '2');
}

bool contact_read_phone(struct blob clean, enum cell_type type, struct buf *out)
{
	char text[PHONE_DIGITS_MAX + 2];
	size_t count = collect(clean, text);
	const char *digits = text;
	bool vietnamese = count > 3 && strncmp(text, "+84", 3) == 0;
	if (vietnamese) {
		digits += 3;
		count -= 3;
	}
	if (count < PHONE_DIGITS_MIN || (digits[0] == '+' && count < PHONE_DIGITS_MIN + 1))
		return false;
	if (digits[0] != '0' && (vietnamese || (type != CELL_TEXT && lost_a_zero(digits, count))))
		buf_put_u8(out, '0');
	buf_put(out, digits, count);
	return true;
}

bool contact_read_email(struct blob clean, struct buf *out)
{
	const uint8_t *at = clean.len == 0 ? NULL : memchr(clean.data, '@', clean.len);
	if (at == NULL || at == clean.data || clean.len > EMAIL_BYTES_MAX)
		return false;
	struct blob domain = blob_of(at + 1, clean.len - (size_t)(at + 1 - clean.data));
	const uint8_t *dot = domain.len == 0 ? NULL : memrchr(domain.data, '.', domain.len);
	if (dot == NULL || dot == domain.data || dot + 1 == domain.data + domain.len ||
	    memchr(domain.data, '@', domain.len) != NULL)
		return false;
	for (size_t i = 0; i < clean.len; i++)
		if (clean.data[i] <= ' ' || clean.data[i] >= 0x7f ||
		    strchr(",;<>\"", (char)clean.data[i]) != NULL)
			return false;
	for (size_t i = 0; i < clean.len; i++) {
		uint8_t c = clean.data[i];
		buf_put_u8(out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 0x20 : c));
	}
	return true;
}
