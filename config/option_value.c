#include "config/option_value.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool all_of(const char *text, size_t len, const char *also)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && strchr(also, text[i]) == NULL)
			return false;
	return true;
}

/* Names stand on command lines and in names of units: no capital, no dash in front. */
bool option_is_word(const char *text)
{
	size_t len = strlen(text);
	if (len == 0 || len > 40 || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (isupper((unsigned char)text[i]))
			return false;
	return all_of(text, len, "-");
}

bool option_is_credential(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len <= 255 && text[0] != '.' && all_of(text, len, "._-");
}

bool option_is_path(const char *text)
{
	if (text[0] != '/' || strlen(text) >= 4096)
		return false;
	for (const char *part = text; part != NULL; part = strchr(part + 1, '/'))
		if (strncmp(part, "/..", 3) == 0 && (part[3] == '/' || part[3] == '\0'))
			return false;
	return true;
}

static bool is_port(const char *text, size_t len)
{
	unsigned port = 0;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return false;
		port = port * 10 + (unsigned)(text[i] - '0');
		if (port > 65535)
			return false;
	}
	return port > 0;
}

/* host, host:port or [address]:port; a user in front would be a secret in clear. */
static bool is_authority(const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);
	const char *bracket = memchr(text, ']', len);
	if (text[0] == '[') {
		if (bracket == NULL || !all_of(text + 1, (size_t)(bracket - text) - 1, ":."))
			return false;
		size_t after = len - (size_t)(bracket + 1 - text);
		return after == 0 || (bracket[1] == ':' && is_port(bracket + 2, after - 1));
	}
	size_t host = colon == NULL ? len : (size_t)(colon - text);
	return host > 0 && all_of(text, host, ".-") &&
	       (colon == NULL || is_port(colon + 1, len - host - 1));
}

bool option_is_url(const char *text)
{
	static const char scheme[] = "https://";
	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return false;
	const char *authority = text + sizeof(scheme) - 1;
	size_t len = strcspn(authority, "/?#");
	for (const char *at = authority + len; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f ||
		    strchr("#\"<>\\^`{|}", *at) != NULL)
			return false;
	return len > 0 && is_authority(authority, len);
}

static int digits(const char *text, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool option_is_date(const char *text)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
	if (year < 1900 || month < 1 || month > 12 || day < 1)
		return false;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap);
}

/* ---- numbers ---- */

struct unit {
	const char *text;
	int64_t factor;
};

/* Ascending; the first is the one that the value counts in. */
static const struct unit durations[] = { { "ms", 1 },      { "s", 1000 },     { "m", 60000 },
					 { "h", 3600000 }, { "d", 86400000 }, { NULL, 0 } };
static const struct unit sizes[] = {
	{ "B", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }, { NULL, 0 }
};
static const struct unit none[] = { { "", 1 }, { NULL, 0 } };

static const struct unit *units_of(enum option_kind kind)
{
	switch (kind) {
	case OPTION_KIND_DURATION:
		return durations;
	case OPTION_KIND_SIZE:
		return sizes;
	default:
		return none;
	}
}

/* A decimal number without a leading zero at *at; moves behind it. */
static bool take_number(const char **at, int64_t *ret_value)
{
	int64_t value = 0;
	const char *begin = *at;
	for (; isdigit((unsigned char)**at); (*at)++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, **at - '0', &value))
			return false;
	size_t len = (size_t)(*at - begin);
	*ret_value = value;
	return len > 0 && (len == 1 || begin[0] != '0');
}

static bool parse_percent(const char *text, int64_t *ret_value)
{
	int64_t whole, hundredths = 0;
	if (!take_number(&text, &whole) || whole > 100)
		return false;
	if (*text == '.') {
		size_t places = strspn(text + 1, "0123456789");
		if (places != 1 && places != 2)
			return false;
		hundredths = digits(text + 1, (int)places) * (places == 1 ? 10 : 1);
		text += 1 + places;
	}
	if (strcmp(text, "%") != 0 || whole * 100 + hundredths > 10000)
		return false;
	*ret_value = whole * 100 + hundredths;
	return true;
}

bool option_number_parse(enum option_kind kind, const char *text, int64_t *ret_value)
{
	if (kind == OPTION_KIND_PERCENT)
		return parse_percent(text, ret_value);
	bool negative = kind == OPTION_KIND_INTEGER && *text == '-';
	text += negative;
	int64_t value;
	if (!take_number(&text, &value) || (negative && value == 0))
		return false;
	for (const struct unit *unit = units_of(kind); unit->text != NULL; unit++) {
		if (strcmp(unit->text, text) != 0)
			continue;
		if (__builtin_mul_overflow(value, negative ? -unit->factor : unit->factor, &value))
			return false;
		*ret_value = value;
		return true;
	}
	return false;
}

void option_number_text(enum option_kind kind, int64_t value, char out[OPTION_NUMBER_SIZE])
{
	if (kind == OPTION_KIND_PERCENT) {
		(void)snprintf(out, OPTION_NUMBER_SIZE, "%" PRId64 ".%02" PRId64 "%%", value / 100,
			       value % 100);
		return;
	}
	const struct unit *best = units_of(kind);
	for (const struct unit *unit = best; unit->text != NULL; unit++)
		if (value != 0 && value % unit->factor == 0)
			best = unit;
	(void)snprintf(out, OPTION_NUMBER_SIZE, "%" PRId64 "%s", value / best->factor, best->text);
}
