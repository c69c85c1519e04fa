/* Elements: the list elements of one row, put together from the lines of each group.
 *
 * A group gives one element; where one of its lines is split, one for each piece, and the other lines count for all
 * of them. Constants alone make no element. An element that lacks what the schema requires is left out with a
 * warning; two equal ones are one.
 */
#pragma once

#include "connectors/map/mapping.h"
#include "daemon/base/bytes.h"
#include "daemon/record/element.h"
#include "daemon/record/record.h"

struct elements_slot {
	uint32_t begin, len; /* in `values`; len 0: not there */
};

/* One element: the values of its sub-fields. */
struct elements_item {
	int group;
	bool filled; /* something besides constants */
	struct elements_slot slots[SCHEMA_LIST_FIELDS];
};

/* The elements of one list that the record has already. */
struct elements_told {
	const struct schema_list *list;
	struct element items[LIMIT_LIST_ELEMENTS];
	size_t count;
};

struct elements {
	const struct mapping *mapping;
	struct buf values;
	struct elements_item common[LIMIT_MAP_ELEMENTS]; /* by group: what is not split */
	struct elements_item pieces[LIMIT_MAP_PIECES];   /* of split lines */
	size_t piece_count;
	struct elements_told told;
};

void elements_begin(struct elements *elements, const struct mapping *mapping);
void elements_finish(struct elements *elements);

/** A value of `field` for the element of `group`. */
void elements_put(struct elements *elements, int group, const struct schema_field *field,
		  struct blob value, bool is_constant);

/** A piece of the group's split line; `year` may be empty. False if the row has too many. */
bool elements_put_piece(struct elements *elements, int group, const struct schema_field *field,
			struct blob value, const struct schema_field *year_field, struct blob year);

/** Tell the record of every element. `left_out` is called for those that cannot stand. */
typedef void elements_left_out_fn(void *ctx, const struct schema_field *field, struct blob raw);
void elements_add_to(struct elements *elements, struct record_builder *record,
		     elements_left_out_fn *left_out, void *ctx);
