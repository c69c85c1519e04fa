#include "tests/support/open_store.h"

#include "daemon/store/case_table.h"

static void expect_open(uint32_t person, const uint64_t *ids, size_t count)
{
	struct store_scan *scan = NULL;
	uint64_t id;
	OK(case_of_scan(the.txn, person, &scan, &state_err));
	for (size_t i = 0; i < count; i++) {
		OK(case_of_next(scan, &id, &state_err));
		assert_int_equal(id, ids[i]);
	}
	FAILS(case_of_next(scan, &id, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

static void expect_same(const struct case_row *a, const struct case_row *b)
{
	assert_int_equal(a->id, b->id);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->open, b->open);
	assert_int_equal(a->rule, b->rule);
	assert_int_equal(a->score, b->score);
	assert_int_equal(a->run, b->run);
	assert_int_equal(a->opened_us, b->opened_us);
	assert_int_equal(a->person_count, b->person_count);
	assert_memory_equal(a->persons, b->persons, sizeof(a->persons));
	assert_int_equal(a->record_count, b->record_count);
	assert_int_equal(a->records[0].source, b->records[0].source);
	assert_int_equal(a->records[0].ordinal, b->records[0].ordinal);
}

static void a_case_comes_back_and_holds_its_persons_while_it_is_open(void **unused)
{
	(void)unused;
	struct case_row first = { .kind = 1,
				  .state = 2,
				  .open = true,
				  .rule = 3,
				  .score = -4,
				  .run = 5,
				  .opened_us = 6,
				  .person_count = 2,
				  .persons = { 10, 11 },
				  .record_count = 1,
				  .records = { { .source = 7, .ordinal = 8 } } };
	struct case_row second = { .open = true, .person_count = 1, .persons = { 11 } }, found;
	the_begin(KV_WRITE);
	OK(case_table_create(the.txn, &first, &state_err));
	OK(case_table_create(the.txn, &second, &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_WRITE);
	OK(case_table_get(the.txn, 1, &found, &state_err));
	expect_same(&found, &first);
	expect_open(10, (uint64_t[]){ 1 }, 1);
	expect_open(11, (uint64_t[]){ 1, 2 }, 2);
	expect_open(12, NULL, 0);
	found.open = false;
	found.state = 9;
	OK(case_table_put(the.txn, &found, &state_err));
	OK(case_table_put(the.txn, &found, &state_err));
	expect_open(10, NULL, 0);
	expect_open(11, (uint64_t[]){ 2 }, 1);
	found.open = true; /* a decision undone */
	OK(case_table_put(the.txn, &found, &state_err));
	expect_open(10, (uint64_t[]){ 1 }, 1);
	struct store_scan *scan = NULL;
	OK(case_table_scan(the.txn, 1, &scan, &state_err));
	OK(case_table_next(scan, &found, &state_err));
	assert_int_equal(found.id, 1);
	assert_int_equal(found.state, 9);
	OK(case_table_next(scan, &found, &state_err));
	assert_int_equal(found.id, 2);
	FAILS(case_table_next(scan, &found, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	FAILS(case_table_get(the.txn, 3, &found, &state_err), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_case_comes_back_and_holds_its_persons_while_it_is_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
