#include "tests/support/open_store.h"

#include "daemon/store/ident.h"
#include "daemon/store/member.h"
#include "daemon/store/source_record.h"

static const struct source_record_body body = {
	.key = { (const uint8_t *)"A-17", 4 },
	.record = { (const uint8_t *)"record", 6 },
	.cells = { (const uint8_t *)"cells", 5 },
	.warnings = { (const uint8_t *)"w", 1 },
	.as_of = { (const uint8_t *)"2026-11", 7 },
};

static void expect_body(const struct source_record *record,
			const struct source_record_body *expected)
{
	struct buf plain = { 0 };
	struct source_record_body found;
	OK(source_record_body(the.txn, record, &plain, &found, &state_err));
	assert_true(blob_equal(found.key, expected->key));
	assert_true(blob_equal(found.record, expected->record));
	assert_true(blob_equal(found.cells, expected->cells));
	assert_true(blob_equal(found.warnings, expected->warnings));
	assert_true(blob_equal(found.as_of, expected->as_of));
	buf_cleanse(&plain);
}

static uint32_t found_by(uint16_t source, const char *key)
{
	uint8_t idx[KEYRING_IDX_SIZE];
	uint32_t ordinal = 0;
	source_key_idx(the.store, source, blob_text(key), idx);
	int error = source_record_find(the.txn, source, idx, &ordinal, &state_err);
	assert_true(error == 0 || error == ERR_NOT_FOUND);
	return ordinal;
}

static struct source_record created(uint16_t source, const struct person *owner, const char *key)
{
	struct source_record record = { .source = source,
					.incarnation = 1,
					.person = owner->ordinal,
					.run = 77,
					.cells_hash = { 1 },
					.content_hash = { 2 },
					.interpretation = { 3 } };
	struct source_record_body with_key = body;
	with_key.key = blob_text(key);
	OK(source_record_create(the.txn, owner, &record, &with_key, &state_err));
	return record;
}

static void a_record_comes_back_by_its_key(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("golden");
	struct source_record record = created(4, &person, "A-17"), found;
	the_commit();
	the_reopen();
	the_begin(KV_READ);
	assert_int_equal(found_by(4, "A-17"), record.ordinal);
	assert_int_equal(found_by(5, "A-17"), 0);
	assert_int_equal(found_by(4, "A-18"), 0);
	OK(source_record_get(the.txn, 4, record.ordinal, &found, &state_err));
	assert_int_equal(found.source, 4);
	assert_int_equal(found.incarnation, 1);
	assert_int_equal(found.person, person.ordinal);
	assert_int_equal(found.run, 77);
	assert_int_equal(found.flags, 0);
	assert_int_equal(found.cells_hash[0], 1);
	assert_int_equal(found.content_hash[0], 2);
	assert_int_equal(found.interpretation[0], 3);
	expect_body(&found, &body);
	FAILS(source_record_get(the.txn, 4, 2, &found, &state_err), ERR_NOT_FOUND);
}

