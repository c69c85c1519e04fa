#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "config/diag.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"

static struct diag_place place_at(const char *text, uint32_t line, uint32_t column, uint32_t span)
{
	return (struct diag_place){ .file = "d/x.yaml",
				    .text = blob_text(text),
				    .line = line,
				    .column = column,
				    .span = span };
}

static void assert_printed(const struct diag *diag, enum language language, bool excerpts,
			   const char *expected)
{
	struct buf out = { 0 };
	diag_print(diag, language, excerpts, &out);
	buf_put_u8(&out, 0);
	assert_true(buf_ok(&out));
	assert_string_equal((const char *)out.data, expected);
	buf_finish(&out);
}

static void a_finding_shows_line_caret_and_hint_in_both_languages(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	diag_error(&diag, place_at("a: 1\n  colums: 2\n", 2, 3, 6), MSG_CONFIG_UNKNOWN_KEY_IN,
		   ARG_TEXT("key", "colums"), ARG_WORD("section", "source"));
	diag_hint(&diag, MSG_CONFIG_DID_YOU_MEAN, ARG_WORD("name", "columns"));
	assert_printed(&diag, LANGUAGE_EN, true,
		       "d/x.yaml:2:3: error: unknown key 'colums' in source [E1242]\n"
		       "   2 |   colums: 2\n"
		       "     |   ^~~~~~ did you mean \"columns\"?\n");
	assert_printed(&diag, LANGUAGE_VI, true,
		       "d/x.yaml:2:3: lỗi: khóa không có trong source: 'colums' [E1242]\n"
		       "   2 |   colums: 2\n"
		       "     |   ^~~~~~ có phải ý là \"columns\"?\n");
	assert_printed(&diag, LANGUAGE_EN, false,
		       "d/x.yaml:2:3: error: unknown key 'colums' in source [E1242]\n"
		       "     | did you mean \"columns\"?\n");
	diag_finish(&diag);
}

static void a_finding_about_a_whole_file_has_no_line(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	diag_warning(&diag, (struct diag_place){ .file = "d/notes.txt" }, MSG_CONFIG_NOT_YAML);
	assert_printed(
		&diag, LANGUAGE_EN, true,
		"d/notes.txt: warning: is not read: its name does not end in .yaml [E1213]\n");
	assert_int_equal(diag.errors, 0);
	assert_int_equal(diag.warnings, 1);
	assert_int_equal(diag_result(&diag, NULL), 0);
	diag_finish(&diag);
}

static void the_caret_stands_below_wide_and_marked_letters(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		uint32_t column, span;
		const char *expected;
	} rows[] = {
		{ "Họ tên: x", 9, 1, "   1 | Họ tên: x\n     |         ^\n" },
		{ "tuổi tên: x", 6, 3, "   1 | tuổi tên: x\n     |      ^~~\n" },
		{ "\xe4\xb8\xad\xe6\x96\x87: x", 5, 1,
		  "   1 | \xe4\xb8\xad\xe6\x96\x87: x\n     |       ^\n" },
		{ "\ta: x", 2, 1, "   1 |  a: x\n     |  ^\n" }, /* a tab as one blank */
		{ "a: \x1b[2Jb", 4, 1,
		  "   1 | a: \xef\xbf\xbd[2Jb\n     |    ^\n" }, /* never a control character */
		{ "a: \xe2\x80\xaexyz", 1, 1, "   1 | a: \xef\xbf\xbdxyz\n     | ^\n" },
		{ "a: \xff!", 4, 1, "   1 | a: \xef\xbf\xbd!\n     |    ^\n" },
		{ "o\xcc\x9b: x", 2, 1,
		  "   1 | o\xcc\x9b: x\n     |  ^\n" },           /* a mark that has no width */
		{ "a: x\r", 4, 9, "   1 | a: x\n     |    ^\n" }, /* a span past the line is cut */
		{ "a", 300, 5, "   1 | a\n     |\n" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diag diag = { 0 };
		diag_error(&diag, place_at(rows[i].line, 1, rows[i].column, rows[i].span),
			   MSG_YAML_TAG);
		struct buf out = { 0 };
		diag_print(&diag, LANGUAGE_EN, true, &out);
		buf_put_u8(&out, 0);
		assert_string_equal(strchr((const char *)out.data, '\n') + 1, rows[i].expected);
		buf_finish(&out);
		diag_finish(&diag);
	}
}

static void a_long_line_is_cut(void **state)
{
	(void)state;
	char line[1000];
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	struct diag diag = { 0 };
	diag_error(&diag, place_at(line, 1, 2, 900), MSG_YAML_TAG);
	assert_int_equal(strlen(diag.entries[0].excerpt), LIMIT_CONFIG_EXCERPT);
	struct buf out = { 0 };
	diag_print(&diag, LANGUAGE_EN, true, &out);
	assert_true(out.len < 3 * LIMIT_CONFIG_EXCERPT + 100);
	buf_finish(&out);
	diag_finish(&diag);
}

static void what_one_finding_hides_no_finding_of_that_line_shows(void **state)
{
	(void)state;
	static const char text[] = "{tokn: x, token: s3cr3t, b: 1}\n";
	struct diag diag = { 0 };
	struct diag_place secret = place_at(text, 1, 18, 6);
	secret.hide_from = 18;
	diag_error(&diag, place_at(text, 1, 2, 4), MSG_CONFIG_UNKNOWN_KEY, ARG_TEXT("key", "tokn"));
	diag_error(&diag, secret, MSG_CONFIG_SECRET_LITERAL, ARG_WORD("key", "token"));
	diag_error(&diag, place_at(text, 1, 26, 1), MSG_CONFIG_UNKNOWN_KEY, ARG_TEXT("key", "b"));
	struct buf out = { 0 };
	diag_print(&diag, LANGUAGE_EN, true, &out);
	buf_put_u8(&out, 0);
	assert_null(strstr((const char *)out.data, "s3c"));
	assert_non_null(
		strstr((const char *)out.data, "   1 | {tokn: x, token: …\n     |  ^~~~\n"));
	buf_finish(&out);
	diag_finish(&diag);
}

