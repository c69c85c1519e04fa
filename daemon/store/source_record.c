#include "daemon/store/source_record.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/row.h"

static struct value_key key_of(uint16_t source, uint32_t ordinal)
{
	struct value_key key = { .len = 0 };
	value_key_u16(&key, source);
	value_key_u32(&key, ordinal);
	return key;
}

static struct value_key name_key_of(uint16_t source, const uint8_t idx[KEYRING_IDX_SIZE])
{
	struct value_key key = { .len = 0 };
	value_key_u16(&key, source);
	value_key_bytes(&key, idx, KEYRING_IDX_SIZE);
	return key;
}

static void counter_of(uint16_t source, char out[COUNTER_NAME_SIZE])
{
	(void)snprintf(out, COUNTER_NAME_SIZE, "next/record/%u", source);
}

void source_key_idx(struct store *store, uint16_t source, struct blob key,
		    uint8_t out[KEYRING_IDX_SIZE])
{
	/* With the source's number: equal keys of two sources shall not look alike. */
	const uint8_t number[2] = { (uint8_t)(source >> 8), (uint8_t)source };
	const struct blob parts[] = { blob_of(number, sizeof(number)), key };
	keyring_idx(store->keyring, KEYRING_IDX_SOURCE_KEY, parts, 2, out);
}

/* ---- head and body ---- */

static void put_head(struct store_txn *txn, const struct source_record *record)
{
	struct buf *head = row_begin(txn);
	buf_put_u8(head, record->flags);
	buf_put_u16(head, record->incarnation);
	buf_put_u32(head, record->person);
	buf_put(head, record->cells_hash, sizeof(record->cells_hash));
	buf_put(head, record->content_hash, sizeof(record->content_hash));
	buf_put(head, record->interpretation, sizeof(record->interpretation));
	buf_put_u32(head, record->run);
	buf_put_u16(head, record->absent);
}

static int get_head(struct store_txn *txn, const struct value_key *key, struct value *value,
		    struct source_record *ret_record, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key));
	struct source_record record = { .source = reader_u16(&place) };
	record.ordinal = reader_u32(&place);
	struct reader *head = &value->head;
	record.flags = reader_u8(head);
	record.incarnation = reader_u16(head);
	record.person = reader_u32(head);
	row_bytes(head, record.cells_hash, sizeof(record.cells_hash));
	row_bytes(head, record.content_hash, sizeof(record.content_hash));
	row_bytes(head, record.interpretation, sizeof(record.interpretation));
	record.run = reader_u32(head);
	record.absent = reader_u16(head);
	int error = row_done(txn, KV_SOURCE_RECORD, key, value, err);
	if (error == 0)
		*ret_record = record;
	return error;
}

static int put(struct store_txn *txn, const struct person *owner,
	       const struct source_record *record, const struct source_record_body *body,
	       enum row_order order, struct err *err)
{
	assert(record->person == owner->ordinal && record->ordinal != 0);
	struct value_key key = key_of(record->source, record->ordinal);
	struct row_seal seal = { .form = SEAL_OWN };
	int error = person_dek(txn, owner, &seal.key, err);
	if (error < 0)
		return error;
	struct buf *plain = row_plain(txn);
	buf_put_varblob(plain, body->key);
	buf_put_varblob(plain, body->record);
	buf_put_varblob(plain, body->cells);
	buf_put_varblob(plain, body->warnings);
	buf_put_varblob(plain, body->as_of);
	put_head(txn, record);
	return row_put_sealed(txn, KV_SOURCE_RECORD, &key, &seal, order, err);
}

/* ---- writing ---- */

