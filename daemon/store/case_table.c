#include "daemon/store/case_table.h"

#include <assert.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static struct value_key key_of(uint64_t id)
{
	struct value_key key = { .len = 0 };
	value_key_u64(&key, id);
	return key;
}

static struct value_key of_key(uint32_t person, uint64_t id)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, person);
	value_key_u64(&key, id);
	return key;
}

static void put_head(struct store_txn *txn, const struct case_row *row)
{
	assert(row->person_count <= CASE_PERSONS_MAX && row->record_count <= CASE_RECORDS_MAX);
	struct buf *head = row_begin(txn);
	buf_put_u8(head, row->kind);
	buf_put_u8(head, row->state);
	buf_put_u8(head, row->open);
	buf_put_u16(head, row->rule);
	buf_put_u32(head, (uint32_t)row->score);
	buf_put_u32(head, row->run);
	buf_put_u64(head, row->opened_us);
	buf_put_u8(head, row->person_count);
	for (size_t i = 0; i < row->person_count; i++)
		buf_put_u32(head, row->persons[i]);
	buf_put_u8(head, row->record_count);
	for (size_t i = 0; i < row->record_count; i++) {
		buf_put_u16(head, row->records[i].source);
		buf_put_u32(head, row->records[i].ordinal);
	}
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct case_row *ret_row, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key)), *head = &value->head;
	struct case_row row = { .id = reader_u64(&place) };
	row.kind = reader_u8(head);
	row.state = reader_u8(head);
	row.open = reader_u8(head) != 0;
	row.rule = reader_u16(head);
	row.score = (int32_t)reader_u32(head);
	row.run = reader_u32(head);
	row.opened_us = reader_u64(head);
	row.person_count = reader_u8(head);
	for (size_t i = 0; i < row.person_count && i < CASE_PERSONS_MAX; i++)
		row.persons[i] = reader_u32(head);
	row.record_count = reader_u8(head);
	for (size_t i = 0; i < row.record_count && i < CASE_RECORDS_MAX; i++) {
		row.records[i].source = reader_u16(head);
		row.records[i].ordinal = reader_u32(head);
	}
	if (row.person_count > CASE_PERSONS_MAX || row.record_count > CASE_RECORDS_MAX)
		return row_corrupt(txn, KV_CASE_ITEM, key, err);
	int error = row_done(txn, KV_CASE_ITEM, key, value, err);
	if (error == 0)
		*ret_row = row;
	return error;
}

/* case_of holds the open cases and no others. */
static int index_persons(struct store_txn *txn, const struct case_row *row, struct err *err)
{
	for (size_t i = 0; i < row->person_count; i++) {
		struct value_key key = of_key(row->persons[i], row->id);
		int error;
		if (row->open) {
			(void)row_begin(txn);
			error = row_put(txn, KV_CASE_OF, &key, ROW_ANYWHERE, err);
		} else {
			error = row_delete(txn, KV_CASE_OF, &key, err);
		}
		if (error < 0 && error != ERR_NOT_FOUND)
			return error;
	}
	return 0;
}

int case_table_create(struct store_txn *txn, struct case_row *row, struct err *err)
{
	int error = row_number(txn, "next/case", UINT64_MAX, &row->id, err);
	return error < 0 ? error : case_table_put(txn, row, err);
}

int case_table_put(struct store_txn *txn, const struct case_row *row, struct err *err)
{
	struct value_key key = key_of(row->id);
	put_head(txn, row);
	int error = row_put(txn, KV_CASE_ITEM, &key, ROW_IN_ORDER, err);
	return error < 0 ? error : index_persons(txn, row, err);
}

int case_table_get(struct store_txn *txn, uint64_t id, struct case_row *ret_row, struct err *err)
{
	struct value_key key = key_of(id);
	struct value value;
	int error = row_require(txn, KV_CASE_ITEM, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_row, err);
}

int case_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
		    struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_CASE_ITEM, &key, 0, ret_scan, err);
}

int case_table_next(struct store_scan *scan, struct case_row *ret_row, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_row, err);
}

int case_of_scan(struct store_txn *txn, uint32_t person, struct store_scan **ret_scan,
		 struct err *err)
{
	struct value_key key = of_key(person, 0);
	return row_scan(txn, KV_CASE_OF, &key, sizeof(person), ret_scan, err);
}

int case_of_next(struct store_scan *scan, uint64_t *ret_id, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	(void)reader_u32(&key);
	*ret_id = reader_u64(&key);
	return 0;
}
