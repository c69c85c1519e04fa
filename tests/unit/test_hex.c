#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/bytes.h"
#include "daemon/base/hex.h"
#include "daemon/base/random.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void hex_has_two_digits_a_byte(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 0x00, 0x0f, 0xa5, 0xff };
	char text[9];
	hex_encode(bytes, sizeof(bytes), text);
	assert_string_equal(text, "000fa5ff");
	hex_encode(NULL, 0, text);
	assert_string_equal(text, "");
}

static void hex_is_read_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int expected;
	} rows[] = {
		{ "a5Ff", 0 },
		{ "A5fF", 0 },
		{ "a5f", -1 },
		{ "a5fff", -1 },
		{ "", -1 },
		{ "a5fg", -1 },
		{ "a5 f", -1 },
		{ "0xa5", -1 },
		{ "a5f/", -1 },
		{ "a5f:", -1 },
		{ "a5f@", -1 },
		{ "a5f`", -1 },
		{ "+5ff", -1 },
		{ "\xb0"
		  "5ff",
		  -1 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t out[2] = { 0 };
		assert_int_equal(hex_decode(rows[i].text, strlen(rows[i].text), out, sizeof(out)),
				 rows[i].expected);
		if (rows[i].expected == 0)
			assert_true(out[0] == 0xa5 && out[1] == 0xff);
	}
}

static void base64_of_the_rfc(void **state) /* RFC 4648 section 10 */
{
	(void)state;
	static const struct {
		const char *plain, *text;
	} rows[] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf text = { 0 }, plain = { 0 };
		base64_encode(rows[i].plain, strlen(rows[i].plain), &text);
		assert_true(blob_equal(buf_blob(&text), blob_text(rows[i].text)));
		assert_int_equal(base64_decode(rows[i].text, strlen(rows[i].text), &plain), 0);
		assert_true(blob_equal(buf_blob(&plain), blob_text(rows[i].plain)));
		buf_finish(&text);
		buf_finish(&plain);
	}
}

static void only_the_canonical_base64_is_taken(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"Z",     "Zg",       "Zg=",      "Zg===", "=Zg=",       "Z===", "====",
		"Zm9v=", "Zm9v====", "Zg==Zg==", "Zh==",  "Zm9=", /* stray bits */
		"Zm 9",  "Zm9\n",    "Zm-_",     "Zm9*",  "Zm9v\nZm9v", "Z=8=", "\xc3\xa9==",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = { 0 };
		if (base64_decode(rows[i], strlen(rows[i]), &out) == 0)
			fail_msg("\"%s\" was taken", rows[i]);
		buf_finish(&out);
	}
	struct buf out = { 0 };
	assert_int_equal(base64_decode("Zm9\0", 4, &out), -1);
	assert_int_equal(base64_decode("\0\0==", 4, &out), -1);
	buf_finish(&out);
}

static void random_bytes_come_back(void **state)
{
	(void)state;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	for (size_t len = 0; len < 200; len++) {
		uint8_t bytes[200], back[200];
		char text[401];
		random_fill(&random, bytes, len);
		hex_encode(bytes, len, text);
		assert_int_equal(hex_decode(text, 2 * len, back, len), 0);
		assert_memory_equal(bytes, back, len);
		struct buf encoded = { 0 }, decoded = { 0 };
		base64_encode(bytes, len, &encoded);
		assert_int_equal(base64_decode((const char *)encoded.data, encoded.len, &decoded),
				 0);
		assert_true(blob_equal(buf_blob(&decoded), blob_of(bytes, len)));
		buf_finish(&encoded);
		buf_finish(&decoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_has_two_digits_a_byte),
		cmocka_unit_test(hex_is_read_strictly),
		cmocka_unit_test(base64_of_the_rfc),
		cmocka_unit_test(only_the_canonical_base64_is_taken),
		cmocka_unit_test(random_bytes_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
