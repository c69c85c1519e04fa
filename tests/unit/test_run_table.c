#include "tests/support/open_store.h"

#include "daemon/store/stage.h"

static const struct run_body body = {
	.file = { (const uint8_t *)"giang-vien.csv", 14 },
	.problem_en = { (const uint8_t *)"cut", 3 },
	.problem_vi = { (const uint8_t *)"bị cắt", 9 },
};

static struct run_row created(void)
{
	struct run_row run = { .source = 3, .state = 1, .begun_us = 1000 };
	the_begin(KV_WRITE);
	OK(run_table_create(the.txn, &run, &body, &state_err));
	the_commit();
	return run;
}

static void a_run_comes_back_with_all_its_counts(void **unused)
{
	(void)unused;
	struct run_row run = created(), found;
	assert_int_equal(run.id, 1);
	assert_true(run.has_key);
	run.state = 4;
	run.completeness = 2;
	run.phase = 3;
	run.problem = 7;
	memcpy(run.problem_message, "E2602", 6);
	run.ended_us = 2000;
	uint64_t *counts = (uint64_t *)&run.counts;
	for (size_t i = 0; i < sizeof(run.counts) / sizeof(uint64_t); i++)
		counts[i] = UINT64_MAX >> (i % 64);
	run.interpretation[31] = 1;
	run.input[31] = 2;
	run.plan[31] = 3;
	run.applied = 55;
	run.position[15] = 4;
	the_begin(KV_WRITE);
	OK(run_table_put(the.txn, &run, NULL, &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_READ);
	OK(run_table_get(the.txn, 1, &found, &state_err));
	assert_memory_equal(&found.counts, &run.counts, sizeof(run.counts));
	assert_memory_equal(found.wrapped_dek, run.wrapped_dek, KEYRING_WRAPPED_SIZE);
	assert_int_equal(found.source, 3);
	assert_int_equal(found.state, 4);
	assert_int_equal(found.completeness, 2);
	assert_int_equal(found.phase, 3);
	assert_int_equal(found.problem, 7);
	assert_string_equal(found.problem_message, "E2602");
	assert_int_equal(found.begun_us, 1000);
	assert_int_equal(found.ended_us, 2000);
	assert_int_equal(found.interpretation[31] + found.input[31] + found.plan[31] +
				 found.position[15],
			 1 + 2 + 3 + 4);
	assert_int_equal(found.applied, 55);
	struct buf plain = { 0 };
	struct run_body text;
	OK(run_table_body(the.txn, &found, &plain, &text,
			  &state_err)); /* a put without body left it */
	assert_true(blob_equal(text.file, body.file));
	assert_true(blob_equal(text.problem_en, body.problem_en));
	assert_true(blob_equal(text.problem_vi, body.problem_vi));
	buf_cleanse(&plain);
	uint32_t last;
	OK(run_table_last(the.txn, &last, &state_err));
	assert_int_equal(last, 1);
}

static void runs_are_walked_in_order(void **unused)
{
	(void)unused;
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(created().id, i);
	the_begin(KV_READ);
	struct store_scan *scan = NULL;
	struct run_row run;
	OK(run_table_scan(the.txn, 2, &scan, &state_err));
	for (uint32_t i = 2; i <= 3; i++) {
		OK(run_table_next(scan, &run, &state_err));
		assert_int_equal(run.id, i);
	}
	FAILS(run_table_next(scan, &run, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

/* ---- staging ---- */

static void stage_rows(struct run_row *run, uint64_t count)
{
	the_begin(KV_WRITE);
	for (uint64_t i = 0; i < count; i++) {
		char row[32];
		struct stage_key key = { .seq = run->staged,
					 .kind = (uint8_t)(i % 3),
					 .ordinal = (uint32_t)i };
		(void)snprintf(row, sizeof(row), "row %llu", (unsigned long long)run->staged);
		store_idx(the.store, KEYRING_IDX_LOCATOR, blob_text(row), key.idx);
		OK(stage_append(the.txn, run, blob_text(row), &state_err));
		OK(stage_key_put(the.txn, run->id, &key, &state_err));
	}
	OK(run_table_put(the.txn, run, NULL, &state_err));
	the_commit();
}

static void staged_rows_come_back_in_the_order_of_their_keys(void **unused)
{
	(void)unused;
	struct run_row run = created(), other = created();
	stage_rows(&other, 5);
	stage_rows(&run, 100);
	stage_rows(&other, 5);
	the_reopen();
	the_begin(KV_READ);
	OK(run_table_get(the.txn, run.id, &run, &state_err));
	assert_int_equal(run.staged, 100);
	struct store_scan *scan = NULL;
	struct stage_key key, again, last = { .seq = 0 };
	bool met[100] = { false };
	OK(stage_key_scan(the.txn, run.id, NULL, &scan, &state_err));
	for (int i = 0; i < 100; i++) {
		OK(stage_key_next(scan, &key, &state_err));
		assert_true(i == 0 || memcmp(last.idx, key.idx, sizeof(key.idx)) < 0);
		assert_false(met[key.seq]);
		met[key.seq] = true;
		struct buf plain = { 0 };
		char expected[32];
		(void)snprintf(expected, sizeof(expected), "row %llu", (unsigned long long)key.seq);
		OK(stage_get(the.txn, &run, key.seq, &plain, &state_err));
		assert_true(blob_equal(buf_blob(&plain), blob_text(expected)));
		buf_cleanse(&plain);
		OK(stage_key_find(the.txn, run.id, key.idx, &again, &state_err));
		assert_int_equal(again.seq, key.seq);
		assert_int_equal(again.kind, key.seq % 3);
		assert_int_equal(again.ordinal, key.seq);
		if (i == 50) { /* a new start goes on behind the last one applied */
			store_scan_close(scan);
			OK(stage_key_scan(the.txn, run.id, key.idx, &scan, &state_err));
		}
		last = key;
	}
	FAILS(stage_key_next(scan, &key, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

static void seen_bits_come_back_and_are_zero_before(void **unused)
{
	(void)unused;
	struct run_row run = created();
	uint8_t bits[SEEN_CHUNK_BYTES], found[SEEN_CHUNK_BYTES];
	memset(bits, 0x5a, sizeof(bits));
	the_begin(KV_WRITE);
	OK(seen_get(the.txn, run.id, 7, found, &state_err));
	for (size_t i = 0; i < sizeof(found); i++)
		assert_int_equal(found[i], 0);
	OK(seen_put(the.txn, run.id, 7, bits, &state_err));
	the_commit();
	the_begin(KV_READ);
	OK(seen_get(the.txn, run.id, 7, found, &state_err));
	assert_memory_equal(found, bits, sizeof(bits));
	OK(seen_get(the.txn, run.id, 6, found, &state_err));
	assert_int_equal(found[0], 0);
}

static void staged_rows_go_in_slices_and_only_those_of_the_run(void **unused)
{
	(void)unused;
	uint8_t bits[SEEN_CHUNK_BYTES] = { 1 };
	struct run_row run = created(), other = created();
	stage_rows(&run, 100);
	stage_rows(&other, 10);
	the_begin(KV_WRITE);
	OK(seen_put(the.txn, run.id, 0, bits, &state_err));
	the_commit();
	bool more = true;
	int slices = 0;
	while (more) {
		the_begin(KV_WRITE);
		OK(stage_delete(the.txn, run.id, 30, &more, &state_err));
		the_commit();
		slices++;
	}
	assert_int_equal(slices, 7); /* 100 + 100 + 1 rows by 30 */
	struct kv_stats stats;
	OK(kv_stats(store_kv(the.store), &stats, &state_err));
	assert_int_equal(stats.rows[KV_STAGE], 10);
	assert_int_equal(stats.rows[KV_STAGE_KEY], 10);
	assert_int_equal(stats.rows[KV_SEEN], 0);
	struct buf plain = { 0 };
	the_begin(KV_READ);
	OK(stage_get(the.txn, &other, 9, &plain, &state_err));
	buf_cleanse(&plain);
}

/* ---- the key of a run ---- */

static void expect_unreadable(const struct run_row *run)
{
	struct buf plain = { 0 };
	the_begin(KV_READ);
	FAILS(stage_get(the.txn, run, 0, &plain, &state_err), ERR_CORRUPT);
	assert_int_equal(plain.len, 0);
	the_abort();
	buf_cleanse(&plain);
}

static void a_destroyed_key_makes_staged_rows_noise_for_ever(void **unused)
{
	(void)unused;
	struct run_row run = created();
	stage_rows(&run, 3);
	const struct run_row before = run; /* as an old page or a backup still has it */
	the_begin(KV_WRITE);
	OK(run_table_destroy_key(the.txn, &run, &state_err));
	the_commit();
	assert_false(keyring_has_bucket(store_keyring(the.store), keyring_bucket_of_run(run.id)));
	expect_unreadable(&before);
	the_reopen();
	expect_unreadable(&before);
	the_begin(KV_WRITE);
	OK(run_table_get(the.txn, run.id, &run, &state_err));
	assert_false(run.has_key);
	FAILS(stage_append(the.txn, &run, blob_text("late"), &state_err), ERR_NOT_FOUND);
	the_refuses_to_commit(ERR_NOT_FOUND);
}

static void an_aborted_destruction_destroys_nothing(void **unused)
{
	(void)unused;
	struct run_row run = created();
	stage_rows(&run, 3);
	const struct run_row before = run;
	struct buf plain = { 0 };
	the_begin(KV_WRITE);
	OK(run_table_destroy_key(the.txn, &run, &state_err));
	the_abort();
	the_reopen();
	the_begin(KV_READ);
	OK(stage_get(the.txn, &before, 2, &plain, &state_err));
	buf_cleanse(&plain);
}

static void a_start_sweeps_keys_that_no_run_has(void **unused)
{
	(void)unused;
	struct run_row run = created(), uncommitted = { .source = 1 };
	the_begin(KV_WRITE);
	OK(run_table_create(the.txn, &uncommitted, NULL, &state_err));
	the_abort();
	/* as a crash between commit and key file leaves it */
	OK(keyring_bucket_ensure(store_keyring(the.store), keyring_bucket_of_run(500), &state_err));
	assert_true(keyring_has_bucket(store_keyring(the.store),
				       keyring_bucket_of_run(uncommitted.id)));
	the_reopen();
	assert_false(keyring_has_bucket(store_keyring(the.store),
					keyring_bucket_of_run(uncommitted.id)));
	assert_false(keyring_has_bucket(store_keyring(the.store), keyring_bucket_of_run(500)));
	assert_true(keyring_has_bucket(store_keyring(the.store), keyring_bucket_of_run(run.id)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_run_comes_back_with_all_its_counts),
		STORE_CASE(runs_are_walked_in_order),
		STORE_CASE(staged_rows_come_back_in_the_order_of_their_keys),
		STORE_CASE(seen_bits_come_back_and_are_zero_before),
		STORE_CASE(staged_rows_go_in_slices_and_only_those_of_the_run),
		STORE_CASE(a_destroyed_key_makes_staged_rows_noise_for_ever),
		STORE_CASE(an_aborted_destruction_destroys_nothing),
		STORE_CASE(a_start_sweeps_keys_that_no_run_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
