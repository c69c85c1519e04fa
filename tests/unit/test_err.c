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

#include "daemon/base/err.h"
#include "daemon/base/utf8.h"

static void a_text_stands_in_both_languages(void **state)
{
	(void)state;
	struct err err = { 0 };
	assert_int_equal(err_set(&err, ERR_INVALID, MSG_TOO_LONG, ARG_WORD("what", "tên"),
				 ARG_U("limit", 7)),
			 ERR_INVALID);
	assert_int_equal(err.code, ERR_INVALID);
	assert_int_equal(err.msg, MSG_TOO_LONG);
	assert_string_equal(err.text[LANGUAGE_EN], "tên is longer than 7 bytes");
	assert_string_equal(err.text[LANGUAGE_VI], "tên dài hơn 7 byte");
}

static void wrap_puts_the_context_first_and_keeps_the_cause(void **state)
{
	(void)state;
	struct err err = { 0 };
	(void)err_set(&err, ERR_NO_SPACE, MSG_NOMEM);
	assert_int_equal(err_wrap(&err, MSG_CRYPTO, ARG_WORD("what", "b")), ERR_NO_SPACE);
	assert_int_equal(err_wrap(&err, MSG_CRYPTO, ARG_WORD("what", "a")), ERR_NO_SPACE);
	assert_string_equal(err.text[LANGUAGE_EN],
			    "OpenSSL refuses a: OpenSSL refuses b: out of memory");
	assert_string_equal(err.text[LANGUAGE_VI],
			    "OpenSSL từ chối a: OpenSSL từ chối b: hết bộ nhớ");
	assert_int_equal(err.msg, MSG_NOMEM);
	(void)err_set(&err, ERR_IO, MSG_NOMEM); /* a new cause forgets the old one */
	assert_string_equal(err.text[LANGUAGE_EN], "out of memory");
}

static void a_long_chain_is_cut_at_whole_characters(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 8; shift++) {
		struct err err = { 0 };
		char word[64];
		memset(word, 'x', sizeof(word));
		(void)snprintf(word + shift, sizeof(word) - shift, "ễữậ");
		(void)err_set(&err, ERR_IO, MSG_NOMEM);
		for (int depth = 0; depth < 60; depth++)
			(void)err_wrap(&err, MSG_CRYPTO, ARG_WORD("what", word));
		for (int language = 0; language < LANGUAGE_MAX; language++) {
			size_t len = strlen(err.text[language]);
			assert_true(len > ERR_TEXT_SIZE - 40 && len < ERR_TEXT_SIZE);
			assert_true(utf8_valid(err.text[language], len));
		}
	}
}

static void errno_becomes_a_code_that_callers_branch_on(void **state)
{
	(void)state;
	static const struct {
		int error;
		enum err_code code;
	} rows[] = {
		{ ENOMEM, ERR_NOMEM },     { ENOSPC, ERR_NO_SPACE }, { EDQUOT, ERR_NO_SPACE },
		{ ENOENT, ERR_NOT_FOUND }, { EACCES, ERR_AUTH },     { EPERM, ERR_AUTH },
		{ EIO, ERR_IO },           { ELOOP, ERR_IO },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };
		assert_int_equal(err_set_errno(&err, rows[i].error, MSG_FILE_OPEN, "/a'b"),
				 rows[i].code);
		assert_int_equal(err.code, rows[i].code);
	}
	struct err err = { 0 };
	(void)err_set_errno(&err, ENOENT, MSG_FILE_OPEN, "/a'b\n");
	assert_string_equal(err.text[LANGUAGE_EN],
			    "cannot open '/a\\u{27}b\\u{a}': No such file or directory");
}

static void nobody_has_to_ask_for_the_text(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_NOMEM, MSG_NOMEM), ERR_NOMEM);
	assert_true(err_wrap(NULL, MSG_NOMEM) < 0);
	assert_int_equal(err_set_errno(NULL, EIO, MSG_FILE_READ, "x"), ERR_IO);
}

static void every_code_has_name_policy_and_exit(void **state)
{
	(void)state;
	for (int code = 1; code < ERR_MAX_; code++) {
		enum err_code negative = (enum err_code) - code;
		assert_true(err_code_name(negative)[0] != '\0');
		assert_in_range(err_code_exit(negative), 64, 78);
		assert_in_range(err_code_policy(negative), ERR_POLICY_RETRY,
				ERR_POLICY_STOP_DAEMON);
		for (int other = 1; other < code; other++)
			assert_string_not_equal(err_code_name((enum err_code) - other),
						err_code_name(negative));
	}
	assert_string_equal(err_code_name(ERR_CONFIG), "CONFIG");
	assert_int_equal(err_code_exit(ERR_CONFIG), 78);
	assert_int_equal(err_code_policy(ERR_INVALID), ERR_POLICY_SKIP_RECORD);
	assert_string_equal(err_code_name((enum err_code) - 9999),
			    "IO"); /* a number from elsewhere is no crash */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_stands_in_both_languages),
		cmocka_unit_test(wrap_puts_the_context_first_and_keeps_the_cause),
		cmocka_unit_test(a_long_chain_is_cut_at_whole_characters),
		cmocka_unit_test(errno_becomes_a_code_that_callers_branch_on),
		cmocka_unit_test(nobody_has_to_ask_for_the_text),
		cmocka_unit_test(every_code_has_name_policy_and_exit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
