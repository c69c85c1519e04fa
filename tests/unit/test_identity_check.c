/* The identity of a row seen as a whole (ID2–ID6, HR4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/identity_check.h"

static bool is_listed(const void *ctx, unsigned province)
{
	(void)ctx;
	return province == 20 || province == 1 || province == 8;
}

struct row {
	const char *rule, *number;
	enum cell_type type;
	const char *birth;
	enum sex sex;
	const char *cccd, *cmnd;
	enum id_grade grade;
	const char *birth_out, *reasons;
	bool unlisted;
};

static void put_birth(const struct date *birth, struct buf *out)
{
	if (birth->year != 0)
		date_put(birth, out);
}

static void assert_row(const struct row *row)
{
	struct identity_input input = { .number_count = 1,
					.sex = row->sex,
					.as_of = { 2026, 9, 30 },
					.province_is_listed = is_listed };
	assert_int_equal(identity_number_read(blob_text(row->number), &input.numbers[0].digits),
			 REASON_NONE);
	input.numbers[0].type = row->type;
	input.birth_form = date_read(blob_text(row->birth), &input.birth);
	struct identity_result result = identity_check(&input);
	struct buf reasons = { 0 }, birth = { 0 };
	reason_set_put(result.reasons, &reasons);
	put_birth(&result.birth, &birth);
	enum id_grade grade = result.cmnd[0] != '\0' ? result.cmnd_grade : result.cccd_grade;
	if (strcmp(result.cccd, row->cccd) != 0 || strcmp(result.cmnd, row->cmnd) != 0 ||
	    grade != row->grade || !blob_equal(buf_blob(&birth), blob_text(row->birth_out)) ||
	    result.province_unlisted != row->unlisted ||
	    !blob_equal(buf_blob(&reasons), blob_text(row->reasons)))
		fail_msg("%s: cccd '%s' cmnd '%s' birth '%.*s' reasons '%.*s'", row->rule,
			 result.cccd, result.cmnd, (int)birth.len, (const char *)birth.data,
			 (int)reasons.len, (const char *)reasons.data);
	buf_finish(&reasons);
	buf_finish(&birth);
}

#define C CELL_UNTYPED
#define T CELL_TEXT
#define PADDED ID_GRADE_PADDED
#define MALE SEX_MALE
#define FEMALE SEX_FEMALE
#define NONE SEX_UNKNOWN

static void the_whole_row_decides(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "ID4 agrees", "020085012345", C, "27/10/1985", MALE, "020085012345", "", 0,
		  "1985-10-27", "" },
		{ "ID4 year", "020085012345", C, "27/10/1986", MALE, "", "", 0, "1986-10-27",
		  "id_conflict" },
		{ "ID4 sex", "020085012345", C, "27/10/1985", FEMALE, "", "", 0, "1985-10-27",
		  "id_conflict" },
		{ "ID4 nothing to compare", "020085012345", C, "", NONE, "020085012345", "", 0, "",
		  "" },
		{ "ID4 year only", "020085012345", C, "1985", NONE, "020085012345", "", 0, "1985",
		  "" },
		{ "ID2 after as_of", "020227012345", C, "", NONE, "", "", 0, "", "id_malformed" },
		{ "ID2 century 22", "020485012345", C, "", NONE, "", "", 0, "", "id_malformed" },
		{ "ID3 unlisted", "099174280038", C, "25/8/1974", FEMALE, "099174280038", "", 0,
		  "1974-08-25", "", true },
		{ "ID3 unlisted, ID4 holds", "099174280038", C, "25/8/1975", FEMALE, "", "", 0,
		  "1975-08-25", "id_conflict" },
		{ "ID5 11 text", "20085012345", T, "1985", MALE, "", "", 0, "1985", "id_padding" },
		{ "ID5 11 csv", "20085012345", C, "1985", MALE, "020085012345", "", PADDED, "1985",
		  "" },
		{ "ID5 11 sex alone", "20085012345", C, "", MALE, "020085012345", "", PADDED, "",
		  "" },
		{ "ID5 11 year alone", "20085012345", C, "1985", NONE, "020085012345", "", PADDED,
		  "1985", "" },
		{ "ID5 11 nothing agrees", "20085012345", C, "", NONE, "", "", 0, "",
		  "id_padding" },
		{ "ID5 11 year contradicts", "20085012345", C, "1986", MALE, "", "", 0, "1986",
		  "id_padding" },
		{ "ID5 11 sex contradicts", "20085012345", C, "1985", FEMALE, "", "", 0, "1985",
		  "id_padding" },
		{ "ID5 11 unlisted", "50085012345", C, "1985", MALE, "", "", 0, "1985",
		  "id_padding" },
		{ "ID5 10 csv", "8176312206", C, "9/3/1976", FEMALE, "008176312206", "", PADDED,
		  "1976-03-09", "" },
		{ "ID5 10 text", "8176312206", T, "9/3/1976", FEMALE, "", "", 0, "1976-03-09",
		  "id_padding" },
		{ "ID8 10 is a tax code too", "1088090232", C, "21.05.1988", MALE, "", "", 0,
		  "1988-05-21", "id_ambiguous" },
		{ "ID5 9 csv", "081234567", C, "1985", MALE, "", "081234567", 0, "1985", "" },
		{ "ID5 9 phone", "912345678", C, "1985", MALE, "", "", 0, "1985", "id_ambiguous" },
		{ "ID5 9 phone as text", "912345678", T, "1985", MALE, "", "912345678", 0, "1985",
		  "" },
		{ "ID5 9 number cell", "181234567.0", T, "1985", MALE, "", "181234567",
		  ID_GRADE_NUMBER_CELL, "1985", "" },
		{ "ID5 8 csv", "81234567", C, "1985", MALE, "", "081234567", PADDED, "1985", "" },
		{ "ID5 8 text", "81234567", T, "1985", MALE, "", "", 0, "1985", "id_padding" },
		{ "ID1 .0", "20085012345.0", T, "1985", MALE, "020085012345", "", PADDED, "1985",
		  "" },
		{ "no number", "", C, "27/10/1985", MALE, "", "", 0, "1985-10-27", "" },
		{ "HR4 two digits", "020092643231", C, "16/8/92", MALE, "020092643231", "", 0,
		  "1992-08-16", "" },
		{ "HR4 two digits, padded number", "8176312206", C, "9/3/76", FEMALE,
		  "008176312206", "", PADDED, "1976-03-09", "" },
		{ "HR4 two digits, padding unproved", "8176312206", C, "9/3/76", NONE, "", "", 0,
		  "", "date_two_digit;id_padding" },
		{ "HR4 two digits, other year", "020092643231", C, "16/8/93", MALE, "020092643231",
		  "", 0, "", "date_two_digit" },
		{ "HR4 two digits, no number", "", C, "3/2/82", MALE, "", "", 0, "",
		  "date_two_digit" },
		{ "HR4 two digits, CMND", "081234567", C, "3/2/82", MALE, "", "081234567", 0, "",
		  "date_two_digit" },
		{ "ID3 completes no date", "099174280038", C, "25/8/74", FEMALE, "099174280038", "",
		  0, "", "date_two_digit", true },
		{ "HR4 no such day in that year", "020081643231", C, "29/2/81", MALE,
		  "020081643231", "", 0, "", "date_invalid" },
		{ "HR4 future", "020073173283", C, "21/06/2073", MALE, "020073173283", "", 0, "",
		  "date_range" },
		{ "HR4 future, padded", "20085433109", C, "06/12/2085", MALE, "020085433109", "",
		  PADDED, "", "date_range" },
		{ "HR4 too young", "", C, "1/10/2011", MALE, "", "", 0, "", "date_range" },
		{ "HR4 invalid", "020085012345", C, "07/24/1985", MALE, "020085012345", "", 0, "",
		  "date_invalid" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_row(&rows[i]);
}

static void two_columns_give_both_numbers_and_each_its_reason(void **state)
{
	(void)state;
	struct identity_input input = { .number_count = 2,
					.sex = SEX_MALE,
					.as_of = { 2026, 9, 30 },
					.birth_form = DATE_MISSING,
					.province_is_listed = is_listed };
	(void)identity_number_read(blob_text("020085012345"), &input.numbers[0].digits);
	(void)identity_number_read(blob_text("081234567"), &input.numbers[1].digits);
	struct identity_result result = identity_check(&input);
	assert_string_equal(result.cccd, "020085012345");
	assert_string_equal(result.cmnd, "081234567");
	(void)identity_number_read(blob_text("20185012345"), &input.numbers[1].digits);
	input.numbers[1].type = CELL_UNTYPED;
	result = identity_check(&input);
	assert_int_equal(result.number_reasons[0], 0);
	assert_int_equal(result.number_reasons[1], reason_bit(REASON_ID_PADDING));
}

/* The table of ID5 for every count of digits and both kinds of cell, with nothing else in the row. */
static void no_number_is_padded_without_evidence(void **state)
{
	(void)state;
	for (unsigned count = 8; count <= 12; count++) {
		for (int type = CELL_TEXT; type <= CELL_UNTYPED; type++) {
			struct identity_input input = { .number_count = 1,
							.as_of = { 2026, 9, 30 },
							.birth_form = DATE_MISSING,
							.province_is_listed = is_listed };
			(void)snprintf(input.numbers[0].digits.text,
				       sizeof(input.numbers[0].digits.text), "%.*s", (int)count,
				       count == 12 ? "020085012345" : "200850123456");
			input.numbers[0].digits.count = count;
			input.numbers[0].type = (enum cell_type)type;
			struct identity_result result = identity_check(&input);
			if (count == 10 || count == 11)
				assert_int_equal(result.reasons, reason_bit(REASON_ID_PADDING));
			if (result.cccd[0] != '\0')
				assert_int_equal(count, 12);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_row_decides),
		cmocka_unit_test(two_columns_give_both_numbers_and_each_its_reason),
		cmocka_unit_test(no_number_is_padded_without_evidence),
	};
	return cmocka_run_group_tests_name("identity_check", tests, NULL, NULL);
}
