#include "daemon/store/quarantine.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static struct value_key key_of(uint16_t source, const uint8_t idx[KEYRING_IDX_SIZE])
{
	struct value_key key = { .len = 0 };
	value_key_u16(&key, source);
	value_key_bytes(&key, idx, KEYRING_IDX_SIZE);
	return key;
}

/* The wrapped key's owner; the rows share a bucket, so the owner is the row's own place. */
static uint64_t owner_of(const struct value_key *key)
{
	struct reader reader = reader_of(value_key_blob(key));
	uint64_t source = reader_u16(&reader);
	return reader_u64(&reader) ^ source;
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct quarantine_row *ret_row, uint8_t ret_wrapped[KEYRING_WRAPPED_SIZE],
		  struct err *err)
{
	struct reader place = reader_of(value_key_blob(key)), *head = &value->head;
	struct quarantine_row row = { .source = reader_u16(&place) };
	row_bytes(&place, row.idx, sizeof(row.idx));
	row.run = reader_u32(head);
	row.row = reader_u64(head);
	row.class = reader_u8(head);
	struct blob codes = reader_varblob(head, sizeof(row.codes) - 1);
	if (codes.len > 0)
		memcpy(row.codes, codes.data, codes.len);
	row_bytes(head, row.cells_hash, sizeof(row.cells_hash));
	row_bytes(head, row.interpretation, sizeof(row.interpretation));
	row_bytes(head, ret_wrapped, KEYRING_WRAPPED_SIZE);
	int error = row_done(txn, KV_QUARANTINE, key, value, err);
	if (error == 0)
		*ret_row = row;
	return error;
}

int quarantine_put(struct store_txn *txn, const struct quarantine_row *row,
		   const struct quarantine_body *body, struct err *err)
{
	struct value_key key = key_of(row->source, row->idx);
	struct row_seal seal = { .form = SEAL_OWN };
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	struct keyring *keyring = txn->store->keyring;
	int error =
		keyring_dek_create(keyring, KEYRING_BUCKET_TRANSIENT, owner_of(&key), wrapped, err);
	if (error == 0)
		error = keyring_dek(keyring, KEYRING_BUCKET_TRANSIENT, owner_of(&key), wrapped,
				    &seal.key, err);
	if (error < 0)
		return store_poison(txn, error, err);
	struct buf *plain = row_plain(txn);
	buf_put_varblob(plain, body->file);
	buf_put_varblob(plain, body->key);
	buf_put_varblob(plain, body->cells);
	buf_put_varblob(plain, body->reasons);
	struct buf *head = row_begin(txn);
	buf_put_u32(head, row->run);
	buf_put_u64(head, row->row);
	buf_put_u8(head, row->class);
	buf_put_varblob(head, blob_of(row->codes, strnlen(row->codes, sizeof(row->codes) - 1)));
	buf_put(head, row->cells_hash, sizeof(row->cells_hash));
	buf_put(head, row->interpretation, sizeof(row->interpretation));
	buf_put(head, wrapped, sizeof(wrapped));
	return row_put_sealed(txn, KV_QUARANTINE, &key, &seal, ROW_ANYWHERE, err);
}

int quarantine_find(struct store_txn *txn, uint16_t source, const uint8_t idx[KEYRING_IDX_SIZE],
		    struct quarantine_row *ret_row, struct err *err)
{
	struct value_key key = key_of(source, idx);
	struct value value;
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	int error = row_get(txn, KV_QUARANTINE, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_row, wrapped, err);
}

int quarantine_body(struct store_txn *txn, const struct quarantine_row *row, struct buf *plain,
		    struct quarantine_body *ret_body, struct err *err)
{
	struct value_key key = key_of(row->source, row->idx);
	struct row_seal seal = { .form = SEAL_OWN };
	struct value value;
	struct quarantine_row unused;
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	int error = row_require(txn, KV_QUARANTINE, &key, &value, err);
	if (error == 0)
		error = decode(txn, &key, &value, &unused, wrapped, err);
	if (error < 0)
		return error;
	error = keyring_dek(txn->store->keyring, KEYRING_BUCKET_TRANSIENT, owner_of(&key), wrapped,
			    &seal.key, err);
	if (error < 0)
		return store_poison(txn, error, err);
	buf_reset(plain);
	error = row_open(txn, KV_QUARANTINE, &key, &seal, &value, plain, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(buf_blob(plain));
	struct quarantine_body body;
	body.file = reader_varblob(&reader, plain->len);
	body.key = reader_varblob(&reader, plain->len);
	body.cells = reader_varblob(&reader, plain->len);
	body.reasons = reader_varblob(&reader, plain->len);
	if (!reader_done(&reader))
		return row_corrupt(txn, KV_QUARANTINE, &key, err);
	*ret_body = body;
	return 0;
}

int quarantine_delete(struct store_txn *txn, uint16_t source, const uint8_t idx[KEYRING_IDX_SIZE],
		      struct err *err)
{
	struct value_key key = key_of(source, idx);
	int error = row_delete(txn, KV_QUARANTINE, &key, err);
	return error == ERR_NOT_FOUND ? 0 : error;
}

int quarantine_scan(struct store_txn *txn, uint16_t source, const uint8_t *idx,
		    struct store_scan **ret_scan, struct err *err)
{
	static const uint8_t first[KEYRING_IDX_SIZE];
	struct value_key key = key_of(source, idx == NULL ? first : idx);
	return row_scan(txn, KV_QUARANTINE, &key, 0, ret_scan, err);
}

int quarantine_next(struct store_scan *scan, struct quarantine_row *ret_row, struct err *err)
{
	struct value value;
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_row, wrapped, err);
}
