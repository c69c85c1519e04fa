/* What every cell goes through: ENC4, HR3, HR7, HR8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/text.h"

static void a_text_is_trimmed_composed_and_its_blanks_run_together(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *out;
	} rows[] = {
		{ "plain", "abc", "abc" },
		{ "edges", " \t abc \r\n", "abc" },
		{ "runs of blanks", "a  b \t c", "a b c" },
		{ "line break inside", "Hoàng\nThị\r\nLan", "Hoàng Thị Lan" },
		{ "no-break blank", "L\xc2\xa0 ê", "L ê" },
		{ "narrow and ideographic blanks",
		  "a\xe2\x80\xaf\xe3\x80\x80"
		  "b",
		  "a b" },
		{ "zero width", "Ngu\xe2\x80\x8bye\xef\xbb\xbfn", "Nguyen" },
		{ "decomposed", "Nguye\xcc\x82\xcc\x83n", "Nguyễn" },
		{ "composed", "Nguyễn Thị Hường", "Nguyễn Thị Hường" },
		{ "soft hyphen stays: it is a letter of TCVN3",
		  "H\xc2\xad"
		  "ng",
		  "H\xc2\xad"
		  "ng" },
		{ "nothing", "", "" },
		{ "blanks only", " \xc2\xa0 ", "" },
		{ "a blank before a dropped character",
		  "a \xe2\x80\x8b"
		  "b",
		  "a b" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		if (text_clean(blob_text(rows[i].in), 0, &out, NULL) != REASON_NONE ||
		    !blob_equal(buf_blob(&out), blob_text(rows[i].out)))
			fail_msg("%s: '%.*s'", rows[i].name, (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

static void what_may_never_be_stored_is_refused_and_leaves_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in;
		size_t len;
	} rows[] = {
		{ "NUL", "a\0b", 3 },
		{ "NUL alone", "\0", 1 },
		{ "control", "a\x01", 2 },
		{ "escape", "\x1b[2J", 4 },
		{ "delete", "a\x7f", 2 },
		{ "bidi override", "abc\xe2\x80\xae", 6 },
		{ "bidi isolate",
		  "\xe2\x81\xa6"
		  "a",
		  4 },
		{ "right-to-left mark", "a\xe2\x80\x8f", 4 },
		{ "line separator", "a\xe2\x80\xa8", 4 },
		{ "C1", "a\xc2\x85", 3 },
		{ "private use", "\xee\x80\x80", 3 },
		{ "cut", "a\xe1\xbb", 3 },
		{ "overlong", "\xc0\xaf", 2 },
		{ "surrogate", "\xed\xa0\x80", 3 },
		{ "a byte of TCVN3", "NguyÔn"[0] == 'N' ? "Nguy\xd4n" : "", 6 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		buf_put_text(&out, "before");
		if (text_clean(blob_of(rows[i].in, rows[i].len), 0, &out, NULL) !=
			    REASON_TEXT_CONTROL ||
		    out.len != 6)
			fail_msg("%s", rows[i].name);
		buf_finish(&out);
	}
}

static void what_was_dropped_or_doubtful_is_told(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct text_seen seen;
	assert_int_equal(text_clean(blob_text("a\xe2\x80\x8b"), 0, &out, &seen), REASON_NONE);
	assert_true(seen.hidden && !seen.c1);
	assert_int_equal(text_clean(blob_text("\xc3\x84\xc2\x90"), TEXT_KEEP_C1, &out, &seen),
			 REASON_NONE);
	assert_true(seen.c1 && !seen.hidden);
	buf_finish(&out);
}

static void null_is_what_says_nothing_and_zero_says_something(void **state)
{
	(void)state;
	assert_true(text_is_null(blob_text("")) && text_is_null(blob_text("-")) &&
		    text_is_null(blob_text("…")));
	assert_false(text_is_null(blob_text("0")) || text_is_null(blob_text("Không")) ||
		     text_is_null(blob_text("--")));
	assert_true(text_is_blank(blob_text(" \t\xc2\xa0\r\n")) && text_is_blank(blob_text("")));
	assert_false(text_is_blank(blob_text(" x")) || text_is_blank(blob_of("\xff", 1)));
	assert_true(blob_equal(text_trim(blob_text(" \xc2\xa0 LS.1 2\t")), blob_text("LS.1 2")));
}

static void folding_keeps_diacritics(void **state)
{
	(void)state;
	struct buf out = { 0 };
	text_fold(blob_text("NÙNG Đ Ớ Xá"), &out);
	assert_true(blob_equal(buf_blob(&out), blob_text("nùng đ ớ xá")));
	buf_finish(&out);
}

static void broken_bytes_can_be_shown(void **state)
{
	(void)state;
	struct buf out = { 0 };
	text_make_valid(blob_of("a\xff\xe1\xbb"
				"b",
				5),
			&out);
	assert_true(blob_equal(buf_blob(&out), blob_text("a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
							 "b")));
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_trimmed_composed_and_its_blanks_run_together),
		cmocka_unit_test(what_may_never_be_stored_is_refused_and_leaves_nothing),
		cmocka_unit_test(what_was_dropped_or_doubtful_is_told),
		cmocka_unit_test(null_is_what_says_nothing_and_zero_says_something),
		cmocka_unit_test(folding_keeps_diacritics),
		cmocka_unit_test(broken_bytes_can_be_shown),
	};
	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