static void equal_keys_of_two_sources_do_not_look_alike(void **unused)
{
	(void)unused;
	uint8_t a[KEYRING_IDX_SIZE], b[KEYRING_IDX_SIZE];
	source_key_idx(the.store, 1, blob_text("A-17"), a);
	source_key_idx(the.store, 2, blob_text("A-17"), b);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void ordinals_are_dense_within_a_source(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("golden");
	static const char *const keys[] = { "a", "b", "c" };
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(created(9, &person, keys[i]).ordinal, i + 1);
		assert_int_equal(created(3, &person, keys[i]).ordinal, i + 1);
	}
	the_commit();
	the_begin(KV_WRITE);
	assert_int_equal(created(3, &person, "d").ordinal, 4);
	uint32_t count;
	OK(source_record_count(the.txn, 3, &count, &state_err));
	assert_int_equal(count, 4);
	OK(source_record_count(the.txn, 9, &count, &state_err));
	assert_int_equal(count, 3);
	OK(source_record_count(the.txn, 8, &count, &state_err));
	assert_int_equal(count, 0);
	struct store_scan *scan = NULL;
	struct source_record record;
	OK(source_record_scan(the.txn, 3, 2, &scan, &state_err));
	for (uint32_t i = 2; i <= 4; i++) { /* and not on into source 9 */
		OK(source_record_next(scan, &record, &state_err));
		assert_int_equal(record.source, 3);
		assert_int_equal(record.ordinal, i);
		record.absent = 1;
		OK(source_record_put_head(the.txn, &record, &state_err)); /* a write meanwhile */
	}
	FAILS(source_record_next(scan, &record, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
}

static void a_head_changes_and_the_body_stays(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("golden");
	struct source_record record = created(1, &person, "A-17"), found;
	record.flags = SOURCE_RECORD_ENDED;
	record.absent = 2;
	OK(source_record_put_head(the.txn, &record, &state_err));
	OK(source_record_get(the.txn, 1, 1, &found, &state_err));
	assert_int_equal(found.flags, SOURCE_RECORD_ENDED);
	assert_int_equal(found.absent, 2);
	expect_body(&found, &body);
}

/* A record that is linked to somebody else goes under his key: with the first person's end it must stay readable. */
static void another_owner_takes_the_record_under_his_key(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person first = the_person("first"), second = the_person("second");
	struct source_record record = created(1, &first, "A-17");
	record.person = second.ordinal;
	OK(source_record_put(the.txn, &second, &record, &body, &state_err));
	expect_body(&record, &body);
	record.person = first.ordinal;
	OK(source_record_put_head(the.txn, &record,
				  &state_err)); /* what nobody may do: the seal tells */
	struct buf plain = { 0 };
	struct source_record_body found;
	FAILS(source_record_body(the.txn, &record, &plain, &found, &state_err), ERR_CORRUPT);
	assert_int_equal(plain.len, 0);
	buf_cleanse(&plain);
	the_refuses_to_commit(ERR_CORRUPT);
}

static void a_new_incarnation_is_in_force_and_the_old_one_stays(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person first = the_person("first"), second = the_person("second");
	struct source_record old = created(1, &first, "A-17"), young = created(1, &second, "A-17"),
			     found;
	assert_int_equal(found_by(1, "A-17"), young.ordinal);
	OK(source_record_get(the.txn, 1, old.ordinal, &found, &state_err));
	assert_int_equal(found.person, first.ordinal);
	expect_body(&found, &body);
}

/* ---- links ---- */

static void the_links_of_a_person_are_walked_in_order(void **unused)
{
	(void)unused;
	static const struct member links[] = {
		{ .person = 2, .source = 1, .ordinal = 9, .how = MEMBER_EXACT, .live = true },
		{ .person = 2,
		  .source = 1,
		  .ordinal = 300,
		  .how = MEMBER_AUTO,
		  .live = false,
		  .score = -5 },
		{ .person = 2,
		  .source = 2,
		  .ordinal = 1,
		  .how = MEMBER_MANUAL,
		  .live = true,
		  .rule = 7,
		  .model = 8,
		  .run = 9 },
	};
	const struct member before = { .person = 1, .source = 1, .ordinal = 1 },
			    behind = { .person = 3 };
	the_begin(KV_WRITE);
	OK(member_put(the.txn, &behind, &state_err));
	for (size_t i = 3; i-- > 0;)
		OK(member_put(the.txn, &links[i], &state_err));
	OK(member_put(the.txn, &before, &state_err));
	the_commit();
	the_begin(KV_READ);
	struct store_scan *scan = NULL;
	struct member found;
	OK(member_scan(the.txn, 2, &scan, &state_err));
	for (size_t i = 0; i < 3; i++) {
		OK(member_next(scan, &found, &state_err));
		assert_int_equal(found.person, 2);
		assert_int_equal(found.source, links[i].source);
		assert_int_equal(found.ordinal, links[i].ordinal);
		assert_int_equal(found.how, links[i].how);
		assert_int_equal(found.live, links[i].live);
		assert_int_equal(found.score, links[i].score);
		assert_int_equal(found.rule, links[i].rule);
		assert_int_equal(found.model, links[i].model);
		assert_int_equal(found.run, links[i].run);
	}
	FAILS(member_next(scan, &found, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	OK(member_find(the.txn, 2, 1, 300, &found, &state_err));
	assert_int_equal(found.score, -5);
	FAILS(member_find(the.txn, 2, 1, 301, &found, &state_err), ERR_NOT_FOUND);
}

static void every_record_with_a_number_is_found(void **unused)
{
	(void)unused;
	struct ident rows[] = {
		{ .kind = KEYRING_IDX_CCCD, .source = 1, .ordinal = 5, .grade = 1 },
		{ .kind = KEYRING_IDX_CCCD, .source = 2, .ordinal = 1, .grade = 2 },
		{ .kind = KEYRING_IDX_CMND, .source = 1, .ordinal = 6, .grade = 3 },
	};
	the_begin(KV_WRITE);
	for (size_t i = 0; i < 3; i++) {
		store_idx(the.store, rows[i].kind, blob_text("001099000001"), rows[i].idx);
		OK(ident_put(the.txn, &rows[i], &state_err));
	}
	struct store_scan *scan = NULL;
	struct ident found;
	OK(ident_scan(the.txn, KEYRING_IDX_CCCD, rows[0].idx, &scan, &state_err));
	for (size_t i = 0; i < 2; i++) {
		OK(ident_next(scan, &found, &state_err));
		assert_int_equal(found.kind, rows[i].kind);
		assert_int_equal(found.source, rows[i].source);
		assert_int_equal(found.ordinal, rows[i].ordinal);
		assert_int_equal(found.grade, rows[i].grade);
		assert_memory_equal(found.idx, rows[i].idx, KEYRING_IDX_SIZE);
		OK(ident_delete(the.txn, &found, &state_err));
		OK(ident_delete(the.txn, &found, &state_err));
	}
	FAILS(ident_next(scan, &found, &state_err), ERR_NOT_FOUND);
	store_scan_close(scan);
	OK(ident_scan(the.txn, KEYRING_IDX_CMND, rows[2].idx, &scan, &state_err));
	OK(ident_next(scan, &found, &state_err));
	assert_int_equal(found.ordinal, 6);
	store_scan_close(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(a_record_comes_back_by_its_key),
		STORE_CASE(equal_keys_of_two_sources_do_not_look_alike),
		STORE_CASE(ordinals_are_dense_within_a_source),
		STORE_CASE(a_head_changes_and_the_body_stays),
		STORE_CASE(another_owner_takes_the_record_under_his_key),
		STORE_CASE(a_new_incarnation_is_in_force_and_the_old_one_stays),
		STORE_CASE(the_links_of_a_person_are_walked_in_order),
		STORE_CASE(every_record_with_a_number_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
