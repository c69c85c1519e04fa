#include "tests/support/audit_state.h"

#include "daemon/store/value.h"

/* A log taken out of its store, so that an attack can do to it what it likes, and put back. */
enum { FORGED_MAX = 32, FORGED_SIZE = 2048 };

struct entry {
	uint8_t leaf[FORGED_SIZE], sealed[FORGED_SIZE];
	size_t leaf_len, sealed_len;
};

static struct log_copy {
	struct entry entries[FORGED_MAX];
	uint64_t count;
} copy;

static void take_copy(void)
{
	struct store_txn *txn = audit_state_read();
	memset(&copy, 0, sizeof(copy));
	for (; copy.count < audit_log_head(audit)->size; copy.count++) {
		struct entry *entry = &copy.entries[copy.count];
		struct blob leaf, sealed;
		OK(audit_table_get(txn, copy.count, &leaf, &sealed, &state_err));
		assert_true(leaf.len <= FORGED_SIZE && sealed.len <= FORGED_SIZE);
		memcpy(entry->leaf, leaf.data, entry->leaf_len = leaf.len);
		if (sealed.len > 0)
			memcpy(entry->sealed, sealed.data, sealed.len);
		entry->sealed_len = sealed.len;
	}
	store_abort(txn);
}

/* Replace the first `from` of a leaf by `to`. */
static void replace(uint64_t index, const char *from, const char *to)
{
	struct entry *entry = &copy.entries[index];
	uint8_t *at = memmem(entry->leaf, entry->leaf_len, from, strlen(from));
	assert_non_null(at);
	size_t offset = (size_t)(at - entry->leaf), rest = entry->leaf_len - offset - strlen(from);
	memmove(at + strlen(to), at + strlen(from), rest);
	memcpy(at, to, strlen(to));
	entry->leaf_len = offset + strlen(to) + rest;
}

static void renumber(uint64_t index, uint64_t old)
{
	char from[32], to[32];
	(void)snprintf(from, sizeof(from), "\"seq\":%llu,", (unsigned long long)old);
	(void)snprintf(to, sizeof(to), "\"seq\":%llu,", (unsigned long long)index);
	replace(index, from, to);
}

/* With every checksum that the store can make: an attacker who can write the file can do so too. */
static void put_copy_rows(void)
{
	struct kv_txn *txn = NULL;
	OK(kv_begin(store_kv(store), KV_WRITE, &txn, &state_err));
	for (uint64_t i = 0; i < FORGED_MAX; i++) {
		const struct entry *entry = &copy.entries[i];
		struct value_key key = { .len = 0 };
		struct buf value = { 0 };
		value_key_u64(&key, i);
		value_encode(KV_AUDIT, value_key_blob(&key), blob_of(entry->leaf, entry->leaf_len),
			     &value);
		buf_put(&value, entry->sealed, entry->sealed_len);
		if (i < copy.count && entry->leaf_len > 0)
			OK(kv_put(txn, KV_AUDIT, value_key_blob(&key), buf_blob(&value),
				  &state_err));
		else
			(void)kv_del(txn, KV_AUDIT, value_key_blob(&key), &state_err);
		buf_finish(&value);
	}
	OK(kv_commit(txn, &state_err));
}

static void frontier_of_copy(struct audit_frontier *out)
{
	struct tree tree = { 0 };
	for (uint64_t i = 0; i < copy.count; i++) {
		uint8_t hash[TREE_HASH_SIZE];
		tree_leaf_hash(sha, blob_of(copy.entries[i].leaf, copy.entries[i].leaf_len), hash);
		tree_append(&tree, sha, hash);
	}
	*out = (struct audit_frontier){ .size = tree.size };
	for (unsigned level = TREE_LEVELS; level-- > 0;)
		if ((tree.size >> level & 1) != 0)
			memcpy(out->peaks[out->peak_count++], tree.peaks[level], TREE_HASH_SIZE);
	tree_root(&tree, sha, out->root);
}

