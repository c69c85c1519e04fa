/* Row identity: name, birth date, sex and number of a row, read one by one and judged together.
 *
 * The rules are in connectors/normalise; here they meet the cells of a row, and their reasons its columns.
 */
#pragma once

#include <stdbool.h>

#include "connectors/map/row_state.h"
#include "connectors/normalise/identity_check.h"
#include "connectors/normalise/name.h"

struct row_identity {
	struct identity_input input;
	const struct mapping_line *number_lines[IDENTITY_NUMBERS_MAX];
	struct name name;
};

void row_identity_begin(struct row_identity *identity, const struct mapping *mapping);
void row_identity_finish(struct row_identity *identity); /* overwrites what it held */

/** Read the cell of `line` if it decides identity; false if it is a line of another kind. */
bool row_identity_take(struct row_identity *identity, struct row_state *state,
		       const struct mapping_line *line);

/** Once all lines were taken: refuse the row, or add the facts of its identity. */
void row_identity_judge(struct row_identity *identity, struct row_state *state);
