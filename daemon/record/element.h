/* Element: which element of a list here is which element there.
 *
 * Pairs the elements of one list between two versions of a record, two sources, or golden and sent.
 * The element key is evidence, not identity: a corrected year is an update of one degree, not a loss
 * and a gain. The schema says per list which sub-fields must agree; the others may differ or miss.
 *
 *	agree sub-field    both equal    one misses         both differ
 *	pair possible      yes           yes, ranked lower  never
 *
 * Two elements pair only if at least one agree sub-field is there in both. Of several candidates the one
 * that has most in common wins: agreeing sub-fields, then other equal ones, then fewer
 * contradictions, then an equal key; what is still equal is settled by the order of the keys. The answer
 * is a pure function of the elements: neither their order nor which side is which changes it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/limits.h"
#include "daemon/record/record.h"
#include "daemon/record/schema.h"

struct element {
	struct blob key;
	struct blob values[SCHEMA_LIST_FIELDS]; /* by sub-field of the list; data NULL: not there */
};

struct element_pair {
	uint16_t left, right; /* indices */
};

/** Gather the elements of `list`, rising by key; views into the record.
 * Writes at most LIMIT_LIST_ELEMENTS and returns how many; what is beyond is not gathered (a validated
 * record has no more).
 */
size_t element_collect(const struct schema_list *list, const struct record *record,
		       struct element *elements);

/** Pair `left` and `right` (at most LIMIT_LIST_ELEMENTS each, keys unique on a side).
 * pairs     space for the smaller count; rising by left index.
 * Returns the number of pairs. Who is in no pair was gained or lost.
 */
size_t element_match(const struct schema_list *list, const struct element *left, size_t left_count,
		     const struct element *right, size_t right_count, struct element_pair *pairs);

/** Append the key of an element: its key sub-fields joined by "/", parts that miss are empty. `repeat` is 1
 * for the first element of a record with this key; the second gets "#2", so that two degrees of one
 * level and year stay two.
 */
void element_key_put(const struct schema_list *list, const struct element *element, unsigned repeat,
		     struct buf *out);