static void put_frontier(const struct audit_frontier *frontier)
{
	struct store_txn *txn = NULL;
	OK(store_begin(store, KV_WRITE, &txn, &state_err));
	OK(audit_frontier_put(txn, frontier, &state_err));
	OK(store_commit(txn, &state_err));
}

/* ---- attacks, on a log of a start and 11 rows whose mark stands at 10 leaves ---- */

enum { LEAVES = 12, MARK = 10 };

static void nothing(void)
{
}

static void edit_leaf(void)
{
	replace(5, "\"row\":4", "\"row\":3");
}

static void edit_leaf_behind_the_mark(void)
{
	replace(11, "\"row\":10", "\"row\":11");
}

static void change_seq(void)
{
	replace(5, "\"seq\":5", "\"seq\":6");
}

static void swap(void)
{
	struct entry third = copy.entries[3];
	copy.entries[3] = copy.entries[4];
	copy.entries[4] = third;
}

static void swap_and_renumber(void)
{
	swap();
	renumber(3, 4);
	renumber(4, 3);
}

static void cut_tail(void)
{
	copy.count = 9;
}

static void cut_behind_the_mark(void)
{
	copy.count = 11;
}

static void empty(void)
{
	copy.count = 0;
}

static void delete_in_the_middle(void)
{
	copy.entries[6].leaf_len = 0;
}

static void delete_and_close_the_gap(void)
{
	for (uint64_t i = 6; i + 1 < copy.count; i++) {
		copy.entries[i] = copy.entries[i + 1];
		renumber(i, i + 1);
	}
	copy.count--;
}

static void insert(void)
{
	for (uint64_t i = copy.count; i > 6; i--) {
		copy.entries[i] = copy.entries[i - 1];
		renumber(i, i - 1);
	}
	copy.count++;
}

static void duplicate_at_the_end(void)
{
	copy.entries[copy.count] = copy.entries[5];
	renumber(copy.count, 5);
	copy.count++;
}

static void edit_ciphertext(void)
{
	copy.entries[5].sealed[20] ^= 1;
}

static void swap_ciphertexts(void)
{
	struct entry fifth = copy.entries[5];
	memcpy(copy.entries[5].sealed, copy.entries[6].sealed, FORGED_SIZE);
	memcpy(copy.entries[6].sealed, fifth.sealed, FORGED_SIZE);
}

static void drop_ciphertext(void)
{
	copy.entries[5].sealed_len = 0;
}

static void add_ciphertext(void)
{
	copy.entries[0].sealed_len = 40;
}

static void turn_back_the_clock(void)
{
	char text[32];
	(void)snprintf(text, sizeof(text), "\"mono_us\":%llu", (unsigned long long)now_us);
	replace(11, text, "\"mono_us\":1");
}

static void invent_an_act(void)
{
	replace(11, "row.change", "row.chance");
}

static void add_a_blank(void)
{
	replace(11, "\"v\":1", "\"v\": 1");
}

