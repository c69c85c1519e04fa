#include "tests/support/open_store.h"

#include "daemon/store/audit_table.h"

static void leaves_come_back_in_order(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("golden");
	struct buf sealed = { 0 }, plain = { 0 };
	for (uint64_t i = 0; i < 10; i++) {
		char leaf[32];
		(void)snprintf(leaf, sizeof(leaf), "{\"seq\":%u}", (unsigned)i);
		buf_reset(&sealed);
		if (i % 2 == 0)
			OK(audit_table_seal(the.txn, i == 4 ? NULL : &person, i,
					    blob_text("payload"), &sealed, &state_err));
		OK(audit_table_append(the.txn, i, blob_text(leaf), buf_blob(&sealed), &state_err));
	}
	the_commit();
	the_reopen();
	the_begin(KV_READ);
	struct store_scan *scan = NULL;
	struct blob leaf, payload;
	uint64_t index;
	OK(audit_table_scan(the.txn, 3, &scan, &state_err));
	for (uint64_t i = 3; i < 10; i++) {
		OK(audit_table_next(scan, &index, &leaf, &payload, &state_err));
		assert_int_equal(index, i);
		assert_int_equal(payload.len == 0, i % 2);
		assert_int_equal(leaf.data[7], '0' + i);
	}
	FAILS(audit_table_next(scan, &index, &leaf, &payload, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	OK(audit_table_get(the.txn, 4, &leaf, &payload, &state_err));
	OK(audit_table_open(the.txn, NULL, 4, payload, &plain, &state_err));
	assert_true(blob_equal(buf_blob(&plain), blob_text("payload")));
	OK(audit_table_get(the.txn, 6, &leaf, &payload, &state_err));
	buf_reset(&plain);
	OK(audit_table_open(the.txn, &person, 6, payload, &plain, &state_err));
	assert_true(blob_equal(buf_blob(&plain), blob_text("payload")));
	FAILS(audit_table_open(the.txn, &person, 8, payload, &plain, &state_err),
	      ERR_CORRUPT); /* another leaf's */
	FAILS(audit_table_open(the.txn, NULL, 6, payload, &plain, &state_err), ERR_CORRUPT);
	FAILS(audit_table_get(the.txn, 10, &leaf, &payload, &state_err), ERR_NOT_FOUND);
	buf_cleanse(&plain);
	buf_finish(&sealed);
}

static void a_leaf_that_does_not_follow_is_refused(void **unused)
{
	(void)unused;
	static const uint64_t wrong[] = { 0, 2, UINT64_MAX };
	the_begin(KV_WRITE);
	OK(audit_table_append(the.txn, 0, blob_text("{}"), blob_of(NULL, 0), &state_err));
	the_commit();
	for (size_t i = 0; i < 3; i++) {
		the_begin(KV_WRITE);
		FAILS(audit_table_append(the.txn, wrong[i], blob_text("{}"), blob_of(NULL, 0),
					 &state_err),
		      ERR_CONFLICT);
		the_refuses_to_commit(ERR_CONFLICT);
	}
	the_begin(KV_WRITE);
	OK(audit_table_append(the.txn, 1, blob_text("{}"), blob_of(NULL, 0), &state_err));
	the_abort(); /* its number is free again */
	the_begin(KV_WRITE);
	OK(audit_table_append(the.txn, 1, blob_text("{}"), blob_of(NULL, 0), &state_err));
}

static void the_frontier_begins_with_an_empty_tree(void **unused)
{
	(void)unused;
	struct audit_frontier frontier, found;
	uint8_t empty[SHA256_SIZE];
	sha256("", 0, empty); /* RFC 6962 section 2.1 */
	the_begin(KV_WRITE);
	OK(audit_frontier_get(the.txn, &frontier, &state_err));
	assert_int_equal(frontier.size, 0);
	assert_int_equal(frontier.peak_count, 0);
	assert_memory_equal(frontier.root, empty, sizeof(empty));
	frontier.size = UINT64_MAX;
	frontier.root[0] = 1;
	frontier.peak_count = AUDIT_PEAKS_MAX;
	for (size_t i = 0; i < AUDIT_PEAKS_MAX; i++)
		frontier.peaks[i][0] = (uint8_t)i;
	OK(audit_frontier_put(the.txn, &frontier, &state_err));
	the_commit();
	the_begin(KV_READ);
	OK(audit_frontier_get(the.txn, &found, &state_err));
	assert_memory_equal(&found, &frontier, sizeof(found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(leaves_come_back_in_order),
		STORE_CASE(a_leaf_that_does_not_follow_is_refused),
		STORE_CASE(the_frontier_begins_with_an_empty_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
