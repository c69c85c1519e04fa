#include "tests/support/open_store.h"

#include <signal.h>

#include "daemon/store/audit_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/image.h"
#include "daemon/store/source_record.h"
#include "daemon/store/value.h"

static const uint8_t other_master[KEYRING_MASTER_SIZE] = "a master key for tests, an other";

static void copy(const char *from_name, const char *to_name)
{
	char to[sizeof(the.state.path)];
	size_t size;
	(void)snprintf(to, sizeof(to), "%s/%s", the.state.dir, to_name);
	uint8_t *bytes = state_slurp(state_in(&the.state, from_name), &size);
	state_spit(to, bytes, size);
	free(bytes);
}

static void remove_file(const char *name)
{
	(void)unlink(state_in(&the.state, name));
}

/* ---- opening ---- */

static void each_start_is_an_epoch_of_the_same_store(void **unused)
{
	(void)unused;
	uint8_t id[STORE_ID_SIZE];
	memcpy(id, store_id(the.store), sizeof(id));
	for (uint64_t epoch = 1; epoch < 4; epoch++) {
		assert_int_equal(store_epoch(the.store), epoch);
		assert_memory_equal(store_id(the.store), id, sizeof(id));
		assert_false(store_is_regressed(the.store));
		the_reopen();
	}
}

static void a_second_daemon_is_refused_and_the_first_goes_on(void **unused)
{
	(void)unused;
	struct store *second = NULL;
	FAILS(store_code(state_master, false, &second), ERR_BUSY);
	assert_int_equal(err_code_exit(ERR_BUSY), 73);
	pid_t child = fork();
	if (child == 0)
		_exit(store_code(state_master, false, &second) == ERR_BUSY ? 0 : 1);
	assert_int_equal(state_wait(child), 0);
	the_begin(KV_WRITE);
	(void)the_person("golden");
	the_commit();
}

static void hash_all(uint8_t out[3][SHA256_SIZE])
{
	state_hash(state_in(&the.state, "store/data.mdb"), out[0]);
	state_hash(state_in(&the.state, "keys/buckets"), out[1]);
	state_hash(state_in(&the.state, "mark/highwater"), out[2]);
}

static void expect_refusal_that_changes_nothing(const uint8_t *master, int code)
{
	uint8_t before[3][SHA256_SIZE], after[3][SHA256_SIZE];
	struct store *store = NULL;
	hash_all(before);
	FAILS(store_code(master, false, &store), code);
	FAILS(store_code(master, true, &store), code);
	hash_all(after);
	assert_memory_equal(before, after, sizeof(before));
}

static void another_master_is_refused_and_changes_nothing(void **unused)
{
	(void)unused;
	the_close();
	expect_refusal_that_changes_nothing(other_master, ERR_AUTH);
}

static void put_raw_meta(const char *name, struct blob head)
{
	char folder[sizeof(the.state.path)];
	memcpy(folder, state_in(&the.state, "store"), sizeof(folder));
	const struct kv_options options = { .folder = folder, .mode = KV_WRITE };
	struct kv *kv = NULL;
	struct kv_txn *txn = NULL;
	struct buf bytes = { 0 };
	OK(kv_open(&options, &kv, &state_err));
	OK(kv_begin(kv, KV_WRITE, &txn, &state_err));
	value_encode(KV_META, blob_text(name), head, &bytes);
	OK(kv_put(txn, KV_META, blob_text(name), buf_blob(&bytes), &state_err));
	OK(kv_commit(txn, &state_err));
	kv_close(kv);
	buf_finish(&bytes);
}

static void a_newer_format_is_refused_and_changes_nothing(void **unused)
{
	(void)unused;
	the_close();
	put_raw_meta("format", blob_of("\0\0\0\0\0\0\0\2", 8));
	expect_refusal_that_changes_nothing(state_master, ERR_FORMAT);
	assert_int_equal(err_code_exit(ERR_FORMAT), 78);
	put_raw_meta("format", blob_of("\0\0\0\0\0\0\0\1", 8));
}

static void the_keys_of_another_store_are_refused(void **unused)
{
	(void)unused;
	the_close();
	copy("keys/buckets", "kept");
	remove_file("keys/buckets");
	struct keyring *keyring = NULL;
	OK(keyring_open(the.state.dir, state_master, &random_system, KEYRING_CREATE, &keyring,
			&state_err));
	keyring_close(keyring);
	struct store *store = NULL;
	FAILS(store_code(state_master, false, &store), ERR_CORRUPT);
	assert_int_equal(state_err.msg, MSG_STORE_OTHER_KEYS);
	copy("kept", "keys/buckets");
	the_open();
}

