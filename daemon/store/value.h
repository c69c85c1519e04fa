/* Value: the one shape of every stored value, and how its bytes are known to be whole.
 *
 * Shape   version u8 | varint length | head | CRC32C u32 | body
 * head    fields in clear: numbers, hashes, wrapped keys; never personal data. The CRC covers
 *         version and head, and table and key as well, so that a moved value is noticed.
 * body    a seal (daemon/keys/seal.h), bound to table, key and version, or nothing.
 * HEAD updates leave the body as it stands: they need no key.
 * Used by the files of this folder only; layers above use the nouns (person.h, …).
 */
#pragma once

#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/store/kv.h"

struct err;

enum { VALUE_VERSION = 1, VALUE_KEY_SIZE = 96 };

/* A key under construction: numbers big-endian, so that their order is the order of keys. */
struct value_key {
	uint8_t data[VALUE_KEY_SIZE];
	size_t len;
};

struct value {
	uint8_t version;
	struct reader head;
	struct blob body;
};

void value_key_u8(struct value_key *key, uint8_t part);
void value_key_u16(struct value_key *key, uint16_t part);
void value_key_u32(struct value_key *key, uint32_t part);
void value_key_u64(struct value_key *key, uint64_t part);
void value_key_bytes(struct value_key *key, const void *part, size_t len);
static inline struct blob value_key_blob(const struct value_key *key)
{
	return blob_of(key->data, key->len);
}

/** Append version, head and CRC to `out`; the body, if any, is appended behind by the caller. */
void value_encode(enum kv_table table, struct blob key, struct blob head, struct buf *out);

/** Take apart and check. ERR_CORRUPT, ERR_FORMAT (newer version); table and the key's first bytes are named. */
MUST_CHECK int value_decode(enum kv_table table, struct blob key, struct blob bytes,
			    struct value *ret_value, struct err *err);

/** ERR_CORRUPT for a value of `table` at `key`, for whoever finds that its head does not read. */
int value_corrupt(enum kv_table table, struct blob key, struct err *err);
