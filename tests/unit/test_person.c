#include "tests/support/open_store.h"

#include "daemon/store/image.h"

static void expect_body(const struct person *person, const char *golden)
{
	struct buf plain = { 0 };
	struct person_body body;
	OK(person_body(the.txn, person, &plain, &body, &state_err));
	assert_true(blob_equal(body.golden, blob_text(golden)));
	buf_cleanse(&plain);
}

static void a_person_comes_back_by_number_and_by_uuid(void **unused)
{
	(void)unused;
	struct person person, found;
	struct person_body body = { .subj = { 5, 6 },
				    .policy = { 7 },
				    .golden = blob_text("golden") };
	struct buf plain = { 0 };
	uint32_t ordinal;
	the_begin(KV_WRITE);
	OK(person_new(the.txn, &person, &state_err));
	assert_int_equal(person.ordinal, 1);
	FAILS(person_find_uuid(the.txn, person.uuid, &ordinal, &state_err), ERR_NOT_FOUND);
	person.flags = 9;
	OK(person_put(the.txn, &person, &body, &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_READ);
	OK(person_find_uuid(the.txn, person.uuid, &ordinal, &state_err));
	OK(person_get(the.txn, ordinal, &found, &state_err));
	assert_int_equal(found.ordinal, 1);
	assert_int_equal(found.flags, 9);
	assert_memory_equal(found.uuid, person.uuid, UUID_SIZE);
	OK(person_body(the.txn, &found, &plain, &body, &state_err));
	assert_int_equal(body.subj[1], 6);
	assert_int_equal(body.policy[0], 7);
	assert_true(blob_equal(body.golden, blob_text("golden")));
	buf_cleanse(&plain);
	FAILS(person_get(the.txn, 2, &found, &state_err), ERR_NOT_FOUND);
	assert_non_null(strstr(state_err.text[LANGUAGE_EN], "person"));
}

static void another_version_takes_the_place_of_the_first(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("a first golden record");
	const struct person_body body = { .golden = blob_text("second") };
	OK(person_put(the.txn, &person, &body, &state_err));
	the_commit();
	the_begin(KV_WRITE);
	expect_body(&person, "second");
	person.flags = 3;
	OK(person_put_head(the.txn, &person, &state_err));
	the_commit();
	the_begin(KV_READ);
	struct person found;
	OK(person_get(the.txn, person.ordinal, &found, &state_err));
	assert_int_equal(found.flags, 3);
	expect_body(&found, "second");
}

static void an_aborted_person_leaves_its_number_and_no_key(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person aborted = the_person("aborted");
	the_abort();
	the_begin(KV_WRITE);
	uint32_t count;
	OK(person_count(the.txn, &count, &state_err));
	assert_int_equal(count, 0);
	struct person person = the_person("kept");
	assert_int_equal(person.ordinal, aborted.ordinal);
	assert_memory_not_equal(person.wrapped_dek, aborted.wrapped_dek, KEYRING_WRAPPED_SIZE);
	the_commit();
	the_begin(KV_READ);
	expect_body(&person, "kept");
	OK(person_count(the.txn, &count, &state_err));
	assert_int_equal(count, 1);
}

/* Bucket 1 holds 1..4095, bucket 2 begins at 4096. */
static void persons_of_two_buckets_are_read_alike(void **unused)
{
	(void)unused;
	enum { COUNT = KEYRING_BUCKET_PERSONS + 10 };
	the_begin(KV_WRITE);
	for (uint32_t i = 1; i <= COUNT; i++) {
		struct person person = the_person("golden");
		assert_int_equal(person.ordinal, i);
		if (i % 3 == 0)
			OK(person_mark_dirty(the.txn, i, &state_err));
	}
	the_commit();
	assert_true(keyring_has_bucket(store_keyring(the.store), 2));
	assert_false(keyring_has_bucket(store_keyring(the.store), 3));
	the_reopen();
	the_begin(KV_READ);
	struct store_scan *scan = NULL;
	struct person person;
	OK(person_scan(the.txn, 4000, &scan, &state_err));
	for (uint32_t i = 4000; i <= COUNT; i++) {
		OK(person_next(scan, &person, &state_err));
		assert_int_equal(person.ordinal, i);
		expect_body(&person, "golden");
	}
	FAILS(person_next(scan, &person, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

static void dirty_persons_are_walked_while_they_are_cleaned(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	static const uint32_t dirty[] = { 5, 1, 9, 3, 7 };
	for (size_t i = 0; i < 5; i++)
		OK(person_mark_dirty(the.txn, dirty[i], &state_err));
	OK(person_mark_dirty(the.txn, 5, &state_err)); /* twice is once */
	OK(person_mark_clean(the.txn, 100, &state_err));
	OK(person_find_dirty(the.txn, 9, &state_err));
	FAILS(person_find_dirty(the.txn, 2, &state_err), ERR_NOT_FOUND);
	struct store_scan *scan = NULL;
	uint32_t ordinal;
	OK(person_dirty_scan(the.txn, 2, &scan, &state_err));
	for (uint32_t expected = 3; expected <= 9; expected += 2) {
		OK(person_dirty_next(scan, &ordinal, &state_err));
		assert_int_equal(ordinal, expected);
		OK(person_mark_clean(the.txn, ordinal, &state_err));
		if (ordinal == 5)
			OK(person_mark_dirty(the.txn, 4,
					     &state_err)); /* behind the walk: not met again */
	}
	FAILS(person_dirty_next(scan, &ordinal, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	the_commit();
	the_begin(KV_READ);
	OK(person_dirty_scan(the.txn, 0, &scan, &state_err));
	OK(person_dirty_next(scan, &ordinal, &state_err));
	assert_int_equal(ordinal, 1);
	OK(person_dirty_next(scan, &ordinal, &state_err));
	assert_int_equal(ordinal, 4);
	FAILS(person_dirty_next(scan, &ordinal, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

/* ---- image ---- */

static void an_image_is_of_its_person_alone(void **unused)
{
	(void)unused;
	struct image image = { .version = 3, .state = 2 }, found;
	struct image_body body = { .projection = blob_text("{}"),
				   .etag = blob_text("\"3\""),
				   .upstream_id = blob_text("up"),
				   .held = blob_text("why") };
	struct buf plain = { 0 };
	the_begin(KV_WRITE);
	struct person person = the_person("a"), other = the_person("b");
	FAILS(image_find(the.txn, &person, NULL, &found, NULL, &state_err), ERR_NOT_FOUND);
	image.person = person.ordinal;
	OK(image_put(the.txn, &person, &image, &body, &state_err));
	image.person = other.ordinal;
	image.version = 1;
	OK(image_put(the.txn, &other, &image, &body, &state_err));
	the_commit();
	the_begin(KV_WRITE);
	OK(image_find(the.txn, &person, &plain, &found, &body, &state_err));
	assert_int_equal(found.version, 3);
	assert_int_equal(found.state, 2);
	assert_true(blob_equal(body.projection, blob_text("{}")));
	assert_true(blob_equal(body.etag, blob_text("\"3\"")));
	assert_true(blob_equal(body.upstream_id, blob_text("up")));
	assert_true(blob_equal(body.held, blob_text("why")));
	struct store_scan *scan = NULL;
	OK(image_scan(the.txn, 2, &scan, &state_err));
	OK(image_next(scan, &found, &state_err));
	assert_int_equal(found.person, 2);
	assert_int_equal(found.version, 1);
	FAILS(image_next(scan, &found, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	OK(image_delete(the.txn, 1, &state_err));
	FAILS(image_find(the.txn, &person, &plain, &found, &body, &state_err), ERR_NOT_FOUND);
	buf_cleanse(&plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_person_comes_back_by_number_and_by_uuid),
		STORE_CASE(another_version_takes_the_place_of_the_first),
		STORE_CASE(an_aborted_person_leaves_its_number_and_no_key),
		STORE_CASE(persons_of_two_buckets_are_read_alike),
		STORE_CASE(dirty_persons_are_walked_while_they_are_cleaned),
		STORE_CASE(an_image_is_of_its_person_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