int source_record_create(struct store_txn *txn, const struct person *owner,
			 struct source_record *record, const struct source_record_body *body,
			 struct err *err)
{
	char counter[COUNTER_NAME_SIZE];
	counter_of(record->source, counter);
	uint64_t number;
	int error = row_number(txn, counter, UINT32_MAX, &number, err);
	if (error < 0)
		return error;
	record->ordinal = (uint32_t)number;
	error = put(txn, owner, record, body, ROW_IN_ORDER, err);
	if (error < 0)
		return error;
	uint8_t idx[KEYRING_IDX_SIZE];
	source_key_idx(txn->store, record->source, body->key, idx);
	struct value_key key = name_key_of(record->source, idx);
	buf_put_u32(row_begin(txn), record->ordinal);
	return row_put(txn, KV_RECORD_KEY, &key, ROW_ANYWHERE, err);
}

int source_record_put(struct store_txn *txn, const struct person *owner,
		      const struct source_record *record, const struct source_record_body *body,
		      struct err *err)
{
	return put(txn, owner, record, body, ROW_ANYWHERE, err);
}

int source_record_put_head(struct store_txn *txn, const struct source_record *record,
			   struct err *err)
{
	struct value_key key = key_of(record->source, record->ordinal);
	put_head(txn, record);
	return row_put_head(txn, KV_SOURCE_RECORD, &key, err);
}

/* ---- reading ---- */

int source_record_find(struct store_txn *txn, uint16_t source, const uint8_t idx[KEYRING_IDX_SIZE],
		       uint32_t *ret_ordinal, struct err *err)
{
	struct value_key key = name_key_of(source, idx);
	struct value value;
	int error = row_get(txn, KV_RECORD_KEY, &key, &value, err);
	if (error < 0)
		return error;
	uint32_t ordinal = reader_u32(&value.head);
	error = row_done(txn, KV_RECORD_KEY, &key, &value, err);
	if (error == 0)
		*ret_ordinal = ordinal;
	return error;
}

int source_record_get(struct store_txn *txn, uint16_t source, uint32_t ordinal,
		      struct source_record *ret_record, struct err *err)
{
	struct value_key key = key_of(source, ordinal);
	struct value value;
	int error = row_require(txn, KV_SOURCE_RECORD, &key, &value, err);
	return error < 0 ? error : get_head(txn, &key, &value, ret_record, err);
}

int source_record_body(struct store_txn *txn, const struct source_record *record, struct buf *plain,
		       struct source_record_body *ret_body, struct err *err)
{
	struct value_key key = key_of(record->source, record->ordinal);
	struct row_seal seal = { .form = SEAL_OWN };
	struct person owner;
	struct value value;
	int error = person_get(txn, record->person, &owner, err);
	if (error == 0)
		error = person_dek(txn, &owner, &seal.key, err);
	if (error == 0)
		error = row_require(txn, KV_SOURCE_RECORD, &key, &value, err);
	buf_reset(plain);
	if (error == 0)
		error = row_open(txn, KV_SOURCE_RECORD, &key, &seal, &value, plain, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(buf_blob(plain));
	struct source_record_body body;
	body.key = reader_varblob(&reader, plain->len);
	body.record = reader_varblob(&reader, plain->len);
	body.cells = reader_varblob(&reader, plain->len);
	body.warnings = reader_varblob(&reader, plain->len);
	body.as_of = reader_varblob(&reader, plain->len);
	if (!reader_done(&reader))
		return row_corrupt(txn, KV_SOURCE_RECORD, &key, err);
	*ret_body = body;
	return 0;
}

int source_record_count(struct store_txn *txn, uint16_t source, uint32_t *ret_count,
			struct err *err)
{
	char counter[COUNTER_NAME_SIZE];
	counter_of(source, counter);
	uint64_t count;
	int error = row_count(txn, counter, &count, err);
	if (error == 0)
		*ret_count = (uint32_t)count;
	return error;
}

int source_record_scan(struct store_txn *txn, uint16_t source, uint32_t from,
		       struct store_scan **ret_scan, struct err *err)
{
	struct value_key key = key_of(source, from);
	return row_scan(txn, KV_SOURCE_RECORD, &key, sizeof(source), ret_scan, err);
}

int source_record_next(struct store_scan *scan, struct source_record *ret_record, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : get_head(scan->txn, &scan->at, &value, ret_record, err);
}
