#include "tests/support/state.h"

#include "daemon/base/hex.h"
#include "daemon/keys/seal.h"

static struct sealer *sealer;
static const uint8_t key[SEAL_KEY_SIZE] = { 7, 7, 7 };
static const uint8_t other_key[SEAL_KEY_SIZE] = { 7, 7, 8 };

static int make_sealer(void **state)
{
	(void)state;
	return sealer_create(&random_system, &sealer, NULL);
}

static int end_sealer(void **state)
{
	(void)state;
	sealer_destroy(sealer);
	return 0;
}

static struct seal_place place(uint8_t table, const char *lmdb_key, uint8_t version)
{
	return (struct seal_place){ .table = table,
				    .version = version,
				    .key = blob_text(lmdb_key) };
}

static void published_vectors_come_out(void **state)
{
	(void)state;
	static const struct {
		enum seal_form form;
		uint8_t key_byte;
		const char *nonce, *aad, *plain, *expected;
	} rows[] = {
		/* C2SP xaes-256-gcm.md */
		{ SEAL_SHARED, 1, "ABCDEFGHIJKLMNOPQRSTUVWX", "", "XAES-256-GCM",
		  "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271" },
		{ SEAL_SHARED, 3, "ABCDEFGHIJKLMNOPQRSTUVWX", "c2sp.org/XAES-256-GCM",
		  "XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d" },
		/* McGrew and Viega, "The Galois/Counter Mode of Operation": case 13 */
		{ SEAL_OWN, 0, "\0\0\0\0\0\0\0\0\0\0\0\0", "", "",
		  "530f8afbc74536b9a963b4f1c4cb738b" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t vector_key[SEAL_KEY_SIZE], out[64], back[64];
		char text[129];
		memset(vector_key, rows[i].key_byte, sizeof(vector_key));
		const uint8_t *nonce = (const uint8_t *)rows[i].nonce;
		struct blob plain = blob_text(rows[i].plain), aad = blob_text(rows[i].aad);
		OK(seal_raw(sealer, rows[i].form, vector_key, nonce, aad, plain, out, &state_err));
		hex_encode(out, plain.len + SEAL_TAG_SIZE, text);
		assert_string_equal(text, rows[i].expected);
		OK(seal_raw_open(sealer, rows[i].form, vector_key, nonce, aad,
				 blob_of(out, plain.len + SEAL_TAG_SIZE), back, &state_err));
		assert_memory_equal(back, plain.data, plain.len);
	}
}

static const enum seal_form forms[] = { SEAL_OWN, SEAL_SHARED };

static void a_value_comes_back_whatever_its_length(void **state)
{
	(void)state;
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 1000, 70000 };
	struct seal_place here = place(3, "key", 1);
	for (size_t i = 0; i < 14; i++) {
		enum seal_form form = forms[i % 2];
		size_t len = lengths[i / 2];
		uint8_t *plain = malloc(len + 1);
		random_fill(&random_system, plain, len);
		struct buf sealed = { 0 }, opened = { 0 };
		buf_put_text(&opened, "before");
		OK(seal_put(sealer, form, key, &here, blob_of(plain, len), &sealed, &state_err));
		assert_int_equal(sealed.len,
				 len + (form == SEAL_OWN ? SEAL_OVERHEAD : SEAL_WIDE_OVERHEAD));
		OK(seal_open(sealer, form, key, &here, buf_blob(&sealed), &opened, &state_err));
		assert_int_equal(opened.len, 6 + len);
		assert_memory_equal(opened.data, "before", 6);
		assert_memory_equal(opened.data + 6, plain, len);
		free(plain);
		buf_finish(&sealed);
		buf_finish(&opened);
	}
}

static void a_value_opens_in_its_own_place_alone(void **state)
{
	(void)state;
	struct seal_place here = place(3, "key", 1);
	const struct {
		const char *what;
		struct seal_place place;
		const uint8_t *key;
		enum seal_form form;
	} rows[] = {
		{ "another table", place(4, "key", 1), key, SEAL_OWN },
		{ "another key of the table", place(3, "kez", 1), key, SEAL_OWN },
		{ "a longer key", place(3, "key\1", 1), key, SEAL_OWN },
		{ "another version", place(3, "key", 2), key, SEAL_OWN },
		{ "another secret key", place(3, "key", 1), other_key, SEAL_OWN },
		{ "the other form", place(3, "key", 1), key, SEAL_SHARED },
	};
	struct buf sealed = { 0 }, opened = { 0 };
	OK(seal_put(sealer, SEAL_OWN, key, &here, blob_text("a text"), &sealed, &state_err));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int error = seal_open(sealer, rows[i].form, rows[i].key, &rows[i].place,
				      buf_blob(&sealed), &opened, &state_err);
		if (error != ERR_CORRUPT || opened.len != 0)
			fail_msg("opens in %s", rows[i].what);
	}
	buf_finish(&sealed);
	buf_finish(&opened);
}

