#include "connectors/format/csv.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"

/* The window holds one row of the longest kind and leaves as much again to read into. */
enum { WINDOW_BYTES = 2 * LIMIT_CSV_ROW_BYTES };

enum { AT_CELL, IN_BARE, IN_QUOTED, AFTER_QUOTE };
enum line_end { LINE_END_UNKNOWN, LINE_END_LF, LINE_END_CRLF, LINE_END_CR };

/* A cell while its row is still read: the window may move, so that places count from the row's begin. */
struct span {
	uint32_t begin, len;
	bool quoted;
};

struct csv {
	csv_read_fn *read;
	void *ctx;
	char delimiter;
	enum line_end line_end;
	bool ends_bare[256]; /* bytes that a bare cell cannot simply go on with */

	char *window;
	size_t filled;        /* bytes in the window */
	size_t row;           /* where the row begins */
	size_t at;            /* next byte to look at */
	bool at_end;          /* nothing more will come */
	uint64_t window_byte; /* place of window[0] in the text */

	/* the row that is read */
	int state;
	size_t cell_begin; /* from the row's begin */
	size_t write; /* where the text of a quoted cell goes on: behind what doubled quotes took out */
	bool has_nul;
	size_t count;
	struct span spans[LIMIT_CSV_COLUMNS];

	uint64_t number;
	int failed; /* the first error; no row comes after it */
	struct csv_cell cells[LIMIT_CSV_COLUMNS];
};

