#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/reason.h"

static void names_and_numbers_belong_together(void **state)
{
	(void)state;
	for (int number = 1; number < REASON_MAX; number++) {
		enum reason reason = (enum reason)number;
		const char *name = reason_name(reason);
		if (strcmp(name, "unknown") == 0) { /* a number that is not given away yet */
			assert_in_range(number, 18, 20);
			continue;
		}
		assert_int_equal(reason_by_name(blob_text(name)), number);
		assert_int_not_equal(reason_message(reason), MSG_NONE);
		assert_int_equal(reason_class(reason), number <= 10   ? REASON_INVALID
						       : number <= 17 ? REASON_NEEDS_DECISION
								      : REASON_WARNING);
	}
	static const char *const strangers[] = { "", "unknown", "ID_MALFORMED", "id_malforme",
						 "id_malformedd" };
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++)
		assert_int_equal(reason_by_name(blob_text(strangers[i])), REASON_NONE);
	assert_string_equal(reason_name((enum reason)9999), "unknown");
}

static void a_row_is_as_bad_as_its_worst_reason(void **state)
{
	(void)state;
	reason_set warning = reason_bit(REASON_CODE_UNKNOWN),
		   decision = reason_bit(REASON_ID_PADDING);
	reason_set invalid = reason_bit(REASON_DATE_INVALID);
	assert_int_equal(reason_set_class(warning), REASON_WARNING);
	assert_int_equal(reason_set_class(warning | decision), REASON_NEEDS_DECISION);
	assert_int_equal(reason_set_class(warning | decision | invalid), REASON_INVALID);
	assert_int_equal(reason_bit(REASON_NONE), 0);
}

static void reasons_are_named_in_the_order_of_their_numbers(void **state)
{
	(void)state;
	struct buf out = { 0 };
	reason_set_put(reason_bit(REASON_ID_PADDING) | reason_bit(REASON_RAGGED) |
			       reason_bit(REASON_DATE_RANGE),
		       &out);
	assert_true(blob_equal(buf_blob(&out), blob_text("ragged;date_range;id_padding")));
	buf_reset(&out);
	reason_set_put(0, &out);
	assert_int_equal(out.len, 0);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_belong_together),
		cmocka_unit_test(a_row_is_as_bad_as_its_worst_reason),
		cmocka_unit_test(reasons_are_named_in_the_order_of_their_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
