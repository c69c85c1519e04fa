/* Batch table: requests to upstream, committed byte for byte before the first byte is sent.
 *
 * Tables  batch (id); batch_of (person) -> the batch that holds the person while its item is open, so
 *         that a person is in one unresolved batch at most.
 */
#pragma once

#include "daemon/store/store.h"

enum { BATCH_ITEMS_MAX = 256 };

struct batch_item {
	uint32_t person;
	uint64_t version; /* of the image that it carries */
	uint8_t id[UUID_SIZE];
	uint8_t state; /* the publish layer's; `open` is what the tables know */
	bool open;
};

struct batch_row {
	uint64_t id; /* from 1 */
	uint8_t uuid[UUID_SIZE];
	uint8_t idempotency_key[UUID_SIZE];
	uint16_t sink; /* a number of the source dictionary */
	uint8_t state;
	uint32_t attempt;
	uint64_t created_us, not_before_us, sent_us; /* realtime */
	uint32_t item_count;
	struct batch_item items[BATCH_ITEMS_MAX];
	uint8_t wrapped_dek[KEYRING_WRAPPED_SIZE];
};

/** The next id and a key of its own (set in `row`), the body sealed. ERR_CONFLICT if a person is in another open batch. */
MUST_CHECK int batch_table_create(struct store_txn *txn, struct batch_row *row, struct blob body,
				  struct err *err);
/** Another version of the row; the body stays. */
MUST_CHECK int batch_table_put(struct store_txn *txn, const struct batch_row *row, struct err *err);
MUST_CHECK int batch_table_get(struct store_txn *txn, uint64_t id, struct batch_row *ret_row,
			       struct err *err);
/** The exact bytes, appended to `plain`. ERR_NOT_FOUND (filled) once dropped. */
MUST_CHECK int batch_table_body(struct store_txn *txn, const struct batch_row *row,
				struct buf *plain, struct err *err);
/** Forget the body of a settled batch, and its key; writes the row. */
MUST_CHECK int batch_table_drop_body(struct store_txn *txn, struct batch_row *row, struct err *err);
/** The open batch that holds the person. */
MUST_CHECK int batch_of_find(struct store_txn *txn, uint32_t person, uint64_t *ret_id,
			     struct err *err);
/** Walk the batches with an id >= `from`. */
MUST_CHECK int batch_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
				struct err *err);
MUST_CHECK int batch_table_next(struct store_scan *scan, struct batch_row *ret_row,
				struct err *err);
