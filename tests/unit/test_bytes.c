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
#include "daemon/base/random.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct random_source seeded(uint64_t *seed)
{
	*seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)*seed);
	return random_seeded(seed);
}

static void blobs_compare_as_bytes_the_shorter_first(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int order;
	} rows[] = {
		{ "", "", 0 },     { "", "a", -1 },   { "a", "a", 0 },        { "a", "b", -1 },
		{ "ab", "b", -1 }, { "a", "ab", -1 }, { "\x7f", "\x80", -1 }, { "\xff", "a", 1 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct blob a = blob_text(rows[i].a), b = blob_text(rows[i].b);
		int order = blob_compare(a, b), back = blob_compare(b, a);
		assert_int_equal((order > 0) - (order < 0), rows[i].order);
		assert_int_equal((back > 0) - (back < 0), -rows[i].order);
		assert_int_equal(blob_equal(a, b), rows[i].order == 0);
	}
	assert_true(blob_equal(blob_of(NULL, 0), blob_text("")));
	assert_int_equal(blob_compare(blob_of(NULL, 0), blob_text("")), 0);
}

static void integers_are_big_endian(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	buf_put_u8(&buf, 0x01);
	buf_put_u16(&buf, 0x0203);
	buf_put_u32(&buf, 0x04050607);
	buf_put_u64(&buf, 0x08090a0b0c0d0e0full);
	assert_true(buf_ok(&buf));
	static const uint8_t expected[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	assert_true(blob_equal(buf_blob(&buf), blob_of(expected, sizeof(expected))));
	struct reader reader = reader_of(buf_blob(&buf));
	assert_int_equal(reader_u8(&reader), 0x01);
	assert_int_equal(reader_u16(&reader), 0x0203);
	assert_int_equal(reader_u32(&reader), 0x04050607);
	assert_true(reader_u64(&reader) == 0x08090a0b0c0d0e0full);
	assert_true(reader_done(&reader));
	buf_finish(&buf);
}

static void a_varint_has_one_spelling(void **state)
{
	(void)state;
	static const struct {
		uint64_t value;
		uint8_t len, bytes[10];
	} rows[] = {
		{ 0, 1, { 0 } },
		{ 1, 1, { 1 } },
		{ 127, 1, { 0x7f } },
		{ 128, 2, { 0x80, 1 } },
		{ 300, 2, { 0xac, 2 } },
		{ 16383, 2, { 0xff, 0x7f } },
		{ 16384, 3, { 0x80, 0x80, 1 } },
		{ UINT32_MAX, 5, { 0xff, 0xff, 0xff, 0xff, 0x0f } },
		{ UINT64_MAX, 10, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 } },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf buf = { 0 };
		buf_put_varint(&buf, rows[i].value);
		assert_true(blob_equal(buf_blob(&buf), blob_of(rows[i].bytes, rows[i].len)));
		struct reader reader = reader_of(buf_blob(&buf));
		assert_true(reader_varint(&reader) == rows[i].value);
		assert_true(reader_done(&reader));
		for (size_t cut = 0; cut < rows[i].len; cut++) { /* never past the end */
			uint8_t *exact = malloc(cut + 1);
			memcpy(exact, rows[i].bytes, cut);
			struct reader part = reader_of(blob_of(exact, cut));
			assert_true(reader_varint(&part) == 0);
			assert_true(part.failed);
			free(exact);
		}
		buf_finish(&buf);
	}
}

static void a_longer_spelling_of_a_varint_is_refused(void **state)
{
	(void)state;
	static const struct {
		uint8_t len, bytes[11];
	} rows[] = {
		{ 2, { 0x80, 0 } },
		{ 2, { 0x81, 0 } },
		{ 3, { 0x80, 0x80, 0 } },
		{ 10, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 } }, /* 65 bits */
		{ 10, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 } },
		{ 11, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1 } },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct reader reader = reader_of(blob_of(rows[i].bytes, rows[i].len));
		assert_true(reader_varint(&reader) == 0);
		assert_true(reader.failed);
	}
}

static void the_first_failure_of_a_reader_sticks(void **state)
{
	(void)state;
	static const uint8_t bytes[] = { 0, 0, 0, 9, 'a', 'b' };
	struct reader reader = reader_of(blob_of(bytes, sizeof(bytes)));
	assert_int_equal(reader_blob(&reader, 100).len, 0); /* promises nine, two are there */
	assert_true(reader.failed);
	assert_int_equal(reader_u8(&reader), 0);
	assert_int_equal(reader_take(&reader, 0).len, 0);
	assert_true(reader.failed);
	assert_false(reader_done(&reader));
}

