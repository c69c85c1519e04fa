#include "daemon/store/image.h"

#include "daemon/store/row.h"

static struct value_key key_of(uint32_t person)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, person);
	return key;
}

static int get_head(struct store_txn *txn, uint32_t person, struct value *value,
		    struct image *ret_image, struct err *err)
{
	struct value_key key = key_of(person);
	struct image image = { .person = person };
	image.version = reader_u64(&value->head);
	image.state = reader_u8(&value->head);
	int error = row_done(txn, KV_IMAGE, &key, value, err);
	if (error == 0)
		*ret_image = image;
	return error;
}

int image_put(struct store_txn *txn, const struct person *owner, const struct image *image,
	      const struct image_body *body, struct err *err)
{
	struct value_key key = key_of(image->person);
	struct row_seal seal = { .form = SEAL_OWN };
	int error = person_dek(txn, owner, &seal.key, err);
	if (error < 0)
		return error;
	struct buf *plain = row_plain(txn);
	buf_put_varblob(plain, body->projection);
	buf_put_varblob(plain, body->etag);
	buf_put_varblob(plain, body->upstream_id);
	buf_put_varblob(plain, body->held);
	struct buf *head = row_begin(txn);
	buf_put_u64(head, image->version);
	buf_put_u8(head, image->state);
	return row_put_sealed(txn, KV_IMAGE, &key, &seal, ROW_IN_ORDER, err);
}

static int open_body(struct store_txn *txn, const struct person *owner, const struct value_key *key,
		     const struct value *value, struct buf *plain, struct image_body *ret_body,
		     struct err *err)
{
	struct row_seal seal = { .form = SEAL_OWN };
	int error = person_dek(txn, owner, &seal.key, err);
	buf_reset(plain);
	if (error == 0)
		error = row_open(txn, KV_IMAGE, key, &seal, value, plain, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(buf_blob(plain));
	struct image_body body;
	body.projection = reader_varblob(&reader, plain->len);
	body.etag = reader_varblob(&reader, plain->len);
	body.upstream_id = reader_varblob(&reader, plain->len);
	body.held = reader_varblob(&reader, plain->len);
	if (!reader_done(&reader))
		return row_corrupt(txn, KV_IMAGE, key, err);
	*ret_body = body;
	return 0;
}

int image_find(struct store_txn *txn, const struct person *owner, struct buf *plain,
	       struct image *ret_image, struct image_body *ret_body, struct err *err)
{
	struct value_key key = key_of(owner->ordinal);
	struct value value;
	int error = row_get(txn, KV_IMAGE, &key, &value, err);
	if (error == 0)
		error = get_head(txn, owner->ordinal, &value, ret_image, err);
	if (error < 0 || ret_body == NULL)
		return error;
	return open_body(txn, owner, &key, &value, plain, ret_body, err);
}

int image_delete(struct store_txn *txn, uint32_t person, struct err *err)
{
	struct value_key key = key_of(person);
	return row_delete(txn, KV_IMAGE, &key, err);
}

int image_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan, struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_IMAGE, &key, 0, ret_scan, err);
}

int image_next(struct store_scan *scan, struct image *ret_image, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	return get_head(scan->txn, reader_u32(&key), &value, ret_image, err);
}
