#include "daemon/store/row.h"

#include <assert.h>
#include <string.h>

#include "daemon/base/err.h"

struct buf *row_begin(struct store_txn *txn)
{
	buf_reset(&txn->head);
	return &txn->head;
}

struct buf *row_plain(struct store_txn *txn)
{
	buf_reset(&txn->plain);
	return &txn->plain;
}

int row_corrupt(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		struct err *err)
{
	struct err local;
	int code = value_corrupt(table, value_key_blob(key), &local);
	if (err != NULL)
		*err = local;
	return store_poison(txn, code, &local);
}

/* ---- writing ---- */

/* Version, head and sum into txn->value; a body may follow. */
static struct buf *encode_head(struct store_txn *txn, enum kv_table table,
			       const struct value_key *key)
{
	buf_reset(&txn->value);
	value_encode(table, value_key_blob(key), buf_blob(&txn->head), &txn->value);
	if (!buf_ok(&txn->head))
		txn->value.failed = true;
	return &txn->value;
}

static int write_value(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		       enum row_order order, struct err *err)
{
	if (!buf_ok(&txn->value))
		return store_poison(txn, err_set(err, ERR_NOMEM, MSG_NOMEM), err);
	txn->writes++;
	struct blob value = buf_blob(&txn->value);
	return order == ROW_IN_ORDER ? kv_append(txn->kv, table, value_key_blob(key), value, err)
				     : kv_put(txn->kv, table, value_key_blob(key), value, err);
}

int row_put(struct store_txn *txn, enum kv_table table, const struct value_key *key,
	    enum row_order order, struct err *err)
{
	(void)encode_head(txn, table, key);
	return write_value(txn, table, key, order, err);
}

int row_put_body(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		 struct blob body, enum row_order order, struct err *err)
{
	buf_put(encode_head(txn, table, key), body.data, body.len);
	return write_value(txn, table, key, order, err);
}

static struct seal_place place_of(enum kv_table table, const struct value_key *key, uint8_t version)
{
	return (struct seal_place){ .table = (uint8_t)table,
				    .version = version,
				    .key = value_key_blob(key) };
}

int row_put_sealed(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		   const struct row_seal *seal, enum row_order order, struct err *err)
{
	struct buf *value = encode_head(txn, table, key);
	struct seal_place place = place_of(table, key, VALUE_VERSION);
	if (!buf_ok(value) || !buf_ok(&txn->plain))
		return store_poison(txn, err_set(err, ERR_NOMEM, MSG_NOMEM), err);
	int error = seal_put(txn->store->sealer, seal->form, seal->key, &place,
			     buf_blob(&txn->plain), value, err);
	return error < 0 ? store_poison(txn, error, err) : write_value(txn, table, key, order, err);
}

int row_put_head(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		 struct err *err)
{
	struct value old;
	int error = row_require(txn, table, key, &old, err);
	return error < 0 ? error : row_put_body(txn, table, key, old.body, ROW_ANYWHERE, err);
}

int row_delete(struct store_txn *txn, enum kv_table table, const struct value_key *key,
	       struct err *err)
{
	txn->writes++;
	return kv_del(txn->kv, table, value_key_blob(key), err);
}

/* ---- reading ---- */

