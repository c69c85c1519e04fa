/* trithucctl(1), written from the rows; docs/man/trithucctl.1 is its English form. */
#include <stdio.h>
#include <string.h>

#include "build_config.h"
#include "ctl/help.h"

enum { TEXT_SIZE = 1024 };

/* Escapes what roff would take for a request or a minus sign for a hyphen. */
static void put_roff(struct buf *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		buf_put_text(out, "\\&");
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			buf_put_text(out, "\\e");
		else if (*text == '-')
			buf_put_text(out, "\\-");
		else
			buf_put_u8(out, (uint8_t)*text);
	}
}

static void put_message(const struct session *session, enum msg_id msg, struct buf *out)
{
	char text[TEXT_SIZE];
	put_roff(out, session_text(session, msg, text, sizeof(text)));
	buf_put_text(out, "\n");
}

static void put_section(const struct session *session, enum msg_id title, struct buf *out)
{
	buf_put_text(out, ".SH ");
	put_message(session, title, out);
}

static void put_options(const struct session *session, unsigned which, struct buf *out)
{
	size_t count;
	const struct flag_row *rows = flag_rows(&count);
	for (size_t i = 0; i < count; i++) {
		if ((rows[i].bit & which) == 0)
			continue;
		buf_put_text(out, ".TP\n\\fB\\-\\-");
		put_roff(out, rows[i].name);
		buf_put_text(out, "\\fR");
		if (rows[i].argument != NULL) {
			buf_put_text(out, " \\fI");
			put_roff(out, rows[i].argument);
			buf_put_text(out, "\\fR");
		}
		buf_put_text(out, "\n");
		put_message(session, rows[i].help, out);
	}
}

static void put_command(const struct session *session, const struct command *command,
			struct buf *out)
{
	buf_put_text(out, ".SS \"");
	put_roff(out, command->name);
	if (command->arguments[0] != '\0')
		buf_put_text(out, " ");
	put_roff(out, command->arguments);
	buf_put_text(out, "\"\n");
	put_message(session, command->summary, out);
	put_message(session, command->text, out);
	put_options(session, command->options, out);
	buf_put_text(out, ".PP\n.nf\n");
	for (size_t i = 0; i < COMMAND_EXAMPLES_MAX && command->examples[i] != NULL; i++) {
		buf_put_text(out, "    trithucctl ");
		put_roff(out, command->examples[i]);
		buf_put_text(out, "\n");
	}
	buf_put_text(out, ".fi\n");
}

void help_man(const struct session *session, struct buf *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	buf_put_text(out, ".\\\" Written by `trithucctl help --man`; do not edit.\n"
			  ".TH TRITHUCCTL 1 \"\" \"trithucd " TRITHUC_VERSION "\"\n");
	put_section(session, MSG_MANUAL_SECTION_NAME, out);
	put_message(session, MSG_MANUAL_PROGRAM, out);
	put_section(session, MSG_MANUAL_SECTION_SYNOPSIS, out);
	put_message(session, MSG_MANUAL_USAGE, out);
	put_section(session, MSG_MANUAL_SECTION_COMMANDS, out);
	for (size_t i = 0; i < count; i++)
		put_command(session, &rows[i], out);
	put_section(session, MSG_MANUAL_SECTION_OPTIONS, out);
	put_options(session, FLAGS_GLOBAL, out);
	put_section(session, MSG_MANUAL_SECTION_EXIT, out);
	put_message(session, MSG_MANUAL_EXIT_CODES, out);
}
