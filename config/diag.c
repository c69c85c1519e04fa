#include "config/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

static void entry_finish(struct diag_entry *entry)
{
	free(entry->file);
	free(entry->excerpt);
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		free(entry->text[language]);
		free(entry->hint[language]);
	}
}

void diag_finish(struct diag *diag)
{
	for (size_t i = 0; i < diag->count; i++)
		entry_finish(&diag->entries[i]);
	free(diag->entries);
	*diag = (struct diag){ 0 };
}

/* ---- adding ---- */

/* One character as a terminal may see it: what is ill-formed, steers or has no width of its own is replaced,
 * one for one, so that columns stay. */
static void put_visible(struct buf *out, const char *text, size_t start, size_t end, int32_t c)
{
	if (c == '\t')
		buf_put_u8(out, ' ');
	else if (c < 0 || utf8_is_hidden(c))
		buf_put_text(out, "\xef\xbf\xbd");
	else
		buf_put(out, text + start, end - start);
}

static void put_visible_text(struct buf *out, struct blob text, size_t max_columns)
{
	const char *chars = (const char *)text.data;
	size_t columns = 0;
	for (size_t pos = 0; pos < text.len && columns < max_columns; columns++) {
		size_t start = pos;
		int32_t c = utf8_next(chars, text.len, &pos);
		put_visible(out, chars, start, pos, c);
	}
}

/* The line `number` (from 1) of a text, without its end. */
static struct blob line_of(struct blob text, uint32_t number)
{
	if (text.len == 0)
		return text;
	const uint8_t *at = text.data, *end = text.data + text.len;
	for (uint32_t line = 1; at < end && line < number; line++) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		at = newline == NULL ? end : newline + 1;
	}
	const uint8_t *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	size_t len = (size_t)((newline == NULL ? end : newline) - at);
	if (len > 0 && at[len - 1] == '\r')
		len--;
	return blob_of(at, len);
}

/* Ends `text` with a NUL and moves it out; NULL, and diag failed, if memory is out. */
static char *take_text(struct diag *diag, struct buf *text)
{
	buf_put_u8(text, '\0');
	if (!buf_ok(text)) {
		diag->failed = true;
		buf_finish(text);
		return NULL;
	}
	return (char *)text->data;
}

static char *render(struct diag *diag, enum language language, enum msg_id msg,
		    const struct arg *args)
{
	char text[1024];
	struct buf copy = { 0 };
	buf_put(&copy, text, message_format(language, msg, args, text, sizeof(text)));
	return take_text(diag, &copy);
}

static char *excerpt_of(struct diag *diag, const struct diag_place *place)
{
	struct blob line = line_of(place->text, place->line);
	if (place->line == 0 || line.len == 0)
		return NULL;
	struct buf text = { 0 };
	put_visible_text(&text, line, LIMIT_CONFIG_EXCERPT);
	return take_text(diag, &text);
}

static bool reserve(struct diag *diag)
{
	if (diag->count < diag->cap)
		return true;
	size_t cap = diag->cap == 0 ? 8 : diag->cap * 2;
	struct diag_entry *entries = reallocarray(diag->entries, cap, sizeof(*entries));
	if (entries == NULL) {
		diag->failed = true;
		return false;
	}
	diag->entries = entries;
	diag->cap = cap;
	return true;
}

void diag_add_args(struct diag *diag, enum diag_severity severity, struct diag_place place,
		   enum msg_id msg, const struct arg *args)
{
	diag->last = NULL;
	*(severity == DIAG_ERROR ? &diag->errors : &diag->warnings) += 1;
	if (diag->count == LIMIT_CONFIG_ERRORS || !reserve(diag))
		return;
	struct diag_entry *entry = &diag->entries[diag->count++];
	*entry = (struct diag_entry){ .severity = severity,
				      .msg = msg,
				      .line = place.line,
				      .column = place.column,
				      .span = place.span == 0 ? 1 : place.span,
				      .hide_from = place.hide_from };
	struct buf file = { 0 };
	put_visible_text(&file, blob_text(place.file), SIZE_MAX);
	entry->file = take_text(diag, &file);
	entry->excerpt = excerpt_of(diag, &place);
	for (int language = 0; language < LANGUAGE_MAX; language++)
		entry->text[language] = render(diag, (enum language)language, msg, args);
	diag->last = entry;
}

