/* Diag: what is wrong with configuration, all of it in one pass, each with its place.
 *
 * Words.  place: a span of one line of a file. hint: what to do ("did you mean …").
 * Rules.  `struct diag diag = { 0 }` is ready for use. A failure of memory sticks, as in struct buf;
 *         the caller asks once, by diag_result().
 *         Past LIMIT_CONFIG_ERRORS findings are only counted.
 *         An excerpt is for the terminal of who edits the file, never for a log: a file may hold, by
 *         mistake, what must not be seen. What a place hides, no excerpt of that line shows.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/arg.h"
#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/message.h"

struct err;

struct diag_place {
	const char *file;
	struct blob text;   /* all of the file, for the excerpt; may be empty */
	uint32_t line;      /* from 1; 0 = the file as a whole */
	uint32_t column;    /* from 1, in characters */
	uint32_t span;      /* characters underlined, at least 1 */
	uint32_t hide_from; /* the excerpt ends before this column; 0 = it shows the line */
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING };

struct diag_entry {
	enum diag_severity severity;
	enum msg_id msg;
	char *file;
	uint32_t line, column, span, hide_from;
	char *excerpt; /* the line as it stands; NULL if there is none */
	char *text[LANGUAGE_MAX];
	char *hint[LANGUAGE_MAX]; /* NULL if there is none */
};

struct diag {
	struct diag_entry *entries;
	size_t count, cap;
	struct diag_entry *last; /* takes the hint; NULL past the limit */
	size_t errors, warnings; /* all of them, those past the limit too */
	bool failed;             /* memory was out */
};

void diag_finish(struct diag *diag);

#define diag_error(diag, place, msg, ...) \
	diag_add_args((diag), DIAG_ERROR, (place), (msg), ARG_LIST(__VA_ARGS__))
#define diag_warning(diag, place, msg, ...) \
	diag_add_args((diag), DIAG_WARNING, (place), (msg), ARG_LIST(__VA_ARGS__))
#define diag_hint(diag, msg, ...) diag_hint_args((diag), (msg), ARG_LIST(__VA_ARGS__))

void diag_add_args(struct diag *diag, enum diag_severity severity, struct diag_place place,
		   enum msg_id msg, const struct arg *args);

/** Give the last finding a hint. */
void diag_hint_args(struct diag *diag, enum msg_id msg, const struct arg *args);

/** 0 if there is no error; else ERR_CONFIG, `err` showing the first and the count, or ERR_NOMEM. */
MUST_CHECK int diag_result(const struct diag *diag, struct err *err);

/** Append one "file:line:col: error: text [code]" line each, in order of file and place; with
 * `excerpts` the line itself, a caret and the hint below it.
 */
void diag_print(const struct diag *diag, enum language language, bool excerpts, struct buf *out);

/** The one of `names` (ended by NULL) that `word` most likely means, or NULL if none is near. */
const char *diag_nearest(const char *word, const char *const *names);
