/* Keyring: the keys of the store, and the one small file that holds the key-encryption keys.
 *
 * Words.  master: 32 bytes from outside; never stored. Sub-keys are derived from it (HKDF-SHA256).
 *         bucket: a number with a random key-encryption key (KEK), wrapped in the file keys/buckets.
 *         DEK: the random key of one person, run, quarantined row or batch; it lies in the store,
 *         wrapped by the KEK of its bucket, and is bound to bucket and ordinal.
 * Rules.  KEKs are random, never derived: replacing one makes every DEK under it noise, in old pages
 *         and backups of the store too. A bucket is durable in the file before keyring_dek_create()
 *         returns, hence before anything sealed under it can be committed.
 *         Keys lie in locked memory that a core dump leaves out, and are overwritten at close.
 * File    docs/store-format.md, "keys/buckets".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"
#include "daemon/base/random.h"
#include "daemon/keys/seal.h"

struct err;
struct keyring; /* opaque */

enum {
	KEYRING_MASTER_SIZE = 32,
	KEYRING_ID_SIZE = 16,
	KEYRING_WRAPPED_SIZE = SEAL_NONCE_SIZE + SEAL_KEY_SIZE + SEAL_TAG_SIZE,
	KEYRING_IDX_SIZE = 16,
	KEYRING_BUCKET_PERSONS = 4096,
};

/* Buckets by number: quarantined rows and batches share bucket 0; persons follow; a run has one of its
 * own, so that dropping it destroys what the run staged.
 */
#define KEYRING_BUCKET_TRANSIENT UINT32_C(0)
#define KEYRING_BUCKET_RUNS UINT32_C(0x80000000)
static inline uint32_t keyring_bucket_of_person(uint32_t person)
{
	return 1 + person / KEYRING_BUCKET_PERSONS;
}
static inline uint32_t keyring_bucket_of_run(uint32_t run)
{
	return KEYRING_BUCKET_RUNS | run;
}

/* What an identifier is, so that equal texts of two kinds have different indexes. */
enum keyring_idx {
	KEYRING_IDX_CCCD = 1,
	KEYRING_IDX_CMND = 2,
	KEYRING_IDX_SOURCE_KEY = 3, /* of one source: the key stands behind the source's number */
	KEYRING_IDX_LOCATOR = 4,    /* where a row without a source key stood */
	KEYRING_IDX_ITEM = 5,       /* what is sent of a person: the key of the item */
	KEYRING_IDX_BATCH = 6,      /* the same of a batch: its idempotency key */
};

enum keyring_mode { KEYRING_OPEN, KEYRING_CREATE, KEYRING_READ_ONLY };

/** Open (or create) `state_dir`/keys/buckets. `master` is not kept.
 *
 * Errors: ERR_AUTH (another master), ERR_NOT_FOUND (no file), ERR_CORRUPT, ERR_FORMAT (newer), ERR_IO.
 */
MUST_CHECK int keyring_open(const char *state_dir, const uint8_t master[KEYRING_MASTER_SIZE],
			    const struct random_source *random, enum keyring_mode mode,
			    struct keyring **ret_keyring, struct err *err);
void keyring_close(struct keyring *keyring);

/** Random, given at creation: the store carries the same, so that files of two stores do not mix. */
const uint8_t *keyring_id(const struct keyring *keyring);
/** True if the keys could be locked in memory; else they may reach swap (RLIMIT_MEMLOCK). */
bool keyring_is_locked(const struct keyring *keyring);
bool keyring_has_bucket(const struct keyring *keyring, uint32_t bucket);
/** The smallest bucket number >= `from`; false if there is none. */
bool keyring_next_bucket(const struct keyring *keyring, uint32_t from, uint32_t *ret_bucket);

/** Create the bucket if it is not there; on return it is durable. Blocks for two fsyncs then. */
MUST_CHECK int keyring_bucket_ensure(struct keyring *keyring, uint32_t bucket, struct err *err);
/** Destroy the key of a bucket, old ones included; what lies under it is lost. */
MUST_CHECK int keyring_bucket_drop(struct keyring *keyring, uint32_t bucket, struct err *err);

/* Erasure in three steps, each durable: renew (the file holds both keys), re-wrap the survivors in one
 * transaction, forget (only the new one is left). In between both keys open and new wraps use the new
 * one, so that each step may be repeated after a crash.
 */
MUST_CHECK int keyring_bucket_renew(struct keyring *keyring, uint32_t bucket, struct err *err);
MUST_CHECK int keyring_bucket_forget_old(struct keyring *keyring, uint32_t bucket, struct err *err);

/** A new random DEK, wrapped. Creates the bucket if need be. `ordinal` names the owner in the bucket's kind. */
MUST_CHECK int keyring_dek_create(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
				  uint8_t ret_wrapped[KEYRING_WRAPPED_SIZE], struct err *err);
/** The DEK, borrowed from the keyring's small cache until its next call. ERR_CORRUPT if it does not unwrap. */
MUST_CHECK int keyring_dek(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
			   const uint8_t wrapped[KEYRING_WRAPPED_SIZE], const uint8_t **ret_dek,
			   struct err *err);
/** The same DEK wrapped anew by the bucket's newest key. */
MUST_CHECK int keyring_dek_rewrap(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
				  uint8_t wrapped[KEYRING_WRAPPED_SIZE], struct err *err);

/** The key for values that many share and that hold no personal data ("meta"). */
const uint8_t *keyring_shared_key(const struct keyring *keyring);

/** HMAC(idx-hmac, kind | parts), cut to 16 bytes: stands for an identifier in a key of the store. */
void keyring_idx(struct keyring *keyring, enum keyring_idx kind, const struct blob *parts,
		 size_t count, uint8_t out[KEYRING_IDX_SIZE]);
/** HMAC under the key that is never rotated: recognises an erased subject that comes back. */
void keyring_tombstone(struct keyring *keyring, struct blob identifier, uint8_t out[SHA256_SIZE]);

DEFINE_CLEANUP(struct keyring, keyring_close);