static void a_lost_part_is_not_replaced_by_an_empty_one(void **unused)
{
	(void)unused;
	the_close();
	struct store *store = NULL;
	static const char *const parts[] = { "keys/buckets", "store/data.mdb" };
	for (size_t i = 0; i < 2; i++) {
		copy(parts[i], "kept");
		remove_file(parts[i]);
		FAILS(store_code(state_master, false, &store), ERR_NOT_FOUND);
		assert_int_equal(access(state_in(&the.state, parts[i]), F_OK), -1);
		state_spit(state_in(&the.state, parts[i]), "", 0); /* cut to nothing: the same */
		FAILS(store_code(state_master, false, &store), ERR_NOT_FOUND);
		copy("kept", parts[i]);
	}
	/* an environment without our rows, beside a mark that says there was more */
	copy("store/data.mdb", "kept");
	remove_file("store/data.mdb");
	char folder[sizeof(the.state.path)];
	memcpy(folder, state_in(&the.state, "store"), sizeof(folder));
	const struct kv_options options = { .folder = folder, .mode = KV_WRITE };
	struct kv *kv = NULL;
	OK(kv_open(&options, &kv, &state_err));
	kv_close(kv);
	FAILS(store_code(state_master, false, &store), ERR_CORRUPT);
	copy("kept", "store/data.mdb");
	the_open();
}

/* Creation is keys, data, mark, epoch 1: killed anywhere, the next start finishes it. */
static void a_creation_that_was_killed_is_finished_by_the_next_start(void **unused)
{
	(void)unused;
	the_close();
	uint64_t seed = state_seed(__func__);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < (state_long() ? 500 : 40); round++) {
		state_remove(&the.state);
		assert_int_equal(mkdir(the.state.dir, 0700), 0);
		pid_t child = fork();
		if (child == 0) {
			struct store *store = NULL;
			_exit(store_code(state_master, false, &store) == 0 ? 0 : 1);
		}
		(void)usleep((useconds_t)random_below(&random, 15000));
		(void)kill(child, SIGKILL);
		(void)state_wait(child);
		the_open();
		assert_false(store_is_regressed(the.store));
		assert_true(store_epoch(the.store) >= 1 && store_epoch(the.store) <= 2);
		the_close();
	}
}

/* ---- the high-water mark ---- */

static void append_leaf(uint64_t index)
{
	struct audit_frontier frontier = { .size = index + 1, .root = { (uint8_t)index } };
	the_begin(KV_WRITE);
	OK(audit_table_append(the.txn, index, blob_text("{}"), blob_of(NULL, 0), &state_err));
	OK(audit_frontier_put(the.txn, &frontier, &state_err));
	the_commit();
}

static void write_mark(void)
{
	struct audit_frontier frontier;
	the_begin(KV_READ);
	OK(audit_frontier_get(the.txn, &frontier, &state_err));
	the_abort();
	OK(store_mark_write(the.store, frontier.size, frontier.root, &state_err));
}

static void an_older_store_is_regressed_and_stays_so(void **unused)
{
	(void)unused;
	append_leaf(0);
	the_close();
	copy("store/data.mdb", "backup");
	the_open();
	append_leaf(1);
	write_mark();
	the_reopen();
	assert_false(store_is_regressed(the.store));
	assert_int_equal(store_found_mark(the.store)->audit_size, 2);
	the_close();

	copy("backup", "store/data.mdb");
	the_open();
	assert_true(store_is_regressed(the.store));
	/* epoch and log catch up; the flag must not fall, the mark must not move */
	for (uint64_t index = 1; index < 5; index++) {
		append_leaf(index);
		the_reopen();
		assert_true(store_is_regressed(the.store));
	}
	uint8_t root[SHA256_SIZE] = { 0 }, before[SHA256_SIZE], after[SHA256_SIZE];
	state_hash(state_in(&the.state, "mark/highwater"), before);
	FAILS(store_mark_write(the.store, 9, root, &state_err), ERR_CONFLICT);
	state_hash(state_in(&the.state, "mark/highwater"), after);
	assert_memory_equal(before, after, sizeof(before));
	struct store *reader = NULL;
	the_close();
	OK(store_code(state_master, true, &reader));
	assert_true(store_is_regressed(reader));
	store_close(reader);
}

