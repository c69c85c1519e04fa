#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/message.h"
#include "daemon/base/utf8.h"

static void every_message_is_whole_in_both_languages(void **state)
{
	(void)state;
	for (int id = 1; id < MSG_MAX; id++) {
		const char *code = message_code((enum msg_id)id);
		assert_non_null(code);
		assert_int_equal(strlen(code), 5);
		assert_int_equal(message_by_code(code), id); /* so no code stands twice */
		for (int language = 0; language < LANGUAGE_MAX; language++) {
			char text[1024];
			size_t len = message_format((enum language)language, (enum msg_id)id,
						    ARG_LIST(), text, sizeof(text));
			if (len == 0 || len >= sizeof(text) - 1 || !utf8_valid(text, len) ||
			    !utf8_is_nfc(text, len))
				fail_msg("%s: \"%s\"", code, text);
		}
	}
	assert_int_equal(message_by_code("E9999"), MSG_NONE);
	assert_int_equal(message_by_code(""), MSG_NONE);
}

static void placeholders_are_filled_by_name(void **state)
{
	(void)state;
	static const struct {
		struct arg args[4];
		const char *expected;
	} rows[] = {
		{ { { .name = "limit", .kind = ARG_KIND_UNSIGNED, .number = 9 },
		    { .name = "what", .kind = ARG_KIND_WORD, .bytes = "x", .len = 1 } },
		  "x is longer than 9 bytes" },
		{ { { .name = "other", .kind = ARG_KIND_UNSIGNED, .number = 9 } },
		  "{what} is longer than {limit} bytes" },
		{ { { .name = "what", .kind = ARG_KIND_TEXT, .bytes = "{limit}", .len = 7 } },
		  "'{limit}' is longer than {limit} bytes" }, /* a value is not looked into */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		size_t len =
			message_format(LANGUAGE_EN, MSG_TOO_LONG, rows[i].args, text, sizeof(text));
		assert_string_equal(text, rows[i].expected);
		assert_int_equal(len, strlen(text));
	}
}

static void a_small_room_cuts_at_whole_characters(void **state)
{
	(void)state;
	char whole[256];
	const struct arg *args = ARG_LIST(ARG_WORD("what", "ễữ"), ARG_U("limit", 7));
	size_t all = message_format(LANGUAGE_VI, MSG_TOO_LONG, args, whole, sizeof(whole));
	for (size_t size = 0; size <= all + 1; size++) {
		char *room = malloc(size == 0 ? 1 : size);
		size_t len = message_format(LANGUAGE_VI, MSG_TOO_LONG, args, room, size);
		if (size > 0) {
			assert_true(len < size && room[len] == '\0');
			assert_true(utf8_valid(room, len));
		}
		free(room);
	}
}

static void the_language_is_what_the_environment_asks_for(void **state)
{
	(void)state;
	static const struct {
		const char *all, *messages, *lang;
		enum language expected;
	} rows[] = {
		{ NULL, NULL, NULL, LANGUAGE_EN },
		{ NULL, NULL, "vi_VN.UTF-8", LANGUAGE_VI },
		{ NULL, NULL, "en_US.UTF-8", LANGUAGE_EN },
		{ NULL, "vi", "en_US", LANGUAGE_VI },
		{ "C.UTF-8", "vi_VN", "vi_VN", LANGUAGE_EN },
		{ "", "vi_VN", "C", LANGUAGE_VI },
		{ "vi_VN", "C", "C", LANGUAGE_VI },
		{ NULL, NULL, "C", LANGUAGE_EN },
	};
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const values[] = { rows[i].all, rows[i].messages, rows[i].lang };
		for (size_t n = 0; n < 3; n++)
			(void)(values[n] == NULL ? unsetenv(names[n])
						 : setenv(names[n], values[n], 1));
		assert_int_equal(language_from_environment(), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_is_whole_in_both_languages),
		cmocka_unit_test(placeholders_are_filled_by_name),
		cmocka_unit_test(a_small_room_cuts_at_whole_characters),
		cmocka_unit_test(the_language_is_what_the_environment_asks_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
