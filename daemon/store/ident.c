#include "daemon/store/ident.h"

#include "daemon/base/err.h"
#include "daemon/store/row.h"

enum { PREFIX_SIZE = 1 + KEYRING_IDX_SIZE };

static struct value_key prefix_of(uint8_t kind, const uint8_t idx[KEYRING_IDX_SIZE])
{
	struct value_key key = { .len = 0 };
	value_key_u8(&key, kind);
	value_key_bytes(&key, idx, KEYRING_IDX_SIZE);
	return key;
}

static struct value_key key_of(const struct ident *ident)
{
	struct value_key key = prefix_of(ident->kind, ident->idx);
	value_key_u16(&key, ident->source);
	value_key_u32(&key, ident->ordinal);
	return key;
}

int ident_put(struct store_txn *txn, const struct ident *ident, struct err *err)
{
	struct value_key key = key_of(ident);
	buf_put_u8(row_begin(txn), ident->grade);
	return row_put(txn, KV_IDENT, &key, ROW_ANYWHERE, err);
}

int ident_delete(struct store_txn *txn, const struct ident *ident, struct err *err)
{
	struct value_key key = key_of(ident);
	int error = row_delete(txn, KV_IDENT, &key, err);
	return error == ERR_NOT_FOUND ? 0 : error;
}

int ident_scan(struct store_txn *txn, uint8_t kind, const uint8_t idx[KEYRING_IDX_SIZE],
	       struct store_scan **ret_scan, struct err *err)
{
	struct value_key key = prefix_of(kind, idx);
	return row_scan(txn, KV_IDENT, &key, PREFIX_SIZE, ret_scan, err);
}

int ident_next(struct store_scan *scan, struct ident *ret_ident, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	uint8_t grade = reader_u8(&value.head);
	error = row_done(scan->txn, KV_IDENT, &scan->at, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	*ret_ident = (struct ident){ .kind = reader_u8(&key), .grade = grade };
	row_bytes(&key, ret_ident->idx, sizeof(ret_ident->idx));
	ret_ident->source = reader_u16(&key);
	ret_ident->ordinal = reader_u32(&key);
	return 0;
}