static void a_changed_or_cut_value_does_not_open(void **state)
{
	(void)state;
	struct seal_place here = place(3, "key", 1);
	for (size_t i = 0; i < 2; i++) {
		struct buf sealed = { 0 }, opened = { 0 };
		OK(seal_put(sealer, forms[i], key, &here, blob_text("a text of some length"),
			    &sealed, &state_err));
		for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
			sealed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			FAILS(seal_open(sealer, forms[i], key, &here, buf_blob(&sealed), &opened,
					NULL),
			      ERR_CORRUPT);
			sealed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(opened.len, 0);
		}
		for (size_t len = 0; len < sealed.len; len++) {
			uint8_t *cut = malloc(len == 0 ? 1 : len);
			memcpy(cut, sealed.data, len);
			FAILS(seal_open(sealer, forms[i], key, &here, blob_of(cut, len), &opened,
					NULL),
			      ERR_CORRUPT);
			free(cut);
		}
		buf_finish(&sealed);
		buf_finish(&opened);
	}
}

static void seal_nonces(uint8_t (*nonces)[SEAL_NONCE_SIZE], size_t count)
{
	struct seal_place here = place(3, "key", 1);
	for (size_t i = 0; i < count; i++) {
		struct buf sealed = { 0 };
		OK(seal_put(sealer, SEAL_OWN, key, &here, blob_text("same"), &sealed, &state_err));
		memcpy(nonces[i], sealed.data + 1, SEAL_NONCE_SIZE);
		buf_finish(&sealed);
	}
}

static int compare_nonces(const void *a, const void *b)
{
	return memcmp(a, b, SEAL_NONCE_SIZE);
}

/* Nor in a child that was forked while nonces lay ready. */
static void no_nonce_comes_twice(void **state)
{
	(void)state;
	enum { COUNT = 2000, EACH = COUNT / 2, SIZE = EACH * SEAL_NONCE_SIZE };
	static uint8_t nonces[COUNT][SEAL_NONCE_SIZE];
	int pipe_fds[2];
	seal_nonces(nonces, 1);
	assert_int_equal(pipe(pipe_fds), 0);
	pid_t child = fork();
	if (child == 0) {
		seal_nonces(nonces, EACH);
		_exit(write(pipe_fds[1], nonces, EACH * SEAL_NONCE_SIZE) == EACH * SEAL_NONCE_SIZE
			      ? 0
			      : 1);
	}
	seal_nonces(nonces, EACH);
	assert_int_equal(read(pipe_fds[0], (uint8_t *)nonces + SIZE, SIZE), SIZE);
	assert_int_equal(state_wait(child), 0);
	qsort(nonces, COUNT, SEAL_NONCE_SIZE, compare_nonces);
	for (size_t i = 1; i < COUNT; i++)
		assert_memory_not_equal(nonces[i - 1], nonces[i], SEAL_NONCE_SIZE);
	(void)close(pipe_fds[0]);
	(void)close(pipe_fds[1]);
}

/* The sealer remembers the key of the last value: values of many keys in turn must not be mixed up. */
static void keys_may_change_from_value_to_value(void **state)
{
	(void)state;
	const uint8_t *const keys[] = { key, other_key };
	struct seal_place here = place(3, "key", 1);
	struct buf sealed[8] = { 0 }, opened = { 0 };
	for (size_t i = 0; i < 8; i++)
		OK(seal_put(sealer, SEAL_OWN, keys[i / 2 % 2], &here, blob_text("a text"),
			    &sealed[i], &state_err));
	for (size_t i = 0; i < 8; i++) {
		OK(seal_open(sealer, SEAL_OWN, keys[i / 2 % 2], &here, buf_blob(&sealed[i]),
			     &opened, &state_err));
		FAILS(seal_open(sealer, SEAL_OWN, keys[1 - i / 2 % 2], &here, buf_blob(&sealed[i]),
				&opened, NULL),
		      ERR_CORRUPT);
		FAILS(seal_open(sealer, SEAL_OWN, keys[1 - i / 2 % 2], &here, buf_blob(&sealed[i]),
				&opened, NULL),
		      ERR_CORRUPT);
		OK(seal_open(sealer, SEAL_OWN, keys[i / 2 % 2], &here, buf_blob(&sealed[i]),
			     &opened, &state_err));
		buf_finish(&sealed[i]);
	}
	buf_finish(&opened);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_come_out),
		cmocka_unit_test(a_value_comes_back_whatever_its_length),
		cmocka_unit_test(a_value_opens_in_its_own_place_alone),
		cmocka_unit_test(a_changed_or_cut_value_does_not_open),
		cmocka_unit_test(no_nonce_comes_twice),
		cmocka_unit_test(keys_may_change_from_value_to_value),
	};
	return cmocka_run_group_tests(tests, make_sealer, end_sealer);
}
