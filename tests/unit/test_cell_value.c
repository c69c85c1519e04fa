/* Years taken off a text, and words that say none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/map/cell_value.h"

static void a_year_is_taken_off_the_end(void **state)
{
	(void)state;
	static const struct {
		const char *in, *text, *year; /* year NULL: none */
	} rows[] = {
		{ "Giấy khen (2020)", "Giấy khen", "2020" },
		{ "KNS 2022", "KNS", "2022" },
		{ "Giấy khen  (2020)", "Giấy khen", "2020" },
		{ "Giấy khen", "Giấy khen", NULL },
		{ "2020", "2020", NULL },
		{ "(2020)", "", "2020" },
		{ "A 20201", "A 20201", NULL },
		{ "A2020", "A2020", NULL },
		{ "A (2020", "A (2020", NULL },
		{ "A 2020)", "A 2020)", NULL },
		{ "", "", NULL },
		{ ")", ")", NULL },
		{ "A (20a0)", "A (20a0)", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blob text = blob_text(rows[i].in), year = blob_of("", 0);
		bool taken = cell_value_take_year(&text, &year);
		if (taken != (rows[i].year != NULL) || !blob_equal(text, blob_text(rows[i].text)) ||
		    (taken && !blob_equal(year, blob_text(rows[i].year))))
			fail_msg("'%s': '%.*s'", rows[i].in, (int)text.len,
				 (const char *)text.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_year_is_taken_off_the_end),
	};
	return cmocka_run_group_tests_name("cell_value", tests, NULL, NULL);
}
