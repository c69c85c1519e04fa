/* Sex (HR13). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/sex.h"

static void sex_is_read_as_people_and_systems_write_it(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		enum reason reason;
	} rows[] = {
		{ "Nam", "nam" },
		{ "NAM", "nam" },
		{ "Nữ", "nữ" },
		{ "NỮ", "nữ" },
		{ "Nu", "nữ" },
		{ "male", "nam" },
		{ "Female", "nữ" },
		{ "M", "nam" },
		{ "f", "nữ" },
		{ "Mr", "nam" },
		{ "ms", "nữ" },
		{ "1", "nam" },
		{ "01", "nam" },
		{ "2", "nữ" },
		{ "02", "nữ" },
		{ "", "" },
		{ "-", "" },
		{ "00", "" },
		{ "other", "" },
		{ "unspecified", "" },
		{ "x", "", REASON_SEX_FORM },
		{ "Nam giới", "", REASON_SEX_FORM },
		{ "0", "", REASON_SEX_FORM },
		{ "3", "", REASON_SEX_FORM },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum sex sex = SEX_MALE;
		if (sex_read(blob_text(rows[i].in), &sex) != rows[i].reason ||
		    strcmp(sex_text(sex), rows[i].out) != 0)
			fail_msg("'%s'", rows[i].in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sex_is_read_as_people_and_systems_write_it),
	};
	return cmocka_run_group_tests_name("sex", tests, NULL, NULL);
}
