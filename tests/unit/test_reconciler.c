/* Rows put into a real store: whom they join, what ends, which cases open, and that rebuilding finds the same. */
#include "tests/support/reconcile_state.h"

#include "daemon/reconcile/rebuild.h"
#include "daemon/store/case_table.h"

static uint64_t row_number;
static struct reconciled done;

/* One row of a source under a key, in a transaction of its own. Returns the person that it then belongs to. */
static uint32_t put_row(uint16_t source, const char *key, const char *text)
{
	struct buf bytes = { 0 };
	struct frame_row row = { .at = { .row = ++row_number }, .source_key = blob_text(key) };
	row.record = state_record(text, &bytes);
	row.cells_hash[0] = (uint8_t)row_number;
	const struct delivery delivery = { .run = 1,
					   .source = source,
					   .source_name = source_names[source - 1],
					   .as_of = blob_text("2026-09-30") };
	uint8_t idx[KEYRING_IDX_SIZE];
	uint32_t ordinal;
	struct source_record record;
	source_key_idx(store, source, row.source_key, idx);
	struct store_txn *txn = audit_state_begin();
	int status = source_record_find(txn, source, idx, &ordinal, &state_err);
	if (status == 0)
		OK(reconcile_known(reconciler, txn, &delivery, &row, ordinal, &done, &state_err));
	else
		OK(reconcile_new(reconciler, txn, &delivery, &row, &done, &state_err));
	OK(source_record_find(txn, source, idx, &ordinal, &state_err));
	OK(source_record_get(txn, source, ordinal, &record, &state_err));
	OK(audit_log_commit(audit, txn, &state_err));
	buf_finish(&bytes);
	return record.person;
}

#define AN \
	"identity.full_name=Nguyễn Thị " \
	"An\nidentity.birth_date=1980-05-06\nidentity.cccd=020180000001"
#define BINH \
	"identity.full_name=Lý Văn " \
	"Bình\nidentity.birth_date=1975-01-02\nidentity.cccd=020075000002"

static bool has_open_case(uint32_t person)
{
	struct store_txn *txn = audit_state_read();
	struct store_scan *scan = NULL;
	uint64_t id;
	OK(case_of_scan(txn, person, &scan, &state_err));
	bool found = case_of_next(scan, &id, &state_err) == 0;
	store_scan_close(scan);
	store_abort(txn);
	return found;
}

static void expect_golden_name(uint32_t ordinal, const char *name)
{
	struct person_view *view = calloc(1, sizeof(*view));
	struct record golden;
	struct store_txn *txn = audit_state_read();
	OK(person_view_load(txn, ordinal, view, &state_err));
	OK(record_open(view->body.golden, &golden, &state_err));
	struct blob found =
		record_value(&golden, schema_field_by_path(schema, "identity.full_name")->number);
	assert_true(blob_equal(found, blob_text(name)));
	person_view_finish(view);
	free(view);
	store_abort(txn);
}

/* Invariant 4 and 12, after every scenario. */
static int end(void **unused)
{
	struct rebuild_report rebuilt = { 0 };
	struct verify_report verified = { 0 };
	OK(rebuild_check(store, schema, policy, &rebuilt, &state_err));
	assert_int_equal(rebuilt.differ, 0);
	OK(verify_whole(store, &verified, &state_err));
	assert_true(verified.holds);
	return reconcile_state_end(unused);
}

static void a_new_row_makes_a_person(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	assert_true(done.created);
	expect_golden_name(person, "Nguyễn Thị An");
	assert_false(has_open_case(person));
}

static void an_equal_cccd_of_another_source_joins(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	assert_int_equal(put_row(SOURCE_COLLEGE, "GV.1", AN), person);
	assert_int_not_equal(put_row(SOURCE_COLLEGE, "GV.2", BINH), person);
}

static void an_equal_cccd_of_somebody_else_is_a_case(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	uint32_t other =
		put_row(SOURCE_COLLEGE, "GV.1",
			"identity.full_name=Lý Văn "
			"Bình\nidentity.birth_date=1975-01-02\nidentity.cccd=020180000001");
	assert_int_not_equal(person, other);
	assert_true(has_open_case(person) && has_open_case(other));
}

static void the_same_cccd_twice_in_one_source_is_a_case(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	uint32_t other = put_row(SOURCE_HR, "LS.2", AN);
	assert_int_not_equal(person, other);
	assert_true(has_open_case(person) && has_open_case(other));
	assert_int_equal(done.cases, 1);
}