/* What an attacker does, whether he makes a frontier that fits, and what gives him away. */
static const struct attack {
	const char *name;
	void (*act)(void);
	bool new_frontier;
	enum msg_id found; /* MSG_NONE: nothing, for it is the honest log */
	uint64_t verified;
} attacks[] = {
	{ "none", nothing, false, MSG_NONE, LEAVES },
	{ "none, frontier written again", nothing, true, MSG_NONE, LEAVES },
	{ "edit a leaf", edit_leaf, false, MSG_AUDIT_MARK_ROOT, MARK - 1 },
	{ "edit a leaf and all hashes", edit_leaf, true, MSG_AUDIT_MARK_ROOT, MARK - 1 },
	{ "edit a leaf behind the mark", edit_leaf_behind_the_mark, false, MSG_AUDIT_ROOT, LEAVES },
	{ "change a number", change_seq, true, MSG_AUDIT_ORDER, 5 },
	{ "swap two", swap, true, MSG_AUDIT_ORDER, 3 },
	{ "swap two and renumber", swap_and_renumber, true, MSG_AUDIT_TIME, 4 },
	{ "cut the tail", cut_tail, false, MSG_AUDIT_ORDER, 9 },
	{ "cut the tail, frontier too", cut_tail, true, MSG_AUDIT_CUT, 9 },
	{ "cut behind the mark", cut_behind_the_mark, false, MSG_AUDIT_ORDER, 11 },
	{ "empty the log", empty, true, MSG_AUDIT_CUT, 0 },
	{ "delete in the middle", delete_in_the_middle, false, MSG_AUDIT_ORDER, 6 },
	{ "delete and close the gap", delete_and_close_the_gap, true, MSG_AUDIT_MARK_ROOT,
	  MARK - 1 },
	{ "insert and renumber", insert, true, MSG_AUDIT_MARK_ROOT, MARK - 1 },
	{ "append around the log", duplicate_at_the_end, false, MSG_AUDIT_ORDER, LEAVES },
	{ "edit a ciphertext", edit_ciphertext, true, MSG_AUDIT_SEALED, 5 },
	{ "swap two ciphertexts", swap_ciphertexts, true, MSG_AUDIT_SEALED, 5 },
	{ "drop a ciphertext", drop_ciphertext, true, MSG_AUDIT_SEALED, 5 },
	{ "add a ciphertext", add_ciphertext, true, MSG_AUDIT_SEALED, 0 },
	{ "turn back the clock", turn_back_the_clock, true, MSG_AUDIT_TIME, 11 },
	{ "invent an act", invent_an_act, true, MSG_AUDIT_LEAF_ACT, 11 },
	{ "write a second form", add_a_blank, true, MSG_AUDIT_LEAF_SYNTAX, 11 },
};

/* The store reads its mark when it opens, so that every attack here comes while it is closed. */
static void open_against_mark(void)
{
	audit_log_close(audit);
	audit = NULL;
	store_close(store);
	store = NULL;
	audit_state_open();
}

static void fill_with_mark(void)
{
	(void)audit_state_fill(MARK - 1);
	const struct audit_head *head = audit_log_head(audit);
	OK(store_mark_write(store, head->size, head->root, &state_err));
	struct store_txn *txn = audit_state_begin();
	struct person person = audit_state_person(txn, 2);
	for (uint64_t i = MARK - 1; i < LEAVES - 1; i++) {
		struct leaf leaf = audit_state_row(i);
		OK(audit_log_append(audit, txn, &leaf, &person, NULL, &state_err));
	}
	OK(audit_log_commit(audit, txn, &state_err));
}

static void an_attack_does_not_verify(void **test_state)
{
	const struct attack *attack = *test_state;
	struct audit_frontier frontier;
	struct verify_report report;
	fill_with_mark();
	take_copy();
	attack->act();
	put_copy_rows();
	if (attack->new_frontier) {
		frontier_of_copy(&frontier);
		put_frontier(&frontier);
	}
	open_against_mark();
	OK(verify_whole(store, &report, &state_err));
	assert_int_equal(report.holds, attack->found == MSG_NONE);
	if (report.verified != attack->verified)
		fail_msg("%llu leaves verified: %s", (unsigned long long)report.verified,
			 report.reason.text[LANGUAGE_EN]);
	if (!report.holds)
		assert_string_equal(message_code(report.reason.msg), message_code(attack->found));
}

