#include "tests/support/state.h"

#include <signal.h>

#include "daemon/keys/bucket_file.h"
#include "daemon/keys/keyring.h"

static struct state state;
static const uint8_t other_master[KEYRING_MASTER_SIZE] = "a master key for tests, an other";

static int make(void **unused)
{
	(void)unused;
	state_make(&state);
	return mkdir(state_in(&state, "keys"), 0700);
}

static int end(void **unused)
{
	(void)unused;
	state_remove(&state);
	return 0;
}

static struct keyring *opened(enum keyring_mode mode)
{
	struct keyring *keyring = NULL;
	OK(keyring_open(state.dir, state_master, &random_system, mode, &keyring, &state_err));
	return keyring;
}

static int open_code(const uint8_t *master, enum keyring_mode mode)
{
	struct keyring *keyring = NULL;
	int error = keyring_open(state.dir, master, &random_system, mode, &keyring, &state_err);
	keyring_close(keyring);
	return error;
}

static void a_key_comes_back_after_a_new_open(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t wrapped[3][KEYRING_WRAPPED_SIZE], plain[3][SEAL_KEY_SIZE], id[KEYRING_ID_SIZE];
	static const uint32_t buckets[3] = { 9, 1, UINT32_C(0x80000007) };
	const uint8_t *dek;
	for (size_t i = 0; i < 3; i++) {
		OK(keyring_dek_create(keyring, buckets[i], 100 + i, wrapped[i], &state_err));
		OK(keyring_dek(keyring, buckets[i], 100 + i, wrapped[i], &dek, &state_err));
		memcpy(plain[i], dek, SEAL_KEY_SIZE);
	}
	assert_memory_not_equal(plain[0], plain[1], SEAL_KEY_SIZE);
	memcpy(id, keyring_id(keyring), sizeof(id));
	keyring_close(keyring);
	keyring = opened(KEYRING_OPEN);
	assert_memory_equal(id, keyring_id(keyring), sizeof(id));
	for (size_t i = 0; i < 3; i++) {
		OK(keyring_dek(keyring, buckets[i], 100 + i, wrapped[i], &dek, &state_err));
		assert_memory_equal(dek, plain[i], SEAL_KEY_SIZE);
	}
	uint32_t bucket = 0, expected[] = { 1, 9, UINT32_C(0x80000007) };
	for (size_t i = 0; i < 3; i++, bucket++) {
		assert_true(keyring_next_bucket(keyring, bucket, &bucket));
		assert_int_equal(bucket, expected[i]);
	}
	assert_false(keyring_next_bucket(keyring, bucket, &bucket));
	keyring_close(keyring);
}

