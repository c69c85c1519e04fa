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
#include "daemon/base/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* Table 3-7 of Unicode by its edges, and what lies just beyond them. */
static void only_well_formed_sequences_decode(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		int32_t expected;
		size_t moved;
	} rows[] = {
		{ "a", 'a', 1 },
		{ "\x7f", 0x7f, 1 },
		{ "\xc2\x80", 0x80, 2 },
		{ "\xdf\xbf", 0x7ff, 2 },
		{ "\xe0\xa0\x80", 0x800, 3 },
		{ "\xed\x9f\xbf", 0xd7ff, 3 },
		{ "\xee\x80\x80", 0xe000, 3 },
		{ "\xef\xbf\xbf", 0xffff, 3 },
		{ "\xf0\x90\x80\x80", 0x10000, 4 },
		{ "\xf4\x8f\xbf\xbf", 0x10ffff, 4 },
		{ "\x80", -1, 1 }, /* continuation alone */
		{ "\xbf", -1, 1 },
		{ "\xc0\x80", -1, 1 }, /* overlong */
		{ "\xc1\xbf", -1, 1 },
		{ "\xe0\x9f\xbf", -1, 1 },
		{ "\xf0\x8f\xbf\xbf", -1, 1 },
		{ "\xed\xa0\x80", -1, 1 }, /* surrogates */
		{ "\xed\xbf\xbf", -1, 1 },
		{ "\xf4\x90\x80\x80", -1, 1 }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", -1, 1 },
		{ "\xff", -1, 1 },
		{ "\xc2", -1, 1 }, /* cut */
		{ "\xe1\xbb", -1, 1 },
		{ "\xf0\x90\x80", -1, 1 },
		{ "\xc2\x41", -1, 1 }, /* no continuation */
		{ "\xe1\xbb\x41", -1, 1 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].bytes), pos = 0;
		char *exact = malloc(len); /* the sanitizer sees a byte read past the end */
		memcpy(exact, rows[i].bytes, len);
		assert_int_equal(utf8_next(exact, len, &pos), rows[i].expected);
		assert_int_equal(pos, rows[i].moved);
		assert_int_equal(utf8_valid(exact, len), rows[i].expected >= 0);
		free(exact);
	}
	assert_true(utf8_valid(NULL, 0));
	assert_true(utf8_valid("a\0b", 3));
}

static void every_code_point_is_written_and_read_as_itself(void **state)
{
	(void)state;
	for (int32_t c = 0; c <= 0x10ffff; c++) {
		if (c == 0xd800)
			c = 0xe000; /* surrogates are none */
		struct buf out = { 0 };
		utf8_put(&out, c);
		size_t pos = 0;
		assert_int_equal(utf8_next((const char *)out.data, out.len, &pos), c);
		assert_int_equal(pos, out.len);
		buf_finish(&out);
	}
}

static void composing_gives_one_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *text, *nfc;
	} rows[] = {
		{ "", "" },
		{ "abc", "abc" },
		{ "Nguyễn", "Nguyễn" },
		{ "Nguye\xcc\x82\xcc\x83n", "Nguyễn" },         /* circumflex, tilde */
		{ "Nguy\xc3\xaa\xcc\x83n", "Nguyễn" },          /* half composed */
		{ "Tru\xcc\x9bo\xcc\x9b\xcc\x80ng", "Trường" }, /* horn, then grave */
		{ "Tru\xcc\x9bo\xcc\x80\xcc\x9bng", "Trường" }, /* the other order of marks */
		{ "o\xcc\xa3\xcc\x82", "ộ" },                   /* dot below, then circumflex */
		{ "o\xcc\x82\xcc\xa3", "ộ" },
		{ "\xc4\x90", "Đ" },                            /* has no decomposition */
		{ "\xe2\x84\xab", "\xc3\x85" },                 /* Angstrom sign: a singleton */
		{ "\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80" }, /* Hangul */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct buf out = { 0 };
		size_t len = strlen(rows[i].text);
		utf8_nfc(rows[i].text, len, &out);
		assert_true(buf_ok(&out));
		assert_true(blob_equal(buf_blob(&out), blob_text(rows[i].nfc)));
		assert_int_equal(utf8_is_nfc(rows[i].text, len),
				 strcmp(rows[i].text, rows[i].nfc) == 0);
		buf_finish(&out);
	}
}

static void composing_keeps_what_stands_before_and_nul_bytes(void **state)
{
	(void)state;
	struct buf out = { 0 };
	buf_put_text(&out, "x");
	utf8_nfc("ế\0b", sizeof("ế\0b") - 1, &out);
	assert_true(blob_equal(buf_blob(&out), blob_of("xế\0b", sizeof("xế\0b") - 1)));
	buf_finish(&out);
}

