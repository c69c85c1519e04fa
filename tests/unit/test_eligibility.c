/* Eligibility: the whole table of who is published. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/publish/eligibility.h"

static void every_row_of_the_table_gives_its_verdict(void **unused)
{
	(void)unused;
	static const struct {
		bool source, open_case;
		enum inclusion_outcome inclusion;
		const char *verdict;
		bool waits;
	} rows[] = {
		{ false, false, INCLUSION_IN, "no_source", false },
		{ false, false, INCLUSION_OUT, "no_source", false },
		{ false, false, INCLUSION_UNKNOWN, "no_source", false },
		{ false, true, INCLUSION_IN, "no_source", false },
		{ false, true, INCLUSION_OUT, "no_source", false },
		{ false, true, INCLUSION_UNKNOWN, "no_source", false },
		{ true, true, INCLUSION_IN, "open_case", true },
		{ true, true, INCLUSION_OUT, "open_case", true },
		{ true, true, INCLUSION_UNKNOWN, "open_case", true },
		{ true, false, INCLUSION_OUT, "inclusion_out", false },
		{ true, false, INCLUSION_UNKNOWN, "inclusion_unknown", false },
		{ true, false, INCLUSION_IN, "yes", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum eligibility eligibility =
			eligibility_judge(rows[i].source, rows[i].open_case, rows[i].inclusion);
		assert_string_equal(eligibility_name(eligibility), rows[i].verdict);
		assert_int_equal(eligibility_waits(eligibility), rows[i].waits);
	}
}

static void a_number_that_is_none_has_no_name(void **unused)
{
	(void)unused;
	assert_string_equal(eligibility_name(ELIGIBILITY_MAX), "");
	assert_string_equal(eligibility_name(ELIGIBILITY_NO_NAME), "no_name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_gives_its_verdict),
		cmocka_unit_test(a_number_that_is_none_has_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
