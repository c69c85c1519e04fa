/* Applying in slices that a crash or a failure may cut anywhere gives what applying in one go gives. */
#include "tests/support/delivery_state.h"

#include <inttypes.h>
#include <time.h>

#include "daemon/reconcile/rebuild.h"
#include "daemon/store/stage.h"

/* Invariants 4 and 12, after every scenario. */
static void holds(void)
{
	struct rebuild_report rebuilt = { 0 };
	struct verify_report verified = { 0 };
	OK(rebuild_check(store, schema, policy, &rebuilt, &state_err));
	assert_int_equal(rebuilt.differ, 0);
	OK(verify_whole(store, &verified, &state_err));
	assert_true(verified.holds);
}

struct plan {
	char before[DELIVERY_TEXT], rows[DELIVERY_TEXT];
};

static void say(const struct plan *plan, const char *one, const char *other)
{
	fail_msg("'%s' on '%s'\n%s\n%s", plan->rows, plan->before, one, other);
}

/* The state and the counts after both deliveries, the second one applied by `apply`; free() it. */
static char *state_after(const struct plan *plan, void (*apply)(const struct random_source *random),
			 const struct random_source *random, struct run_counts *ret_counts,
			 uint64_t *ret_leaves)
{
	delivery_again();
	deliver(SOURCE_HR, plan->before);
	delivery_collect(SOURCE_HR, plan->rows);
	delivery_guarded();
	apply(random);
	delivery_commit();
	delivery_reload();
	assert_int_equal(run->row.state, RUN_COMPLETE);
	assert_int_equal(run->row.phase, RUN_PHASE_DONE);
	*ret_counts = run->row.counts;
	*ret_leaves = audit_log_head(audit)->size;
	holds();
	return delivery_export();
}

static void in_one_go(const struct random_source *random)
{
	(void)random;
	while (delivery_step(1000))
		continue;
}

static void one_by_one(const struct random_source *random)
{
	(void)random;
	while (delivery_step(1))
		delivery_commit();
}

/* Steps of any size; between any two of them the engine ends, with or without what it did last. */
static void with_crashes(const struct random_source *random)
{
	while (delivery_step((unsigned)random_below(random, 5) + 1)) {
		uint64_t what = random_below(random, 4);
		if (what == 0)
			continue;
		if (what == 1)
			session_abort(&session);
		else
			delivery_commit();
		if (what != 3)
			delivery_reload();
	}
}

static void same_as_in_one_go(void (*apply)(const struct random_source *random), int times)
{
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %" PRIu64 "\n", seed);
	const struct random_source random = random_seeded(&seed);
	for (int i = 0; i < times; i++) {
		struct plan plan;
		struct run_counts whole, cut;
		uint64_t whole_leaves, cut_leaves;
		delivery_random(&random, 14, plan.before);
		delivery_random(&random, 14, plan.rows);
		char *expected = state_after(&plan, in_one_go, &random, &whole, &whole_leaves);
		char *found = state_after(&plan, apply, &random, &cut, &cut_leaves);
		if (strcmp(expected, found) != 0)
			say(&plan, expected, found);
		if (memcmp(&whole, &cut, sizeof(whole)) != 0 || whole_leaves != cut_leaves)
			say(&plan, "other counts", "or leaves");
		free(expected);
		free(found);
	}
}

static void row_by_row_is_the_same_as_in_one_go(void **unused)
{
	(void)unused;
	same_as_in_one_go(one_by_one, 6);
}

static void crashes_between_any_two_steps_change_nothing(void **unused)
{
	(void)unused;
	same_as_in_one_go(with_crashes, 12);
}

static bool has_stage(uint32_t id)
{
	struct store_txn *txn = audit_state_read();
	struct store_scan *scan = NULL;
	struct stage_key key;
	OK(stage_key_scan(txn, id, NULL, &scan, &state_err));
	int status = stage_key_next(scan, &key, &state_err);
	store_scan_close(scan);
	store_abort(txn);
	return status == 0;
}

static void what_was_staged_is_gone_with_its_key(void **unused)
{
	(void)unused;
	delivery_collect(SOURCE_HR, "A1 B1 !C1 D1 D2");
	delivery_guarded();
	assert_true(has_stage(run->row.id));
	while (run->row.state == RUN_APPLYING)
		(void)delivery_step(2);
	assert_false(run->row.has_key);
	assert_int_equal(run->row.phase, RUN_PHASE_SWEEP);
	delivery_commit();
	assert_true(has_stage(run->row.id));
	while (delivery_step(1))
		continue;
	delivery_commit();
	assert_false(has_stage(run->row.id));
}

static void a_run_that_failed_changes_nothing_but_itself(void **unused)
{
	(void)unused;
	deliver(SOURCE_HR, "A1 !B1");
	char *before = delivery_export();
	uint64_t leaves = audit_log_head(audit)->size;
	delivery_collect(SOURCE_HR, "A2 B1 C1");
	delivery_commit();
	(void)err_set(&run->cause, ERR_UNAVAILABLE, MSG_WORKER_ENDED);
	run_move(run, RUN_FAILED);
	OK(apply_end_run(&applier, run, &state_err));
	while (delivery_step(2))
		continue;
	delivery_commit();
	char *after = delivery_export();
	assert_string_equal(before, after);
	assert_int_equal(audit_log_head(audit)->size, leaves + 1);
	assert_false(has_stage(run->row.id));
	delivery_reload();
	assert_int_equal(run->row.problem, -ERR_UNAVAILABLE);
	assert_string_equal(run->row.problem_message, message_code(MSG_WORKER_ENDED));
	assert_int_equal(run->row.counts.read, 3); /* counts add up here too */
	assert_int_equal(run->row.counts.accepted, 3);
	free(before);
	free(after);
}

static void quarantine_is_of_its_own_source_only(void **unused)
{
	(void)unused;
	char text[DELIVERY_TEXT];
	deliver(SOURCE_HR, "!A1 !1");
	deliver(SOURCE_COLLEGE, "!A1 B1 B2");
	deliver(SOURCE_THIRD, "!1");
	deliver(SOURCE_COLLEGE, "B1");
	delivery_say(SOURCE_HR, text);
	assert_string_equal(text, "| 1r 2r");
	delivery_say(SOURCE_COLLEGE, text);
	assert_string_equal(text, "B1 |");
	delivery_say(SOURCE_THIRD, text);
	assert_string_equal(text, "| 1r");
	holds();
}

static void an_end_is_urgent(void **unused)
{
	(void)unused;
	delivery_collect(SOURCE_HR, "A1");
	delivery_guarded();
	while (run->row.state == RUN_APPLYING) {
		assert_false(session.txn != NULL && session_is_due(&session, false));
		(void)delivery_step(1);
	}
	assert_true(session_is_due(&session, false));
	delivery_commit();
	struct store_txn *txn;
	OK(session_txn(&session, &txn, &state_err));
	assert_false(session_is_due(&session, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DELIVERY_CASE(row_by_row_is_the_same_as_in_one_go),
		DELIVERY_CASE(crashes_between_any_two_steps_change_nothing),
		DELIVERY_CASE(what_was_staged_is_gone_with_its_key),
		DELIVERY_CASE(a_run_that_failed_changes_nothing_but_itself),
		DELIVERY_CASE(quarantine_is_of_its_own_source_only),
		DELIVERY_CASE(an_end_is_urgent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
