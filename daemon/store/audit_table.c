#include "daemon/store/audit_table.h"

#include <assert.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

#define META_FRONTIER "audit"
static const char counter[] = "next/leaf";

static struct value_key key_of(uint64_t index)
{
	struct value_key key = { .len = 0 };
	value_key_u64(&key, index);
	return key;
}

/* ---- payloads ---- */

static int seal_of(struct store_txn *txn, const struct person *owner, struct row_seal *ret_seal,
		   struct err *err)
{
	if (owner == NULL) {
		*ret_seal =
			(struct row_seal){ SEAL_SHARED, keyring_shared_key(txn->store->keyring) };
		return 0;
	}
	ret_seal->form = SEAL_OWN;
	return person_dek(txn, owner, &ret_seal->key, err);
}

int audit_table_seal(struct store_txn *txn, const struct person *owner, uint64_t index,
		     struct blob payload, struct buf *out, struct err *err)
{
	struct value_key key = key_of(index);
	const struct seal_place place = { .table = KV_AUDIT,
					  .version = VALUE_VERSION,
					  .key = value_key_blob(&key) };
	struct row_seal seal;
	int error = seal_of(txn, owner, &seal, err);
	if (error < 0)
		return error;
	error = seal_put(txn->store->sealer, seal.form, seal.key, &place, payload, out, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

int audit_table_open(struct store_txn *txn, const struct person *owner, uint64_t index,
		     struct blob sealed, struct buf *plain, struct err *err)
{
	struct value_key key = key_of(index);
	const struct value value = { .version = VALUE_VERSION, .body = sealed };
	struct row_seal seal;
	int error = seal_of(txn, owner, &seal, err);
	return error < 0 ? error : row_open(txn, KV_AUDIT, &key, &seal, &value, plain, err);
}

/* ---- leaves ---- */

int audit_table_append(struct store_txn *txn, uint64_t index, struct blob leaf, struct blob sealed,
		       struct err *err)
{
	uint64_t number, size;
	int error = row_count(txn, counter, &size, err);
	if (error < 0)
		return error;
	if (index != size)
		return store_poison(txn,
				    err_set(err, ERR_CONFLICT, MSG_STORE_AUDIT_ORDER,
					    ARG_U("index", index), ARG_U("size", size)),
				    err);
	error = row_number(txn, counter, UINT64_MAX, &number, err);
	if (error < 0)
		return error;
	struct value_key key = key_of(index);
	buf_put(row_begin(txn), leaf.data, leaf.len);
	return row_put_body(txn, KV_AUDIT, &key, sealed, ROW_IN_ORDER, err);
}

int audit_table_get(struct store_txn *txn, uint64_t index, struct blob *ret_leaf,
		    struct blob *ret_sealed, struct err *err)
{
	struct value_key key = key_of(index);
	struct value value;
	int error = row_require(txn, KV_AUDIT, &key, &value, err);
	if (error < 0)
		return error;
	*ret_leaf = reader_take(&value.head, value.head.left);
	*ret_sealed = value.body;
	return 0;
}

int audit_table_scan(struct store_txn *txn, uint64_t from, struct store_scan **ret_scan,
		     struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_AUDIT, &key, 0, ret_scan, err);
}

int audit_table_next(struct store_scan *scan, uint64_t *ret_index, struct blob *ret_leaf,
		     struct blob *ret_sealed, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	if (error < 0)
		return error;
	struct reader key = row_key(scan);
	*ret_index = reader_u64(&key);
	*ret_leaf = reader_take(&value.head, value.head.left);
	*ret_sealed = value.body;
	return 0;
}

/* ---- frontier ---- */

int audit_frontier_get(struct store_txn *txn, struct audit_frontier *ret_frontier, struct err *err)
{
	struct blob bytes;
	int error = store_meta_find(txn, META_FRONTIER, &bytes, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	memset(ret_frontier, 0, sizeof(*ret_frontier));
	if (error == ERR_NOT_FOUND) {
		sha256("", 0, ret_frontier->root);
		return 0;
	}
	struct reader reader = reader_of(bytes);
	ret_frontier->size = reader_u64(&reader);
	row_bytes(&reader, ret_frontier->root, SHA256_SIZE);
	ret_frontier->peak_count = reader_u32(&reader);
	for (uint32_t i = 0; i < ret_frontier->peak_count && i < AUDIT_PEAKS_MAX; i++)
		row_bytes(&reader, ret_frontier->peaks[i], SHA256_SIZE);
	if (reader_done(&reader) && ret_frontier->peak_count <= AUDIT_PEAKS_MAX)
		return 0;
	struct value_key key = { .len = 0 };
	value_key_bytes(&key, META_FRONTIER, strlen(META_FRONTIER));
	return row_corrupt(txn, KV_META, &key, err);
}

int audit_frontier_put(struct store_txn *txn, const struct audit_frontier *frontier,
		       struct err *err)
{
	assert(frontier->peak_count <= AUDIT_PEAKS_MAX);
	CLEANUP(buf_finish) struct buf bytes = { 0 };
	buf_put_u64(&bytes, frontier->size);
	buf_put(&bytes, frontier->root, SHA256_SIZE);
	buf_put_u32(&bytes, frontier->peak_count);
	buf_put(&bytes, frontier->peaks, (size_t)frontier->peak_count * SHA256_SIZE);
	if (!buf_ok(&bytes))
		return store_poison(txn, err_set(err, ERR_NOMEM, MSG_NOMEM), err);
	return store_meta_put(txn, META_FRONTIER, buf_blob(&bytes), err);
}
