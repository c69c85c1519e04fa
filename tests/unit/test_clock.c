#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/clock.h"

static void a_stamp_is_rfc_3339_in_utc(void **state)
{
	(void)state;
	static const struct {
		uint64_t us;
		const char *expected;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1, "1970-01-01T00:00:00.000Z" },
		{ 999999, "1970-01-01T00:00:00.999Z" },
		{ 951782400000000u, "2000-02-29T00:00:00.000Z" },
		{ 1795536434123456u, "2026-11-24T16:07:14.123Z" },
		{ 4102444799999000u, "2099-12-31T23:59:59.999Z" },
	};
	assert_int_equal(setenv("TZ", "Asia/Ho_Chi_Minh", 1), 0);
	tzset();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char stamp[CLOCK_STAMP_SIZE];
		clock_stamp(rows[i].us, stamp);
		assert_string_equal(stamp, rows[i].expected);
	}
}

static void a_time_that_cannot_be_is_no_crash(void **state)
{
	(void)state;
	char stamp[CLOCK_STAMP_SIZE];
	clock_stamp(UINT64_MAX, stamp);
	assert_non_null(memchr(stamp, '\0', sizeof(stamp)));
}

static void the_clocks_of_the_system_go_on(void **state)
{
	(void)state;
	uint64_t real = clock_realtime_us(&clock_system), boot = clock_boottime_us(&clock_system);
	assert_true(real / 1000000u - (uint64_t)time(NULL) + 5 < 10);
	struct timespec pause = { .tv_nsec = 2000000 };
	(void)nanosleep(&pause, NULL);
	assert_true(clock_boottime_us(&clock_system) - boot >= 2000);
}

static uint64_t fixed(void *ctx)
{
	return *(uint64_t *)ctx;
}

static void a_clock_that_is_handed_in_is_the_one_that_is_read(void **state)
{
	(void)state;
	uint64_t now = 7;
	struct clock clock = { .realtime_us = fixed, .boottime_us = fixed, .ctx = &now };
	assert_int_equal(clock_realtime_us(&clock), 7);
	now = 9;
	assert_int_equal(clock_boottime_us(&clock), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stamp_is_rfc_3339_in_utc),
		cmocka_unit_test(a_time_that_cannot_be_is_no_crash),
		cmocka_unit_test(the_clocks_of_the_system_go_on),
		cmocka_unit_test(a_clock_that_is_handed_in_is_the_one_that_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
