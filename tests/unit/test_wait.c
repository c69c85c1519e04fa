#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/wait.h"

static void the_exit_code_follows_from_state_and_cause(void **state)
{
	(void)state;
	static const struct {
		const char *state, *error;
		int code;
	} rows[] = {
		{ "COMPLETE", "", 0 },
		{ "COMPLETE", "IO", 0 },
		{ "INCOMPLETE", "INVALID", 65 },
		{ "INCOMPLETE", "UNAVAILABLE", 65 },
		{ "HELD", "CONFLICT", 75 },
		{ "SUPERSEDED", "", 75 },
		{ "FAILED", "UNAVAILABLE", 69 },
		{ "FAILED", "NO_SPACE", 74 },
		{ "FAILED", "IO", 74 },
		{ "FAILED", "AUTH", 77 },
		{ "FAILED", "CONFIG", 78 },
		{ "FAILED", "INVALID", 65 },
		{ "FAILED", "NOT_FOUND", 66 },
		{ "FAILED", "", EXIT_BUG },
		{ "FAILED", "SOMETHING", EXIT_BUG },
		{ "ELSE", "", EXIT_BUG },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (wait_exit_code(rows[i].state, rows[i].error) != rows[i].code)
			fail_msg("%s %s", rows[i].state, rows[i].error);
}

static void progress_has_a_rate_and_a_time_left_once_something_moved(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint64_t first, done, total, elapsed_us;
		double rate;
		uint64_t left_s;
	} rows[] = {
		{ "at once", 0, 0, 100, 0, 0, 0 },
		{ "nothing yet", 0, 0, 100, 5000000, 0, 0 },
		{ "half in 10 s", 0, 50, 100, 10000000, 5, 10 },
		{ "begun before we looked", 40, 60, 100, 10000000, 2, 20 },
		{ "no total", 0, 50, 0, 10000000, 5, 0 },
		{ "done", 0, 100, 100, 10000000, 10, 0 },
		{ "past the total", 0, 120, 100, 10000000, 12, 0 },
		{ "gone back", 50, 10, 100, 10000000, 0, 0 },
		{ "no time passed", 0, 50, 100, 0, 0, 0 },
		{ "rounded", 0, 3, 10, 1000000, 3, 2 },
		{ "a million", 0, 1000000, 100000000, 1000000, 1000000, 99 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct wait_progress progress = wait_progress_of(
			rows[i].first, rows[i].done, rows[i].total, rows[i].elapsed_us);
		if (progress.rate != rows[i].rate || progress.left_s != rows[i].left_s ||
		    progress.done != rows[i].done || progress.total != rows[i].total)
			fail_msg("%s: %f/s, %u left", rows[i].name, progress.rate,
				 (unsigned)progress.left_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_code_follows_from_state_and_cause),
		cmocka_unit_test(progress_has_a_rate_and_a_time_left_once_something_moved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
