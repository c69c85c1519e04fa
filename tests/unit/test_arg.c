#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <errno.h>

#include "daemon/base/arg.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void assert_shown(struct arg arg, const char *expected)
{
	char text[ARG_VALUE_SIZE];
	assert_int_equal(arg_render(&arg, text, sizeof(text)), strlen(expected));
	assert_string_equal(text, expected);
}

static void numbers_and_words_are_shown_as_they_are(void **state)
{
	(void)state;
	static const uint8_t hash[20] = { 0xde, 0xad, 1 };
	assert_shown((struct arg)ARG_U("n", UINT64_MAX), "18446744073709551615");
	assert_shown((struct arg)ARG_I("n", INT64_MIN), "-9223372036854775808");
	assert_shown(ARG_WORD("w", "noi-vu"), "noi-vu");
	assert_shown(ARG_WORD("w", NULL), "-");
	assert_shown((struct arg)ARG_HEX("h", hash, 3), "dead01");
	assert_shown((struct arg)ARG_HEX("h", hash, 20),
		     "dead0100000000000000000000000000"); /* cut to 16 bytes */
	assert_shown((struct arg)ARG_ERRNO(ENOSPC), "No space left on device");
	assert_shown((struct arg)ARG_ERRNO(123456), "unknown error");
}

static void foreign_text_is_quoted_and_cannot_steer(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{ "", "''" },
		{ "Sở Nội vụ", "'Sở Nội vụ'" },
		{ "a'b\\c", "'a\\u{27}b\\u{5c}c'" },
		{ "a\nb\tc\rd", "'a\\u{a}b\\u{9}c\\u{d}d'" },
		{ "\x1b[31mred", "'\\u{1b}[31mred'" },
		{ "\xc2\x9b"
		  "31m",
		  "'\\u{9b}31m'" }, /* C1 control introducer */
		{ "a\xe2\x80\xae"
		  "b",
		  "'a\\u{202e}b'" }, /* bidi override */
		{ "a\xe2\x80\xa8"
		  "b",
		  "'a\\u{2028}b'" }, /* line separator */
		{ "a\xe2\x80\x8b"
		  "b",
		  "'a\\u{200b}b'" },                            /* zero-width */
		{ "a\xff\xc0\xaf", "'a\\xff\\xc0\\xaf'" },      /* ill-formed */
		{ "\xed\xa0\x80", "'\\xed\\xa0\\x80'" },        /* surrogate */
		{ "{path} %s ${HOME}", "'{path} %s ${HOME}'" }, /* no format is looked for */
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_shown(ARG_TEXT("t", rows[i].text), rows[i].shown);
	}
	assert_shown((struct arg)ARG_TEXTN("t", "a\0b", 3), "'a\\u{0}b'");
}

static void a_word_cannot_break_a_line(void **state)
{
	(void)state;
	assert_shown(ARG_WORD("w", "a\nMESSAGE=b\x7f\x1b"), "a?MESSAGE=b??");
}

static void long_text_is_cut_and_says_so(void **state)
{
	(void)state;
	char text[LIMIT_ARG_TEXT + 2], expected[LIMIT_ARG_TEXT + 8];
	memset(text, 'x', sizeof(text));
	struct arg whole = ARG_TEXTN("t", text, LIMIT_ARG_TEXT);
	(void)snprintf(expected, sizeof(expected), "'%.*s'", LIMIT_ARG_TEXT, text);
	assert_shown(whole, expected);
	struct arg cut = ARG_TEXTN("t", text, LIMIT_ARG_TEXT + 1);
	(void)snprintf(expected, sizeof(expected), "'%.*s…'", LIMIT_ARG_TEXT, text);
	assert_shown(cut, expected);
}

/* The worst that 96 bytes can become fits what message.c and log.c give it. */
static void any_foreign_text_fits_and_stays_utf8(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		uint8_t text[1000];
		memset(text, byte, sizeof(text));
		struct arg arg = ARG_TEXTN("t", text, sizeof(text));
		char shown[ARG_VALUE_SIZE];
		size_t len = arg_render(&arg, shown, sizeof(shown));
		assert_true(len < sizeof(shown) - 1);
		assert_int_equal(shown[0], '\'');
		assert_int_equal(shown[len - 1], '\'');
		assert_true(utf8_valid(shown, len));
		for (size_t i = 0; i < len; i++)
			assert_true((unsigned char)shown[i] >= 0x20 && shown[i] != 0x7f);
	}
}

static void a_small_room_is_never_left(void **state)
{
	(void)state;
	struct arg arg = ARG_TEXT("t", "ễữ\n'"), word = ARG_WORD("w", "ễữ");
	for (size_t size = 0; size < 40; size++) {
		char *room =
			malloc(size == 0 ? 1 : size); /* the sanitizer sees one byte too many */
		size_t len = arg_render(&arg, room, size);
		assert_true(size == 0 ? len == 0 : len < size && room[len] == '\0');
		assert_true(size == 0 || utf8_valid(room, len));
		len = arg_render(&word, room, size);
		assert_true(size == 0 || utf8_valid(room, len));
		free(room);
	}
}

static void args_are_found_by_their_whole_name(void **state)
{
	(void)state;
	const struct arg *args = ARG_LIST(ARG_U("row", 1), ARG_U("rows", 2));
	assert_int_equal(arg_find(args, "rows", 4)->number, 2);
	assert_int_equal(arg_find(args, "rows", 3)->number, 1);
	assert_null(arg_find(args, "rowss", 5));
	assert_null(arg_find(args, "", 0));
	assert_null(arg_find(NULL, "row", 3));
	assert_null(arg_find(ARG_LIST(), "row", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_words_are_shown_as_they_are),
		cmocka_unit_test(foreign_text_is_quoted_and_cannot_steer),
		cmocka_unit_test(a_word_cannot_break_a_line),
		cmocka_unit_test(long_text_is_cut_and_says_so),
		cmocka_unit_test(any_foreign_text_fits_and_stays_utf8),
		cmocka_unit_test(a_small_room_is_never_left),
		cmocka_unit_test(args_are_found_by_their_whole_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
