/* Dates of cells (HR4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/date.h"

static void dates_are_read_day_first(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		enum date_form form;
		const char *out;
	} rows[] = {
		{ "27/10/1987", DATE_GOOD, "1987-10-27" },
		{ "1-7-1973", DATE_GOOD, "1973-07-01" },
		{ "21.07.1993", DATE_GOOD, "1993-07-21" },
		{ "5/1990", DATE_GOOD, "1990-05" },
		{ "1990-05-03", DATE_GOOD, "1990-05-03" },
		{ "1989", DATE_GOOD, "1989" },
		{ "1900", DATE_GOOD, "1900" },
		{ "2100", DATE_GOOD, "2100" },
		{ "37553", DATE_GOOD, "2002-10-24" },
		{ "43160", DATE_GOOD, "2018-03-01" },
		{ "8000", DATE_GOOD, "1921-11-25" },
		{ "60000", DATE_GOOD, "2064-04-08" },
		{ "36585", DATE_GOOD, "2000-02-29" },
		{ "29/02/2000", DATE_GOOD, "2000-02-29" },
		{ "", DATE_MISSING, "" },
		{ "-", DATE_MISSING, "" },
		{ "16/8/92", DATE_TWO_DIGIT, "" },
		{ "16-8-92", DATE_TWO_DIGIT, "" },
		{ "29/2/81", DATE_TWO_DIGIT, "" },
		{ "07/24/1988", DATE_BAD, "" },
		{ "29/02/1900", DATE_BAD, "" },
		{ "31/04/1990", DATE_BAD, "" },
		{ "0/5/1990", DATE_BAD, "" },
		{ "5/0/1990", DATE_BAD, "" },
		{ "1/13/1990", DATE_BAD, "" },
		{ "7999", DATE_BAD, "" },
		{ "60001", DATE_BAD, "" },
		{ "1899", DATE_BAD, "" },
		{ "2101", DATE_BAD, "" },
		{ "0", DATE_BAD, "" },
		{ "37553.5", DATE_BAD, "" },
		{ "1/1/199", DATE_BAD, "" },
		{ "1/1/19900", DATE_BAD, "" },
		{ "1/1-1990", DATE_BAD, "" },
		{ "5-1990", DATE_BAD, "" },
		{ "1990-5-3", DATE_BAD, "" },
		{ "1990-05-00", DATE_BAD, "" },
		{ "1/1/1990/1", DATE_BAD, "" },
		{ "1/1/", DATE_BAD, "" },
		{ "/1/1990", DATE_BAD, "" },
		{ "5 Jan 1972", DATE_BAD, "" },
		{ "1 / 1 / 1990", DATE_BAD, "" },
		{ "31/4/92", DATE_BAD, "" },
		{ "01/01/1085", DATE_BAD, "" },
		{ "99999999999999999999", DATE_BAD, "" },
		{ "Không", DATE_BAD, "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct date date = { 0 };
		struct buf out = { 0 };
		enum date_form form = date_read(blob_text(rows[i].in), &date);
		if (form == DATE_GOOD)
			date_put(&date, &out);
		if (form != rows[i].form || !blob_equal(buf_blob(&out), blob_text(rows[i].out)))
			fail_msg("'%s': form %d '%.*s'", rows[i].in, form, (int)out.len,
				 (const char *)out.data);
		buf_finish(&out);
	}
}

static void every_serial_is_the_day_after_the_one_before(void **state)
{
	(void)state;
	struct date before = { 0 };
	for (unsigned serial = 8000; serial <= 60000; serial++) {
		char text[16];
		struct date date = { 0 };
		(void)snprintf(text, sizeof(text), "%u", serial);
		assert_int_equal(date_read(blob_text(text), &date), DATE_GOOD);
		assert_true(date_exists(&date) && date.day > 0);
		struct date next = { before.year, before.month, before.day + 1 };
		if (serial > 8000 && !date_exists(&next))
			next = before.month == 12
				       ? (struct date){ before.year + 1, 1, 1 }
				       : (struct date){ before.year, before.month + 1, 1 };
		if (serial > 8000)
			assert_true(date.year == next.year && date.month == next.month &&
				    date.day == next.day);
		before = date;
	}
}

static void a_birth_date_lies_fifteen_years_back(void **state)
{
	(void)state;
	static const struct date as_of = { 2026, 9, 30 };
	static const struct {
		struct date birth;
		bool expected;
	} rows[] = {
		{ { 2011, 9, 30 }, true },  { { 2011, 10, 1 }, false }, { { 2011, 0, 0 }, true },
		{ { 2012, 0, 0 }, false },  { { 2011, 9, 0 }, true },   { { 2011, 10, 0 }, false },
		{ { 2073, 6, 21 }, false }, { { 1950, 1, 1 }, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (date_is_a_birth_date(&rows[i].birth, &as_of) != rows[i].expected)
			fail_msg("row %zu", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_day_first),
		cmocka_unit_test(every_serial_is_the_day_after_the_one_before),
		cmocka_unit_test(a_birth_date_lies_fifteen_years_back),
	};
	return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