static void random_texts_compose_to_a_fixed_point(void **state)
{
	(void)state;
	static const char *const pieces[] = { "a",           "o",        "u",
					      "D",           "\xcc\x80", "\xcc\x81",
					      "\xcc\x82",    "\xcc\x83", "\xcc\x89",
					      "\xcc\x9b",    "\xcc\xa3", "\xc4\x83",
					      "ơ",           " ",        "\xe1\x84\x80",
					      "\xe1\x85\xa1" };
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < 2000; round++) {
		struct buf text = { 0 }, once = { 0 }, twice = { 0 };
		for (uint64_t n = random_below(&random, 12); n > 0; n--)
			buf_put_text(&text, pieces[random_below(&random, COUNT(pieces))]);
		utf8_nfc((const char *)text.data, text.len, &once);
		utf8_nfc((const char *)once.data, once.len, &twice);
		assert_true(blob_equal(buf_blob(&once), buf_blob(&twice)));
		assert_true(utf8_is_nfc((const char *)once.data, once.len));
		assert_true(utf8_valid((const char *)once.data, once.len));
		buf_finish(&text);
		buf_finish(&once);
		buf_finish(&twice);
	}
}

static void case_follows_unicode(void **state)
{
	(void)state;
	static const struct {
		int32_t upper, lower;
	} rows[] = { { 'A', 'a' },
		     { 0x110, 0x111 },
		     { 0x1a0, 0x1a1 },
		     { 0x1ec4, 0x1ec5 },
		     { 0x1ef8, 0x1ef9 } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(utf8_lower(rows[i].upper), rows[i].lower);
		assert_int_equal(utf8_upper(rows[i].lower), rows[i].upper);
		assert_true(utf8_is_upper(rows[i].upper) && !utf8_is_lower(rows[i].upper));
		assert_true(utf8_is_lower(rows[i].lower) && !utf8_is_upper(rows[i].lower));
	}
	static const int32_t caseless[] = { '1', ' ', '-', 0x300, 0x4e2d };
	for (size_t i = 0; i < COUNT(caseless); i++)
		assert_false(utf8_is_upper(caseless[i]) || utf8_is_lower(caseless[i]));
}

static void what_steers_or_hides_is_told_apart(void **state)
{
	(void)state;
	static const struct {
		int32_t c;
		bool control, hidden;
	} rows[] = {
		{ 0, true, true },        { '\t', false, false },   { '\n', false, false },
		{ '\r', true, true },     { 0x1b, true, true },     { ' ', false, false },
		{ 0x7e, false, false },   { 0x7f, true, true },     { 0x80, true, true },
		{ 0x9f, true, true },     { 0xa0, false, false },   { 0xad, false, true },
		{ 0x300, false, false },  { 0x61c, true, true },    { 0x200b, false, true },
		{ 0x200d, false, true },  { 0x200e, true, true },   { 0x2028, true, true },
		{ 0x202e, true, true },   { 0x202f, false, false }, { 0x2060, false, true },
		{ 0x2066, true, true },   { 0x2069, true, true },   { 0xe000, true, true },
		{ 0xf8ff, true, true },   { 0xfdd0, true, true },   { 0xfeff, false, true },
		{ 0xfffe, true, true },   { 0xfffd, false, false }, { 0xffff, true, true },
		{ 0x1fffe, true, true },  { 0xe0041, true, true },  { 0xf0000, true, true },
		{ 0x10ffff, true, true }, { 0x1ec5, false, false },
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		if (utf8_is_control(rows[i].c) != rows[i].control ||
		    utf8_is_hidden(rows[i].c) != rows[i].hidden)
			fail_msg("U+%04X", (unsigned)rows[i].c);
}

static void a_cut_keeps_characters_whole(void **state)
{
	(void)state;
	static const char text[] = "aễđx"; /* 1 + 3 + 2 + 1 bytes */
	static const size_t expected[] = { 0, 1, 1, 1, 4, 4, 6 };
	for (size_t len = 0; len < COUNT(expected); len++)
		assert_int_equal(utf8_cut(text, len), expected[len]);
}

static void width_is_that_of_a_terminal(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t width;
	} rows[] = { { "", 0 },
		     { "abc", 3 },
		     { "Nguyễn", 6 },
		     { "Nguye\xcc\x82\xcc\x83n", 6 },
		     { "\xe4\xb8\xad", 2 },
		     { "\xff", 1 } };
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(utf8_width(rows[i].text, strlen(rows[i].text)), rows[i].width);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_well_formed_sequences_decode),
		cmocka_unit_test(every_code_point_is_written_and_read_as_itself),
		cmocka_unit_test(composing_gives_one_spelling),
		cmocka_unit_test(composing_keeps_what_stands_before_and_nul_bytes),
		cmocka_unit_test(random_texts_compose_to_a_fixed_point),
		cmocka_unit_test(case_follows_unicode),
		cmocka_unit_test(what_steers_or_hides_is_told_apart),
		cmocka_unit_test(a_cut_keeps_characters_whole),
		cmocka_unit_test(width_is_that_of_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
