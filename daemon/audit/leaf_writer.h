/* Leaf writer: a leaf's bytes, canonical JSON (RFC 8785) without personal data, and its payload.
 *
 * Words.  payload: salt32 || JSON of what is private; the log seals it under the person's key beside
 *         the leaf. commitment: a salted hash of it in the leaf.
 * Rules.  commit = SHA-256("trithuc/commit/v1\0" || salt32 || JSON).
 *         Of field i of a leaf: salt_i = SHA-256("trithuc/field/v1\0" || salt32 || i as u16), and
 *         key_h, before_h, after_h = SHA-256(salt_i || 'k', 'b' or 'a' || value), first 16 bytes:
 *         salt_i opens this field and no other; the whole is bound by commit.
 *         ct_sha256 = SHA-256 of the sealed payload: AES-GCM alone does not commit to its key.
 *         Strings and whole numbers only, numbers below 2^53 (RFC 8785 takes them as doubles; this is
 *         why mono_us counts microseconds).
 */
#pragma once

#include "daemon/audit/leaf.h"
#include "daemon/base/clock.h"
#include "daemon/base/digest.h"

struct err;
struct leaf_writer; /* opaque: contexts and buffers, used again for every leaf */

enum {
	LEAF_ID_SIZE = 16,
	LEAF_SALT_SIZE = 32,
	LEAF_FIELD_HASH_SIZE = 16,
};

struct leaf_stamp {
	uint64_t seq; /* = index in the log */
	uint64_t realtime_us, boottime_us;
	uint8_t id[LEAF_ID_SIZE];
};

MUST_CHECK int leaf_writer_create(struct leaf_writer **ret_writer, struct err *err);
void leaf_writer_destroy(struct leaf_writer *writer);

/** The payload to seal; empty when the leaf has nothing private. Lives until the next call. */
MUST_CHECK int leaf_write_payload(struct leaf_writer *writer, const struct leaf *leaf,
				  const uint8_t salt[LEAF_SALT_SIZE], struct blob *ret_payload,
				  struct err *err);

/** The leaf itself, after its payload was written and sealed. Lives until the next call.
 *
 * sealed  what will be stored beside it; empty when the payload was.
 * Errors: ERR_INVALID when it is longer than LIMIT_LEAF_BYTES.
 */
MUST_CHECK int leaf_write(struct leaf_writer *writer, const struct leaf *leaf,
			  const struct leaf_stamp *stamp, struct blob sealed,
			  struct blob *ret_bytes, struct err *err);

/** The commitment to a payload, salt and JSON. */
void leaf_commitment(struct sha256 *sha, struct blob payload, uint8_t out[SHA256_SIZE]);

DEFINE_CLEANUP(struct leaf_writer, leaf_writer_destroy);
