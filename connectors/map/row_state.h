/* Row state: the row that is mapped, and what has been said of it so far.
 *
 * Shared by row_mapper.c and row_identity.c only. `raw`, `clean`, `second` and `value` are scratch of one line: what
 * points into them holds until the next call that fills them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "connectors/map/mapping.h"
#include "connectors/map/row_mapper.h"
#include "daemon/base/reason.h"
#include "daemon/record/record.h"

struct row_state {
	const struct mapping *mapping;
	struct record_builder *builder;
	const struct map_cell *cells;
	size_t count;
	reason_set reasons;
	const struct mapping_line *reason_lines[REASON_MAX]; /* where each reason was found */
	struct buf warnings;                                 /* entries of a frame list */
	uint32_t warning_count;
	struct buf raw, clean, second, value;
};

void row_state_begin(struct row_state *state, const struct map_cell *cells, size_t count);
void row_state_finish(struct row_state *state);
/** False if memory was out. */
bool row_state_is_whole(const struct row_state *state);

/** The row is refused for `reason`, first found on `line` (may be NULL). REASON_NONE does nothing. */
void row_state_refuse(struct row_state *state, enum reason reason, const struct mapping_line *line);
void row_state_warn(struct row_state *state, enum reason reason, const struct schema_field *field,
		    struct blob raw);
void row_state_add_fact(struct row_state *state, const struct schema_field *field,
			struct blob value);

/** The cell under a place of the map; NULL if the file or the row has none. */
const struct map_cell *row_state_cell(const struct row_state *state, size_t place);

/** The raw text of a line: its cell, or its cells joined by a blank (in `raw`). */
struct blob row_state_raw(struct row_state *state, const struct mapping_line *line,
			  enum cell_type *ret_type);

/** `raw` as it may go into a frame (in `second`). */
struct blob row_state_shown(struct row_state *state, struct blob raw);

/** Clean `raw` into `clean`; false, and the row refused, if it may not be stored. */
bool row_state_clean(struct row_state *state, const struct mapping_line *line, struct blob raw);