static void a_blob_longer_than_it_may_be_is_refused(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	buf_put_blob(&buf, blob_text("abc"));
	buf_put_varblob(&buf, blob_text("abc"));
	struct reader reader = reader_of(buf_blob(&buf));
	assert_int_equal(reader_blob(&reader, 3).len, 3);
	assert_int_equal(reader_varblob(&reader, 3).len, 3);
	assert_true(reader_done(&reader));
	reader = reader_of(buf_blob(&buf));
	assert_int_equal(reader_blob(&reader, 2).len, 0);
	assert_true(reader.failed);
	reader = reader_of(blob_of(buf.data + 7, 4));
	assert_int_equal(reader_varblob(&reader, 2).len, 0);
	assert_true(reader.failed);
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 };
	reader = reader_of(blob_of(huge, sizeof(huge)));
	assert_int_equal(reader_varblob(&reader, SIZE_MAX).len, 0);
	assert_true(reader.failed);
	buf_finish(&buf);
}

static void an_empty_blob_may_be_null(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	buf_put(&buf, NULL, 0);
	buf_put_blob(&buf, blob_of(NULL, 0));
	assert_true(buf_ok(&buf));
	assert_int_equal(buf.len, 4);
	struct reader reader = reader_of(blob_of(NULL, 0));
	assert_int_equal(reader_take(&reader, 0).len, 0);
	assert_true(reader_done(&reader));
	buf_finish(&buf);
}

static void past_its_limit_a_buffer_fails_and_stays_failed(void **state)
{
	(void)state;
	struct buf buf = { .max = 4 };
	buf_put_text(&buf, "abcd");
	assert_true(buf_ok(&buf));
	buf_put_u8(&buf, 'e');
	assert_false(buf_ok(&buf));
	buf_reset(&buf);
	assert_true(buf_ok(&buf));
	buf_put_text(&buf, "abcde");
	assert_false(buf_ok(&buf));
	assert_int_equal(buf.len, 0);
	buf_put_u8(&buf, 'a'); /* would fit, but something is missing before it */
	assert_int_equal(buf.len, 0);
	assert_null(buf_grow(&buf, 1));
	buf_finish(&buf);
	assert_int_equal(buf.max, 4);
	assert_true(buf_ok(&buf));
}

static void a_length_that_overflows_fails(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	buf_put_u8(&buf, 1);
	assert_null(buf_grow(&buf, SIZE_MAX));
	assert_false(buf_ok(&buf));
	buf_finish(&buf);
	assert_null(buf.data);
}

static void the_front_is_dropped_and_the_rest_kept(void **state)
{
	(void)state;
	struct buf buf = { 0 };
	buf_drop_front(&buf, 0);
	buf_put_text(&buf, "abcdef");
	buf_drop_front(&buf, 2);
	assert_true(blob_equal(buf_blob(&buf), blob_text("cdef")));
	buf_drop_front(&buf, 4);
	assert_int_equal(buf.len, 0);
	buf_put_text(&buf, "x");
	assert_true(blob_equal(buf_blob(&buf), blob_text("x")));
	buf_cleanse(&buf);
	assert_null(buf.data);
}

/* What is put in comes out again, in any mix and any size. */
static void what_is_written_is_read(void **state)
{
	(void)state;
	uint64_t seed;
	struct random_source random = seeded(&seed);
	for (int round = 0; round < 300; round++) {
		uint64_t replay = seed; /* the same numbers again, for reading */
		size_t steps = (size_t)random_below(&random, 40);
		struct buf buf = { 0 };
		struct random_source values = random_seeded(&replay);
		(void)random_below(&values, 40);
		for (size_t i = 0; i < steps; i++) {
			uint64_t kind = random_below(&random, 3);
			uint64_t value =
				random_below(&random, UINT64_MAX) >> random_below(&random, 64);
			char text[600];
			memset(text, 'x', sizeof(text));
			if (kind == 0)
				buf_put_varint(&buf, value);
			else if (kind == 1)
				buf_put_u64(&buf, value);
			else
				buf_put_varblob(&buf, blob_of(text, value % sizeof(text)));
		}
		struct reader reader = reader_of(buf_blob(&buf));
		for (size_t i = 0; i < steps; i++) {
			uint64_t kind = random_below(&values, 3);
			uint64_t value =
				random_below(&values, UINT64_MAX) >> random_below(&values, 64);
			if (kind == 0)
				assert_true(reader_varint(&reader) == value);
			else if (kind == 1)
				assert_true(reader_u64(&reader) == value);
			else
				assert_int_equal(reader_varblob(&reader, 600).len, value % 600);
		}
		assert_true(reader_done(&reader));
		buf_finish(&buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blobs_compare_as_bytes_the_shorter_first),
		cmocka_unit_test(integers_are_big_endian),
		cmocka_unit_test(a_varint_has_one_spelling),
		cmocka_unit_test(a_longer_spelling_of_a_varint_is_refused),
		cmocka_unit_test(the_first_failure_of_a_reader_sticks),
		cmocka_unit_test(a_blob_longer_than_it_may_be_is_refused),
		cmocka_unit_test(an_empty_blob_may_be_null),
		cmocka_unit_test(past_its_limit_a_buffer_fails_and_stays_failed),
		cmocka_unit_test(a_length_that_overflows_fails),
		cmocka_unit_test(the_front_is_dropped_and_the_rest_kept),
		cmocka_unit_test(what_is_written_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
