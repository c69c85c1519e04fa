#include "daemon/store/member.h"

#include "daemon/store/row.h"

static struct value_key key_of(uint32_t person, uint16_t source, uint32_t ordinal)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, person);
	value_key_u16(&key, source);
	value_key_u32(&key, ordinal);
	return key;
}

int member_put(struct store_txn *txn, const struct member *member, struct err *err)
{
	struct value_key key = key_of(member->person, member->source, member->ordinal);
	struct buf *head = row_begin(txn);
	buf_put_u8(head, member->how);
	buf_put_u8(head, member->live);
	buf_put_u16(head, member->rule);
	buf_put_u16(head, member->model);
	buf_put_u32(head, (uint32_t)member->score);
	buf_put_u32(head, member->run);
	return row_put(txn, KV_MEMBER, &key, ROW_IN_ORDER, err);
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct member *ret_member, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key));
	struct member member = { .person = reader_u32(&place) };
	member.source = reader_u16(&place);
	member.ordinal = reader_u32(&place);
	member.how = reader_u8(&value->head);
	member.live = reader_u8(&value->head) != 0;
	member.rule = reader_u16(&value->head);
	member.model = reader_u16(&value->head);
	member.score = (int32_t)reader_u32(&value->head);
	member.run = reader_u32(&value->head);
	int error = row_done(txn, KV_MEMBER, key, value, err);
	if (error == 0)
		*ret_member = member;
	return error;
}

int member_find(struct store_txn *txn, uint32_t person, uint16_t source, uint32_t ordinal,
		struct member *ret_member, struct err *err)
{
	struct value_key key = key_of(person, source, ordinal);
	struct value value;
	int error = row_get(txn, KV_MEMBER, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_member, err);
}

int member_scan(struct store_txn *txn, uint32_t person, struct store_scan **ret_scan,
		struct err *err)
{
	struct value_key key = key_of(person, 0, 0);
	return row_scan(txn, KV_MEMBER, &key, sizeof(person), ret_scan, err);
}

int member_next(struct store_scan *scan, struct member *ret_member, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_member, err);
}