static void a_lost_mark_is_not_trusted(void **unused)
{
	(void)unused;
	the_close();
	remove_file("mark/highwater");
	the_open();
	assert_true(store_is_regressed(the.store));
	the_reopen();
	assert_true(store_is_regressed(the.store));
}

static void a_damaged_mark_is_refused(void **unused)
{
	(void)unused;
	the_close();
	copy("mark/highwater", "kept");
	state_spit(state_in(&the.state, "mark/highwater"), "TRITHUCM", 8);
	struct store *store = NULL;
	FAILS(store_code(state_master, false, &store), ERR_CORRUPT);
	copy("kept", "mark/highwater");
	the_open();
	assert_int_equal(store_epoch(the.store), 2); /* a refused start is none */
}

/* ---- readers ---- */

static int read_beside_the_daemon(int from_daemon)
{
	struct store *reader = NULL;
	struct store_txn *txn = NULL;
	struct person person;
	struct person_body body;
	struct buf plain = { 0 };
	char byte;
	the.store = NULL;
	if (store_code(state_master, true, &reader) != 0 || read(from_daemon, &byte, 1) != 1 ||
	    store_begin(reader, KV_READ, &txn, NULL) != 0)
		return 1;
	if (person_get(txn, 1, &person, NULL) != 0 ||
	    person_body(txn, &person, &plain, &body, NULL) != 0)
		return 2;
	return blob_equal(body.golden, blob_text("new golden")) ? 0 : 3;
}

static void a_reader_process_sees_what_the_daemon_committed_since(void **unused)
{
	(void)unused;
	the_close();
	int pipe_fds[2];
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t reader = fork();
	if (reader == 0)
		_exit(read_beside_the_daemon(pipe_fds[0]));
	the_open();
	the_begin(KV_WRITE);
	(void)the_person("new golden");
	the_commit();
	assert_int_equal(write(pipe_fds[1], "g", 1), 1);
	assert_int_equal(state_wait(reader), 0);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

/* ---- meta, dictionaries ---- */

static void small_values_come_back_and_go(void **unused)
{
	(void)unused;
	struct blob value;
	char name[STORE_META_NAME_MAX + 2];
	the_begin(KV_WRITE);
	FAILS(store_meta_find(the.txn, "pause", &value, &state_err), ERR_NOT_FOUND);
	OK(store_meta_put(the.txn, "pause", blob_text("until"), &state_err));
	the_commit();
	the_reopen();
	the_begin(KV_WRITE);
	OK(store_meta_find(the.txn, "pause", &value, &state_err));
	assert_true(blob_equal(value, blob_text("until")));
	OK(store_meta_delete(the.txn, "pause", &state_err));
	FAILS(store_meta_find(the.txn, "pause", &value, &state_err), ERR_NOT_FOUND);
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	FAILS(store_meta_put(the.txn, name, value, &state_err), ERR_INVALID);
	the_refuses_to_commit(ERR_INVALID);
}

static void names_keep_their_numbers(void **unused)
{
	(void)unused;
	static const char *const first[] = { "identity.cccd", "degree[].level" };
	static const char *const second[] = { "degree[].year", "identity.cccd" };
	static const char *const bad[] = { "contact.phone", "" };
	uint16_t numbers[2];
	OK(dictionary_ensure(the.store, DICTIONARY_FIELD, first, 2, numbers, &state_err));
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 2);
	OK(dictionary_ensure(the.store, DICTIONARY_FIELD, second, 2, numbers, &state_err));
	assert_int_equal(numbers[0], 3);
	assert_int_equal(numbers[1], 1);
	FAILS(dictionary_ensure(the.store, DICTIONARY_FIELD, bad, 2, NULL, &state_err),
	      ERR_INVALID);
	assert_int_equal(dictionary_number(the.store, DICTIONARY_FIELD, "contact.phone"), 0);
	assert_int_equal(dictionary_number(the.store, DICTIONARY_SOURCE, "identity.cccd"), 0);
	the_reopen();
	assert_int_equal(dictionary_count(the.store, DICTIONARY_FIELD), 3);
	assert_int_equal(dictionary_number(the.store, DICTIONARY_FIELD, "degree[].level"), 2);
	assert_string_equal(dictionary_name(the.store, DICTIONARY_FIELD, 3), "degree[].year");
	assert_null(dictionary_name(the.store, DICTIONARY_FIELD, 4));
	assert_null(dictionary_name(the.store, DICTIONARY_FIELD, 0));
	OK(dictionary_ensure(the.store, DICTIONARY_FIELD, bad, 1, numbers, &state_err));
	assert_int_equal(numbers[0], 4);
}

