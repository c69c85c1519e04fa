/* Row: how the nouns of this folder read and write their rows; the inside of store and transaction.
 * A noun's write is: row_begin(), fields appended to the head, row_put() or row_put_sealed(). Its read:
 * row_get() or row_require(), fields taken off value.head, row_done(), row_open(). Errors poison the
 * transaction here, so that a noun passes them on and nothing else.
 */
#pragma once

#include <stdbool.h>

#include "daemon/store/dictionary.h"
#include "daemon/store/store.h"
#include "daemon/store/value.h"

enum { COUNTER_NAME_SIZE = 24 };

struct counter {
	char name[COUNTER_NAME_SIZE]; /* in meta */
	uint64_t value;               /* numbers given out so far */
	bool changed;
};

struct dictionary_table {
	char **names; /* [number - 1] */
	size_t count;
};

struct store {
	struct kv *kv;
	struct keyring *keyring;
	struct sealer *sealer;
	struct random_source random;
	int lock_fd;
	bool read_only;
	bool regressed;
	uint64_t epoch;
	struct store_mark mark; /* as found */
	char mark_path[4096];
	struct dictionary_table dictionaries[DICTIONARY_MAX];
};

struct store_txn {
	struct store *store;
	struct kv_txn *kv;
	uint64_t writes; /* a scan seeks anew after one */
	struct counter *counters;
	size_t counter_count;
	struct buf head, value, plain;
	struct buf ended_runs; /* u32 each: their keys go once this is committed */
};

struct store_scan {
	struct store_txn *txn;
	struct kv_cursor *cursor;
	enum kv_table table;
	size_t prefix; /* leading bytes of the key that stay */
	struct value_key at;
	bool begun;
	uint64_t writes;
};

/* Where in its table a row falls: keys that come in order fill pages to the brim. */
enum row_order { ROW_ANYWHERE, ROW_IN_ORDER };

struct row_seal {
	enum seal_form form;
	const uint8_t *key;
};

/** The head, emptied: fields are appended to it. row_plain() likewise for a body's text. */
struct buf *row_begin(struct store_txn *txn);
struct buf *row_plain(struct store_txn *txn);

MUST_CHECK int row_put(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		       enum row_order order, struct err *err);
/** Head and the text of row_plain(), sealed. */
MUST_CHECK int row_put_sealed(struct store_txn *txn, enum kv_table table,
			      const struct value_key *key, const struct row_seal *seal,
			      enum row_order order, struct err *err);
/** Head and a body that is sealed already (or empty). */
MUST_CHECK int row_put_body(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			    struct blob body, enum row_order order, struct err *err);
/** The new head before the body that is there. ERR_NOT_FOUND, filled. */
MUST_CHECK int row_put_head(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			    struct err *err);
MUST_CHECK int row_delete(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			  struct err *err);

/** ERR_NOT_FOUND leaves `err` alone. */
MUST_CHECK int row_get(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		       struct value *ret_value, struct err *err);
/** ERR_NOT_FOUND fills `err`. */
MUST_CHECK int row_require(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			   struct value *ret_value, struct err *err);
/** Take exactly `len` bytes off a head; `out` stays as it is if they are not there. */
void row_bytes(struct reader *head, void *out, size_t len);
/** After the last field: ERR_CORRUPT unless the head was read to its end. */
MUST_CHECK int row_done(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			const struct value *value, struct err *err);
/** Append the body's plain text to `plain`. */
MUST_CHECK int row_open(struct store_txn *txn, enum kv_table table, const struct value_key *key,
			const struct row_seal *seal, const struct value *value, struct buf *plain,
			struct err *err);
/** ERR_CORRUPT for this row, poisoning. */
int row_corrupt(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		struct err *err);

/** Walk the keys >= `from` that share its first `prefix` bytes. */
MUST_CHECK int row_scan(struct store_txn *txn, enum kv_table table, const struct value_key *from,
			size_t prefix, struct store_scan **ret_scan, struct err *err);
/** scan->at becomes the key. */
MUST_CHECK int row_next(struct store_scan *scan, struct value *ret_value, struct err *err);
/** The fields of scan->at behind the prefix's start, as numbers. */
struct reader row_key(const struct store_scan *scan);

/** The next number of a counter, from 1, at most `max`. */
MUST_CHECK int row_number(struct store_txn *txn, const char *counter, uint64_t max,
			  uint64_t *ret_number, struct err *err);
/** How many numbers it gave out. */
MUST_CHECK int row_count(struct store_txn *txn, const char *counter, uint64_t *ret_count,
			 struct err *err);
