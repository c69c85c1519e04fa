/* Completion of verbs and options for the shells, from the rows. A verb has one word or two. */
#include <string.h>

#include "ctl/help.h"

#define PROGRAM "trithucctl"

static size_t first_word(const char *name)
{
	return strcspn(name, " ");
}

/* Is row `i` the first with its first word? */
static bool begins_group(const struct command *rows, size_t i)
{
	return i == 0 || first_word(rows[i].name) != first_word(rows[i - 1].name) ||
	       strncmp(rows[i].name, rows[i - 1].name, first_word(rows[i].name)) != 0;
}

static void put_first_words(struct buf *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	for (size_t i = 0; i < count; i++) {
		if (!begins_group(rows, i))
			continue;
		buf_put_text(out, i == 0 ? "" : " ");
		buf_put(out, rows[i].name, first_word(rows[i].name));
	}
}

/* The second words of the group that begins at row `i`; nothing for a verb of one word. */
static void put_second_words(size_t i, struct buf *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	const char *separator = "";
	for (size_t k = i; k < count && (k == i || !begins_group(rows, k)); k++) {
		size_t len = first_word(rows[k].name);
		if (rows[k].name[len] == '\0')
			return;
		buf_put_text(out, separator);
		buf_put_text(out, rows[k].name + len + 1);
		separator = " ";
	}
}

static void put_options(unsigned which, const char *before, const char *behind, struct buf *out)
{
	size_t count;
	const struct flag_row *rows = flag_rows(&count);
	for (size_t i = 0; i < count; i++) {
		if ((rows[i].bit & which) == 0)
			continue;
		buf_put_text(out, before);
		buf_put_text(out, rows[i].name);
		buf_put_text(out, behind);
	}
}

/* What may follow a verb: it stands alone so far, or with words behind it. */
static void put_bash_case(const char *words, struct buf *out)
{
	buf_put_text(out, "\t\"");
	buf_put_text(out, words);
	buf_put_text(out, "\" | \"");
	buf_put_text(out, words);
	buf_put_text(out, " \"*) next=\"");
}

static void put_bash(struct buf *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	buf_put_text(
		out,
		"_trithucctl() {\n\tlocal next=\n\tcase \"${COMP_WORDS[*]:1:COMP_CWORD-1}\" in\n");
	buf_put_text(out, "\t\"\") next=\"");
	put_first_words(out);
	put_options(FLAGS_GLOBAL, " --", "", out);
	buf_put_text(out, "\" ;;\n");
	for (size_t i = 0; i < count; i++) {
		size_t len = first_word(rows[i].name);
		if (begins_group(rows, i) && rows[i].name[len] != '\0') {
			buf_put_text(out, "\t");
			buf_put(out, rows[i].name, len);
			buf_put_text(out, ") next=\"");
			put_second_words(i, out);
			buf_put_text(out, "\" ;;\n");
		}
		put_bash_case(rows[i].name, out);
		put_options(rows[i].options | FLAGS_GLOBAL, " --", "", out);
		buf_put_text(out, "\" ;;\n");
	}
	buf_put_text(out, "\tesac\n\tCOMPREPLY=($(compgen -W \"$next\" -- "
			  "\"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
			  "complete -o default -F _trithucctl " PROGRAM "\n");
}

static void put_fish(struct buf *out)
{
	size_t count;
	const struct command *rows = command_rows(&count);
	buf_put_text(out, "complete -c " PROGRAM " -f -n __fish_use_subcommand -a \"");
	put_first_words(out);
	buf_put_text(out, "\"\n");
	for (size_t i = 0; i < count; i++) {
		size_t len = first_word(rows[i].name);
		if (!begins_group(rows, i) || rows[i].name[len] == '\0')
			continue;
		buf_put_text(out, "complete -c " PROGRAM " -f -n \"__fish_seen_subcommand_from ");
		buf_put(out, rows[i].name, len);
		buf_put_text(out, "\" -a \"");
		put_second_words(i, out);
		buf_put_text(out, "\"\n");
	}
	put_options(~0u, "complete -c " PROGRAM " -l ", "\n", out);
}

bool help_completion(const char *shell, struct buf *out)
{
	if (strcmp(shell, "fish") == 0) {
		put_fish(out);
		return true;
	}
	if (strcmp(shell, "zsh") == 0)
		buf_put_text(out, "autoload -U +X bashcompinit && bashcompinit\n");
	else if (strcmp(shell, "bash") != 0)
		return false;
	put_bash(out);
	return true;
}