static void a_padded_number_joins_only_with_name_and_date(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	assert_int_equal(put_row(SOURCE_COLLEGE, "GV.1", AN "\nevidence.cccd_grade=padded"),
			 person);
	uint32_t doubt = put_row(SOURCE_THIRD, "X",
				 "identity.full_name=Nguyễn Thị "
				 "An\nidentity.cccd=020180000001\nevidence.cccd_grade=padded");
	assert_int_not_equal(doubt, person);
	assert_true(has_open_case(person) && has_open_case(doubt));
}

static void a_corrected_name_is_the_same_human(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	assert_int_equal(put_row(SOURCE_HR, "LS.1",
				 "identity.full_name=Nguyễn Thị "
				 "Anh\nidentity.birth_date=1980-05-06\nidentity.cccd=020180000001"),
			 person);
	assert_false(done.created || done.ended);
	expect_golden_name(person, "Nguyễn Thị Anh");
	assert_false(has_open_case(person));
}

static void a_reused_key_begins_an_incarnation(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	uint32_t other = put_row(SOURCE_HR, "LS.1", BINH);
	assert_int_not_equal(person, other);
	assert_true(done.created && done.ended);
	expect_golden_name(person, "Nguyễn Thị An");
	expect_golden_name(other, "Lý Văn Bình");
	/* and An may come back under a key of her own */
	assert_int_equal(put_row(SOURCE_HR, "LS.9", AN), person);
}

static void a_key_in_doubt_stays_and_opens_one_case(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	const char *doubtful = "identity.full_name=Lý Văn "
			       "Bình\nidentity.birth_date=1980-05-06\nidentity.cccd=020075000002";
	assert_int_equal(put_row(SOURCE_HR, "LS.1", doubtful), person);
	assert_int_equal(done.cases, 1);
	assert_int_equal(put_row(SOURCE_HR, "LS.1", AN), person);
	assert_int_equal(done.cases, 0); /* the question stands already */
}

static void a_corrected_number_never_gives_a_person_two(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	assert_int_equal(put_row(SOURCE_COLLEGE, "GV.1", AN), person);
	uint32_t split = put_row(SOURCE_COLLEGE, "GV.1",
				 "identity.full_name=Nguyễn Thị "
				 "An\nidentity.birth_date=1980-05-06\nidentity.cccd=020180000009");
	assert_int_not_equal(split, person);
	assert_true(has_open_case(person) && has_open_case(split));
}

static void a_number_that_comes_later_joins_nobody_silently(void **unused)
{
	(void)unused;
	uint32_t person = put_row(SOURCE_HR, "LS.1", AN);
	const char *without = "identity.full_name=Nguyễn Thị An\nidentity.birth_date=1980-05-06";
	uint32_t alone = put_row(SOURCE_COLLEGE, "GV.1", without);
	assert_int_not_equal(alone, person);
	assert_int_equal(put_row(SOURCE_COLLEGE, "GV.1", AN), alone);
	assert_true(has_open_case(person) && has_open_case(alone));
}

static void a_cmnd_joins_only_with_name_and_date(void **unused)
{
	(void)unused;
	const char *with_cmnd = "identity.full_name=Nguyễn Thị "
				"An\nidentity.birth_date=1980-05-06\nidentity.cmnd=081234567";
	uint32_t person = put_row(SOURCE_HR, "LS.1", with_cmnd);
	assert_int_equal(put_row(SOURCE_COLLEGE, "GV.1", with_cmnd), person);
	assert_int_not_equal(
		put_row(SOURCE_THIRD, "X",
			"identity.full_name=Lý Văn "
			"Bình\nidentity.birth_date=1975-01-02\nidentity.cmnd=081234567"),
		person);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, reconcile_state_make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(a_new_row_makes_a_person),
		SCENARIO(an_equal_cccd_of_another_source_joins),
		SCENARIO(an_equal_cccd_of_somebody_else_is_a_case),
		SCENARIO(the_same_cccd_twice_in_one_source_is_a_case),
		SCENARIO(a_padded_number_joins_only_with_name_and_date),
		SCENARIO(a_corrected_name_is_the_same_human),
		SCENARIO(a_reused_key_begins_an_incarnation),
		SCENARIO(a_key_in_doubt_stays_and_opens_one_case),
		SCENARIO(a_corrected_number_never_gives_a_person_two),
		SCENARIO(a_number_that_comes_later_joins_nobody_silently),
		SCENARIO(a_cmnd_joins_only_with_name_and_date),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
