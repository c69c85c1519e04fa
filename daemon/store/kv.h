/* Kv: ordered tables of keys and values under transactions; LMDB stands behind (kv_lmdb.c alone).
 *
 * Rules that the engine below sets:
 * - One store per process, opened once: a second open, or closing the lock file, drops its locks.
 * - Never used across fork(): workers are started by exec.
 * - One write transaction at a time. Read transactions last under a second: an open one keeps every
 *   page freed since from being used again, and the file grows without end.
 * - Keys are 1..511 bytes, ordered byte by byte. Values beyond about 2,000 bytes take whole pages.
 * - At most about 10,000 rows per write transaction (the dirty list spills beyond).
 * - Local disk only: NFS, SMB, FUSE and the like are refused.
 * - A full map or disk fails the transaction; the store stays whole and can be used on.
 * - A killed writer or reader is recovered by the next begin or kv_check_readers().
 * Errors.  ERR_NOT_FOUND is an answer: `err` is left alone. Every other error of a write transaction
 *         sticks: later calls return the first one and kv_commit() refuses with it.
 *         ERR_NO_SPACE: abort, kv_grow() if the map was full, repeat. ERR_REOPEN: end the process.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;
struct kv;        /* opaque: the environment */
struct kv_txn;    /* opaque */
struct kv_cursor; /* opaque; closed before its transaction ends */

/* name in the store; the number is part of what a seal binds, so it never changes */
#define KV_TABLES(X) \
	X(META, meta, 1) \
	X(SOURCE_RECORD, source_record, 2) \
	X(RECORD_KEY, record_key, 3) \
	X(IDENT, ident, 4) \
	X(PERSON, person, 5) \
	X(UUID, uuid, 6) \
	X(MEMBER, member, 7) \
	X(DIRTY, dirty, 8) \
	X(IMAGE, image, 9) \
	X(CASE_ITEM, case_item, 10) \
	X(CASE_OF, case_of, 11) \
	X(QUARANTINE, quarantine, 12) \
	X(RUN, run, 13) \
	X(STAGE, stage, 14) \
	X(STAGE_KEY, stage_key, 15) \
	X(SEEN, seen, 16) \
	X(BATCH, batch, 17) \
	X(BATCH_OF, batch_of, 18) \
	X(AUDIT, audit, 19)

enum kv_table {
#define KV_TABLE_ENUM_(id, name, number) KV_##id = number,
	KV_TABLES(KV_TABLE_ENUM_)
#undef KV_TABLE_ENUM_
		KV_TABLE_MAX,
};

enum kv_mode { KV_READ, KV_WRITE };

struct kv_options {
	const char *folder; /* exists; holds data.mdb and lock.mdb */
	uint64_t map_bytes; /* address space and greatest size of the file; 0 = 64 GiB */
	enum kv_mode mode;  /* KV_READ: a reader process beside the daemon */
};

struct kv_stats {
	uint64_t used_bytes, map_bytes; /* pages ever used; used/map is what a warning looks at */
	uint64_t last_txn;
	uint64_t rows[KV_TABLE_MAX];
};

const char *kv_table_name(enum kv_table table);

/** Creates the tables of an empty folder in KV_WRITE; else changes nothing.
 * ERR_CORRUPT if the file is shorter than its pages; ERR_CONFIG for a file system that cannot hold it.
 */
MUST_CHECK int kv_open(const struct kv_options *options, struct kv **ret_kv, struct err *err);
void kv_close(struct kv *kv);

MUST_CHECK int kv_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn, struct err *err);
/** Durable on return. Ends the transaction whatever it returns. Blocks for two flushes. */
MUST_CHECK int kv_commit(struct kv_txn *txn, struct err *err);
void kv_abort(struct kv_txn *txn);
/** Make `code` with the text of `err` the transaction's first error, if it has none. Returns `code`. */
int kv_poison(struct kv_txn *txn, int code, const struct err *err);
bool kv_is_poisoned(const struct kv_txn *txn);

/** The value, borrowed until the next write in this transaction or its end. */
MUST_CHECK int kv_get(struct kv_txn *txn, enum kv_table table, struct blob key,
		      struct blob *ret_value, struct err *err);
int kv_put(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob value,
	   struct err *err);
/** As kv_put(), for keys that come in order: fills pages to the brim. A key that is not the last is put all the same. */
int kv_append(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob value,
	      struct err *err);
/** ERR_NOT_FOUND if it was not there. */
int kv_del(struct kv_txn *txn, enum kv_table table, struct blob key, struct err *err);

MUST_CHECK int kv_cursor_open(struct kv_txn *txn, enum kv_table table,
			      struct kv_cursor **ret_cursor, struct err *err);
/** To the first row with a key >= `key`. Keys and values are borrowed as in kv_get(). */
MUST_CHECK int kv_cursor_seek(struct kv_cursor *cursor, struct blob key, struct blob *ret_key,
			      struct blob *ret_value, struct err *err);
/** The neighbour; after a write in this transaction seek again first. Without a place: first, last. */
MUST_CHECK int kv_cursor_next(struct kv_cursor *cursor, struct blob *ret_key,
			      struct blob *ret_value, struct err *err);
MUST_CHECK int kv_cursor_prev(struct kv_cursor *cursor, struct blob *ret_key,
			      struct blob *ret_value, struct err *err);
void kv_cursor_close(struct kv_cursor *cursor);

MUST_CHECK int kv_stats(struct kv *kv, struct kv_stats *ret_stats, struct err *err);
/** Double the map. No transaction may be open, here or in a reader process that would not notice. */
MUST_CHECK int kv_grow(struct kv *kv, struct err *err);
/** Free the slots of dead readers; returns their number through `ret_freed`. */
MUST_CHECK int kv_check_readers(struct kv *kv, unsigned *ret_freed, struct err *err);

DEFINE_CLEANUP(struct kv, kv_close);
DEFINE_CLEANUP(struct kv_txn, kv_abort);
DEFINE_CLEANUP(struct kv_cursor, kv_cursor_close);