int csv_create(csv_read_fn *read, void *ctx, char delimiter, struct csv **ret_csv, struct err *err)
{
	CLEANUP(csv_destroyp) struct csv *csv = calloc(1, sizeof(*csv));
	if (csv == NULL || (csv->window = malloc(WINDOW_BYTES)) == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	csv->read = read;
	csv->ctx = ctx;
	csv->delimiter = delimiter;
	csv->ends_bare[(unsigned char)delimiter] = true;
	csv->ends_bare['"'] = csv->ends_bare['\r'] = csv->ends_bare['\n'] = csv->ends_bare['\0'] =
		true;
	*ret_csv = TAKE(csv);
	return 0;
}

void csv_destroy(struct csv *csv)
{
	if (csv == NULL)
		return;
	if (csv->window != NULL)
		OPENSSL_cleanse(csv->window, WINDOW_BYTES);
	free(csv->window);
	free(csv);
}

static int broken(struct csv *csv, enum msg_id msg, struct err *err)
{
	return err_set(err, ERR_INVALID, msg, ARG_U("row", csv->number + 1),
		       ARG_U("byte", csv->window_byte + csv->row));
}

static int too_long(struct csv *csv, enum msg_id msg, uint64_t limit, struct err *err)
{
	return err_set(err, ERR_INVALID, msg, ARG_U("row", csv->number + 1),
		       ARG_U("byte", csv->window_byte + csv->row), ARG_U("limit", limit));
}

/* Moves the row to the front of the window and reads behind it. Sets at_end if nothing came. */
static int refill(struct csv *csv, struct err *err)
{
	if (csv->row > 0) {
		memmove(csv->window, csv->window + csv->row, csv->filled - csv->row);
		csv->window_byte += csv->row;
		csv->filled -= csv->row;
		csv->at -= csv->row;
		csv->row = 0;
	}
	if (csv->filled > LIMIT_CSV_ROW_BYTES)
		return too_long(csv, MSG_CSV_ROW_LONG, LIMIT_CSV_ROW_BYTES, err);
	int got = csv->read(csv->ctx, csv->window + csv->filled, WINDOW_BYTES - csv->filled, err);
	if (got < 0)
		return got;
	csv->filled += (size_t)got;
	csv->at_end = got == 0;
	return 0;
}

/* The byte order mark is three bytes, and reading may give fewer at a time. */
static int skip_mark(struct csv *csv, struct err *err)
{
	while (csv->filled < 3 && !csv->at_end) {
		int rc = refill(csv, err);
		if (rc < 0)
			return rc;
	}
	if (csv->filled >= 3 && memcmp(csv->window, "\xef\xbb\xbf", 3) == 0)
		csv->row = csv->at = 3;
	return 0;
}

static int end_cell(struct csv *csv, size_t len, bool quoted, struct err *err)
{
	if (len > LIMIT_CSV_FIELD_BYTES)
		return too_long(csv, MSG_CSV_CELL_LONG, LIMIT_CSV_FIELD_BYTES, err);
	if (csv->count == LIMIT_CSV_COLUMNS)
		return too_long(csv, MSG_CSV_COLUMNS, LIMIT_CSV_COLUMNS, err);
	csv->spans[csv->count++] = (struct span){ .begin = (uint32_t)csv->cell_begin,
						  .len = (uint32_t)len,
						  .quoted = quoted };
	return 0;
}

/* At a CR or LF outside of quotes: 1 and `at` behind it, 0 if a byte more must be seen, or an error. */
static int take_line_end(struct csv *csv, struct err *err)
{
	enum line_end found = LINE_END_LF;
	size_t len = 1;
	if (csv->window[csv->at] == '\r') {
		if (csv->at + 1 == csv->filled && !csv->at_end)
			return 0;
		bool pair = csv->at + 1 < csv->filled && csv->window[csv->at + 1] == '\n';
		found = pair ? LINE_END_CRLF : LINE_END_CR;
		len = pair ? 2 : 1;
	}
	if (csv->line_end == LINE_END_UNKNOWN)
		csv->line_end = found;
	if (csv->line_end != found)
		return broken(csv, MSG_CSV_LINE_ENDS, err);
	csv->at += len;
	return 1;
}

/* The steps below return 1 at the end of the row, 0 if more bytes are needed, STEP_ON to go on in the state
 * that is now set, or an error.
 */
enum { STEP_ON = -1000 };

static int step_at_cell(struct csv *csv)
{
	csv->cell_begin = csv->at - csv->row;
	csv->state = IN_BARE;
	if (csv->window[csv->at] == '"') {
		csv->at++;
		csv->cell_begin++;
		csv->write = csv->cell_begin;
		csv->state = IN_QUOTED;
	}
	return STEP_ON;
}

/* A delimiter or a line end behind a cell of `len` bytes. */
static int step_behind_cell(struct csv *csv, size_t len, bool quoted, struct err *err)
{
	bool delimiter = csv->window[csv->at] == csv->delimiter;
	int rc = 1;
	if (delimiter)
		csv->at++;
	else if ((rc = take_line_end(csv, err)) <= 0)
		return rc;
	int ended = end_cell(csv, len, quoted, err);
	if (ended < 0)
		return ended;
	csv->state = AT_CELL;
	return delimiter ? STEP_ON : 1;
}

static int step_in_bare(struct csv *csv, struct err *err)
{
	const unsigned char *window = (const unsigned char *)csv->window;
	size_t at = csv->at, filled = csv->filled;
	while (at < filled && !csv->ends_bare[window[at]])
		at++;
	csv->at = at;
	if (at == filled)
		return 0;
	if (window[at] == '\0') {
		csv->has_nul = true;
		csv->at++;
		return STEP_ON;
	}
	if (window[at] == '"')
		return broken(csv, MSG_CSV_QUOTE_INSIDE, err);
	return step_behind_cell(csv, at - csv->row - csv->cell_begin, false, err);
}

static int step_in_quoted(struct csv *csv)
{
	char *from = csv->window + csv->at;
	size_t left = csv->filled - csv->at;
	char *quote = memchr(from, '"', left);
	size_t len = quote == NULL ? left : (size_t)(quote - from);
	csv->has_nul |= memchr(from, '\0', len) != NULL;
	memmove(csv->window + csv->row + csv->write, from, len);
	csv->write += len;
	csv->at += len;
	if (quote == NULL)
		return 0;
	csv->at++;
	csv->state = AFTER_QUOTE;
	return STEP_ON;
}

static int step_after_quote(struct csv *csv, struct err *err)
{
	char c = csv->window[csv->at];
	if (c == '"') {
		csv->window[csv->row + csv->write++] = '"';
		csv->at++;
		csv->state = IN_QUOTED;
		return STEP_ON;
	}
	if (c != csv->delimiter && c != '\r' && c != '\n')
		return broken(csv, MSG_CSV_BEHIND_QUOTE, err);
	return step_behind_cell(csv, csv->write - csv->cell_begin, true, err);
}

static int step(struct csv *csv, struct err *err)
{
	if (csv->at == csv->filled)
		return 0;
	switch (csv->state) {
	case AT_CELL:
		return step_at_cell(csv);
	case IN_BARE:
		return step_in_bare(csv, err);
	case IN_QUOTED:
		return step_in_quoted(csv);
	default:
		return step_after_quote(csv, err);
	}
}

/* The text has ended; what the state says about the last row. 1, 0 if there is none, or an error. */
static int last_row(struct csv *csv, struct err *err)
{
	switch (csv->state) {
	case IN_QUOTED:
		return broken(csv, MSG_CSV_QUOTE_OPEN, err);
	case AFTER_QUOTE: {
		int rc = end_cell(csv, csv->write - csv->cell_begin, true, err);
		return rc < 0 ? rc : 1;
	}
	default:
		if (csv->at == csv->row)
			return 0;
		if (csv->state == AT_CELL) /* the text ends behind a delimiter */
			csv->cell_begin = csv->at - csv->row;
		int rc = end_cell(csv, csv->at - csv->row - csv->cell_begin, false, err);
		return rc < 0 ? rc : 1;
	}
}

static int read_row(struct csv *csv, struct err *err)
{
	for (;;) {
		int rc = step(csv, err);
		if (rc == STEP_ON)
			continue;
		if (rc != 0)
			return rc;
		if (csv->at_end)
			return last_row(csv, err);
		rc = refill(csv, err);
		if (rc < 0)
			return rc;
	}
}

static void give_row(struct csv *csv, struct csv_row *ret_row)
{
	for (size_t i = 0; i < csv->count; i++)
		csv->cells[i] =
			(struct csv_cell){ .text = csv->window + csv->row + csv->spans[i].begin,
					   .len = csv->spans[i].len,
					   .quoted = csv->spans[i].quoted };
	*ret_row = (struct csv_row){ .number = ++csv->number,
				     .byte_offset = csv->window_byte + csv->row,
				     .count = csv->count,
				     .cells = csv->cells,
				     .has_nul = csv->has_nul };
}

int csv_next(struct csv *csv, struct csv_row *ret_row, struct err *err)
{
	if (csv->failed < 0)
		return err_set(err, (enum err_code)csv->failed, MSG_CSV_ENDED);
	csv->row = csv->at;
	csv->state = AT_CELL;
	csv->count = 0;
	csv->has_nul = false;
	int rc = csv->number == 0 && csv->filled == 0 ? skip_mark(csv, err) : 0;
	if (rc == 0)
		rc = read_row(csv, err);
	if (rc == 1 && csv->at - csv->row > LIMIT_CSV_ROW_BYTES)
		rc = too_long(csv, MSG_CSV_ROW_LONG, LIMIT_CSV_ROW_BYTES, err);
	if (rc == 1)
		give_row(csv, ret_row);
	if (rc < 0)
		csv->failed = rc;
	return rc;
}
