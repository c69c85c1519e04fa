#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/random.h"

static void a_seed_gives_the_same_bytes_on_every_machine(void **state)
{
	(void)state;
	/* SplitMix64 from seed 1234567, as its authors' program prints it. */
	static const uint64_t expected[] = { 6457827717110365317u, 3203168211198807973u,
					     9817491932198370423u, 4593380528125082431u,
					     16408922859458223821u };
	uint64_t seed = 1234567;
	struct random_source random = random_seeded(&seed);
	for (size_t i = 0; i < 5; i++) {
		uint64_t value;
		random_fill(&random, &value, sizeof(value));
		assert_true(value == expected[i]);
	}
}

static void the_system_fills_every_byte(void **state)
{
	(void)state;
	static uint8_t bytes[100000];
	size_t seen[256] = { 0 };
	random_fill(&random_system, bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		seen[bytes[i]]++;
	for (size_t i = 0; i < 256; i++) /* 390 expected each; 12 standard deviations */
		assert_in_range(seen[i], 150, 630);
	uint8_t one[16] = { 0 }, other[16] = { 0 };
	random_fill(&random_system, one, sizeof(one));
	random_fill(&random_system, other, sizeof(other));
	assert_memory_not_equal(one, other, sizeof(one));
}

static void below_is_even_and_below(void **state)
{
	(void)state;
	uint64_t seed = 42;
	struct random_source random = random_seeded(&seed);
	size_t seen[7] = { 0 };
	for (int i = 0; i < 70000; i++)
		seen[random_below(&random, 7)]++;
	for (size_t i = 0; i < 7; i++)
		assert_in_range(seen[i], 9500, 10500);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(random_below(&random, 1), 0);
		assert_true(random_below(&random, (1ull << 63) + 1) <= 1ull << 63);
	}
}

/* A source that gives what it is told: the values that would favour small results are drawn again. */
static void fill_from_list(void *ctx, void *out, size_t size)
{
	uint64_t **next = ctx;
	assert_int_equal(size, sizeof(uint64_t));
	memcpy(out, (*next)++, size);
}

static void a_value_past_the_even_part_is_drawn_again(void **state)
{
	(void)state;
	uint64_t values[] = { UINT64_MAX, UINT64_MAX - 1, 12 }, *next = values;
	struct random_source random = { .fill = fill_from_list, .ctx = &next };
	assert_int_equal(random_below(&random, 10), 2);
	assert_ptr_equal(next, values + 3);
}

static void a_uuid_says_version_4_and_comes_back(void **state)
{
	(void)state;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	for (int i = 0; i < 1000; i++) {
		uint8_t uuid[UUID_SIZE], back[UUID_SIZE];
		char text[UUID_TEXT_SIZE];
		random_uuid(&random, uuid);
		uuid_text(uuid, text);
		assert_int_equal(strlen(text), 36);
		assert_int_equal(text[14], '4');
		assert_non_null(strchr("89ab", text[19]));
		assert_int_equal(uuid_parse(text, back), 0);
		assert_memory_equal(uuid, back, UUID_SIZE);
	}
}

static void only_the_long_form_of_a_uuid_is_read(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int expected;
	} rows[] = {
		{ "01234567-89ab-cdef-0123-456789abcdef", 0 },
		{ "01234567-89AB-CDEF-0123-456789ABCDEF", 0 },
		{ "", -1 },
		{ "0123456789abcdef0123456789abcdef", -1 },
		{ "01234567-89ab-cdef-0123-456789abcde", -1 },
		{ "01234567-89ab-cdef-0123-456789abcdef0", -1 },
		{ "01234567+89ab-cdef-0123-456789abcdef", -1 },
		{ "01234567-89ab-cdef-0123_456789abcdef", -1 },
		{ "0123456-789ab-cdef-0123-456789abcdef", -1 },
		{ "g1234567-89ab-cdef-0123-456789abcdef", -1 },
		{ "{1234567-89ab-cdef-0123-456789abcde}", -1 },
	};
	static const uint8_t expected[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t uuid[UUID_SIZE];
		if (uuid_parse(rows[i].text, uuid) != rows[i].expected)
			fail_msg("\"%s\"", rows[i].text);
		if (rows[i].expected == 0)
			assert_memory_equal(uuid, expected, UUID_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_gives_the_same_bytes_on_every_machine),
		cmocka_unit_test(the_system_fills_every_byte),
		cmocka_unit_test(below_is_even_and_below),
		cmocka_unit_test(a_value_past_the_even_part_is_drawn_again),
		cmocka_unit_test(a_uuid_says_version_4_and_comes_back),
		cmocka_unit_test(only_the_long_form_of_a_uuid_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
