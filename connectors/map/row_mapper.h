/* Row mapper: a row of cells made a record, or refused with all its reasons (DOMAIN.md, rule HR0).
 *
 * Only what decides identity refuses a row: number, birth date, name, sex, and text that may not be stored (ENC4);
 * every other doubtful value is left out of an accepted record, with a warning that keeps the raw text.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "connectors/map/cells_hash.h"
#include "connectors/map/mapping.h"
#include "connectors/normalise/identity_number.h"
#include "daemon/record/frame_pull.h"

struct row_mapper; /* opaque */

struct map_cell {
	struct blob text;
	enum cell_type type;
};

struct row_outcome {
	bool accepted;
	bool excluded; /* of an organisation whose people are not taken in: nothing else is set */
	struct blob source_key; /* without blanks round it; may be empty if the row is refused */
	struct frame_list cells;

	/* accepted */
	uint8_t cells_hash[CELLS_HASH_SIZE];
	struct blob encoding; /* of the record */
	struct frame_list warnings;

	/* refused */
	reason_set reason_bits;
	struct frame_list reasons;
};

/** `mapping` must be bound before rows are mapped, and outlive the mapper. Errors: ERR_NOMEM. */
MUST_CHECK int row_mapper_create(const struct mapping *mapping,
				 const uint8_t key[CELLS_HASH_KEY_SIZE],
				 struct row_mapper **ret_mapper, struct err *err);
void row_mapper_destroy(struct row_mapper *mapper); /* overwrites what it held */

/** Judge one row; the outcome lives until the next call.
 * short_is_ragged  fewer cells than the header are no row (HR2: in CSV).
 * Errors: ERR_NOMEM.
 */
MUST_CHECK int row_mapper_map(struct row_mapper *mapper, const struct map_cell *cells, size_t count,
			      bool short_is_ragged, struct row_outcome *ret_outcome,
			      struct err *err);

/** After the last row: ERR_INVALID if step and coefficient are swapped in more than 90 % of rows (HR6). */
MUST_CHECK int row_mapper_check(const struct row_mapper *mapper, struct err *err);

DEFINE_CLEANUP(struct row_mapper, row_mapper_destroy);
