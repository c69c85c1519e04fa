#include "ctl/command.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/diag.h"
#include "daemon/base/limits.h"

enum { ROWS_MAX = 32, TIMEOUT_MOST_S = 86400 };

/* ---- options ------------------------------------------------------------------------------- */

static int bad_word(const struct session *session, const char *option, const char *words)
{
	return complain(session, MSG_CTL_WORD, ARG_WORD("option", option),
			ARG_WORD("words", words));
}

static int take_color(struct session *session, const char *value)
{
	if (strcmp(value, "always") == 0)
		session->colour = true;
	else if (strcmp(value, "never") == 0)
		session->colour = false;
	else if (strcmp(value, "auto") != 0)
		return bad_word(session, "color", "auto, always, never");
	return -1;
}

static int take_language(struct session *session, const char *value)
{
	if (strcmp(value, "vi") == 0)
		session->language = LANGUAGE_VI;
	else if (strcmp(value, "en") == 0)
		session->language = LANGUAGE_EN;
	else
		return bad_word(session, "lang", "vi, en");
	return -1;
}

/* A whole number from 1 to `most`; 0 if it is none. */
static unsigned number_of(const char *text, unsigned most)
{
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 9 || text[len] != '\0')
		return 0;
	unsigned long value = strtoul(text, NULL, 10);
	return value >= 1 && value <= most ? (unsigned)value : 0;
}

static int take_number(const struct session *session, const char *option, const char *value,
		       unsigned most, unsigned *ret_number)
{
	*ret_number = number_of(value, most);
	return *ret_number != 0 ? -1
				: complain(session, MSG_CTL_NUMBER, ARG_WORD("option", option),
					   ARG_U("most", most));
}

/* -1 to go on, else an exit code. */
static int take_option(struct session *session, enum flag_bit bit, const char *value)
{
	unsigned limit;
	switch (bit) {
	case FLAG_COLOR:
		return take_color(session, value);
	case FLAG_LANG:
		return take_language(session, value);
	case FLAG_TIMEOUT:
		return take_number(session, "timeout", value, TIMEOUT_MOST_S, &session->timeout_s);
	case FLAG_LIMIT:
		session->limit = value;
		return take_number(session, "limit", value, LIMIT_LIST_ROWS, &limit);
	case FLAG_SOCKET:
		session->socket = value;
		break;
	case FLAG_REASON:
		session->reason = value;
		break;
	case FLAG_AFTER:
		session->after = value;
		break;
	case FLAG_SOURCE:
		session->source = value;
		break;
	case FLAG_COMPLETION:
		session->completion = value;
		break;
	case FLAG_JSON:
		session->json = true;
		break;
	case FLAG_WAIT:
		session->wait = true;
		break;
	case FLAG_CANONICAL:
		session->canonical = true;
		break;
	case FLAG_MAN:
		session->man = true;
		break;
	case FLAG_HELP:
	case FLAG_VERSION:
		break;
	}
	return -1;
}

/* getopt's two forms of our rows. */
struct getopt_rows {
	struct option longs[ROWS_MAX];
	char shorts[ROWS_MAX];
};

static void make_getopt_rows(struct getopt_rows *out)
{
	size_t count, letters = 1;
	const struct flag_row *rows = flag_rows(&count);
	out->shorts[0] = ':';
	for (size_t i = 0; i < count; i++) {
		out->longs[i] =
			(struct option){ rows[i].name,
					 rows[i].argument == NULL ? no_argument : required_argument,
					 NULL, (int)(0x1000 + i) };
		if (rows[i].letter != 0)
			out->shorts[letters++] = rows[i].letter;
	}
	out->longs[count] = (struct option){ 0 };
	out->shorts[letters] = '\0';
}

static const struct flag_row *row_of(int got)
{
	size_t count;
	const struct flag_row *rows = flag_rows(&count);
	for (size_t i = 0; i < count; i++)
		if (got == (int)(0x1000 + i) || (rows[i].letter != 0 && got == rows[i].letter))
			return &rows[i];
	return NULL;
}

