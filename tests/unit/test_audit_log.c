#include "tests/support/audit_state.h"

#include "daemon/base/limits.h"
#include "tests/support/naive_tree.h"

static void the_leaves_give_the_root_that_is_kept(void **unused)
{
	(void)unused;
	static naive_hash hashes[64];
	(void)audit_state_fill(40);
	struct store_txn *txn = audit_state_read();
	for (uint64_t i = 0; i < 41; i++) {
		struct blob bytes, sealed;
		struct leaf_view view;
		OK(audit_table_get(txn, i, &bytes, &sealed, &state_err));
		OK(leaf_view_read(bytes, &view, &state_err));
		assert_int_equal(view.seq, i);
		assert_int_equal(sealed.len > 0, i > 0);
		tree_leaf_hash(sha, bytes, hashes[i]);
	}
	store_abort(txn);
	naive_hash root;
	naive_root((const naive_hash *)hashes, 41, root);
	assert_int_equal(audit_log_head(audit)->size, 41);
	assert_memory_equal(audit_log_head(audit)->root, root, sizeof(root));
	audit_state_reopen();
	assert_int_equal(audit_log_head(audit)->size, 41);
	assert_memory_equal(audit_log_head(audit)->root, root, sizeof(root));
}

static void a_payload_opens_with_its_owners_key_and_answers_the_commitment(void **unused)
{
	(void)unused;
	struct person person = audit_state_fill(2);
	struct store_txn *txn = audit_state_read();
	struct buf plain = { 0 };
	struct blob bytes, sealed, json;
	struct leaf_view view;
	OK(audit_table_get(txn, 1, &bytes, &sealed, &state_err));
	OK(leaf_view_read(bytes, &view, &state_err));
	assert_true(leaf_view_seals(&view, sha, sealed));
	OK(audit_table_open(txn, &person, 1, sealed, &plain, &state_err));
	OK(leaf_view_payload(&view, sha, buf_blob(&plain), &json, &state_err));
	assert_non_null(memmem(json.data, json.len, "001099000017", 12));
	plain.data[plain.len - 3] ^= 1;
	FAILS(leaf_view_payload(&view, sha, buf_blob(&plain), &json, &state_err), ERR_CORRUPT);
	FAILS(leaf_view_payload(&view, sha, blob_of(plain.data, 31), &json, &state_err),
	      ERR_CORRUPT);
	buf_cleanse(&plain);
	OK(audit_table_get(txn, 2, &bytes, &sealed, &state_err));
	FAILS(audit_table_open(txn, &person, 1, sealed, &plain, &state_err), ERR_CORRUPT);
	buf_cleanse(&plain);
	store_abort(txn);
}

/* Free text may say anything, a name too: it is sealed, if only under the key that all share. */
static void the_reason_of_an_operator_is_sealed_though_nobody_owns_it(void **unused)
{
	(void)unused;
	static const struct leaf_private reason = { "reason",
						    { (const uint8_t *)"xem 001099000017", 16 } };
	const struct leaf leaf = { .act = AUDIT_ACT_EXPORT,
				   .privates = &reason,
				   .private_count = 1 };
	struct store_txn *txn = audit_state_begin();
	OK(audit_log_append(audit, txn, &leaf, NULL, NULL, &state_err));
	OK(audit_log_commit(audit, txn, &state_err));
	struct blob bytes, sealed, json;
	struct buf plain = { 0 };
	struct leaf_view view;
	txn = audit_state_read();
	OK(audit_table_get(txn, 0, &bytes, &sealed, &state_err));
	assert_null(memmem(bytes.data, bytes.len, "001099000017", 12));
	assert_null(memmem(sealed.data, sealed.len, "001099000017", 12));
	OK(leaf_view_read(bytes, &view, &state_err));
	OK(audit_table_open(txn, NULL, 0, sealed, &plain, &state_err));
	OK(leaf_view_payload(&view, sha, buf_blob(&plain), &json, &state_err));
	assert_true(blob_equal(json, blob_text("{\"texts\":{\"reason\":\"xem 001099000017\"}}")));
	buf_cleanse(&plain);
	store_abort(txn);
}

static void an_aborted_transaction_leaves_no_leaf_and_no_root(void **unused)
{
	(void)unused;
	(void)audit_state_fill(3);
	struct audit_head before = *audit_log_head(audit);
	struct store_txn *txn = audit_state_begin();
	struct person person = audit_state_person(txn, 1);
	struct leaf leaf = audit_state_row(99);
	for (int i = 0; i < 5; i++)
		OK(audit_log_append(audit, txn, &leaf, &person, NULL, &state_err));
	store_abort(txn);
	assert_memory_equal(audit_log_head(audit), &before, sizeof(before));
	(void)audit_state_fill(3);
	assert_int_equal(audit_log_head(audit)->size, 8);
	struct verify_report report;
	OK(verify_whole(store, &report, &state_err));
	assert_true(report.holds);
}

