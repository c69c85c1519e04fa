#include "ctl/help.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/utf8.h"

enum { TEXT_SIZE = 1024, INDENT = 2, NAME_COLUMNS = 28, LINE_COLUMNS = 88 };

#define PROGRAM "trithucctl"

static void put_text(const struct session *session, enum msg_id msg, struct buf *out)
{
	char text[TEXT_SIZE];
	buf_put_text(out, session_text(session, msg, text, sizeof(text)));
}

static void put_blanks(struct buf *out, size_t count)
{
	while (count-- > 0)
		buf_put_u8(out, ' ');
}

/* `text` from column `indent` on, broken at blanks. The cursor stands at column `at`. */
static void put_wrapped(struct buf *out, const char *text, size_t indent, size_t at)
{
	if (at >= indent && at > 0) {
		buf_put_text(out, "\n");
		at = 0;
	}
	put_blanks(out, indent - at);
	at = indent;
	while (*text != '\0') {
		size_t len = strcspn(text, " "), width = utf8_width(text, len);
		if (at > indent && at + 1 + width > LINE_COLUMNS) {
			buf_put_text(out, "\n");
			put_blanks(out, indent);
			at = indent;
		} else if (at > indent) {
			buf_put_text(out, " ");
			at++;
		}
		buf_put(out, text, len);
		at += width;
		text += len;
		text += strspn(text, " ");
	}
	buf_put_text(out, "\n");
}

static void put_entry(const struct session *session, const char *name, enum msg_id msg,
		      struct buf *out)
{
	char text[TEXT_SIZE];
	put_blanks(out, INDENT);
	buf_put_text(out, name);
	put_wrapped(out, session_text(session, msg, text, sizeof(text)), NAME_COLUMNS,
		    INDENT + utf8_width(name, strlen(name)));
}

static void option_name(const struct flag_row *row, char *out, size_t size)
{
	const char letter[] = { '-', row->letter, ',', ' ', '\0' };
	(void)snprintf(out, size, "%s--%s%s%s", row->letter == 0 ? "" : letter, row->name,
		       row->argument == NULL ? "" : " ",
		       row->argument == NULL ? "" : row->argument);
}

static void put_options(const struct session *session, unsigned which, enum msg_id title,
			struct buf *out)
{
	size_t count;
	const struct flag_row *rows = flag_rows(&count);
	if (which == 0)
		return;
	buf_put_text(out, "\n");
	put_text(session, title, out);
	buf_put_text(out, "\n");
	for (size_t i = 0; i < count; i++) {
		char name[64];
		if ((rows[i].bit & which) == 0)
			continue;
		option_name(&rows[i], name, sizeof(name));
		put_entry(session, name, rows[i].help, out);
	}
}

/* "records find [--source SOURCE]" */
static void usage(const struct command *command, char *out, size_t size)
{
	size_t count, len;
	const struct flag_row *rows = flag_rows(&count);
	len = (size_t)snprintf(out, size, "%s%s%s", command->name,
			       command->arguments[0] == '\0' ? "" : " ", command->arguments);
	for (size_t i = 0; i < count && len < size; i++) {
		bool has_argument = rows[i].argument != NULL;
		if ((rows[i].bit & command->options) != 0)
			len += (size_t)snprintf(out + len, size - len, " [--%s%s%s]", rows[i].name,
						has_argument ? " " : "",
						has_argument ? rows[i].argument : "");
	}
}

void help_overview(const struct session *session, struct buf *out)
{
	char text[TEXT_SIZE];
	size_t count;
	const struct command *rows = command_rows(&count);
	put_text(session, MSG_MANUAL_PROGRAM, out);
	buf_put_text(out, "\n\n");
	put_text(session, MSG_MANUAL_USAGE, out);
	buf_put_text(out, "\n");
	for (size_t i = 0; i < count; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "%s%s%s", rows[i].name,
			       rows[i].arguments[0] == '\0' ? "" : " ", rows[i].arguments);
		put_entry(session, name, rows[i].summary, out);
	}
	put_options(session, FLAGS_GLOBAL, MSG_MANUAL_GLOBAL_OPTIONS, out);
	buf_put_text(out, "\n");
	put_wrapped(out, session_text(session, MSG_MANUAL_EXIT_CODES, text, sizeof(text)), 0, 0);
}

void help_command(const struct session *session, const struct command *command, struct buf *out)
{
	char text[TEXT_SIZE];
	/* examples first: most readers look for one that they can change */
	for (size_t i = 0; i < COMMAND_EXAMPLES_MAX && command->examples[i] != NULL; i++) {
		(void)snprintf(text, sizeof(text), "  %s %s\n", PROGRAM, command->examples[i]);
		buf_put_text(out, text);
	}
	buf_put_text(out, "\n");
	put_text(session, MSG_MANUAL_USAGE_OF, out);
	usage(command, text, sizeof(text));
	buf_put_text(out, " " PROGRAM " ");
	buf_put_text(out, text);
	buf_put_text(out, "\n\n");
	put_wrapped(out, session_text(session, command->summary, text, sizeof(text)), 0, 0);
	put_wrapped(out, session_text(session, command->text, text, sizeof(text)), 0, 0);
	if (command->role[0] != '\0') {
		(void)message_format(session->language, MSG_MANUAL_ROLE,
				     ARG_LIST(ARG_WORD("role", command->role)), text, sizeof(text));
		buf_put_text(out, text);
		buf_put_text(out, "\n");
	}
	put_options(session, command->options, MSG_MANUAL_OPTIONS, out);
}

int verb_help(struct session *session, struct err *err)
{
	unsigned words;
	CLEANUP(buf_finish) struct buf out = { 0 };
	const struct command *command =
		session->arg_count == 0 ? NULL
					: command_find(session->args, session->arg_count, &words);
	if (session->man)
		help_man(session, &out);
	else if (session->completion != NULL && !help_completion(session->completion, &out))
		return complain(session, MSG_CTL_WORD, ARG_WORD("option", "completion"),
				ARG_WORD("words", "bash, zsh, fish"));
	else if (session->completion == NULL && command != NULL)
		help_command(session, command, &out);
	else if (session->completion == NULL)
		help_overview(session, &out);
	if (!buf_ok(&out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return session_write(session, out.data, out.len, err);
}