/* ---- sealed, whole, in its place ---- */

static uint8_t *find_bytes(uint8_t *bytes, size_t size, const void *wanted, size_t len)
{
	return memmem(bytes, size, wanted, len);
}

static void nothing_of_a_person_stands_in_clear(void **unused)
{
	(void)unused;
	static const char secret[] = "Trần Thị Thử Nghiệm 001099000001";
	the_begin(KV_WRITE);
	struct person person = the_person(secret);
	struct source_record record = { .source = 1, .person = person.ordinal };
	const struct source_record_body body = { .key = blob_text(secret),
						 .record = blob_text(secret),
						 .cells = blob_text(secret) };
	const struct image_body sent = { .projection = blob_text(secret) };
	const struct image image = { .person = person.ordinal };
	struct buf sealed = { 0 };
	OK(source_record_create(the.txn, &person, &record, &body, &state_err));
	OK(image_put(the.txn, &person, &image, &sent, &state_err));
	OK(audit_table_seal(the.txn, &person, 0, blob_text(secret), &sealed, &state_err));
	OK(audit_table_append(the.txn, 0, blob_text("{}"), buf_blob(&sealed), &state_err));
	the_commit();
	buf_finish(&sealed);
	static const char *const files[] = { "store/data.mdb", "store/lock.mdb", "keys/buckets",
					     "mark/highwater" };
	for (size_t i = 0; i < 4; i++) {
		size_t size;
		uint8_t *bytes = state_slurp(state_in(&the.state, files[i]), &size);
		assert_null(find_bytes(bytes, size, "Nghi", 4));
		assert_null(find_bytes(bytes, size, "001099", 6));
		free(bytes);
	}
}

static int read_person(uint32_t ordinal)
{
	struct person person;
	struct person_body body;
	struct buf plain = { 0 };
	the_begin(KV_READ);
	int error = person_get(the.txn, ordinal, &person, &state_err);
	if (error == 0)
		error = person_body(the.txn, &person, &plain, &body, &state_err);
	the_abort();
	buf_cleanse(&plain);
	return error;
}

static void a_flipped_bit_in_the_file_is_seen(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	struct person person = the_person("a golden record that is long enough to be found");
	the_commit();
	the_close();
	size_t size;
	uint8_t *bytes = state_slurp(state_in(&the.state, "store/data.mdb"), &size);
	/* 1 version, 1 length, then the head, which begins with the uuid; its sum and the body stand behind */
	uint8_t *head = find_bytes(bytes, size, person.uuid, sizeof(person.uuid));
	assert_non_null(head);
	while (head[16 + 1] != person.wrapped_dek[0] ||
	       memcmp(head + 17, person.wrapped_dek, 60) != 0)
		head = find_bytes(head + 1, size - (size_t)(head + 1 - bytes), person.uuid, 16);
	static const size_t offsets[] = { 0,          16,          17 + 59,    77 + 3,
					  77 + 4 + 1, 77 + 4 + 13, 77 + 4 + 60 };
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		head[offsets[i]] ^= 0x10;
		state_spit(state_in(&the.state, "store/data.mdb"), bytes, size);
		the_open();
		FAILS(read_person(1), ERR_CORRUPT);
		assert_non_null(strstr(state_err.text[LANGUAGE_EN], "table person, key 00000001"));
		the_close();
		head[offsets[i]] ^= 0x10;
	}
	state_spit(state_in(&the.state, "store/data.mdb"), bytes, size);
	free(bytes);
	the_open();
	OK(read_person(1));
}

/* As somebody might do it who can write the file and compute sums, but has no key. */
static void a_value_moved_to_another_key_is_seen(void **unused)
{
	(void)unused;
	static const uint8_t keys[2][4] = { { 0, 0, 0, 1 }, { 0, 0, 0, 2 } };
	the_begin(KV_WRITE);
	(void)the_person("first");
	(void)the_person("second");
	the_commit();
	for (int with_sum = 0; with_sum < 2; with_sum++) {
		struct kv_txn *txn = NULL;
		struct blob first;
		struct value value;
		struct buf moved = { 0 };
		OK(kv_begin(store_kv(the.store), KV_WRITE, &txn, &state_err));
		OK(kv_get(txn, KV_PERSON, blob_of(keys[0], 4), &first, &state_err));
		OK(value_decode(KV_PERSON, blob_of(keys[0], 4), first, &value, &state_err));
		if (with_sum) {
			value_encode(KV_PERSON, blob_of(keys[1], 4),
				     blob_of(value.head.data, value.head.left), &moved);
			buf_put(&moved, value.body.data, value.body.len);
		} else {
			buf_put(&moved, first.data, first.len);
		}
		OK(kv_put(txn, KV_PERSON, blob_of(keys[1], 4), buf_blob(&moved), &state_err));
		OK(kv_commit(txn, &state_err));
		buf_finish(&moved);
		FAILS(read_person(2), ERR_CORRUPT);
		OK(read_person(1));
	}
}

