/* Seal: authenticated encryption of one stored value, bound to the place where it lies.
 *
 * Words.  place: table, key and value version; it is authenticated with the value, so that a value
 *         moved to another key, or read as another version, does not open.
 * Form 1  0x01 | nonce 12 | ciphertext | tag 16: AES-256-GCM (NIST SP 800-38D), for a key of one
 *         person, run, row or batch. The nonce is random: a restored store would repeat a counter.
 * Form 2  0x02 | nonce 24 | ciphertext | tag 16: XAES-256-GCM (C2SP), for a key that many share.
 * A sealer holds one cipher context and is for one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/random.h"

struct err;
struct sealer; /* opaque */

enum {
	SEAL_KEY_SIZE = 32,
	SEAL_TAG_SIZE = 16,
	SEAL_NONCE_SIZE = 12,
	SEAL_WIDE_NONCE_SIZE = 24,
	SEAL_OVERHEAD = 1 + SEAL_NONCE_SIZE + SEAL_TAG_SIZE,
	SEAL_WIDE_OVERHEAD = 1 + SEAL_WIDE_NONCE_SIZE + SEAL_TAG_SIZE,
};

enum seal_form { SEAL_OWN = 1, SEAL_SHARED = 2 };

struct seal_place {
	uint8_t table;
	uint8_t version;
	struct blob key;
};

/** `random` is copied; what its ctx points to must outlive the sealer. */
MUST_CHECK int sealer_create(const struct random_source *random, struct sealer **ret_sealer,
			     struct err *err);
void sealer_destroy(struct sealer *sealer);

/** Append `plain`, sealed, to `out`. A failure of memory sticks in `out`. */
MUST_CHECK int seal_put(struct sealer *sealer, enum seal_form form,
			const uint8_t key[SEAL_KEY_SIZE], const struct seal_place *place,
			struct blob plain, struct buf *out, struct err *err);

/** Append the plain text of `sealed` to `out`, or nothing.
 *
 * ERR_CORRUPT without a text of its own: wrong key, place or form, changed or cut bytes. The caller
 * knows table and key and says so.
 */
MUST_CHECK int seal_open(struct sealer *sealer, enum seal_form form,
			 const uint8_t key[SEAL_KEY_SIZE], const struct seal_place *place,
			 struct blob sealed, struct buf *out, struct err *err);

/** The bare algorithm, form and place left out: for the key file and for published vectors.
 * `out` takes ciphertext and tag, len + SEAL_TAG_SIZE bytes; `nonce` has the form's size.
 */
MUST_CHECK int seal_raw(struct sealer *sealer, enum seal_form form,
			const uint8_t key[SEAL_KEY_SIZE], const uint8_t *nonce, struct blob aad,
			struct blob plain, uint8_t *out, struct err *err);
/** `sealed` is ciphertext and tag; `out` takes sealed.len - SEAL_TAG_SIZE bytes. */
MUST_CHECK int seal_raw_open(struct sealer *sealer, enum seal_form form,
			     const uint8_t key[SEAL_KEY_SIZE], const uint8_t *nonce,
			     struct blob aad, struct blob sealed, uint8_t *out, struct err *err);

DEFINE_CLEANUP(struct sealer, sealer_destroy);