static void a_wrapped_key_serves_its_owner_alone(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	const uint8_t *dek;
	OK(keyring_bucket_ensure(keyring, 4, &state_err));
	OK(keyring_dek_create(keyring, 3, 50, wrapped, &state_err));
	FAILS(keyring_dek(keyring, 3, 51, wrapped, &dek, &state_err), ERR_CORRUPT);
	FAILS(keyring_dek(keyring, 4, 50, wrapped, &dek, &state_err), ERR_CORRUPT);
	FAILS(keyring_dek(keyring, 5, 50, wrapped, &dek, &state_err), ERR_CORRUPT);
	for (size_t bit = 0; bit < 8 * sizeof(wrapped); bit++) {
		wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
		FAILS(keyring_dek(keyring, 3, 50, wrapped, &dek, &state_err), ERR_CORRUPT);
		wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	OK(keyring_dek(keyring, 3, 50, wrapped, &dek, &state_err));
	keyring_close(keyring);
}

/* A transaction that was aborted gives its ordinals out again, with other keys. */
static void an_ordinal_that_is_given_again_has_its_new_key(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t first[KEYRING_WRAPPED_SIZE], second[KEYRING_WRAPPED_SIZE], kept[SEAL_KEY_SIZE];
	const uint8_t *dek;
	OK(keyring_dek_create(keyring, 1, 7, first, &state_err));
	OK(keyring_dek(keyring, 1, 7, first, &dek, &state_err));
	memcpy(kept, dek, sizeof(kept));
	OK(keyring_dek_create(keyring, 1, 7, second, &state_err));
	OK(keyring_dek(keyring, 1, 7, second, &dek, &state_err));
	assert_memory_not_equal(kept, dek, sizeof(kept));
	OK(keyring_dek(keyring, 1, 7, first, &dek, &state_err));
	assert_memory_equal(kept, dek, sizeof(kept));
	keyring_close(keyring);
}

static void another_master_is_told_from_a_damaged_file(void **unused)
{
	(void)unused;
	keyring_close(opened(KEYRING_CREATE));
	FAILS(open_code(other_master, KEYRING_OPEN), ERR_AUTH);
	assert_non_null(strstr(state_err.text[LANGUAGE_EN], "master key"));
	FAILS(open_code(state_master, KEYRING_OPEN), 0);
}

static void keys_are_never_created_over_others(void **unused)
{
	(void)unused;
	FAILS(open_code(state_master, KEYRING_OPEN), ERR_NOT_FOUND);
	keyring_close(opened(KEYRING_CREATE));
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	state_hash(state_in(&state, "keys/buckets"), before);
	FAILS(open_code(state_master, KEYRING_CREATE), ERR_CONFLICT);
	state_hash(state_in(&state, "keys/buckets"), after);
	assert_memory_equal(before, after, sizeof(before));
}

static void a_damaged_or_cut_file_is_refused(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	OK(keyring_bucket_ensure(keyring, 1, &state_err));
	OK(keyring_bucket_ensure(keyring, 2, &state_err));
	keyring_close(keyring);
	size_t size;
	uint8_t *bytes = state_slurp(state_in(&state, "keys/buckets"), &size);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		state_spit(state.path, bytes, size);
		int error = open_code(state_master, KEYRING_OPEN);
		if (error != ERR_CORRUPT && !(error == ERR_FORMAT && bit / 8 >= 8 && bit / 8 < 12))
			fail_msg("bit %zu: %s", bit, state_code(error));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < size; len++) {
		state_spit(state.path, bytes, len);
		FAILS(open_code(state_master, KEYRING_OPEN), ERR_CORRUPT);
	}
	state_spit(state.path, bytes, size);
	FAILS(open_code(state_master, KEYRING_OPEN), 0);
	free(bytes);
}

/* Whole by its checksum, and yet not what was written: entries are bound to their buckets. */
static void entries_that_changed_places_are_refused(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	OK(keyring_bucket_ensure(keyring, 1, &state_err));
	OK(keyring_bucket_ensure(keyring, 2, &state_err));
	keyring_close(keyring);
	size_t size;
	uint8_t *bytes = state_slurp(state_in(&state, "keys/buckets"), &size);
	struct bucket_file file;
	struct buf forged = { 0 };
	OK(bucket_file_decode(blob_of(bytes, size), &file, &state_err));
	bucket_file_put_header(&forged, file.id, file.check, 2);
	bucket_file_put_entry(&forged, 1, bucket_file_wrapped(&file, 1));
	bucket_file_put_entry(&forged, 2, bucket_file_wrapped(&file, 0));
	bucket_file_put_end(&forged);
	state_spit(state.path, forged.data, forged.len);
	FAILS(open_code(state_master, KEYRING_OPEN), ERR_CORRUPT);
	buf_finish(&forged);
	free(bytes);
}

static void a_newer_file_is_refused_and_not_touched(void **unused)
{
	(void)unused;
	keyring_close(opened(KEYRING_CREATE));
	size_t size;
	uint8_t *bytes = state_slurp(state_in(&state, "keys/buckets"), &size);
	bytes[11]++;
	state_spit(state.path, bytes, size);
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	state_hash(state.path, before);
	FAILS(open_code(state_master, KEYRING_OPEN), ERR_FORMAT);
	state_hash(state.path, after);
	assert_memory_equal(before, after, sizeof(before));
	free(bytes);
}

static void a_bucket_is_in_the_file_before_its_first_key_is_given(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	const uint8_t *dek;
	OK(keyring_dek_create(keyring, 17, 70000, wrapped, &state_err));
	struct keyring *second = opened(KEYRING_READ_ONLY);
	OK(keyring_dek(second, 17, 70000, wrapped, &dek, &state_err));
	keyring_close(second);
	keyring_close(keyring);
}

