#include "connectors/normalise/date.h"

#include "connectors/normalise/text.h"

enum {
	YEAR_MIN = 1900,
	YEAR_MAX = 2100,
	SERIAL_MIN = 8000,
	SERIAL_MAX = 60000,
	BIRTH_AGE_MIN = 15
};

bool date_exists(const struct date *date)
{
	static const unsigned days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	if (date->month == 0)
		return date->day == 0;
	if (date->month > 12)
		return false;
	bool leap = (date->year % 4 == 0 && date->year % 100 != 0) || date->year % 400 == 0;
	unsigned last = days[date->month - 1] + (date->month == 2 && leap);
	return date->day <= last;
}

/* Days since 1899-12-30, as Excel counts them from March 1900 on; 8000 is in 1921. */
static struct date date_of_serial(unsigned serial)
{
	/* Counted from 1600-03-01, so that the leap day ends a year (a well-known form of the civil calendar). */
	unsigned days = serial + 109511; /* 1899-12-30 is day 109511 */
	unsigned era = days / 146097, day_of_era = days % 146097;
	unsigned year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned month = (5 * day_of_year + 2) / 153; /* 0 = March */
	unsigned day = day_of_year - (153 * month + 2) / 5 + 1;
	int year = (int)(1600 + era * 400 + year_of_era + (month >= 10));
	return (struct date){ .year = year,
			      .month = month < 10 ? month + 3 : month - 9,
			      .day = day };
}

/* Digits in a row from *pos: their count, at most 9; the value in *ret_value. */
static size_t take_digits(struct blob text, size_t *pos, unsigned *ret_value)
{
	size_t count = 0;
	*ret_value = 0;
	while (*pos < text.len && count < 9 && text.data[*pos] >= '0' && text.data[*pos] <= '9') {
		*ret_value = *ret_value * 10 + (unsigned)(text.data[(*pos)++] - '0');
		count++;
	}
	return count;
}

static enum date_form read_number(unsigned number, struct date *ret_date)
{
	if (number >= YEAR_MIN && number <= YEAR_MAX)
		*ret_date = (struct date){ .year = (int)number };
	else if (number >= SERIAL_MIN && number <= SERIAL_MAX)
		*ret_date = date_of_serial(number);
	else
		return DATE_BAD;
	return DATE_GOOD;
}

static enum date_form checked(struct date date, struct date *ret_date)
{
	if (date.month == 0 || date.year < YEAR_MIN || date.year > YEAR_MAX || !date_exists(&date))
		return DATE_BAD;
	*ret_date = date;
	return DATE_GOOD;
}

static enum date_form read_two_digit(struct date date, struct date *ret_date)
{
	struct date leap = { .year = 2000, .month = date.month, .day = date.day };
	if (date.month == 0 || date.day == 0 || !date_exists(&leap))
		return DATE_BAD;
	*ret_date = date;
	return DATE_TWO_DIGIT;
}

enum date_form date_read(struct blob clean, struct date *ret_date)
{
	unsigned part[3] = { 0 };
	size_t digits[3] = { 0 }, pos = 0, count = 0;
	char separator = '\0';
	if (text_is_null(clean))
		return DATE_MISSING;
	for (;;) {
		digits[count] = take_digits(clean, &pos, &part[count]);
		if (digits[count++] == 0)
			return DATE_BAD;
		if (pos == clean.len)
			break;
		char c = (char)clean.data[pos++];
		if (count == 3 || (c != '/' && c != '-' && c != '.') ||
		    (separator != '\0' && c != separator))
			return DATE_BAD;
		separator = c;
	}
	if (count == 1)
		return read_number(part[0], ret_date);
	if (count == 2) /* m/yyyy */
		return separator == '/' && digits[0] <= 2 && digits[1] == 4
			       ? checked((struct date){ .year = (int)part[1], .month = part[0] },
					 ret_date)
			       : DATE_BAD;
	if (separator == '-' && digits[0] == 4 && digits[1] == 2 && digits[2] == 2)
		return part[2] == 0
			       ? DATE_BAD
			       : checked((struct date){ (int)part[0], part[1], part[2] }, ret_date);
	if (digits[0] > 2 || digits[1] > 2 || part[0] == 0)
		return DATE_BAD;
	struct date date = { .year = (int)part[2], .month = part[1], .day = part[0] };
	if (digits[2] == 4)
		return checked(date, ret_date);
	return digits[2] == 2 ? read_two_digit(date, ret_date) : DATE_BAD;
}

bool date_is_a_birth_date(const struct date *birth, const struct date *as_of)
{
	if (birth->month == 0)
		return as_of->year - birth->year >= BIRTH_AGE_MIN;
	int months = (as_of->year - birth->year) * 12 + (int)as_of->month - (int)birth->month;
	if (months != BIRTH_AGE_MIN * 12 || birth->day == 0)
		return months >= BIRTH_AGE_MIN * 12;
	return birth->day <= as_of->day;
}

static void put_digits(unsigned value, size_t count, struct buf *out)
{
	for (unsigned unit = count == 4 ? 1000 : 10; unit > 0; unit /= 10)
		buf_put_u8(out, (uint8_t)('0' + value / unit % 10));
}

void date_put(const struct date *date, struct buf *out)
{
	put_digits((unsigned)date->year, 4, out);
	if (date->month == 0)
		return;
	buf_put_u8(out, '-');
	put_digits(date->month, 2, out);
	if (date->day == 0)
		return;
	buf_put_u8(out, '-');
	put_digits(date->day, 2, out);
}
