/* Writes the keys of trithucd.yaml(5) as roff, from the option rows that the programs load by.
 *
 *	config_man PREFIX	of paths in defaults; the page says /usr
 *
 * tests/lint/manual.py holds the committed page equal to it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "config/option_path.h"
#include "config/option_value.h"
#include "connectors/registry_rows.h"

enum { TEXT_SIZE = 1024 };

struct page {
	const char *prefix;
	char path[OPTION_PATH_SIZE];
};

static void put_roff(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			(void)fputs("\\e", stdout);
		else if (*text == '-')
			(void)fputs("\\-", stdout);
		else
			(void)putchar(*text);
	}
}

/* ---- one value in words ---- */

static const char *kind_words(enum option_kind kind)
{
	static const char *const words[] = {
		[OPTION_KIND_TEXT] = "text",
		[OPTION_KIND_WORD] = "a name of a\\-z, 0\\-9 and \\-, at most 40 characters",
		[OPTION_KIND_PATH] = "an absolute path",
		[OPTION_KIND_URL] = "an https address",
		[OPTION_KIND_DATE] = "a date, YYYY\\-MM\\-DD",
		[OPTION_KIND_BOOL] = "true or false",
		[OPTION_KIND_INTEGER] = "a whole number",
		[OPTION_KIND_DURATION] = "a duration",
		[OPTION_KIND_SIZE] = "a size",
		[OPTION_KIND_PERCENT] = "a percentage",
		[OPTION_KIND_ENUM] = "one of",
		[OPTION_KIND_SECRET] = "a secret by reference",
		[OPTION_KIND_TEXTS] = "a list of texts",
		[OPTION_KIND_MAP] = "names and texts",
		[OPTION_KIND_SECTION] = "a section",
		[OPTION_KIND_MAYBE] = "a section",
		[OPTION_KIND_SECTIONS] = "a list of sections",
		[OPTION_KIND_RAW] = "a section of the connector's own",
	};
	return words[kind];
}

static void put_names(const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		(void)fputs(i == 0 ? " " : ", ", stdout);
		put_roff(names[i]);
	}
}

static void put_bound(enum option_kind kind, int64_t value)
{
	char text[OPTION_NUMBER_SIZE];
	option_number_text(kind, value, text);
	(void)fputs(text, stdout);
}

static const char *unit_of(enum option_kind kind, int64_t count)
{
	switch (kind) {
	case OPTION_KIND_TEXT:
		return count == 1 ? " character" : " characters";
	case OPTION_KIND_TEXTS:
	case OPTION_KIND_MAP:
	case OPTION_KIND_SECTIONS:
		return " entries";
	default:
		return "";
	}
}

static void put_limits(const struct option_row *row)
{
	if (row->min == 0 && row->max == 0)
		return;
	(void)fputs(row->min == row->max ? ", exactly "
		    : row->min == 0      ? ", at most "
					 : ", ",
		    stdout);
	if (row->min != 0 && row->min != row->max) {
		put_bound(row->kind, row->min);
		(void)fputs(" to ", stdout);
	}
	put_bound(row->kind, row->max);
	(void)fputs(unit_of(row->kind, row->max), stdout);
}

static void put_default(const struct page *page, const struct option_row *row)
{
	size_t len = strlen(page->prefix);
	if (row->required) {
		(void)fputs("; needed", stdout);
	} else if (row->fallback != NULL) {
		bool ours = strncmp(row->fallback, page->prefix, len) == 0;
		(void)printf("; default ");
		put_roff(ours ? "/usr" : "");
		put_roff(row->fallback + (ours ? len : 0));
	} else if (row->kind == OPTION_KIND_BOOL) {
		(void)fputs("; default false", stdout);
	}
	if (row->one_of)
		(void)fputs("; exactly one of its keys", stdout);
	if (row->bare != NULL)
		(void)printf("; the word %s alone will do", row->bare);
}

/* What it means, and below what may stand there. */
static void put_row(const struct page *page, const struct option_row *row)
{
	char help[TEXT_SIZE];
	(void)message_format(LANGUAGE_EN, row->help, ARG_LIST(), help, sizeof(help));
	(void)fputs(".TP\n\\fB", stdout);
	put_roff(page->path);
	(void)fputs("\\fR\n", stdout);
	put_roff(help);
	(void)printf("\n.br\n(%s", kind_words(row->kind));
	if (row->names != NULL) {
		(void)fputs(row->kind == OPTION_KIND_ENUM ? "" : ", each one of", stdout);
		put_names(row->names);
	}
	put_limits(row);
	put_default(page, row);
	(void)fputs(")\n", stdout);
}

/* ---- all of them ---- */

static void put_rows(struct page *page, const struct option_row *rows)
{
	for (; rows->kind != OPTION_KIND_END; rows++) {
		size_t len = path_enter(page->path, rows->key);
		put_row(page, rows);
		if (rows->kind == OPTION_KIND_SECTIONS)
			(void)strncat(page->path, "[]",
				      sizeof(page->path) - strlen(page->path) - 1);
		if (rows->rows != NULL)
			put_rows(page, rows->rows);
		path_leave(page->path, len);
	}
}

int main(int argc, char **argv)
{
	struct page page = { .prefix = argc == 2 ? argv[1] : "/usr" };
	(void)fputs(".SH KEYS OF trithucd.yaml\n", stdout);
	put_rows(&page, config_rows);
	(void)fputs(".SH KEYS OF A FILE IN connectors.d\n", stdout);
	put_rows(&page, config_file_rows);
	for (size_t i = 0; i < registry_rows.count; i++) {
		const struct connector_rows *connector = &registry_rows.items[i];
		(void)printf(".SH OPTIONS OF %s, A %s\n", connector->name,
			     connector->pushes ? "SINK" : "SOURCE");
		put_rows(&page, connector->rows);
	}
	return 0;
}