/* The child tells each key that it was given; killed anywhere, every told key must open. */
static void keys_given_before_a_kill_open_after_it(void **unused)
{
	(void)unused;
	uint64_t seed = state_seed(__func__);
	struct random_source random = random_seeded(&seed);
	keyring_close(opened(KEYRING_CREATE));
	struct told {
		uint32_t bucket;
		uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	} told;
	uint32_t bucket = 1;
	for (int round = 0; round < (state_long() ? 300 : 25); round++) {
		int pipe_fds[2];
		assert_int_equal(pipe(pipe_fds), 0);
		pid_t child = fork();
		if (child == 0) {
			struct keyring *keyring = opened(KEYRING_OPEN);
			for (told.bucket = bucket;; told.bucket++) {
				if (keyring_dek_create(keyring, told.bucket, told.bucket,
						       told.wrapped, NULL) < 0 ||
				    write(pipe_fds[1], &told, sizeof(told)) != sizeof(told))
					_exit(1);
			}
		}
		(void)close(pipe_fds[1]);
		(void)usleep((useconds_t)random_below(&random, 20000));
		(void)kill(child, SIGKILL);
		assert_true(WIFSIGNALED(state_wait(child)));
		struct keyring *keyring = opened(KEYRING_OPEN);
		while (read(pipe_fds[0], &told, sizeof(told)) == sizeof(told)) {
			const uint8_t *dek;
			OK(keyring_dek(keyring, told.bucket, told.bucket, told.wrapped, &dek,
				       &state_err));
			bucket = told.bucket + 1;
		}
		keyring_close(keyring);
		(void)close(pipe_fds[0]);
	}
	assert_true(bucket > 1);
}

static void a_reader_learns_of_buckets_that_came_after_it(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE), *reader = opened(KEYRING_READ_ONLY);
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	const uint8_t *dek;
	OK(keyring_dek_create(keyring, 1, 1, wrapped, &state_err));
	OK(keyring_dek(reader, 1, 1, wrapped, &dek, &state_err));
	OK(keyring_bucket_renew(keyring, 1, &state_err));
	OK(keyring_dek_rewrap(keyring, 1, 1, wrapped, &state_err));
	OK(keyring_dek(reader, 1, 1, wrapped, &dek, &state_err));
	keyring_close(reader);
	keyring_close(keyring);
}

/* Erasure: the survivor is wrapped anew, the erased person's wrapped key (in old pages, in backups) is noise. */
static void a_renewed_bucket_opens_survivors_and_nobody_else(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t survivor[KEYRING_WRAPPED_SIZE], erased[KEYRING_WRAPPED_SIZE], before[SEAL_KEY_SIZE];
	const uint8_t *dek;
	OK(keyring_dek_create(keyring, 1, 1, survivor, &state_err));
	OK(keyring_dek_create(keyring, 1, 2, erased, &state_err));
	OK(keyring_dek(keyring, 1, 1, survivor, &dek, &state_err));
	memcpy(before, dek, sizeof(before));

	OK(keyring_bucket_renew(keyring, 1, &state_err));
	keyring_close(keyring); /* a crash between the steps: both keys are there */
	keyring = opened(KEYRING_OPEN);
	OK(keyring_bucket_renew(keyring, 1, &state_err));
	OK(keyring_dek(keyring, 1, 2, erased, &dek, &state_err));
	OK(keyring_dek_rewrap(keyring, 1, 1, survivor, &state_err));
	OK(keyring_bucket_forget_old(keyring, 1, &state_err));

	for (int pass = 0; pass < 2; pass++) {
		FAILS(keyring_dek(keyring, 1, 2, erased, &dek, &state_err), ERR_CORRUPT);
		OK(keyring_dek(keyring, 1, 1, survivor, &dek, &state_err));
		assert_memory_equal(dek, before, sizeof(before));
		keyring_close(keyring);
		keyring = opened(KEYRING_OPEN);
	}
	keyring_close(keyring);
}

static void a_dropped_bucket_takes_its_keys_with_it(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t wrapped[KEYRING_WRAPPED_SIZE], other[KEYRING_WRAPPED_SIZE];
	const uint8_t *dek;
	OK(keyring_dek_create(keyring, 5, 1, wrapped, &state_err));
	OK(keyring_dek_create(keyring, 6, 1, other, &state_err));
	OK(keyring_bucket_drop(keyring, 5, &state_err));
	OK(keyring_bucket_drop(keyring, 5, &state_err));
	assert_false(keyring_has_bucket(keyring, 5));
	FAILS(keyring_dek(keyring, 5, 1, wrapped, &dek, &state_err), ERR_CORRUPT);
	OK(keyring_bucket_ensure(keyring, 5, &state_err)); /* the number again, not the key */
	FAILS(keyring_dek(keyring, 5, 1, wrapped, &dek, &state_err), ERR_CORRUPT);
	OK(keyring_dek(keyring, 6, 1, other, &dek, &state_err));
	keyring_close(keyring);
}

