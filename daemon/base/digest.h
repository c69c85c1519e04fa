/* Digest: SHA-256 and HMAC-SHA-256 over OpenSSL, without a failure to check at every call.
 *
 * OpenSSL's digests fail only when memory is out while a context is made; that is checked once, at
 * creation. Contexts are for one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

enum { SHA256_SIZE = 32 };

struct err;
struct sha256; /* opaque */
struct hmac;   /* opaque: keyed once, used many times */

MUST_CHECK int sha256_create(struct sha256 **ret_sha, struct err *err);
void sha256_destroy(struct sha256 *sha);
void sha256_begin(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t len);
void sha256_end(struct sha256 *sha, uint8_t out[SHA256_SIZE]);

/** One shot. */
void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE]);

MUST_CHECK int hmac_create(const uint8_t *key, size_t key_len, struct hmac **ret_hmac,
			   struct err *err);
void hmac_destroy(struct hmac *hmac);
/** HMAC over the parts one after the other (RFC 2104). */
void hmac_parts(struct hmac *hmac, const struct blob *parts, size_t count,
		uint8_t out[SHA256_SIZE]);

/** HKDF-SHA256 (RFC 5869). `out_len` <= 255 * 32. */
MUST_CHECK int hkdf_sha256(struct blob key, struct blob salt, struct blob info, uint8_t *out,
			   size_t out_len, struct err *err);

/** CRC32C (Castagnoli, RFC 3720 B.4), hardware where the processor has it. */
uint32_t crc32c(const void *data, size_t len);
/** The same without the processor's help, as on those that have none. */
uint32_t crc32c_portable(const void *data, size_t len);

DEFINE_CLEANUP(struct sha256, sha256_destroy);
DEFINE_CLEANUP(struct hmac, hmac_destroy);
