#include "ctl/view.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/base/utf8.h"
#include "daemon/record/json.h"

enum { CELL_SIZE = 512 };

static void table_unrefp(struct libscols_table **table)
{
	scols_unref_table(*table);
}

/* ---- cells --------------------------------------------------------------------------------- */

/* Foreign text may not steer the terminal; a table has one line per row. */
static void plain_text(const char *text, char *out, size_t size)
{
	size_t len = strlen(text), pos = 0, written = 0;
	while (pos < len) {
		size_t start = pos;
		int32_t c = utf8_next(text, len, &pos);
		bool bad = c < 0 || c == '\n' || c == '\t' || utf8_is_control(c);
		const char *piece = bad ? " " : text + start;
		size_t piece_len = bad ? 1 : pos - start;
		if (written + piece_len >= size)
			break;
		memcpy(out + written, piece, piece_len);
		written += piece_len;
	}
	out[written] = '\0';
}

/* 1234567 as "1,234,567", in Vietnamese "1.234.567". */
static void grouped(const struct session *session, double value, char *out, size_t size)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, (uint64_t)value);
	size_t written = 0;
	for (int i = 0; i < len && written + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[written++] = session->language == LANGUAGE_VI ? '.' : ',';
		out[written++] = digits[i];
	}
	out[written] = '\0';
}

static void local_time(const char *stamp, char *out, size_t size)
{
	struct tm utc = { 0 }, local;
	if (sscanf(stamp, "%4d-%2d-%2dT%2d:%2d:%2d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
		   &utc.tm_hour, &utc.tm_min, &utc.tm_sec) != 6) {
		plain_text(stamp, out, size);
		return;
	}
	utc.tm_year -= 1900;
	utc.tm_mon -= 1;
	time_t seconds = timegm(&utc);
	if (localtime_r(&seconds, &local) == NULL || strftime(out, size, "%F %T", &local) == 0)
		plain_text(stamp, out, size);
}

static void plain_number(double value, char *out, size_t size)
{
	(void)snprintf(out, size, "%" PRIu64, (uint64_t)value);
}

static void joined(const cJSON *array, char *out, size_t size)
{
	const cJSON *item;
	size_t len = 0;
	out[0] = '\0';
	cJSON_ArrayForEach(item, array) {
		char piece[CELL_SIZE] = "";
		if (cJSON_IsNumber(item))
			plain_number(item->valuedouble, piece, sizeof(piece));
		else if (cJSON_IsString(item))
			plain_text(item->valuestring, piece, sizeof(piece));
		if (len + strlen(piece) + 2 > size)
			break;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : " ", piece);
	}
}

static void value_text(const struct session *session, const cJSON *value, enum view_form form,
		       char *out, size_t size)
{
	out[0] = '\0';
	if (form == VIEW_LIST)
		joined(value, out, size);
	else if (cJSON_IsNumber(value) && form == VIEW_PLAIN_NUMBER)
		plain_number(value->valuedouble, out, size);
	else if (cJSON_IsNumber(value))
		grouped(session, value->valuedouble, out, size);
	else if (cJSON_IsBool(value))
		(void)session_text(session, cJSON_IsTrue(value) ? MSG_VIEW_YES : MSG_VIEW_NO, out,
				   size);
	else if (cJSON_IsString(value) && form == VIEW_TIME)
		local_time(value->valuestring, out, size);
	else if (cJSON_IsString(value))
		plain_text(value->valuestring, out, size);
}

void view_cell(const struct session *session, const cJSON *element,
	       const struct view_column *column, char *out, size_t size)
{
	char pointer[128];
	bool vietnamese = column->form == VIEW_PAIR && session->language == LANGUAGE_VI;
	(void)snprintf(pointer, sizeof(pointer), "%s%s", column->pointer, vietnamese ? "_vi" : "");
	value_text(session, json_at(element, pointer), column->form, out, size);
}

/* ---- tables -------------------------------------------------------------------------------- */

static const char *state_colour(const char *state)
{
	static const struct {
		const char *word, *colour;
	} colours[] = {
		{ "COMPLETE", "green" },    { "ok", "green" },       { "ACCEPTED", "green" },
		{ "INCOMPLETE", "yellow" }, { "HELD", "yellow" },    { "warning", "yellow" },
		{ "SUPERSEDED", "yellow" }, { "UNKNOWN", "yellow" }, { "FAILED", "red" },
		{ "failed", "red" },        { "CONFLICT", "red" },
	};
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].word, state) == 0)
			return colours[i].colour;
	return NULL;
}

