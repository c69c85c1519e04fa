/* Run table: the runs, and each run's own key while it lasts. Table run (id). */
#pragma once

#include "daemon/store/store.h"

enum { RUN_SKIP_KINDS = 8, RUN_PUBLISH_COUNTS = 9 };

struct run_counts {
	uint64_t promised, read, accepted, unchanged, quarantined;
	uint64_t skipped[RUN_SKIP_KINDS];
	uint64_t created, changed, ended, cases;
	uint64_t publish[RUN_PUBLISH_COUNTS]; /* the publish layer's */
};

struct run_row {
	uint32_t id; /* from 1 */
	uint16_t source;
	uint8_t state; /* the run layer's, as the two below */
	uint8_t completeness;
	uint8_t phase;               /* of applying */
	bool has_key;                /* what it staged can still be read */
	uint8_t problem;             /* -enum err_code, 0 if it ended well or has not ended */
	char problem_message[8];     /* code of its message, such as E2602 */
	uint64_t begun_us, ended_us; /* realtime */
	struct run_counts counts;
	uint8_t interpretation[SHA256_SIZE];
	uint8_t input[SHA256_SIZE]; /* of the delivery */
	uint8_t plan[SHA256_SIZE];
	uint64_t staged;                    /* rows staged: the next sequence number */
	uint64_t applied;                   /* rows applied in this phase */
	uint8_t position[KEYRING_IDX_SIZE]; /* the last one applied */
	uint8_t wrapped_dek[KEYRING_WRAPPED_SIZE];
};

struct run_body {
	struct blob file;       /* name of the delivery */
	struct blob problem_en; /* why it ended as it did; empty if well */
	struct blob problem_vi;
};

/** The next id and a key of its own (row->id, has_key, wrapped_dek are set), written. `body` may be NULL. */
MUST_CHECK int run_table_create(struct store_txn *txn, struct run_row *row,
				const struct run_body *body, struct err *err);
/** `body` NULL: it stays as it is. */
MUST_CHECK int run_table_put(struct store_txn *txn, const struct run_row *row,
			     const struct run_body *body, struct err *err);
MUST_CHECK int run_table_get(struct store_txn *txn, uint32_t id, struct run_row *ret_row,
			     struct err *err);
/** Decrypt into `plain`, which ret_body points into. */
MUST_CHECK int run_table_body(struct store_txn *txn, const struct run_row *row, struct buf *plain,
			      struct run_body *ret_body, struct err *err);
/** Take the key out of the row and write it; once committed the key is gone for good, from the key file too. */
MUST_CHECK int run_table_destroy_key(struct store_txn *txn, struct run_row *row, struct err *err);
/** Walk the runs with an id >= `from`. */
MUST_CHECK int run_table_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
			      struct err *err);
MUST_CHECK int run_table_next(struct store_scan *scan, struct run_row *ret_row, struct err *err);
/** The id of the newest run, 0 if there is none. */
MUST_CHECK int run_table_last(struct store_txn *txn, uint32_t *ret_id, struct err *err);
