#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/digest.h"
#include "daemon/base/hex.h"
#include "daemon/base/random.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Bytes of a vector written in hex. */
static struct blob from_hex(const char *text, uint8_t *out)
{
	size_t len = strlen(text) / 2;
	assert_int_equal(hex_decode(text, strlen(text), out, len), 0);
	return blob_of(out, len);
}

static void assert_digest(const uint8_t *digest, size_t len, const char *expected)
{
	char text[200];
	hex_encode(digest, len, text);
	assert_string_equal(text, expected);
}

static void sha256_of_the_standard(void **state) /* FIPS 180-4, examples of NIST */
{
	(void)state;
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	CLEANUP(sha256_destroyp) struct sha256 *sha = NULL;
	assert_int_equal(sha256_create(&sha, NULL), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t digest[SHA256_SIZE];
		sha256(rows[i].text, strlen(rows[i].text), digest);
		assert_digest(digest, sizeof(digest), rows[i].digest);
		sha256_begin(sha); /* one context, many texts */
		for (const char *at = rows[i].text; *at != '\0'; at++)
			sha256_add(sha, at, 1);
		sha256_end(sha, digest);
		assert_digest(digest, sizeof(digest), rows[i].digest);
	}
	uint8_t digest[SHA256_SIZE];
	sha256_begin(sha);
	for (int i = 0; i < 1000; i++) {
		char part[1000];
		memset(part, 'a', sizeof(part));
		sha256_add(sha, part, sizeof(part));
	}
	sha256_end(sha, digest);
	assert_digest(digest, sizeof(digest),
		      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void an_abandoned_text_leaves_nothing_behind(void **state)
{
	(void)state;
	CLEANUP(sha256_destroyp) struct sha256 *sha = NULL;
	assert_int_equal(sha256_create(&sha, NULL), 0);
	uint8_t digest[SHA256_SIZE];
	sha256_begin(sha);
	sha256_add(sha, "rest", 4);
	sha256_begin(sha);
	sha256_add(sha, "abc", 3);
	sha256_end(sha, digest);
	assert_digest(digest, sizeof(digest),
		      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_of_the_rfc(void **state) /* RFC 4231 sections 4.2 to 4.8 without the cut one */
{
	(void)state;
#define TIMES_131_AA \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	static const struct {
		const char *key, *data, *digest;
	} rows[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		  "dddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f10111213141516171819",
		  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		  "cdcdcdcdcdcdcdcdcdcd",
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
		{ TIMES_131_AA,
		  "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d20"
		  "48617368204b657920466972"
		  "7374",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ TIMES_131_AA,
		  "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b"
		  "2d73697a65206b657920616e"
		  "642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579"
		  "206e6565647320746f206265"
		  "20686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c"
		  "676f726974686d2e",
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t key_bytes[200], data_bytes[200], digest[SHA256_SIZE];
		struct blob key = from_hex(rows[i].key, key_bytes),
			    data = from_hex(rows[i].data, data_bytes);
		CLEANUP(hmac_destroyp) struct hmac *hmac = NULL;
		assert_int_equal(hmac_create(key.data, key.len, &hmac, NULL), 0);
		for (int again = 0; again < 2; again++) { /* the key stays */
			struct blob parts[] = { blob_of(data.data, data.len / 2), blob_of(NULL, 0),
						blob_of(data.data + data.len / 2,
							data.len - data.len / 2) };
			hmac_parts(hmac, parts, COUNT(parts), digest);
			assert_digest(digest, sizeof(digest), rows[i].digest);
		}
	}
}

static void hkdf_of_the_rfc(void **state) /* RFC 5869 appendix A.1 to A.3 */
{
	(void)state;
	static const struct {
		const char *key, *salt, *info, *out;
	} rows[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
		  "f0f1f2f3f4f5f6f7f8f9",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b88718"
		  "5865" },
		{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
		  "28292a2b2c2d2e2f303132333435"
		  "363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
		  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
		  "88898a8b8c8d8e8f909192939495"
		  "969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
		  "d8d9dadbdcdddedfe0e1e2e3e4e5"
		  "e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac78272"
		  "71cb41c65e590e09da3275600c2f"
		  "09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a"
		  "96c8" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t key[100], salt[100], info[100], out[100];
		size_t len = strlen(rows[i].out) / 2;
		assert_int_equal(hkdf_sha256(from_hex(rows[i].key, key),
					     from_hex(rows[i].salt, salt),
					     from_hex(rows[i].info, info), out, len, NULL),
				 0);
		assert_digest(out, len, rows[i].out);
	}
}

static void hkdf_gives_no_more_than_it_may(void **state)
{
	(void)state;
	static uint8_t out[255 * 32 + 1];
	assert_int_equal(
		hkdf_sha256(blob_text("k"), blob_text("s"), blob_text("i"), out, 255 * 32, NULL),
		0);
	assert_true(hkdf_sha256(blob_text("k"), blob_text("s"), blob_text("i"), out, sizeof(out),
				NULL) < 0);
}

static void crc32c_of_the_rfc(void **state) /* RFC 3720 appendix B.4 */
{
	(void)state;
	uint8_t zeros[32] = { 0 }, ones[32], rising[32], falling[32];
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++) {
		rising[i] = i;
		falling[i] = (uint8_t)(31 - i);
	}
	assert_int_equal(crc32c(zeros, 32), 0x8a9136aa);
	assert_int_equal(crc32c(ones, 32), 0x62a8ab43);
	assert_int_equal(crc32c(rising, 32), 0x46dd794e);
	assert_int_equal(crc32c(falling, 32), 0x113fdb5c);
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(NULL, 0), 0);
}

/* The definition, bit by bit. */
static uint32_t naive_crc32c(const uint8_t *data, size_t len)
{
	uint32_t crc = ~0u;
	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return ~crc;
}

static void crc32c_is_right_at_any_length_and_alignment(void **state)
{
	(void)state;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	uint8_t bytes[128];
	random_fill(&random, bytes, sizeof(bytes));
	for (size_t begin = 0; begin < 16; begin++)
		for (size_t len = 0; len < 100; len++) {
			uint32_t expected = naive_crc32c(bytes + begin, len);
			assert_int_equal(crc32c(bytes + begin, len), expected);
			assert_int_equal(crc32c_portable(bytes + begin, len), expected);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_the_standard),
		cmocka_unit_test(an_abandoned_text_leaves_nothing_behind),
		cmocka_unit_test(hmac_of_the_rfc),
		cmocka_unit_test(hkdf_of_the_rfc),
		cmocka_unit_test(hkdf_gives_no_more_than_it_may),
		cmocka_unit_test(crc32c_of_the_rfc),
		cmocka_unit_test(crc32c_is_right_at_any_length_and_alignment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
