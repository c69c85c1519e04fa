/* Case table: questions for a reviewer.
 * Tables  case_item (id), case_of (person, id): the open ones of a person.
 */
#pragma once

#include "daemon/store/store.h"

enum { CASE_PERSONS_MAX = 8, CASE_RECORDS_MAX = 8 };

struct case_record {
	uint16_t source;
	uint32_t ordinal;
};

struct case_row {
	uint64_t id;   /* from 1 */
	uint8_t kind;  /* the reconcile layer's */
	uint8_t state; /* likewise; `open` is what the tables know */
	bool open;
	uint16_t rule;
	int32_t score;
	uint32_t run;
	uint64_t opened_us; /* realtime */
	uint8_t person_count, record_count;
	uint32_t persons[CASE_PERSONS_MAX];
	struct case_record records[CASE_RECORDS_MAX];
};

/** Gives it the next id (row->id). */
MUST_CHECK int case_table_create(struct store_txn *txn, struct case_row *row, struct err *err);
/** Another version of the row; persons named before stay named. */
MUST_CHECK int case_table_put(struct store_txn *txn, const struct case_row *row, struct err *err);
MUST_CHECK int case_table_get(struct store_txn *txn, uint64_t id, struct case_row *ret_row,
			      struct err *err);
/** Walk all cases with an id >= `from`. */
MUST_CHECK int case_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
			       struct err *err);
MUST_CHECK int case_table_next(struct store_scan *scan, struct case_row *ret_row, struct err *err);
/** Walk the ids of a person's open cases; the first case_of_next() tells whether there is any. */
MUST_CHECK int case_of_scan(struct store_txn *txn, uint32_t person, struct store_scan **ret_scan,
			    struct err *err);
MUST_CHECK int case_of_next(struct store_scan *scan, uint64_t *ret_id, struct err *err);
