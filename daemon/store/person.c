#include "daemon/store/person.h"

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static const char counter[] = "next/person";

static struct value_key key_of(uint32_t ordinal)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, ordinal);
	return key;
}

static struct value_key uuid_key_of(const uint8_t uuid[UUID_SIZE])
{
	struct value_key key = { .len = 0 };
	value_key_bytes(&key, uuid, UUID_SIZE);
	return key;
}

static void put_head(struct store_txn *txn, const struct person *person)
{
	struct buf *head = row_begin(txn);
	buf_put(head, person->uuid, sizeof(person->uuid));
	buf_put_u8(head, person->flags);
	buf_put(head, person->wrapped_dek, sizeof(person->wrapped_dek));
}

static int get_head(struct store_txn *txn, uint32_t ordinal, struct value *value,
		    struct person *ret_person, struct err *err)
{
	struct value_key key = key_of(ordinal);
	struct person person = { .ordinal = ordinal, .stored = true };
	row_bytes(&value->head, person.uuid, sizeof(person.uuid));
	person.flags = reader_u8(&value->head);
	row_bytes(&value->head, person.wrapped_dek, sizeof(person.wrapped_dek));
	int error = row_done(txn, KV_PERSON, &key, value, err);
	if (error == 0)
		*ret_person = person;
	return error;
}

/* ---- life ---- */

int person_new(struct store_txn *txn, struct person *ret_person, struct err *err)
{
	struct person person = { .stored = false };
	uint64_t number;
	int error = row_number(txn, counter, KEYRING_BUCKET_RUNS - 1, &number, err);
	if (error < 0)
		return error;
	person.ordinal = (uint32_t)number;
	random_uuid(&txn->store->random, person.uuid);
	error = keyring_dek_create(txn->store->keyring, keyring_bucket_of_person(person.ordinal),
				   person.ordinal, person.wrapped_dek, err);
	if (error < 0)
		return store_poison(txn, error, err);
	*ret_person = person;
	return 0;
}

int person_dek(struct store_txn *txn, const struct person *person, const uint8_t **ret_dek,
	       struct err *err)
{
	int error = keyring_dek(txn->store->keyring, keyring_bucket_of_person(person->ordinal),
				person->ordinal, person->wrapped_dek, ret_dek, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

static int put_uuid(struct store_txn *txn, const struct person *person, struct err *err)
{
	struct value_key key = uuid_key_of(person->uuid);
	buf_put_u32(row_begin(txn), person->ordinal);
	return row_put(txn, KV_UUID, &key, ROW_ANYWHERE, err);
}

int person_put(struct store_txn *txn, struct person *person, const struct person_body *body,
	       struct err *err)
{
	struct row_seal seal = { .form = SEAL_OWN };
	int error = person_dek(txn, person, &seal.key, err);
	if (error == 0 && !person->stored)
		error = put_uuid(txn, person, err);
	if (error < 0)
		return error;
	struct buf *plain = row_plain(txn);
	buf_put(plain, body->subj, sizeof(body->subj));
	buf_put(plain, body->policy, sizeof(body->policy));
	buf_put_varblob(plain, body->golden);
	put_head(txn, person);
	struct value_key key = key_of(person->ordinal);
	enum row_order order = person->stored ? ROW_ANYWHERE : ROW_IN_ORDER;
	error = row_put_sealed(txn, KV_PERSON, &key, &seal, order, err);
	if (error == 0)
		person->stored = true;
	return error;
}

int person_put_head(struct store_txn *txn, const struct person *person, struct err *err)
{
	struct value_key key = key_of(person->ordinal);
	put_head(txn, person);
	return row_put_head(txn, KV_PERSON, &key, err);
}

/* ---- reading ---- */

int person_get(struct store_txn *txn, uint32_t ordinal, struct person *ret_person, struct err *err)
{
	struct value_key key = key_of(ordinal);
	struct value value;
	int error = row_require(txn, KV_PERSON, &key, &value, err);
	return error < 0 ? error : get_head(txn, ordinal, &value, ret_person, err);
}

int person_body(struct store_txn *txn, const struct person *person, struct buf *plain,
		struct person_body *ret_body, struct err *err)
{
	struct value_key key = key_of(person->ordinal);
	struct row_seal seal = { .form = SEAL_OWN };
	struct value value;
	int error = row_require(txn, KV_PERSON, &key, &value, err);
	if (error == 0)
		error = person_dek(txn, person, &seal.key, err);
	buf_reset(plain);
	if (error == 0)
		error = row_open(txn, KV_PERSON, &key, &seal, &value, plain, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(buf_blob(plain));
	struct person_body body;
	row_bytes(&reader, body.subj, sizeof(body.subj));
	row_bytes(&reader, body.policy, sizeof(body.policy));
	body.golden = reader_varblob(&reader, plain->len);
	if (!reader_done(&reader))
		return row_corrupt(txn, KV_PERSON, &key, err);
	*ret_body = body;
	return 0;
}

int person_find_uuid(struct store_txn *txn, const uint8_t uuid[UUID_SIZE], uint32_t *ret_ordinal,
		     struct err *err)
{
	struct value_key key = uuid_key_of(uuid);
	struct value value;
	int error = row_get(txn, KV_UUID, &key, &value, err);
	if (error < 0)
		return error;
	uint32_t ordinal = reader_u32(&value.head);
	error = row_done(txn, KV_UUID, &key, &value, err);
	if (error == 0)
		*ret_ordinal = ordinal;
	return error;
}

int person_count(struct store_txn *txn, uint32_t *ret_count, struct err *err)
{
	uint64_t count;
	int error = row_count(txn, counter, &count, err);
	if (error == 0)
		*ret_count = (uint32_t)count;
	return error;
}

int person_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan, struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_PERSON, &key, 0, ret_scan, err);
}

int person_next(struct store_scan *scan, struct person *ret_person, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	return get_head(scan->txn, reader_u32(&key), &value, ret_person, err);
}

/* ---- dirty ---- */

int person_mark_dirty(struct store_txn *txn, uint32_t ordinal, struct err *err)
{
	struct value_key key = key_of(ordinal);
	(void)row_begin(txn);
	return row_put(txn, KV_DIRTY, &key, ROW_IN_ORDER, err);
}

int person_mark_clean(struct store_txn *txn, uint32_t ordinal, struct err *err)
{
	struct value_key key = key_of(ordinal);
	int error = row_delete(txn, KV_DIRTY, &key, err);
	return error == ERR_NOT_FOUND ? 0 : error;
}

int person_find_dirty(struct store_txn *txn, uint32_t ordinal, struct err *err)
{
	struct value_key key = key_of(ordinal);
	struct value value;
	return row_get(txn, KV_DIRTY, &key, &value, err);
}

int person_dirty_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
		      struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_DIRTY, &key, 0, ret_scan, err);
}

int person_dirty_next(struct store_scan *scan, uint32_t *ret_ordinal, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	*ret_ordinal = reader_u32(&key);
	return 0;
}