static int out_of_memory(struct err *err)
{
	return err_set(err, ERR_NOMEM, MSG_NOMEM);
}

static int table_create(const struct session *session, struct libscols_table **ret_table,
			struct err *err)
{
	struct libscols_table *table = scols_new_table();
	if (table == NULL)
		return out_of_memory(err);
	(void)scols_table_enable_colors(table, session->colour);
	/* Without a terminal lines are whole, so that a script or a mail sees everything. */
	(void)scols_table_set_termforce(table, session->out_is_terminal ? SCOLS_TERMFORCE_AUTO
									: SCOLS_TERMFORCE_NEVER);
	*ret_table = table;
	return 0;
}

static int add_column(const struct session *session, struct libscols_table *table,
		      const struct view_column *column, struct err *err)
{
	char title[CELL_SIZE];
	int flags = column->form == VIEW_NUMBER || column->form == VIEW_PLAIN_NUMBER
			    ? SCOLS_FL_RIGHT
			    : 0;
	if (column->form == VIEW_TEXT || column->form == VIEW_PAIR || column->form == VIEW_LIST)
		flags |= SCOLS_FL_WRAP;
	(void)session_text(session, column->title, title, sizeof(title));
	return scols_table_new_column(table, title, 0, flags) == NULL ? out_of_memory(err) : 0;
}

static int set_cell(struct libscols_line *line, size_t place, const char *text, enum view_form form,
		    struct err *err)
{
	if (scols_line_set_data(line, place, text) < 0)
		return out_of_memory(err);
	const char *colour = form == VIEW_STATE ? state_colour(text) : NULL;
	if (colour != NULL)
		(void)scols_cell_set_color(scols_line_get_cell(line, place), colour);
	return 0;
}

static int print_table(const struct session *session, struct libscols_table *table, struct err *err)
{
	char *text = NULL;
	if (scols_print_table_to_string(table, &text) < 0)
		return out_of_memory(err);
	int r = session_write(session, text, strlen(text), err);
	if (r == 0)
		r = session_write(session, "\n", 1, err); /* the library leaves the last one out */
	free(text);
	return r;
}

static int add_row(const struct session *session, struct libscols_table *table,
		   const cJSON *element, const struct view_column *columns, size_t count,
		   struct err *err)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (line == NULL)
		return out_of_memory(err);
	for (size_t i = 0; i < count; i++) {
		char text[CELL_SIZE];
		view_cell(session, element, &columns[i], text, sizeof(text));
		if (set_cell(line, i, text, columns[i].form, err) < 0)
			return err->code;
	}
	return 0;
}

int view_list(const struct session *session, const cJSON *array, const struct view_column *columns,
	      size_t count, struct err *err)
{
	CLEANUP(table_unrefp) struct libscols_table *table = NULL;
	if (cJSON_GetArraySize(array) == 0) {
		say(session, MSG_VIEW_EMPTY);
		return 0;
	}
	if (table_create(session, &table, err) < 0)
		return err->code;
	for (size_t i = 0; i < count; i++)
		if (add_column(session, table, &columns[i], err) < 0)
			return err->code;
	const cJSON *element;
	cJSON_ArrayForEach(element, array)
		if (add_row(session, table, element, columns, count, err) < 0)
			return err->code;
	return print_table(session, table, err);
}

static int add_pair(const struct session *session, struct libscols_table *table,
		    const cJSON *object, const struct view_column *column, struct err *err)
{
	char title[CELL_SIZE], text[CELL_SIZE];
	view_cell(session, object, column, text, sizeof(text));
	if (text[0] == '\0')
		return 0;
	struct libscols_line *line = scols_table_new_line(table, NULL);
	if (line == NULL)
		return out_of_memory(err);
	if (set_cell(line, 0, session_text(session, column->title, title, sizeof(title)), VIEW_TEXT,
		     err) < 0)
		return err->code;
	return set_cell(line, 1, text, column->form, err);
}

int view_object(const struct session *session, const cJSON *object,
		const struct view_column *columns, size_t count, struct err *err)
{
	CLEANUP(table_unrefp) struct libscols_table *table = NULL;
	if (table_create(session, &table, err) < 0)
		return err->code;
	(void)scols_table_enable_noheadings(table, 1);
	if (scols_table_new_column(table, "title", 0, 0) == NULL ||
	    scols_table_new_column(table, "value", 0, SCOLS_FL_WRAP) == NULL)
		return out_of_memory(err);
	for (size_t i = 0; i < count; i++)
		if (add_pair(session, table, object, &columns[i], err) < 0)
			return err->code;
	return print_table(session, table, err);
}
