/* Stored values and the mark. The first byte chooses the table, the second the length of the key; a sum
 * that is set right lets the parser behind it be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/mark.h"
#include "daemon/store/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(enum kv_table table, struct blob key, struct blob bytes)
{
	struct value value;
	if (value_decode(table, key, bytes, &value, NULL) < 0)
		return;
	struct buf again = { 0 };
	value_encode(table, key, blob_of(value.head.data, value.head.left), &again);
	buf_put(&again, value.body.data, value.body.len);
	if (!blob_equal(buf_blob(&again), bytes))
		abort();
	buf_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_mark mark;
	if (mark_decode(blob_of(data, size), &mark, NULL) == 0 && size != MARK_SIZE)
		abort();
	if (size < 2 || size - 2 < data[1] % (VALUE_KEY_SIZE + 8u))
		return 0;
	enum kv_table table = (enum kv_table)(1 + data[0] % (KV_TABLE_MAX - 1));
	struct blob key = blob_of(data + 2, data[1] % (VALUE_KEY_SIZE + 8u));
	struct blob bytes = blob_of(data + 2 + key.len, size - 2 - key.len);
	take(table, key, bytes);
	if (key.len > VALUE_KEY_SIZE)
		return 0;
	struct buf whole = { 0 };
	value_encode(table, key, bytes, &whole);
	buf_put(&whole, key.data, key.len); /* some body */
	take(table, key, buf_blob(&whole));
	buf_finish(&whole);
	return 0;
}
