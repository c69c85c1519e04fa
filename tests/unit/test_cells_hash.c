/* SipHash-2-4 with 128 bits, against its published vector and OpenSSL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/map/cells_hash.h"
#include "daemon/base/hex.h"

#include <openssl/evp.h>
#include <openssl/params.h>

static const uint8_t key[CELLS_HASH_KEY_SIZE] = { 0, 1, 2,  3,  4,  5,  6,  7,
						  8, 9, 10, 11, 12, 13, 14, 15 };

static void hash_of(const uint8_t *data, size_t len, size_t step, uint8_t out[CELLS_HASH_SIZE])
{
	struct cells_hash hash;
	cells_hash_begin(&hash, key);
	for (size_t at = 0; at < len; at += step)
		cells_hash_add(&hash, data + at, len - at < step ? len - at : step);
	cells_hash_end(&hash, out);
}

/* vectors_sip128 of the reference implementation: no input, and the bytes 0 to 14. */
static void the_published_vectors_hold(void **state)
{
	(void)state;
	uint8_t data[15], out[CELLS_HASH_SIZE];
	char text[2 * CELLS_HASH_SIZE + 1];
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	hash_of(data, 0, 1, out);
	hex_encode(out, sizeof(out), text);
	assert_string_equal(text, "a3817f04ba25a8e66df67214c7550293");
}

static void every_length_and_every_cut_gives_what_openssl_gives(void **state)
{
	(void)state;
	uint8_t data[100], out[CELLS_HASH_SIZE], theirs[CELLS_HASH_SIZE];
	unsigned size = CELLS_HASH_SIZE;
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_uint("size", &size),
				      OSSL_PARAM_construct_end() };
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 37 + 11);
	for (size_t len = 0; len <= sizeof(data); len++) {
		size_t got = 0;
		assert_int_equal(EVP_MAC_init(ctx, key, sizeof(key), params), 1);
		assert_int_equal(EVP_MAC_update(ctx, data, len), 1);
		assert_int_equal(EVP_MAC_final(ctx, theirs, &got, sizeof(theirs)), 1);
		assert_int_equal(got, sizeof(theirs));
		for (size_t step = 1; step < 20; step++) {
			hash_of(data, len, step, out);
			assert_memory_equal(out, theirs, sizeof(out));
		}
	}
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void cells_do_not_run_into_each_other(void **state)
{
	(void)state;
	uint8_t one[CELLS_HASH_SIZE], two[CELLS_HASH_SIZE];
	struct cells_hash hash;
	cells_hash_begin(&hash, key);
	cells_hash_add_cell(&hash, blob_text("ab"));
	cells_hash_add_cell(&hash, blob_text("c"));
	cells_hash_end(&hash, one);
	cells_hash_begin(&hash, key);
	cells_hash_add_cell(&hash, blob_text("a"));
	cells_hash_add_cell(&hash, blob_text("bc"));
	cells_hash_end(&hash, two);
	assert_memory_not_equal(one, two, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vectors_hold),
		cmocka_unit_test(every_length_and_every_cut_gives_what_openssl_gives),
		cmocka_unit_test(cells_do_not_run_into_each_other),
	};
	return cmocka_run_group_tests_name("cells_hash", tests, NULL, NULL);
}