void diag_hint_args(struct diag *diag, enum msg_id msg, const struct arg *args)
{
	struct diag_entry *entry = diag->last;
	if (entry == NULL)
		return; /* past the limit */
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		free(entry->hint[language]);
		entry->hint[language] = render(diag, (enum language)language, msg, args);
	}
}

/* ---- answers ---- */

static int compare_entries(const void *a, const void *b)
{
	const struct diag_entry *left = *(const struct diag_entry *const *)a;
	const struct diag_entry *right = *(const struct diag_entry *const *)b;
	int order = strcmp(left->file, right->file);
	if (order == 0)
		order = (left->line > right->line) - (left->line < right->line);
	if (order == 0)
		order = (left->column > right->column) - (left->column < right->column);
	return order != 0 ? order : (left > right) - (left < right);
}

static const struct diag_entry *first_error(const struct diag *diag)
{
	const struct diag_entry *first = NULL;
	for (size_t i = 0; i < diag->count; i++) {
		const struct diag_entry *entry = &diag->entries[i];
		if (entry->severity == DIAG_ERROR &&
		    (first == NULL || compare_entries(&entry, &first) < 0))
			first = entry;
	}
	return first;
}

int diag_result(const struct diag *diag, struct err *err)
{
	if (diag->failed)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (diag->errors == 0)
		return 0;
	const struct diag_entry *first = first_error(diag);
	if (first == NULL) /* only warnings were kept */
		return err_set(err, ERR_CONFIG, MSG_CONFIG_ERRORS, ARG_U("errors", diag->errors));
	(void)err_set(err, ERR_CONFIG, first->msg);
	for (int language = 0; err != NULL && language < LANGUAGE_MAX; language++)
		(void)snprintf(err->text[language], ERR_TEXT_SIZE, "%s",
			       first->text[language]); /* its args are gone */
	if (first->line == 0)
		(void)err_wrap(err, MSG_CONFIG_IN_FILE, ARG_WORD("file", first->file));
	else
		(void)err_wrap(err, MSG_CONFIG_PLACE, ARG_WORD("file", first->file),
			       ARG_U("line", first->line), ARG_U("column", first->column));
	if (diag->errors > 1)
		(void)err_wrap(err, MSG_CONFIG_ERRORS, ARG_U("errors", diag->errors));
	return ERR_CONFIG;
}

/* ---- printing ---- */

static void put_message(struct buf *out, enum language language, enum msg_id msg,
			const struct arg *args)
{
	char text[256];
	buf_put(out, text, message_format(language, msg, args, text, sizeof(text)));
}

/* The column from which no excerpt of this line may show anything; UINT32_MAX if it is all open. */
static uint32_t hidden_from(const struct diag *diag, const struct diag_entry *entry)
{
	uint32_t hidden = UINT32_MAX;
	for (size_t i = 0; i < diag->count; i++) {
		const struct diag_entry *other = &diag->entries[i];
		if (other->hide_from != 0 && other->hide_from < hidden &&
		    other->line == entry->line && strcmp(other->file, entry->file) == 0)
			hidden = other->hide_from;
	}
	return hidden;
}

/* The bytes that the first `columns` characters of `text` take. */
static size_t bytes_of_columns(const char *text, uint32_t columns)
{
	size_t len = strlen(text), pos = 0;
	for (uint32_t i = 0; i < columns && pos < len; i++)
		(void)utf8_next(text, len, &pos);
	return pos;
}

static void put_repeated(struct buf *out, char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_put_u8(out, (uint8_t)c);
}