static int parse_options(struct session *session, int argc, char **argv, unsigned *ret_seen)
{
	struct getopt_rows rows;
	int got;
	make_getopt_rows(&rows);
	opterr = 0;
	optind = 0;
	while ((got = getopt_long(argc, argv, rows.shorts, rows.longs, NULL)) >= 0) {
		const struct flag_row *row = row_of(got);
		if (got == ':')
			return complain(session, MSG_CTL_OPTION_VALUE,
					ARG_TEXT("option", argv[optind - 1]));
		if (row == NULL)
			return complain(session, MSG_CTL_OPTION,
					ARG_TEXT("option", argv[optind - 1]));
		*ret_seen |= row->bit;
		int code = take_option(session, row->bit, optarg);
		if (code >= 0)
			return code;
	}
	return -1;
}

/* ---- commands ------------------------------------------------------------------------------ */

/* How many words of `args` the name takes; 0 if it is another command. */
static unsigned words_matching(const char *name, const char *const *args, unsigned count)
{
	unsigned words = 0;
	for (;;) {
		size_t len = strcspn(name, " ");
		if (words == count || strlen(args[words]) != len ||
		    strncmp(args[words], name, len) != 0)
			return 0;
		words++;
		if (name[len] == '\0')
			return words;
		name += len + 1;
	}
}

const struct command *command_find(const char *const *args, unsigned count, unsigned *ret_words)
{
	size_t rows_count;
	const struct command *rows = command_rows(&rows_count);
	for (size_t i = 0; i < rows_count; i++) {
		*ret_words = words_matching(rows[i].name, args, count);
		if (*ret_words > 0)
			return &rows[i];
	}
	return NULL;
}

static const char *nearest_verb(const char *typed)
{
	const char *names[ROWS_MAX + 1] = { NULL };
	size_t count;
	const struct command *rows = command_rows(&count);
	for (size_t i = 0; i < count; i++)
		names[i] = rows[i].name;
	return diag_nearest(typed, names);
}

static int unknown_verb(const struct session *session, const char *const *args, unsigned count)
{
	char typed[LIMIT_ARG_TEXT];
	(void)snprintf(typed, sizeof(typed), "%s%s%s", args[0], count > 1 ? " " : "",
		       count > 1 ? args[1] : "");
	const char *near = nearest_verb(typed);
	if (near == NULL)
		near = nearest_verb(args[0]);
	return near == NULL ? complain(session, MSG_CTL_VERB, ARG_TEXT("verb", typed))
			    : complain(session, MSG_CTL_VERB_NEAR, ARG_TEXT("verb", typed),
				       ARG_WORD("near", near));
}

static int foreign_option(const struct session *session, const struct command *command,
			  unsigned seen)
{
	size_t count;
	const struct flag_row *rows = flag_rows(&count);
	for (size_t i = 0; i < count; i++)
		if ((seen & ~(command->options | FLAGS_GLOBAL) & rows[i].bit) != 0)
			return complain(session, MSG_CTL_OPTION_FOREIGN,
					ARG_WORD("verb", command->name),
					ARG_WORD("option", rows[i].name));
	return -1;
}

static void become(struct session *session, const char *verb)
{
	unsigned words;
	session->command = command_find(&verb, 1, &words);
}

int command_parse(struct session *session, int argc, char **argv)
{
	unsigned seen = 0, words = 0;
	int code = parse_options(session, argc, argv, &seen);
	if (code >= 0)
		return code;
	session->args = (const char *const *)argv + optind;
	session->arg_count = (unsigned)(argc - optind);

	if ((seen & FLAG_VERSION) != 0 || (seen & FLAG_HELP) != 0) {
		/* `run --help` is `help run`: the words stay its arguments */
		become(session, (seen & FLAG_VERSION) != 0 ? "version" : "help");
		return -1;
	}
	if (session->arg_count == 0) {
		become(session, "help");
		return -1;
	}
	session->command = command_find(session->args, session->arg_count, &words);
	if (session->command == NULL)
		return unknown_verb(session, session->args, session->arg_count);
	session->args += words;
	session->arg_count -= words;
	if (session->arg_count < session->command->args_least ||
	    session->arg_count > session->command->args_most)
		return complain(session, MSG_CTL_ARGUMENTS,
				ARG_WORD("verb", session->command->name),
				ARG_WORD("arguments", session->command->arguments));
	return foreign_option(session, session->command, seen);
}