int row_get(struct store_txn *txn, enum kv_table table, const struct value_key *key,
	    struct value *ret_value, struct err *err)
{
	struct blob bytes;
	int error = kv_get(txn->kv, table, value_key_blob(key), &bytes, err);
	if (error < 0)
		return error;
	error = value_decode(table, value_key_blob(key), bytes, ret_value, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

int row_require(struct store_txn *txn, enum kv_table table, const struct value_key *key,
		struct value *ret_value, struct err *err)
{
	int error = row_get(txn, table, key, ret_value, err);
	if (error == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, MSG_STORE_ROW,
			       ARG_WORD("table", kv_table_name(table)),
			       ARG_HEX("key", key->data, key->len));
	return error;
}

void row_bytes(struct reader *head, void *out, size_t len)
{
	struct blob bytes = reader_take(head, len);
	if (bytes.len == len)
		memcpy(out, bytes.data, len);
}

int row_done(struct store_txn *txn, enum kv_table table, const struct value_key *key,
	     const struct value *value, struct err *err)
{
	return reader_done(&value->head) ? 0 : row_corrupt(txn, table, key, err);
}

int row_open(struct store_txn *txn, enum kv_table table, const struct value_key *key,
	     const struct row_seal *seal, const struct value *value, struct buf *plain,
	     struct err *err)
{
	struct seal_place place = place_of(table, key, value->version);
	int error = seal_open(txn->store->sealer, seal->form, seal->key, &place, value->body, plain,
			      err);
	if (error == ERR_CORRUPT)
		return row_corrupt(txn, table, key, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

/* ---- scans ---- */

int row_scan(struct store_txn *txn, enum kv_table table, const struct value_key *from,
	     size_t prefix, struct store_scan **ret_scan, struct err *err)
{
	CLEANUP(freep) struct store_scan *scan = calloc(1, sizeof(*scan));
	if (scan == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	scan->txn = txn;
	scan->table = table;
	scan->prefix = prefix;
	scan->at = *from;
	int error = kv_cursor_open(txn->kv, table, &scan->cursor, err);
	if (error < 0)
		return error;
	*ret_scan = TAKE(scan);
	return 0;
}

/* The cursor's neighbour; by key where a write may have moved the cursor. */
static int step(struct store_scan *scan, struct blob *ret_key, struct blob *ret_bytes,
		struct err *err)
{
	if (scan->begun && scan->writes == scan->txn->writes)
		return kv_cursor_next(scan->cursor, ret_key, ret_bytes, err);
	struct blob at = value_key_blob(&scan->at);
	int error = kv_cursor_seek(scan->cursor, at, ret_key, ret_bytes, err);
	if (error == 0 && scan->begun && blob_equal(at, *ret_key))
		error = kv_cursor_next(scan->cursor, ret_key, ret_bytes, err);
	return error;
}

int row_next(struct store_scan *scan, struct value *ret_value, struct err *err)
{
	struct blob key, bytes;
	int error = step(scan, &key, &bytes, err);
	if (error < 0)
		return error;
	if (key.len < scan->prefix || memcmp(key.data, scan->at.data, scan->prefix) != 0)
		return ERR_NOT_FOUND;
	if (key.len > VALUE_KEY_SIZE)
		return store_poison(scan->txn, value_corrupt(scan->table, key, err), err);
	scan->at.len = key.len;
	memcpy(scan->at.data, key.data, key.len);
	scan->begun = true;
	scan->writes = scan->txn->writes;
	error = value_decode(scan->table, key, bytes, ret_value, err);
	return error < 0 ? store_poison(scan->txn, error, err) : 0;
}

struct reader row_key(const struct store_scan *scan)
{
	return reader_of(value_key_blob(&scan->at));
}

void store_scan_close(struct store_scan *scan)
{
	if (scan == NULL)
		return;
	kv_cursor_close(scan->cursor);
	free(scan);
}

/* ---- counters: read once per transaction, written at its commit ---- */

static int counter_read(struct store_txn *txn, const char *name, uint64_t *ret_value,
			struct err *err)
{
	struct blob bytes;
	int error = store_meta_find(txn, name, &bytes, err);
	*ret_value = 0;
	if (error == ERR_NOT_FOUND)
		return 0;
	struct reader reader = reader_of(bytes);
	*ret_value = reader_u64(&reader);
	return error;
}

static int counter_of(struct store_txn *txn, const char *name, struct counter **ret_counter,
		      struct err *err)
{
	for (size_t i = 0; i < txn->counter_count; i++) {
		if (strcmp(txn->counters[i].name, name) == 0) {
			*ret_counter = &txn->counters[i];
			return 0;
		}
	}
	struct counter *counters =
		realloc(txn->counters, (txn->counter_count + 1) * sizeof(*counters));
	if (counters == NULL)
		return store_poison(txn, err_set(err, ERR_NOMEM, MSG_NOMEM), err);
	txn->counters = counters;
	struct counter *counter = &counters[txn->counter_count];
	*counter = (struct counter){ 0 };
	assert(strlen(name) < sizeof(counter->name));
	memcpy(counter->name, name, strlen(name));
	int error = counter_read(txn, name, &counter->value, err);
	if (error < 0)
		return error;
	txn->counter_count++;
	*ret_counter = counter;
	return 0;
}

int row_number(struct store_txn *txn, const char *name, uint64_t max, uint64_t *ret_number,
	       struct err *err)
{
	struct counter *counter;
	int error = counter_of(txn, name, &counter, err);
	if (error < 0)
		return error;
	if (counter->value >= max)
		return store_poison(
			txn,
			err_set(err, ERR_NO_SPACE, MSG_STORE_FULL, ARG_WORD("what", counter->name)),
			err);
	counter->changed = true;
	*ret_number = ++counter->value;
	return 0;
}

int row_count(struct store_txn *txn, const char *name, uint64_t *ret_count, struct err *err)
{
	struct counter *counter;
	int error = counter_of(txn, name, &counter, err);
	if (error == 0)
		*ret_count = counter->value;
	return error;
}