static void findings_are_printed_in_the_order_of_places(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	struct diag_place other = place_at("", 1, 1, 1);
	other.file = "a/x.yaml";
	diag_error(&diag, place_at("", 10, 1, 1), MSG_YAML_TAG);
	diag_error(&diag, place_at("", 9, 7, 1), MSG_YAML_TAG);
	diag_error(&diag, place_at("", 9, 6, 1), MSG_YAML_ALIAS);
	diag_error(&diag, other, MSG_YAML_MERGE);
	struct buf out = { 0 };
	diag_print(&diag, LANGUAGE_EN, false, &out);
	buf_put_u8(&out, 0);
	char *rest = (char *)out.data;
	static const char *const order[] = { "a/x.yaml:1:1:", "d/x.yaml:9:6:", "d/x.yaml:9:7:",
					     "d/x.yaml:10:1:" };
	for (size_t i = 0; i < 4; i++)
		assert_memory_equal(strsep(&rest, "\n"), order[i], strlen(order[i]));
	buf_finish(&out);
	diag_finish(&diag);
}

static void past_the_limit_findings_are_counted(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	for (uint32_t i = 0; i < LIMIT_CONFIG_ERRORS + 7; i++) {
		diag_error(&diag, place_at("a", 1, i + 1, 1), MSG_YAML_TAG);
		diag_hint(&diag, MSG_CONFIG_DID_YOU_MEAN, ARG_U("name", i));
	}
	assert_int_equal(diag.count, LIMIT_CONFIG_ERRORS);
	assert_int_equal(diag.errors, LIMIT_CONFIG_ERRORS + 7);
	assert_string_equal(diag.entries[LIMIT_CONFIG_ERRORS - 1].hint[LANGUAGE_EN],
			    "did you mean \"99\"?");
	struct buf out = { 0 };
	diag_print(&diag, LANGUAGE_EN, false, &out);
	buf_put_u8(&out, 0);
	assert_non_null(strstr((const char *)out.data, "\n… and 7 more findings\n"));
	buf_finish(&out);
	diag_finish(&diag);
}

static void the_result_shows_the_first_error_and_the_count(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	struct err err = { 0 };
	diag_warning(&diag, place_at("", 1, 1, 1), MSG_CONFIG_NOT_YAML);
	diag_error(&diag, place_at("", 7, 2, 1), MSG_CONFIG_MISSING, ARG_WORD("key", "b"));
	assert_int_equal(diag_result(&diag, &err), ERR_CONFIG);
	assert_int_equal(err.code, ERR_CONFIG);
	assert_int_equal(err.msg, MSG_CONFIG_MISSING);
	assert_string_equal(err.text[LANGUAGE_EN], "d/x.yaml:7:2: b is missing");
	diag_error(&diag, place_at("", 3, 4, 1), MSG_CONFIG_MISSING, ARG_WORD("key", "a"));
	assert_int_equal(diag_result(&diag, &err), ERR_CONFIG);
	assert_string_equal(err.text[LANGUAGE_EN],
			    "2 errors in the configuration; the first: d/x.yaml:3:4: a is missing");
	assert_string_equal(err.text[LANGUAGE_VI],
			    "2 lỗi trong cấu hình; lỗi đầu tiên: d/x.yaml:3:4: thiếu a");
	assert_int_equal(diag_result(&diag, NULL), ERR_CONFIG);
	diag.failed = true;
	assert_int_equal(diag_result(&diag, &err), ERR_NOMEM);
	diag_finish(&diag);
}

static void the_nearest_name_is_the_one_that_was_meant(void **state)
{
	(void)state;
	static const char *const names[] = { "columns",    "owner", "legal_basis", "as_of",
					     "code_lists", "max",   "name",        NULL };
	static const struct {
		const char *word, *expected;
	} rows[] = {
		{ "colums", "columns" },
		{ "Columns", "columns" },
		{ "legal-basis", "legal_basis" },
		{ "legalbasis", "legal_basis" },
		{ "onwer", "owner" },
		{ "as-off", "as_of" },
		{ "code_list", "code_lists" },
		{ "codelists", "code_lists" },
		{ "mxa", "max" },
		{ "nam", "name" },
		{ "x", NULL },
		{ "", NULL },
		{ "publication", NULL },
		{ "qq", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *nearest = diag_nearest(rows[i].word, names);
		if ((nearest == NULL) != (rows[i].expected == NULL) ||
		    (nearest != NULL && strcmp(nearest, rows[i].expected) != 0))
			fail_msg("%s: %s", rows[i].word, nearest == NULL ? "none" : nearest);
	}
	char longest[300];
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_null(diag_nearest(longest, names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_shows_line_caret_and_hint_in_both_languages),
		cmocka_unit_test(a_finding_about_a_whole_file_has_no_line),
		cmocka_unit_test(the_caret_stands_below_wide_and_marked_letters),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(what_one_finding_hides_no_finding_of_that_line_shows),
		cmocka_unit_test(findings_are_printed_in_the_order_of_places),
		cmocka_unit_test(past_the_limit_findings_are_counted),
		cmocka_unit_test(the_result_shows_the_first_error_and_the_count),
		cmocka_unit_test(the_nearest_name_is_the_one_that_was_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