static void a_bucket_whose_file_cannot_be_written_is_not_there(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	char away[sizeof(state.path)];
	memcpy(away, state_in(&state, "away"), sizeof(away));
	assert_int_equal(rename(state_in(&state, "keys"), away), 0);
	int error = keyring_dek_create(keyring, 1, 1, wrapped, &state_err);
	assert_int_equal(rename(away, state.path), 0);
	FAILS(error, ERR_NOT_FOUND);
	assert_false(keyring_has_bucket(keyring, 1));
	OK(keyring_dek_create(keyring, 1, 1, wrapped, &state_err));
	keyring_close(keyring);
}

static void indexes_tell_kinds_and_masters_apart(void **unused)
{
	(void)unused;
	struct keyring *keyring = opened(KEYRING_CREATE);
	const struct blob number = blob_text("001099000001"),
			  parts[] = { blob_text("001099"), blob_text("000001") };
	uint8_t a[KEYRING_IDX_SIZE], b[KEYRING_IDX_SIZE], mark[SHA256_SIZE];
	keyring_idx(keyring, KEYRING_IDX_CCCD, &number, 1, a);
	keyring_idx(keyring, KEYRING_IDX_CCCD, parts, 2, b);
	assert_memory_equal(a, b, sizeof(a));
	keyring_idx(keyring, KEYRING_IDX_CMND, &number, 1, b);
	assert_memory_not_equal(a, b, sizeof(a));
	keyring_tombstone(keyring, number, mark);
	assert_memory_not_equal(mark, a, sizeof(a));
	keyring_close(keyring);
	keyring = opened(KEYRING_OPEN);
	keyring_idx(keyring, KEYRING_IDX_CCCD, &number, 1, b);
	assert_memory_equal(a, b, sizeof(a));
	keyring_close(keyring);
	assert_int_equal(unlink(state_in(&state, "keys/buckets")), 0);
	OK(keyring_open(state.dir, other_master, &random_system, KEYRING_CREATE, &keyring,
			&state_err));
	keyring_idx(keyring, KEYRING_IDX_CCCD, &number, 1, b);
	assert_memory_not_equal(a, b, sizeof(a));
	keyring_close(keyring);
}

/* KEKs and DEKs are random: of two key files made alike, none has anything in common. */
static void no_key_can_be_derived_again(void **unused)
{
	(void)unused;
	uint8_t deks[2][SEAL_KEY_SIZE], wrapped[KEYRING_WRAPPED_SIZE];
	for (int i = 0; i < 2; i++) {
		struct keyring *keyring = opened(KEYRING_CREATE);
		const uint8_t *dek;
		OK(keyring_dek_create(keyring, 1, 1, wrapped, &state_err));
		OK(keyring_dek(keyring, 1, 1, wrapped, &dek, &state_err));
		memcpy(deks[i], dek, SEAL_KEY_SIZE);
		keyring_close(keyring);
		assert_int_equal(unlink(state_in(&state, "keys/buckets")), 0);
	}
	assert_memory_not_equal(deks[0], deks[1], SEAL_KEY_SIZE);
	keyring_close(opened(KEYRING_CREATE));
	struct keyring *keyring = opened(KEYRING_OPEN);
	const uint8_t *dek;
	OK(keyring_bucket_ensure(keyring, 1, &state_err));
	FAILS(keyring_dek(keyring, 1, 1, wrapped, &dek, &state_err), ERR_CORRUPT);
	keyring_close(keyring);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_key_comes_back_after_a_new_open),
		CASE(a_wrapped_key_serves_its_owner_alone),
		CASE(an_ordinal_that_is_given_again_has_its_new_key),
		CASE(another_master_is_told_from_a_damaged_file),
		CASE(keys_are_never_created_over_others),
		CASE(a_damaged_or_cut_file_is_refused),
		CASE(entries_that_changed_places_are_refused),
		CASE(a_newer_file_is_refused_and_not_touched),
		CASE(a_bucket_is_in_the_file_before_its_first_key_is_given),
		CASE(keys_given_before_a_kill_open_after_it),
		CASE(a_reader_learns_of_buckets_that_came_after_it),
		CASE(a_renewed_bucket_opens_survivors_and_nobody_else),
		CASE(a_dropped_bucket_takes_its_keys_with_it),
		CASE(a_bucket_whose_file_cannot_be_written_is_not_there),
		CASE(indexes_tell_kinds_and_masters_apart),
		CASE(no_key_can_be_derived_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
