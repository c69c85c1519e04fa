/* The moves of a run and the guard before its first write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/run/guard.h"
#include "daemon/run/run_state.h"

static void only_the_moves_of_the_table_are_allowed(void **state)
{
	(void)state;
	static const enum run_state allowed[][2] = {
		{ RUN_COLLECTING, RUN_GUARDING }, { RUN_COLLECTING, RUN_FAILED },
		{ RUN_GUARDING, RUN_APPLYING },   { RUN_GUARDING, RUN_INCOMPLETE },
		{ RUN_GUARDING, RUN_HELD },       { RUN_GUARDING, RUN_FAILED },
		{ RUN_APPLYING, RUN_COMPLETE },   { RUN_APPLYING, RUN_FAILED },
		{ RUN_HELD, RUN_APPLYING },       { RUN_HELD, RUN_SUPERSEDED },
		{ RUN_HELD, RUN_FAILED },         { RUN_PUBLISHING, RUN_COMPLETE },
		{ RUN_PUBLISHING, RUN_FAILED },
	};
	unsigned found = 0;
	for (int from = 0; from < RUN_STATE_MAX; from++) {
		for (int to = 0; to < RUN_STATE_MAX; to++) {
			bool expected = false;
			for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
				expected |= allowed[i][0] == (enum run_state)from &&
					    allowed[i][1] == (enum run_state)to;
			assert_int_equal(
				run_state_may_follow((enum run_state)from, (enum run_state)to),
				expected);
			found += expected;
		}
	}
	assert_int_equal(found, sizeof(allowed) / sizeof(allowed[0]));
}

static void a_delivery_is_judged_by_the_case_table(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct guard_facts facts;
		enum guard_verdict expected;
	} rows[] = {
		{ "proven", { FRAME_PROVEN, true, 10, 10, 12, 12 }, GUARD_APPLY },
		{ "unproven, none declared", { FRAME_UNPROVEN, false, 0, 0, 12, 12 }, GUARD_APPLY },
		{ "unproven, but a proof is declared",
		  { FRAME_UNPROVEN, true, 0, 0, 12, 12 },
		  GUARD_INCOMPLETE },
		{ "the proof failed", { FRAME_INCOMPLETE, true, 10, 9, 12, 12 }, GUARD_INCOMPLETE },
		{ "called proven, but it does not add up",
		  { FRAME_PROVEN, true, 10, 9, 12, 12 },
		  GUARD_INCOMPLETE },
		{ "rows were lost on the way",
		  { FRAME_PROVEN, true, 10, 10, 12, 11 },
		  GUARD_BROKEN },
		{ "rows were invented on the way",
		  { FRAME_UNPROVEN, false, 0, 0, 12, 13 },
		  GUARD_BROKEN },
		{ "an empty delivery proves itself",
		  { FRAME_PROVEN, true, 0, 0, 0, 0 },
		  GUARD_APPLY },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guard_decision got = guard_judge(&rows[i].facts);
		if (got.verdict != rows[i].expected ||
		    (got.why == MSG_NONE) != (got.verdict == GUARD_APPLY))
			fail_msg("%s", rows[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_moves_of_the_table_are_allowed),
		cmocka_unit_test(a_delivery_is_judged_by_the_case_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
