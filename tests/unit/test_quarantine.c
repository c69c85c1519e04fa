#include "tests/support/open_store.h"

#include "daemon/store/quarantine.h"
#include "daemon/store/source_record.h"

static const struct quarantine_body body = {
	.file = { (const uint8_t *)"file", 4 },
	.key = { (const uint8_t *)"key", 3 },
	.cells = { (const uint8_t *)"cells", 5 },
	.reasons = { (const uint8_t *)"reasons", 7 },
};

static struct quarantine_row row_of(uint16_t source, const char *key)
{
	struct quarantine_row row = { .source = source,
				      .run = 2,
				      .row = 3,
				      .class = 4,
				      .codes = "R0102 R0107",
				      .cells_hash = { 5 },
				      .interpretation = { 6 } };
	source_key_idx(the.store, source, blob_text(key), row.idx);
	return row;
}

static void a_row_comes_back_and_goes(void **unused)
{
	(void)unused;
	struct quarantine_row row = row_of(1, "A"), found;
	struct quarantine_body text;
	struct buf plain = { 0 };
	the_begin(KV_WRITE);
	FAILS(quarantine_find(the.txn, 1, row.idx, &found, &state_err), ERR_NOT_FOUND);
	OK(quarantine_put(the.txn, &row, &body, &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_WRITE);
	OK(quarantine_find(the.txn, 1, row.idx, &found, &state_err));
	assert_int_equal(found.source, 1);
	assert_memory_equal(found.idx, row.idx, KEYRING_IDX_SIZE);
	assert_int_equal(found.run, 2);
	assert_int_equal(found.row, 3);
	assert_int_equal(found.class, 4);
	assert_string_equal(found.codes, "R0102 R0107");
	assert_int_equal(found.cells_hash[0], 5);
	assert_int_equal(found.interpretation[0], 6);
	OK(quarantine_body(the.txn, &found, &plain, &text, &state_err));
	assert_true(blob_equal(text.file, body.file));
	assert_true(blob_equal(text.key, body.key));
	assert_true(blob_equal(text.cells, body.cells));
	assert_true(blob_equal(text.reasons, body.reasons));
	row.run = 9; /* the next run's version of the row, under a key of its own */
	OK(quarantine_put(the.txn, &row, &body, &state_err));
	OK(quarantine_find(the.txn, 1, row.idx, &found, &state_err));
	assert_int_equal(found.run, 9);
	OK(quarantine_body(the.txn, &found, &plain, &text, &state_err));
	OK(quarantine_delete(the.txn, 1, row.idx, &state_err));
	OK(quarantine_delete(the.txn, 1, row.idx, &state_err));
	FAILS(quarantine_find(the.txn, 1, row.idx, &found, &state_err), ERR_NOT_FOUND);
	buf_cleanse(&plain);
}

static void rows_are_walked_page_by_page(void **unused)
{
	(void)unused;
	static const char *const keys[] = { "A", "B", "C", "D" };
	the_begin(KV_WRITE);
	for (uint16_t source = 1; source <= 2; source++)
		for (size_t i = 0; i < 4; i++) {
			struct quarantine_row row = row_of(source, keys[i]);
			OK(quarantine_put(the.txn, &row, &body, &state_err));
		}
	struct store_scan *scan = NULL;
	struct quarantine_row row, last = { .source = 0 };
	OK(quarantine_scan(the.txn, 1, NULL, &scan, &state_err));
	for (int i = 0; i < 8; i++) {
		OK(quarantine_next(scan, &row, &state_err));
		assert_int_equal(row.source, 1 + i / 4);
		assert_true(i % 4 == 0 || memcmp(last.idx, row.idx, sizeof(row.idx)) < 0);
		if (i == 5) { /* the next page begins at the last row of this one */
			store_scan_close(scan);
			OK(quarantine_scan(the.txn, row.source, row.idx, &scan, &state_err));
			OK(quarantine_next(scan, &last, &state_err));
			assert_memory_equal(last.idx, row.idx, sizeof(row.idx));
		}
		last = row;
	}
	FAILS(quarantine_next(scan, &row, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_row_comes_back_and_goes),
		STORE_CASE(rows_are_walked_page_by_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
