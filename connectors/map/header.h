/* Header: finding the columns of a file by their names (DOMAIN.md, rule HR1).
 *
 * Names are compared after NFC, trim, one blank, small letters, line breaks removed. A column that is missing or
 * there twice ends the file: a map that silently reads less would take facts away from everybody.
 */
#pragma once

#include "connectors/map/mapping.h"

/** How many of `cells` are names of columns that the map knows (HR1). */
size_t header_count_hits(const struct mapping *mapping, const struct blob *cells, size_t count);

/** Take `cells` as the header. Errors: ERR_INVALID (a column is missing or there twice; `row` is shown), ERR_NOMEM. */
MUST_CHECK int header_bind(struct mapping *mapping, const struct blob *cells, size_t count,
			   uint64_t row, struct err *err);

/** Columns of the file that nobody asked for; they are dropped unread. */
size_t header_dropped(const struct mapping *mapping);

/** As if no header had been seen. */
void header_unbind(struct mapping *mapping);
