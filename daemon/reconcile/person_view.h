/* Person view: a person with everything that its links say, decrypted for the length of a scope.
 *
 * Used to decide (reconciler.c), to prove (rebuild) and to show (export, control). The view owns what it
 * decrypted and overwrites it at the end; links that were undone are not in it.
 */
#pragma once

#include "daemon/reconcile/golden.h"
#include "daemon/reconcile/identity.h"
#include "daemon/store/member.h"
#include "daemon/store/person.h"
#include "daemon/store/source_record.h"

struct person_view {
	struct person person;
	struct person_body body;
	struct buf plain;
	size_t count;
	struct person_view_item {
		struct member member;
		struct source_record record;
		struct source_record_body body;
		struct buf plain;
	} items[GOLDEN_CONTRIBUTIONS_MAX]; /* in the order of (source, ordinal) */
};

/** Load into `view`, which may hold an earlier one (its memory is used again) or be zero.
 * Errors: ERR_CORRUPT, ERR_IO, ERR_INVALID (more records than a person may have).
 */
MUST_CHECK int person_view_load(struct store_txn *txn, uint32_t ordinal, struct person_view *view,
				struct err *err);
void person_view_finish(struct person_view *view);

/** What golden_make() takes, in `contributions` (GOLDEN_CONTRIBUTIONS_MAX); returns their number.
 * `skip` leaves out one record by its place in items[], -1 none.
 * Errors: ERR_CORRUPT (a record that does not read), as a negative number.
 */
MUST_CHECK int person_view_contributions(const struct person_view *view, int skip,
					 struct contribution *contributions, struct err *err);
