/* Cell value: one cell made a value of its field, by the normaliser of its line.
 *
 * For everything that does not decide identity: what is doubtful is left out with a warning (HR0).
 */
#pragma once

#include "connectors/map/mapping.h"
#include "connectors/normalise/identity_number.h"
#include "daemon/base/reason.h"

struct cell_value_input {
	struct blob clean; /* not null */
	struct blob name;  /* grade_code: the name in the same row */
	enum cell_type type;
};

/** Append the value to `out`. Returns REASON_NONE, with nothing appended where the text says that there is none, or
 * the warning why it was left out.
 */
enum reason cell_value_read(const struct mapping *mapping, const struct mapping_line *line,
			    const struct cell_value_input *input, struct buf *out);

/** Take a year off the end of `*text`: "(2018)" or a blank and four digits. False if there is none. */
bool cell_value_take_year(struct blob *text, struct blob *ret_year);
