/* Person: one human being as the store knows them: number, uuid, own key, golden record.
 *
 * Tables  person (ordinal), uuid (uuid) -> ordinal, dirty (ordinal): what upstream knows may be behind.
 * Rule.   A new person exists in memory until its first person_put(): the row is appended once, whole.
 */
#pragma once

#include "daemon/store/store.h"

struct person {
	uint32_t ordinal; /* from 1 */
	uint8_t uuid[UUID_SIZE];
	uint8_t flags; /* the reconcile layer's */
	bool stored;   /* false between person_new() and person_put() */
	uint8_t wrapped_dek[KEYRING_WRAPPED_SIZE];
};

struct person_body {
	uint8_t subj[16]; /* random stand-in for the person in audit leaves */
	uint8_t policy[8];
	struct blob golden; /* record encoding; may be empty */
};

/** The next ordinal, a uuid and a key; nothing is written but the key's bucket. person_put() must follow. */
MUST_CHECK int person_new(struct store_txn *txn, struct person *ret_person, struct err *err);
/** Write row and, the first time, uuid. */
MUST_CHECK int person_put(struct store_txn *txn, struct person *person,
			  const struct person_body *body, struct err *err);
/** Only the fields in clear. */
MUST_CHECK int person_put_head(struct store_txn *txn, const struct person *person, struct err *err);

MUST_CHECK int person_get(struct store_txn *txn, uint32_t ordinal, struct person *ret_person,
			  struct err *err);
/** Decrypt into `plain`, which ret_body points into. */
MUST_CHECK int person_body(struct store_txn *txn, const struct person *person, struct buf *plain,
			   struct person_body *ret_body, struct err *err);
MUST_CHECK int person_find_uuid(struct store_txn *txn, const uint8_t uuid[UUID_SIZE],
				uint32_t *ret_ordinal, struct err *err);
/** How many ordinals were ever given out. */
MUST_CHECK int person_count(struct store_txn *txn, uint32_t *ret_count, struct err *err);

/** Walk persons with an ordinal >= `from`. */
MUST_CHECK int person_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
			   struct err *err);
MUST_CHECK int person_next(struct store_scan *scan, struct person *ret_person, struct err *err);

MUST_CHECK int person_mark_dirty(struct store_txn *txn, uint32_t ordinal, struct err *err);
/** No error if it was clean. */
MUST_CHECK int person_mark_clean(struct store_txn *txn, uint32_t ordinal, struct err *err);
/** 0 if dirty, ERR_NOT_FOUND if clean. */
MUST_CHECK int person_find_dirty(struct store_txn *txn, uint32_t ordinal, struct err *err);
MUST_CHECK int person_dirty_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
				 struct err *err);
MUST_CHECK int person_dirty_next(struct store_scan *scan, uint32_t *ret_ordinal, struct err *err);

/** The person's key, borrowed until the next use of the keyring. */
MUST_CHECK int person_dek(struct store_txn *txn, const struct person *person,
			  const uint8_t **ret_dek, struct err *err);
