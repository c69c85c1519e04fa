/* The command line: what is taken, what is refused, and that the rows hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/command.h"
#include "ctl/help.h"

enum { WORDS_MAX = 16 };

static int parse(struct session *session, const char *line)
{
	static char text[256];
	static char *argv[WORDS_MAX + 2];
	int argc = 1;
	argv[0] = (char *)"trithucctl";
	(void)snprintf(text, sizeof(text), "%s", line);
	for (char *rest = text; *rest != '\0' && argc <= WORDS_MAX;) {
		argv[argc++] = rest;
		rest += strcspn(rest, " ");
		if (*rest == ' ')
			*rest++ = '\0';
	}
	argv[argc] = NULL;
	*session = (struct session){ .socket = SESSION_SOCKET };
	return command_parse(session, argc, argv);
}

static void words_and_options_may_stand_in_any_order(void **state)
{
	(void)state;
	static const struct {
		const char *line, *command, *first;
		unsigned count;
		bool json, wait;
	} rows[] = {
		{ "status", "status", NULL, 0, false, false },
		{ "run noi-vu --wait", "run", "noi-vu", 1, false, true },
		{ "--wait run noi-vu", "run", "noi-vu", 1, false, true },
		{ "run --wait --json noi-vu", "run", "noi-vu", 1, true, true },
		{ "runs", "runs", NULL, 0, false, false },
		{ "runs 17", "runs", "17", 1, false, false },
		{ "--json records get abc", "records get", "abc", 1, true, false },
		{ "records --json get abc", "records get", "abc", 1, true, false },
		{ "run -- --wait", "run", "--wait", 1, false, false },
		{ "", "help", NULL, 0, false, false },
		{ "run --help", "help", "run", 1, false, false },
		{ "-h", "help", NULL, 0, false, false },
		{ "-V", "version", NULL, 0, false, false },
		{ "help records get", "help", "records", 2, false, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session session;
		if (parse(&session, rows[i].line) != -1)
			fail_msg("'%s' is refused", rows[i].line);
		const char *first = session.arg_count > 0 ? session.args[0] : "";
		const char *wanted = rows[i].first == NULL ? "" : rows[i].first;
		if (strcmp(session.command->name, rows[i].command) != 0 ||
		    session.arg_count != rows[i].count || strcmp(first, wanted) != 0 ||
		    session.json != rows[i].json || session.wait != rows[i].wait)
			fail_msg("'%s' is %s with %u words", rows[i].line, session.command->name,
				 session.arg_count);
	}
}

static void values_of_options_arrive(void **state)
{
	(void)state;
	struct session session;
	assert_int_equal(parse(&session, "--socket /x --lang vi --color=always --timeout 7 "
					 "quarantine list --limit 9"),
			 -1);
	assert_string_equal(session.socket, "/x");
	assert_int_equal(session.language, LANGUAGE_VI);
	assert_true(session.colour);
	assert_int_equal(session.timeout_s, 7);
	assert_string_equal(session.limit, "9");
	assert_int_equal(parse(&session, "quarantine list --after=00ff --source noi-vu"), -1);
	assert_string_equal(session.after, "00ff");
	assert_string_equal(session.source, "noi-vu");
	assert_string_equal(session.socket, SESSION_SOCKET);
	assert_int_equal(parse(&session, "records export --canonical --reason audit"), -1);
	assert_true(session.canonical);
	assert_string_equal(session.reason, "audit");
}

static void what_makes_no_sense_is_an_error_of_usage(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"nothing",
		"records",
		"records fetch",
		"run",
		"run a b",
		"status x",
		"records get",
		"status --wait",
		"run a --limit 5",
		"audit list --source a",
		"runs --limit 1001",
		"runs --limit 0",
		"runs --limit -1",
		"runs --limit 1x",
		"runs --limit 99999999999",
		"--lang de status",
		"--color=on status",
		"--timeout 0 status",
		"--timeout 86401 status",
		"--socket",
		"run a --reason",
		"--bogus",
		"-x",
		"--wai=1 run a",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct session session;
		if (parse(&session, lines[i]) != EXIT_USAGE)
			fail_msg("'%s' is taken", lines[i]);
	}
}

static void every_row_is_complete_and_finds_itself(void **state)
{
	(void)state;
	size_t count, flag_count;
	const struct command *rows = command_rows(&count);
	const struct flag_row *flags = flag_rows(&flag_count);
	unsigned known = 0;
	for (size_t i = 0; i < flag_count; i++) {
		assert_int_equal(known & flags[i].bit, 0);
		known |= flags[i].bit;
	}
	for (size_t i = 0; i < count; i++) {
		struct session session;
		char line[128];
		(void)snprintf(line, sizeof(line), "%s%s", rows[i].name,
			       rows[i].args_least > 0 ? " x" : "");
		assert_int_equal(parse(&session, line), -1);
		assert_ptr_equal(session.command, &rows[i]);
		assert_int_equal(rows[i].options & ~known, 0);
		assert_non_null(rows[i].examples[0]);
		for (int e = 0; e < COMMAND_EXAMPLES_MAX && rows[i].examples[e] != NULL; e++)
			assert_int_equal(
				strncmp(rows[i].examples[e], rows[i].name, strlen(rows[i].name)),
				0);
		assert_int_equal(rows[i].args_most > 0, rows[i].arguments[0] != '\0');
	}
}

static void help_shows_examples_first_and_every_option(void **state)
{
	(void)state;
	struct session session;
	struct buf out = { 0 };
	assert_int_equal(parse(&session, "run x"), -1);
	help_command(&session, session.command, &out);
	buf_put_u8(&out, '\0');
	assert_true(buf_ok(&out));
	const char *text = (const char *)out.data;
	const char *example = strstr(text, "  trithucctl run noi-vu --wait"),
		   *usage = strstr(text, "Usage:");
	assert_ptr_equal(example, text);
	assert_true(usage > example && strstr(usage, "  --wait ") != NULL &&
		    strstr(usage, "operator") != NULL);
	assert_null(strstr(text, "--reason"));
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options_may_stand_in_any_order),
		cmocka_unit_test(values_of_options_arrive),
		cmocka_unit_test(what_makes_no_sense_is_an_error_of_usage),
		cmocka_unit_test(every_row_is_complete_and_finds_itself),
		cmocka_unit_test(help_shows_examples_first_and_every_option),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