static void print_excerpt(const struct diag *diag, const struct diag_entry *entry, const char *hint,
			  struct buf *out)
{
	uint32_t hidden = hidden_from(diag, entry);
	size_t shown = hidden == UINT32_MAX ? strlen(entry->excerpt)
					    : bytes_of_columns(entry->excerpt, hidden - 1);
	size_t before = bytes_of_columns(entry->excerpt, entry->column - 1);
	char number[16];
	int digits = snprintf(number, sizeof(number), "%4u", entry->line);
	buf_put_text(out, number);
	buf_put_text(out, " | ");
	buf_put(out, entry->excerpt, shown);
	buf_put_text(out, shown < strlen(entry->excerpt) ? "…\n" : "\n");
	put_repeated(out, ' ', (size_t)digits);
	buf_put_text(out, " | ");
	if (before <= shown && entry->column <= LIMIT_CONFIG_EXCERPT) {
		size_t end = bytes_of_columns(entry->excerpt, entry->column - 1 + entry->span);
		size_t width =
			utf8_width(entry->excerpt + before, end - before); /* 0: a mark alone */
		put_repeated(out, ' ', utf8_width(entry->excerpt, before));
		buf_put_u8(out, '^');
		put_repeated(out, '~', width > 1 ? width - 1 : 0);
		buf_put_u8(out, ' ');
	}
	buf_put_text(out, hint == NULL ? "" : hint);
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	buf_put_u8(out, '\n');
}

static void print_entry(const struct diag *diag, const struct diag_entry *entry,
			enum language language, bool excerpts, struct buf *out)
{
	buf_put_text(out, entry->file);
	if (entry->line > 0) {
		char place[32];
		(void)snprintf(place, sizeof(place), ":%u:%u", entry->line, entry->column);
		buf_put_text(out, place);
	}
	buf_put_text(out, ": ");
	put_message(out, language,
		    entry->severity == DIAG_ERROR ? MSG_CONFIG_ERROR : MSG_CONFIG_WARNING,
		    ARG_LIST());
	buf_put_text(out, entry->text[language]);
	buf_put_text(out, " [");
	buf_put_text(out, message_code(entry->msg));
	buf_put_text(out, "]\n");
	const char *hint = entry->hint[language];
	if (excerpts && entry->excerpt != NULL) {
		print_excerpt(diag, entry, hint, out);
	} else if (hint != NULL) {
		buf_put_text(out, "     | ");
		buf_put_text(out, hint);
		buf_put_u8(out, '\n');
	}
}

void diag_print(const struct diag *diag, enum language language, bool excerpts, struct buf *out)
{
	const struct diag_entry *sorted[LIMIT_CONFIG_ERRORS];
	for (size_t i = 0; i < diag->count; i++)
		sorted[i] = &diag->entries[i];
	qsort(sorted, diag->count, sizeof(sorted[0]), compare_entries);
	for (size_t i = 0; i < diag->count; i++)
		print_entry(diag, sorted[i], language, excerpts, out);
	size_t more = diag->errors + diag->warnings - diag->count;
	if (more > 0) {
		put_message(out, language, MSG_CONFIG_MORE, ARG_LIST(ARG_U("count", more)));
		buf_put_u8(out, '\n');
	}
}

/* ---- nearest name ---- */

enum { NEAREST_MAX = 64 };

/* Case and the kind of dash are what people mix up most; they cost nothing. */
static int folded(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 'a';
	return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance with swapped neighbours (optimal string alignment). */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_MAX + 1];
	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *now = rows[i % 3], *last = rows[(i - 1) % 3], *before = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = folded(a[i - 1]) == folded(b[j - 1]);
			now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
			    folded(a[i - 2]) == folded(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[a_len % 3][b_len];
}

const char *diag_nearest(const char *word, const char *const *names)
{
	const char *nearest = NULL;
	size_t len = strlen(word);
	size_t best = len / 3 + 1; /* a third of the letters may be wrong */
	if (len > NEAREST_MAX)
		return NULL;
	for (; *names != NULL; names++) {
		size_t name_len = strlen(*names);
		if (name_len > NEAREST_MAX)
			continue;
		size_t d = distance(word, len, *names, name_len);
		if (d < len && (d < best || (d == best && nearest == NULL))) {
			nearest = *names;
			best = d;
		}
	}
	return nearest;
}
