/* Csv: delimited text by a state machine of our own, as RFC 4180 has it, to the letter.
 *
 * Words.  row: a record; it may span lines. The first row of the text has the number 1.
 * Rules.  Nothing is trimmed and nothing skipped: blank lines are rows of one empty cell.
 *         A quote inside a bare cell, text behind a closing quote, a quote that is never closed, line
 *         ends of two kinds and whatever is past the limits end the text: no later row could be trusted.
 *         The error names the row in which it began and the byte where that row begins.
 *         A NUL is the matter of its row (rule ENC4): the row is marked and given out.
 * Memory. One window, whatever the size of the text; a row lives until the next call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct err;
struct csv; /* opaque */

struct csv_cell {
	const char *text; /* not ended by a NUL */
	uint32_t len;
	bool quoted;
};

struct csv_row {
	uint64_t number;      /* from 1 */
	uint64_t byte_offset; /* of its first byte, a byte order mark counted */
	size_t count;         /* at least 1 */
	const struct csv_cell *cells;
	bool has_nul;
};

/** Read up to `size` bytes into `out`. Returns the count, 0 at the end, or a negative enum err_code. */
typedef int csv_read_fn(void *ctx, char *out, size_t size, struct err *err);

/** delimiter  ',', ';' or '\t'. A UTF-8 byte order mark is skipped. */
MUST_CHECK int csv_create(csv_read_fn *read, void *ctx, char delimiter, struct csv **ret_csv,
			  struct err *err);
void csv_destroy(struct csv *csv); /* overwrites what it held */

/** The next row: 1 with a row, 0 at the end.
 * Errors: ERR_INVALID (the text is broken as said above; it stays so), or what reading gives.
 */
MUST_CHECK int csv_next(struct csv *csv, struct csv_row *ret_row, struct err *err);

DEFINE_CLEANUP(struct csv, csv_destroy);
