/* Store: the engine's state folder, opened by one daemon, read by reader processes beside it.
 *
 * Folder  store/data.mdb, store/lock.mdb; keys/buckets; mark/highwater; locked itself
 * Words.  epoch: number of the engine's start on this store. mark: the high-water mark, kept outside
 *         the store and its backups. regressed: the store is older than its mark, so nothing may be
 *         pushed; it stays so over restarts.
 * Rules.  The nouns of this folder (person.h, source_record.h, …) build the keys; layers above never do.
 *         A write transaction carries its first error and refuses to commit after it.
 *         x_find() and x_next() answer ERR_NOT_FOUND and leave `err` alone: a miss is an answer.
 *         x_get() of a row that must be there fills `err`, and poisons nothing.
 *         Blobs that come out are borrowed: from the transaction until its next write or end, or from
 *         the caller's `plain` buffer, to be ended by buf_cleanse().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"
#include "daemon/base/random.h"
#include "daemon/keys/keyring.h"
#include "daemon/store/kv.h"

struct err;
struct store;      /* opaque */
struct store_txn;  /* opaque */
struct store_scan; /* opaque: a walk over rows; writes in its transaction are allowed meanwhile */

enum { STORE_FORMAT = 1, STORE_ID_SIZE = 16, STORE_META_NAME_MAX = 64 };

struct store_options {
	const char *state_dir; /* exists */
	const uint8_t *master; /* KEYRING_MASTER_SIZE bytes; not kept */
	const struct random_source *random;
	uint64_t map_bytes; /* 0 = 64 GiB */
	bool read_only;     /* a reader process: no lock, no new epoch */
};

/* The state at some moment, as the mark keeps it. */
struct store_mark {
	uint8_t store_id[STORE_ID_SIZE];
	uint64_t epoch;
	uint64_t audit_size;
	uint8_t audit_root[SHA256_SIZE];
};

/** Open; a daemon creates what an empty folder lacks, and raises the epoch.
 *
 * Errors: ERR_BUSY (another daemon), ERR_FORMAT (newer; nothing was changed), ERR_AUTH (another master),
 * ERR_NOT_FOUND (one of the files is missing while others are there), ERR_CORRUPT, ERR_CONFIG.
 */
MUST_CHECK int store_open(const struct store_options *options, struct store **ret_store,
			  struct err *err);
void store_close(struct store *store);

const uint8_t *store_id(const struct store *store);
uint64_t store_epoch(const struct store *store);
bool store_is_regressed(const struct store *store);
struct kv *store_kv(struct store *store); /* for kv_stats(), kv_grow(), kv_check_readers() */
struct keyring *store_keyring(struct store *store);

/** The mark as it was found at open. That the log's first `audit_size` leaves have its root is for audit/ to say. */
const struct store_mark *store_found_mark(const struct store *store);
/** Write the mark; durable on return. After a batch's commit, before its first byte leaves.
 * ERR_CONFLICT on a regressed store, whose mark must survive.
 */
MUST_CHECK int store_mark_write(struct store *store, uint64_t audit_size,
				const uint8_t audit_root[SHA256_SIZE], struct err *err);

MUST_CHECK int store_begin(struct store *store, enum kv_mode mode, struct store_txn **ret_txn,
			   struct err *err);
/** Durable on return; ends the transaction whatever it returns. Keys of ended runs are destroyed behind it. */
MUST_CHECK int store_commit(struct store_txn *txn, struct err *err);
void store_abort(struct store_txn *txn);
struct store *store_of(struct store_txn *txn);
/** A layer above failed half-way: make it the transaction's first error, if it has none. Returns `code`. */
int store_poison(struct store_txn *txn, int code, const struct err *err);
/** True once something failed: the transaction can only end. */
bool store_is_poisoned(const struct store_txn *txn);

/* Small values of other layers (a pause of the endpoint, the last accepted run): name -> bytes, no personal data. */
MUST_CHECK int store_meta_find(struct store_txn *txn, const char *name, struct blob *ret_value,
			       struct err *err);
MUST_CHECK int store_meta_put(struct store_txn *txn, const char *name, struct blob value,
			      struct err *err);
MUST_CHECK int store_meta_delete(struct store_txn *txn, const char *name, struct err *err);

/** The index that stands for an identifier (CCCD, CMND) in keys. */
void store_idx(struct store *store, enum keyring_idx kind, struct blob text,
	       uint8_t out[KEYRING_IDX_SIZE]);

void store_scan_close(struct store_scan *scan);

DEFINE_CLEANUP(struct store, store_close);
DEFINE_CLEANUP(struct store_txn, store_abort);
DEFINE_CLEANUP(struct store_scan, store_scan_close);
