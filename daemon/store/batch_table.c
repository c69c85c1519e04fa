#include "daemon/store/batch_table.h"

#include <assert.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static struct value_key key_of(uint64_t id)
{
	struct value_key key = { .len = 0 };
	value_key_u64(&key, id);
	return key;
}

static struct value_key of_key(uint32_t person)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, person);
	return key;
}

/* ---- head ---- */

static void put_head(struct store_txn *txn, const struct batch_row *row)
{
	assert(row->item_count <= BATCH_ITEMS_MAX);
	struct buf *head = row_begin(txn);
	buf_put(head, row->uuid, sizeof(row->uuid));
	buf_put(head, row->idempotency_key, sizeof(row->idempotency_key));
	buf_put_u16(head, row->sink);
	buf_put_u8(head, row->state);
	buf_put_u32(head, row->attempt);
	buf_put_u64(head, row->created_us);
	buf_put_u64(head, row->not_before_us);
	buf_put_u64(head, row->sent_us);
	buf_put(head, row->wrapped_dek, sizeof(row->wrapped_dek));
	buf_put_u32(head, row->item_count);
	for (size_t i = 0; i < row->item_count; i++) {
		const struct batch_item *item = &row->items[i];
		buf_put_u32(head, item->person);
		buf_put_u64(head, item->version);
		buf_put(head, item->id, sizeof(item->id));
		buf_put_u8(head, item->state);
		buf_put_u8(head, item->open);
	}
}

static void take_item(struct reader *head, struct batch_item *item)
{
	item->person = reader_u32(head);
	item->version = reader_u64(head);
	row_bytes(head, item->id, sizeof(item->id));
	item->state = reader_u8(head);
	item->open = reader_u8(head) != 0;
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct batch_row *row, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key)), *head = &value->head;
	row->id = reader_u64(&place);
	row_bytes(head, row->uuid, sizeof(row->uuid));
	row_bytes(head, row->idempotency_key, sizeof(row->idempotency_key));
	row->sink = reader_u16(head);
	row->state = reader_u8(head);
	row->attempt = reader_u32(head);
	row->created_us = reader_u64(head);
	row->not_before_us = reader_u64(head);
	row->sent_us = reader_u64(head);
	row_bytes(head, row->wrapped_dek, sizeof(row->wrapped_dek));
	row->item_count = reader_u32(head);
	if (row->item_count > BATCH_ITEMS_MAX)
		return row_corrupt(txn, KV_BATCH, key, err);
	for (size_t i = 0; i < row->item_count; i++)
		take_item(head, &row->items[i]);
	return row_done(txn, KV_BATCH, key, value, err);
}

/* ---- batch_of: a person is in one open batch at most ---- */

static int index_item(struct store_txn *txn, const struct batch_row *row,
		      const struct batch_item *item, struct err *err)
{
	struct value_key key = of_key(item->person);
	uint64_t holder;
	int error = batch_of_find(txn, item->person, &holder, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	bool held = error == 0;
	if (!item->open)
		return held && holder == row->id ? row_delete(txn, KV_BATCH_OF, &key, err) : 0;
	if (held && holder != row->id)
		return store_poison(txn,
				    err_set(err, ERR_CONFLICT, MSG_STORE_BATCH_OPEN,
					    ARG_U("person", item->person), ARG_U("batch", holder)),
				    err);
	if (held)
		return 0;
	buf_put_u64(row_begin(txn), row->id);
	return row_put(txn, KV_BATCH_OF, &key, ROW_IN_ORDER, err);
}

static int index_items(struct store_txn *txn, const struct batch_row *row, struct err *err)
{
	for (size_t i = 0; i < row->item_count; i++) {
		int error = index_item(txn, row, &row->items[i], err);
		if (error < 0)
			return error;
	}
	return 0;
}

int batch_of_find(struct store_txn *txn, uint32_t person, uint64_t *ret_id, struct err *err)
{
	struct value_key key = of_key(person);
	struct value value;
	int error = row_get(txn, KV_BATCH_OF, &key, &value, err);
	if (error < 0)
		return error;
	uint64_t id = reader_u64(&value.head);
	error = row_done(txn, KV_BATCH_OF, &key, &value, err);
	if (error == 0)
		*ret_id = id;
	return error;
}

/* ---- rows ---- */

static int batch_dek(struct store_txn *txn, const struct batch_row *row, const uint8_t **ret_dek,
		     struct err *err)
{
	int error = keyring_dek(txn->store->keyring, KEYRING_BUCKET_TRANSIENT, row->id,
				row->wrapped_dek, ret_dek, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

int batch_table_create(struct store_txn *txn, struct batch_row *row, struct blob body,
		       struct err *err)
{
	struct row_seal seal = { .form = SEAL_OWN };
	int error = row_number(txn, "next/batch", UINT64_MAX, &row->id, err);
	if (error < 0)
		return error;
	error = keyring_dek_create(txn->store->keyring, KEYRING_BUCKET_TRANSIENT, row->id,
				   row->wrapped_dek, err);
	if (error < 0)
		return store_poison(txn, error, err);
	error = index_items(txn, row, err);
	if (error == 0)
		error = batch_dek(txn, row, &seal.key, err);
	if (error < 0)
		return error;
	struct value_key key = key_of(row->id);
	buf_put(row_plain(txn), body.data, body.len);
	put_head(txn, row);
	return row_put_sealed(txn, KV_BATCH, &key, &seal, ROW_IN_ORDER, err);
}

int batch_table_put(struct store_txn *txn, const struct batch_row *row, struct err *err)
{
	struct value_key key = key_of(row->id);
	int error = index_items(txn, row, err);
	if (error < 0)
		return error;
	put_head(txn, row);
	return row_put_head(txn, KV_BATCH, &key, err);
}

int batch_table_drop_body(struct store_txn *txn, struct batch_row *row, struct err *err)
{
	struct value_key key = key_of(row->id);
	memset(row->wrapped_dek, 0, sizeof(row->wrapped_dek));
	put_head(txn, row);
	return row_put_body(txn, KV_BATCH, &key, blob_of(NULL, 0), ROW_ANYWHERE, err);
}

int batch_table_get(struct store_txn *txn, uint64_t id, struct batch_row *ret_row, struct err *err)
{
	struct value_key key = key_of(id);
	struct value value;
	int error = row_require(txn, KV_BATCH, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_row, err);
}

int batch_table_body(struct store_txn *txn, const struct batch_row *row, struct buf *plain,
		     struct err *err)
{
	struct value_key key = key_of(row->id);
	struct row_seal seal = { .form = SEAL_OWN };
	struct value value;
	int error = row_require(txn, KV_BATCH, &key, &value, err);
	if (error == 0 && value.body.len == 0)
		error = err_set(err, ERR_NOT_FOUND, MSG_STORE_ROW,
				ARG_WORD("table", kv_table_name(KV_BATCH)),
				ARG_HEX("key", key.data, key.len));
	if (error == 0)
		error = batch_dek(txn, row, &seal.key, err);
	return error < 0 ? error : row_open(txn, KV_BATCH, &key, &seal, &value, plain, err);
}

int batch_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
		     struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_BATCH, &key, 0, ret_scan, err);
}

int batch_table_next(struct store_scan *scan, struct batch_row *ret_row, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_row, err);
}