static void a_replaced_frontier_does_not_verify(void **unused)
{
	(void)unused;
	for (int attack = 0; attack < 4; attack++) {
		struct audit_frontier frontier;
		struct verify_report report;
		take_copy();
		frontier_of_copy(&frontier);
		if (attack == 0) {
			frontier.root[3] ^= 1;
		} else if (attack == 1) {
			frontier.peaks[1][3] ^= 1;
		} else if (attack == 2) {
			frontier.peak_count--;
		} else { /* fits in itself, but is of another log */
			copy.entries[0].leaf[9]++;
			frontier_of_copy(&frontier);
		}
		put_frontier(&frontier);
		OK(verify_whole(store, &report, &state_err));
		assert_false(report.holds);
		struct audit_log *log = NULL;
		if (attack < 3)
			FAILS(audit_log_open(store, &audit_state_clock, &random_system, &log,
					     &state_err),
			      ERR_CORRUPT);
	}
}

static int make_filled(void **test_state)
{
	(void)audit_state_make(test_state);
	(void)audit_state_fill(MARK);
	return 0;
}

/* ---- what is no attack ---- */

static void an_empty_log_verifies(void **unused)
{
	(void)unused;
	struct verify_report report;
	OK(verify_whole(store, &report, &state_err));
	assert_true(report.holds);
	assert_int_equal(report.size, 0);
}

static void another_boot_may_begin_its_clock_anew(void **unused)
{
	(void)unused;
	struct verify_report report;
	struct leaf_process process = audit_state_process;
	struct leaf start = audit_state_start;
	start.process = &process;
	(void)audit_state_fill(2);
	now_us = 1000;
	for (int boot = 0; boot < 2; boot++) {
		struct store_txn *txn = audit_state_begin();
		process.boot_id = boot == 0 ? "6f1c9d20-0002" : "6f1c9d20-0001";
		OK(audit_log_append(audit, txn, &start, NULL, NULL, &state_err));
		OK(audit_log_commit(audit, txn, &state_err));
		OK(verify_whole(store, &report, &state_err));
		assert_true(report.holds);
	}
	now_us = 1000; /* the same boot again */
	struct store_txn *txn = audit_state_begin();
	OK(audit_log_append(audit, txn, &start, NULL, NULL, &state_err));
	OK(audit_log_commit(audit, txn, &state_err));
	OK(verify_whole(store, &report, &state_err));
	assert_false(report.holds);
	assert_string_equal(message_code(report.reason.msg), message_code(MSG_AUDIT_TIME));
}

static void steps_look_at_the_log_as_it_was_at_the_first(void **unused)
{
	(void)unused;
	(void)audit_state_fill(9);
	struct verify *verify = NULL;
	struct store_txn *txn = audit_state_read();
	OK(verify_create(txn, store_found_mark(store), &verify, &state_err));
	store_abort(txn);
	bool done = false;
	int steps = 0;
	for (; !done; steps++) {
		txn = audit_state_read();
		OK(verify_step(verify, txn, 3, &done, &state_err));
		store_abort(txn);
		(void)audit_state_fill(1);
	}
	assert_int_equal(steps, 4);
	assert_true(verify_report(verify)->holds);
	assert_int_equal(verify_report(verify)->verified, 10);
	verify_destroy(verify);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, audit_state_make, audit_state_end)
enum { ATTACKS = sizeof(attacks) / sizeof(attacks[0]), CASES = 4 };

int main(void)
{
	static struct CMUnitTest tests[ATTACKS + CASES];
	static char names[ATTACKS][64];
	for (size_t i = 0; i < ATTACKS; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "attack: %s", attacks[i].name);
		tests[i] =
			(struct CMUnitTest){ names[i], an_attack_does_not_verify, audit_state_make,
					     audit_state_end, (void *)(uintptr_t)&attacks[i] };
	}
	const struct CMUnitTest others[CASES] = {
		cmocka_unit_test_setup_teardown(a_replaced_frontier_does_not_verify, make_filled,
						audit_state_end),
		CASE(an_empty_log_verifies),
		CASE(another_boot_may_begin_its_clock_anew),
		CASE(steps_look_at_the_log_as_it_was_at_the_first),
	};
	memcpy(tests + ATTACKS, others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
