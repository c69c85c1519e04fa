#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <cJSON.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/base/err.h"
#include "daemon/base/log.h"
#include "daemon/base/utf8.h"

/* Standard error goes to a file in memory while something is logged. */
struct capture {
	int saved, file;
	char text[8192];
};

static void capture_begin(struct capture *capture)
{
	capture->saved = dup(STDERR_FILENO);
	capture->file = memfd_create("stderr", MFD_CLOEXEC);
	assert_true(capture->saved >= 0 && capture->file >= 0);
	assert_true(dup2(capture->file, STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *capture)
{
	assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
	ssize_t n = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);
	assert_true(n >= 0);
	capture->text[n] = '\0';
	(void)close(capture->saved);
	(void)close(capture->file);
}

static cJSON *parse_line(const struct capture *capture)
{
	const char *newline = strchr(capture->text, '\n');
	assert_non_null(newline);
	assert_string_equal(newline, "\n"); /* one event, one line */
	assert_true(utf8_valid(capture->text, strlen(capture->text)));
	cJSON *line = cJSON_Parse(capture->text);
	assert_non_null(line);
	return line;
}

static void assert_field(const cJSON *line, const char *key, const char *expected)
{
	const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, key));
	assert_non_null(value);
	assert_string_equal(value, expected);
}

static void an_event_is_one_json_object(void **state)
{
	(void)state;
	struct capture capture;
	log_setup(LOG_FORM_JSON, LOG_LEVEL_INFO);
	capture_begin(&capture);
	log_event(LOG_LEVEL_WARNING, MSG_TOO_LONG, ARG_WORD("what", "tên"), ARG_U("limit", 7));
	capture_end(&capture);
	cJSON *line = parse_line(&capture);
	assert_field(line, "level", "warning");
	assert_field(line, "code", "E1006");
	assert_field(line, "text", "tên is longer than 7 bytes");
	assert_field(line, "what", "tên");
	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(line, "limit")), 7);
	const char *stamp = cJSON_GetStringValue(cJSON_GetObjectItem(line, "ts"));
	assert_int_equal(strlen(stamp), 24);
	assert_int_equal(stamp[23], 'Z');
	cJSON_Delete(line);
}

static void hostile_text_stays_inside_of_its_field(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"x\",\"level\":\"err",
		"a\nb\r\nc",
		"\x1b[2J\x1b]0;title\x07",
		"\xe2\x80\xae"
		"txt.exe",
		"\xff\xfe",
		"\\u0022",
		"',\"code\":\"E1\"",
		"\xe2\x80\xa8",
		"\xc2\x85",
		"{what}%s%n",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (enum log_form form = LOG_FORM_JSON; form <= LOG_FORM_TEXT; form++) {
			struct capture capture;
			log_setup(form, LOG_LEVEL_INFO);
			capture_begin(&capture);
			log_event(LOG_LEVEL_ERR, MSG_TOO_LONG, ARG_TEXT("what", texts[i]),
				  ARG_U("limit", 7));
			capture_end(&capture);
			size_t len = strlen(capture.text);
			for (size_t pos = 0; pos + 1 < len;) {
				int32_t c = utf8_next(capture.text, len, &pos);
				if (c < 0x20 || utf8_is_hidden(c))
					fail_msg("%zu: %s", i, capture.text);
			}
			if (form == LOG_FORM_TEXT)
				continue;
			cJSON *line = parse_line(&capture);
			assert_field(line, "level", "error");
			assert_field(line, "code", "E1006");
			assert_int_equal(cJSON_GetArraySize(line), 6); /* nothing was added */
			cJSON_Delete(line);
		}
	}
}

static void a_terminal_gets_a_plain_line(void **state)
{
	(void)state;
	struct capture capture;
	log_setup(LOG_FORM_TEXT, LOG_LEVEL_INFO);
	capture_begin(&capture);
	log_event(LOG_LEVEL_NOTICE, MSG_FILE_OPEN, ARG_PATH("/a b"), ARG_ERRNO(ENOENT));
	capture_end(&capture);
	assert_string_equal(capture.text,
			    "notice: cannot open '/a b': No such file or directory [E1002]\n");
}

static void what_is_less_important_than_the_level_is_not_written(void **state)
{
	(void)state;
	static const enum log_level levels[] = { LOG_LEVEL_ERR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE,
						 LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
	for (size_t set = 0; set < 5; set++) {
		for (size_t used = 0; used < 5; used++) {
			struct capture capture;
			log_setup(LOG_FORM_JSON, levels[set]);
			capture_begin(&capture);
			log_event(levels[used], MSG_NOMEM);
			capture_end(&capture);
			assert_int_equal(capture.text[0] != '\0', used <= set);
		}
	}
}

static void an_error_is_written_with_its_chain_and_its_first_code(void **state)
{
	(void)state;
	struct err err = { 0 };
	(void)err_set_errno(&err, ENOSPC, MSG_FILE_WRITE, "/s\n");
	(void)err_wrap(&err, MSG_CRYPTO, ARG_WORD("what", "x"));
	struct capture capture;
	log_setup(LOG_FORM_JSON, LOG_LEVEL_INFO);
	capture_begin(&capture);
	log_err(LOG_LEVEL_ERR, MSG_NOMEM, &err);
	capture_end(&capture);
	cJSON *line = parse_line(&capture);
	assert_field(line, "code", "E1001");
	assert_field(line, "err_code", "E1004");
	assert_field(line, "err",
		     "OpenSSL refuses x: cannot write '/s\\u{a}': No space left on device");
	cJSON_Delete(line);
}

static void without_a_terminal_and_a_journal_lines_are_json(void **state)
{
	(void)state;
	struct capture capture;
	assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0); /* of another process */
	log_setup(LOG_FORM_AUTO, LOG_LEVEL_INFO);
	capture_begin(&capture);
	log_event(LOG_LEVEL_INFO, MSG_NOMEM);
	capture_end(&capture);
	cJSON_Delete(parse_line(&capture));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_one_json_object),
		cmocka_unit_test(hostile_text_stays_inside_of_its_field),
		cmocka_unit_test(a_terminal_gets_a_plain_line),
		cmocka_unit_test(what_is_less_important_than_the_level_is_not_written),
		cmocka_unit_test(an_error_is_written_with_its_chain_and_its_first_code),
		cmocka_unit_test(without_a_terminal_and_a_journal_lines_are_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