static void damage_poisons_a_transaction_that_meets_it(void **unused)
{
	(void)unused;
	static const uint8_t key[4] = { 0, 0, 0, 1 };
	the_begin(KV_WRITE);
	(void)the_person("first");
	the_commit();
	struct kv_txn *txn = NULL;
	OK(kv_begin(store_kv(the.store), KV_WRITE, &txn, &state_err));
	OK(kv_put(txn, KV_PERSON, blob_of(key, 4), blob_text("\1\3abcxxxx"), &state_err));
	OK(kv_commit(txn, &state_err));
	struct person person;
	the_begin(KV_WRITE);
	OK(store_meta_put(the.txn, "something", blob_text("else"), &state_err));
	FAILS(person_get(the.txn, 1, &person, &state_err), ERR_CORRUPT);
	assert_true(store_is_poisoned(the.txn));
	the_refuses_to_commit(ERR_CORRUPT);
	struct blob value;
	the_begin(KV_READ);
	FAILS(store_meta_find(the.txn, "something", &value, &state_err), ERR_NOT_FOUND);
}

/* ---- erasure ---- */

/* Replace the key of bucket 1 and take the survivor along (docs/store-format.md, "Erasure"). */
static void erase_all_but(uint32_t survivor)
{
	struct keyring *keyring = store_keyring(the.store);
	struct person person;
	OK(keyring_bucket_renew(keyring, 1, &state_err));
	the_begin(KV_WRITE);
	OK(person_get(the.txn, survivor, &person, &state_err));
	OK(keyring_dek_rewrap(keyring, 1, survivor, person.wrapped_dek, &state_err));
	OK(person_put_head(the.txn, &person, &state_err));
	the_commit();
	OK(keyring_bucket_forget_old(keyring, 1, &state_err));
}

static void an_erased_person_is_noise_in_every_copy_of_the_store(void **unused)
{
	(void)unused;
	the_begin(KV_WRITE);
	(void)the_person("survivor");
	(void)the_person("erased");
	the_commit();
	the_close();
	copy("store/data.mdb", "backup");
	the_open();
	erase_all_but(1);
	for (int pass = 0; pass < 2; pass++) {
		OK(read_person(1));
		FAILS(read_person(2), ERR_CORRUPT);
		the_reopen();
	}
	the_close();
	copy("backup",
	     "store/data.mdb"); /* its wrapped keys are those of before: none of them opens */
	the_open();
	FAILS(read_person(1), ERR_CORRUPT);
	FAILS(read_person(2), ERR_CORRUPT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_CASE(each_start_is_an_epoch_of_the_same_store),
		STORE_CASE(a_second_daemon_is_refused_and_the_first_goes_on),
		STORE_CASE(another_master_is_refused_and_changes_nothing),
		STORE_CASE(a_newer_format_is_refused_and_changes_nothing),
		STORE_CASE(the_keys_of_another_store_are_refused),
		STORE_CASE(a_lost_part_is_not_replaced_by_an_empty_one),
		STORE_CASE(a_creation_that_was_killed_is_finished_by_the_next_start),
		STORE_CASE(an_older_store_is_regressed_and_stays_so),
		STORE_CASE(a_lost_mark_is_not_trusted),
		STORE_CASE(a_damaged_mark_is_refused),
		STORE_CASE(a_reader_process_sees_what_the_daemon_committed_since),
		STORE_CASE(small_values_come_back_and_go),
		STORE_CASE(names_keep_their_numbers),
		STORE_CASE(nothing_of_a_person_stands_in_clear),
		STORE_CASE(a_flipped_bit_in_the_file_is_seen),
		STORE_CASE(a_value_moved_to_another_key_is_seen),
		STORE_CASE(damage_poisons_a_transaction_that_meets_it),
		STORE_CASE(an_erased_person_is_noise_in_every_copy_of_the_store),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
