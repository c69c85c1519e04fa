/* Bucket file: the bytes of keys/buckets, taken apart and put together; no key is opened here.
 *
 * Layout (big-endian): "TRITHUCK" | u32 format | id 16 | check: nonce 24, tag 16 | u32 count
 *         | count times: u32 bucket, nonce 24, wrapped KEK 32 + 16 | CRC32C of all before
 * Entries rise by bucket; while a bucket is renewed it has two, the newer first.
 */
#pragma once

#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/keys/seal.h"

struct err;

enum {
	BUCKET_FILE_FORMAT = 1,
	BUCKET_FILE_ID_SIZE = 16,
	BUCKET_FILE_CHECK_SIZE = SEAL_WIDE_NONCE_SIZE + SEAL_TAG_SIZE,
	BUCKET_FILE_WRAPPED_SIZE = SEAL_WIDE_NONCE_SIZE + SEAL_KEY_SIZE + SEAL_TAG_SIZE,
	BUCKET_FILE_ENTRY_SIZE = 4 + BUCKET_FILE_WRAPPED_SIZE,
	BUCKET_FILE_HEADER_SIZE = 8 + 4 + BUCKET_FILE_ID_SIZE + BUCKET_FILE_CHECK_SIZE + 4,
};

struct bucket_file {
	const uint8_t *id;
	const uint8_t *
		check; /* nonce and tag of nothing sealed under the wrapping key: tells a wrong master */
	uint32_t count;
	const uint8_t *entries; /* count * BUCKET_FILE_ENTRY_SIZE */
};

/** Views into `bytes`. ERR_CORRUPT, ERR_FORMAT. */
MUST_CHECK int bucket_file_decode(struct blob bytes, struct bucket_file *ret_file, struct err *err);

uint32_t bucket_file_bucket(const struct bucket_file *file, uint32_t index);
const uint8_t *bucket_file_wrapped(const struct bucket_file *file, uint32_t index);

/* Encoding in order: header, each entry, end. */
void bucket_file_put_header(struct buf *out, const uint8_t *id, const uint8_t *check,
			    uint32_t count);
void bucket_file_put_entry(struct buf *out, uint32_t bucket, const uint8_t *wrapped);
void bucket_file_put_end(struct buf *out);
