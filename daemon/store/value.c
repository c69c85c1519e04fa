#include "daemon/store/value.h"

#include <assert.h>
#include <string.h>

#include "daemon/base/digest.h"
#include "daemon/base/err.h"

void value_key_bytes(struct value_key *key, const void *part, size_t len)
{
	assert(len <= sizeof(key->data) - key->len);
	memcpy(key->data + key->len, part, len);
	key->len += len;
}

static void put_integer(struct value_key *key, uint64_t part, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(part >> (8 * (size - 1 - i)));
	value_key_bytes(key, bytes, size);
}

void value_key_u8(struct value_key *key, uint8_t part)
{
	put_integer(key, part, 1);
}

void value_key_u16(struct value_key *key, uint16_t part)
{
	put_integer(key, part, 2);
}

void value_key_u32(struct value_key *key, uint32_t part)
{
	put_integer(key, part, 4);
}

void value_key_u64(struct value_key *key, uint64_t part)
{
	put_integer(key, part, 8);
}

/* Two sums, one of the bytes and one of their place, so that neither need be copied behind the other. */
static uint32_t checksum(enum kv_table table, struct blob key, struct blob bytes)
{
	uint8_t place[1 + VALUE_KEY_SIZE];
	assert(key.len <= VALUE_KEY_SIZE);
	place[0] = (uint8_t)table;
	memcpy(place + 1, key.data, key.len);
	return crc32c(bytes.data, bytes.len) ^ crc32c(place, 1 + key.len);
}

void value_encode(enum kv_table table, struct blob key, struct blob head, struct buf *out)
{
	size_t start = out->len;
	buf_put_u8(out, VALUE_VERSION);
	buf_put_varblob(out, head);
	if (buf_ok(out))
		buf_put_u32(out,
			    checksum(table, key, blob_of(out->data + start, out->len - start)));
}

int value_corrupt(enum kv_table table, struct blob key, struct err *err)
{
	return err_set(err, ERR_CORRUPT, MSG_STORE_VALUE, ARG_WORD("table", kv_table_name(table)),
		       ARG_HEX("key", key.data, key.len));
}

int value_decode(enum kv_table table, struct blob key, struct blob bytes, struct value *ret_value,
		 struct err *err)
{
	struct reader reader = reader_of(bytes);
	uint8_t version = reader_u8(&reader);
	if (version > VALUE_VERSION)
		return err_set(err, ERR_FORMAT, MSG_STORE_VALUE_VERSION,
			       ARG_WORD("table", kv_table_name(table)),
			       ARG_HEX("key", key.data, key.len));
	struct blob head = reader_varblob(&reader, bytes.len);
	size_t covered = bytes.len - reader.left;
	uint32_t sum = reader_u32(&reader);
	if (reader.failed || version == 0 || key.len > VALUE_KEY_SIZE ||
	    sum != checksum(table, key, blob_of(bytes.data, covered)))
		return value_corrupt(table, key, err);
	*ret_value = (struct value){ .version = version,
				     .head = reader_of(head),
				     .body = blob_of(reader.data, reader.left) };
	return 0;
}
