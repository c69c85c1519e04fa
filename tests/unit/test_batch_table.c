#include "tests/support/open_store.h"

#include "daemon/store/batch_table.h"

static struct batch_row batch, found;

static void make_batch(uint32_t first_person, uint32_t count)
{
	memset(&batch, 0, sizeof(batch));
	batch.uuid[0] = 1;
	batch.idempotency_key[0] = 2;
	batch.sink = 3;
	batch.state = 4;
	batch.attempt = 5;
	batch.created_us = 6;
	batch.not_before_us = 7;
	batch.sent_us = 8;
	batch.item_count = count;
	for (uint32_t i = 0; i < count; i++)
		batch.items[i] = (struct batch_item){ .person = first_person + i,
						      .version = 100 + i,
						      .id = { (uint8_t)i },
						      .state = 9,
						      .open = true };
}

static void expect_holder(uint32_t person, uint64_t expected)
{
	uint64_t id = 0;
	FAILS(batch_of_find(the.txn, person, &id, &state_err), expected == 0 ? ERR_NOT_FOUND : 0);
	assert_int_equal(id, expected);
}

static void expect_body(const char *expected)
{
	struct buf plain = { 0 };
	OK(batch_table_body(the.txn, &found, &plain, &state_err));
	assert_true(blob_equal(buf_blob(&plain), blob_text(expected)));
	buf_cleanse(&plain);
}

static void a_batch_comes_back_byte_for_byte(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	make_batch(1000, BATCH_ITEMS_MAX);
	OK(batch_table_create(the.txn, &batch, blob_text("{\"the\": \"bytes\"}"), &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_WRITE);
	OK(batch_table_get(the.txn, 1, &found, &state_err));
	assert_memory_equal(&found.items[BATCH_ITEMS_MAX - 1].id,
			    &batch.items[BATCH_ITEMS_MAX - 1].id, UUID_SIZE);
	assert_int_equal(found.items[255].person, 1255);
	assert_int_equal(found.items[255].version, 355);
	assert_int_equal(found.items[255].state, 9);
	assert_int_equal(found.uuid[0], 1);
	assert_int_equal(found.idempotency_key[0], 2);
	assert_int_equal(found.sink, 3);
	assert_int_equal(found.state, 4);
	assert_int_equal(found.attempt, 5);
	assert_int_equal(found.created_us, 6);
	assert_int_equal(found.not_before_us, 7);
	assert_int_equal(found.sent_us, 8);
	expect_body("{\"the\": \"bytes\"}");
	found.attempt = 6;
	OK(batch_table_put(the.txn, &found, &state_err));
	OK(batch_table_get(the.txn, 1, &found, &state_err));
	assert_int_equal(found.attempt, 6);
	expect_body("{\"the\": \"bytes\"}");
}

static void a_person_is_in_one_open_batch_at_most(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	make_batch(1, 3);
	OK(batch_table_create(the.txn, &batch, blob_text("a"), &state_err));
	the_commit();
	the_begin(KV_WRITE);
	make_batch(3, 3);
	FAILS(batch_table_create(the.txn, &batch, blob_text("b"), &state_err), ERR_CONFLICT);
	the_refuses_to_commit(ERR_CONFLICT);
	the_begin(KV_WRITE);
	expect_holder(3, 1);
	expect_holder(4, 0);
	OK(batch_table_get(the.txn, 1, &found, &state_err));
	found.items[2].open = false;
	OK(batch_table_put(the.txn, &found, &state_err));
	expect_holder(3, 0);
	expect_holder(2, 1);
	make_batch(3, 3);
	OK(batch_table_create(the.txn, &batch, blob_text("b"), &state_err));
	expect_holder(3, 2);
	OK(batch_table_put(the.txn, &found,
			   &state_err)); /* a closed item of an older batch takes nothing away */
	expect_holder(3, 2);
	struct store_scan *scan = NULL;
	OK(batch_table_scan(the.txn, 2, &scan, &state_err));
	OK(batch_table_next(scan, &found, &state_err));
	assert_int_equal(found.id, 2);
	FAILS(batch_table_next(scan, &found, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

static void a_settled_batch_forgets_its_bytes(void **unused)
{
	(void)unused;
	struct buf plain = { 0 };
	the_begin(KV_WRITE);
	make_batch(1, 1);
	OK(batch_table_create(the.txn, &batch, blob_text("a"), &state_err));
	OK(batch_table_drop_body(the.txn, &batch, &state_err));
	OK(batch_table_get(the.txn, 1, &found, &state_err));
	FAILS(batch_table_body(the.txn, &found, &plain, &state_err), ERR_NOT_FOUND);
	assert_int_equal(found.item_count, 1);
	OK(batch_table_put(the.txn, &found, &state_err));
	the_commit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_batch_comes_back_byte_for_byte),
		STORE_CASE(a_person_is_in_one_open_batch_at_most),
		STORE_CASE(a_settled_batch_forgets_its_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