static void a_change_whose_leaf_cannot_be_written_is_not_committed(void **unused)
{
	(void)unused;
	(void)audit_state_fill(1);
	struct store_txn *txn = audit_state_begin();
	OK(store_meta_put(txn, "change", blob_text("made"), &state_err));
	static char word[LIMIT_LEAF_BYTES + 1];
	memset(word, 'x', sizeof(word) - 1);
	struct leaf leaf = { .act = AUDIT_ACT_RUN_END, .state = word };
	FAILS(audit_log_append(audit, txn, &leaf, NULL, NULL, &state_err), ERR_INVALID);
	leaf.state = "COMPLETE";
	FAILS(audit_log_append(audit, txn, &leaf, NULL, NULL, &state_err), ERR_INVALID);
	FAILS(audit_log_commit(audit, txn, &state_err), ERR_INVALID);
	assert_int_equal(audit_log_head(audit)->size, 2);
	txn = audit_state_read();
	struct blob value;
	FAILS(store_meta_find(txn, "change", &value, &state_err), ERR_NOT_FOUND);
	store_abort(txn);
	(void)audit_state_fill(1);
	assert_int_equal(audit_log_head(audit)->size, 4);
}

static void a_change_whose_commit_fails_leaves_the_head_alone(void **unused)
{
	(void)unused;
	(void)audit_state_fill(1);
	struct audit_head before = *audit_log_head(audit);
	struct store_txn *txn = audit_state_begin();
	OK(audit_log_append(audit, txn, &audit_state_start, NULL, NULL, &state_err));
	(void)store_poison(txn, ERR_NO_SPACE, &state_err);
	assert_true(audit_log_commit(audit, txn, &state_err) < 0);
	assert_memory_equal(audit_log_head(audit), &before, sizeof(before));
}

static void a_commit_around_the_log_is_found_out(void **unused)
{
	(void)unused;
	(void)audit_state_fill(1);
	struct store_txn *txn = audit_state_begin();
	OK(audit_log_append(audit, txn, &audit_state_start, NULL, NULL, &state_err));
	OK(store_commit(txn, &state_err));
	txn = audit_state_begin();
	FAILS(audit_log_append(audit, txn, &audit_state_start, NULL, NULL, &state_err),
	      ERR_CONFLICT);
	assert_true(store_is_poisoned(txn));
	store_abort(txn);
	audit_log_close(audit);
	audit = NULL;
	FAILS(audit_log_open(store, &audit_state_clock, &random_system, &audit, &state_err),
	      ERR_CORRUPT);
}

static void a_transaction_without_leaves_commits_as_it_is(void **unused)
{
	(void)unused;
	(void)audit_state_fill(1);
	struct store_txn *txn = audit_state_begin();
	OK(audit_log_commit(audit, txn, &state_err));
	assert_int_equal(audit_log_head(audit)->size, 2);
}

static void two_leaves_of_one_change_have_nothing_in_common_but_the_change(void **unused)
{
	(void)unused;
	struct store_txn *txn = audit_state_begin();
	struct person person = audit_state_person(txn, 1);
	struct leaf leaf = audit_state_row(1);
	OK(audit_log_append(audit, txn, &leaf, &person, NULL, &state_err));
	OK(audit_log_append(audit, txn, &leaf, &person, NULL, &state_err));
	struct blob bytes[2], sealed;
	struct leaf_view views[2];
	for (uint64_t i = 0; i < 2; i++) {
		OK(audit_table_get(txn, i, &bytes[i], &sealed, &state_err));
		OK(leaf_view_read(bytes[i], &views[i], &state_err));
	}
	assert_false(blob_equal(views[0].commit, views[1].commit));
	assert_null(memmem(bytes[0].data, bytes[0].len, "001099000017", 12));
	assert_null(memmem(bytes[0].data, bytes[0].len, "Thử", 5));
	store_abort(txn);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, audit_state_make, audit_state_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_leaves_give_the_root_that_is_kept),
		CASE(a_payload_opens_with_its_owners_key_and_answers_the_commitment),
		CASE(the_reason_of_an_operator_is_sealed_though_nobody_owns_it),
		CASE(an_aborted_transaction_leaves_no_leaf_and_no_root),
		CASE(a_change_whose_leaf_cannot_be_written_is_not_committed),
		CASE(a_change_whose_commit_fails_leaves_the_head_alone),
		CASE(a_commit_around_the_log_is_found_out),
		CASE(a_transaction_without_leaves_commits_as_it_is),
		CASE(two_leaves_of_one_change_have_nothing_in_common_but_the_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
