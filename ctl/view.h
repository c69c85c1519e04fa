/* View: JSON of the daemon as tables for people. The only file of ctl/ that knows libsmartcols.
 *
 * A column says where its value stands in an element and how to write it; text from outside loses
 * its control characters. Colours only where the session allows them.
 */
#pragma once

#include <stddef.h>

#include "ctl/session.h"

struct cJSON;

enum view_form {
	VIEW_TEXT,
	VIEW_NUMBER, /* right-aligned, digits grouped as the language has it */
	VIEW_TIME,   /* RFC 3339 in UTC, shown in local time */
	VIEW_STATE,  /* a word of ours, coloured by what it means */
	VIEW_PAIR,   /* {"…": "text", "…_vi": "text"}: the one of the session's language */
	VIEW_LIST,   /* an array of texts or numbers, joined by blanks */
	VIEW_PLAIN_NUMBER, /* a number that is a name (run, case): right-aligned, not grouped */
};

struct view_column {
	enum msg_id title;
	const char *pointer; /* RFC 6901, from the element */
	enum view_form form;
};

/** A table: a line per element of `array`. Nothing for an empty one but MSG_VIEW_EMPTY on stderr. */
MUST_CHECK int view_list(const struct session *session, const struct cJSON *array,
			 const struct view_column *columns, size_t count, struct err *err);

/** One object: a line per column that has a value, title and value. */
MUST_CHECK int view_object(const struct session *session, const struct cJSON *object,
			   const struct view_column *columns, size_t count, struct err *err);

/** What stands in one cell, cut to `size`. */
void view_cell(const struct session *session, const struct cJSON *element,
	       const struct view_column *column, char *out, size_t size);
