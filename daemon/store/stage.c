#include "daemon/store/stage.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static struct value_key run_key(uint32_t run)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, run);
	return key;
}

static struct value_key seq_key(uint32_t run, uint64_t seq)
{
	struct value_key key = run_key(run);
	value_key_u64(&key, seq);
	return key;
}

static struct value_key idx_key(uint32_t run, const uint8_t idx[KEYRING_IDX_SIZE])
{
	struct value_key key = run_key(run);
	value_key_bytes(&key, idx, KEYRING_IDX_SIZE);
	return key;
}

static struct value_key chunk_key(uint32_t run, uint32_t chunk)
{
	struct value_key key = run_key(run);
	value_key_u32(&key, chunk);
	return key;
}

/* ---- rows ---- */

static int run_dek(struct store_txn *txn, const struct run_row *run, const uint8_t **ret_dek,
		   struct err *err)
{
	if (!run->has_key)
		return err_set(err, ERR_NOT_FOUND, MSG_STORE_RUN_KEY, ARG_U("run", run->id));
	int error = keyring_dek(txn->store->keyring, keyring_bucket_of_run(run->id), run->id,
				run->wrapped_dek, ret_dek, err);
	return error < 0 ? store_poison(txn, error, err) : 0;
}

int stage_append(struct store_txn *txn, struct run_row *run, struct blob row, struct err *err)
{
	struct value_key key = seq_key(run->id, run->staged);
	struct row_seal seal = { .form = SEAL_OWN };
	int error = run_dek(txn, run, &seal.key, err);
	if (error < 0)
		return store_poison(txn, error, err);
	buf_put(row_plain(txn), row.data, row.len);
	(void)row_begin(txn);
	error = row_put_sealed(txn, KV_STAGE, &key, &seal, ROW_IN_ORDER, err);
	if (error == 0)
		run->staged++;
	return error;
}

int stage_get(struct store_txn *txn, const struct run_row *run, uint64_t seq, struct buf *plain,
	      struct err *err)
{
	struct value_key key = seq_key(run->id, seq);
	struct row_seal seal = { .form = SEAL_OWN };
	struct value value;
	int error = run_dek(txn, run, &seal.key, err);
	if (error == 0)
		error = row_require(txn, KV_STAGE, &key, &value, err);
	return error < 0 ? error : row_open(txn, KV_STAGE, &key, &seal, &value, plain, err);
}

/* ---- keys ---- */

int stage_key_put(struct store_txn *txn, uint32_t run, const struct stage_key *stage_key,
		  struct err *err)
{
	struct value_key key = idx_key(run, stage_key->idx);
	struct buf *head = row_begin(txn);
	buf_put_u64(head, stage_key->seq);
	buf_put_u8(head, stage_key->kind);
	buf_put_u32(head, stage_key->ordinal);
	return row_put(txn, KV_STAGE_KEY, &key, ROW_ANYWHERE, err);
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct stage_key *ret_key, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key));
	struct stage_key stage_key = { .kind = 0 };
	(void)reader_u32(&place);
	row_bytes(&place, stage_key.idx, sizeof(stage_key.idx));
	stage_key.seq = reader_u64(&value->head);
	stage_key.kind = reader_u8(&value->head);
	stage_key.ordinal = reader_u32(&value->head);
	int error = row_done(txn, KV_STAGE_KEY, key, value, err);
	if (error == 0)
		*ret_key = stage_key;
	return error;
}

int stage_key_find(struct store_txn *txn, uint32_t run, const uint8_t idx[KEYRING_IDX_SIZE],
		   struct stage_key *ret_key, struct err *err)
{
	struct value_key key = idx_key(run, idx);
	struct value value;
	int error = row_get(txn, KV_STAGE_KEY, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_key, err);
}

int stage_key_scan(struct store_txn *txn, uint32_t run, const uint8_t *after,
		   struct store_scan **ret_scan, struct err *err)
{
	struct value_key key = after == NULL ? run_key(run) : idx_key(run, after);
	if (after != NULL)
		value_key_u8(&key, 0); /* the least key behind it */
	return row_scan(txn, KV_STAGE_KEY, &key, sizeof(run), ret_scan, err);
}

int stage_key_next(struct store_scan *scan, struct stage_key *ret_key, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_key, err);
}

/* ---- seen ---- */

int seen_put(struct store_txn *txn, uint32_t run, uint32_t chunk,
	     const uint8_t bits[SEEN_CHUNK_BYTES], struct err *err)
{
	struct value_key key = chunk_key(run, chunk);
	buf_put(row_begin(txn), bits, SEEN_CHUNK_BYTES);
	return row_put(txn, KV_SEEN, &key, ROW_IN_ORDER, err);
}

int seen_get(struct store_txn *txn, uint32_t run, uint32_t chunk,
	     uint8_t ret_bits[SEEN_CHUNK_BYTES], struct err *err)
{
	struct value_key key = chunk_key(run, chunk);
	struct value value;
	int error = row_get(txn, KV_SEEN, &key, &value, err);
	if (error == ERR_NOT_FOUND) {
		memset(ret_bits, 0, SEEN_CHUNK_BYTES);
		return 0;
	}
	if (error < 0)
		return error;
	row_bytes(&value.head, ret_bits, SEEN_CHUNK_BYTES);
	return row_done(txn, KV_SEEN, &key, &value, err);
}

/* ---- the end ---- */

/* Deletes rows of one table until the run has none, or `*limit` is used up. Damaged values go as well:
 * keys alone are looked at.
 */
static int delete_from(struct store_txn *txn, enum kv_table table, uint32_t run, size_t *limit,
		       bool *ret_more, struct err *err)
{
	struct value_key prefix = run_key(run);
	struct blob from = value_key_blob(&prefix);
	for (;;) {
		CLEANUP(kv_cursor_closep) struct kv_cursor *cursor = NULL;
		struct blob found, value;
		int error = kv_cursor_open(txn->kv, table, &cursor, err);
		if (error == 0)
			error = kv_cursor_seek(cursor, from, &found, &value, err);
		if (error == ERR_NOT_FOUND ||
		    (error == 0 && (found.len < from.len || found.len > VALUE_KEY_SIZE ||
				    memcmp(found.data, from.data, from.len) != 0)))
			return 0;
		if (error < 0)
			return error;
		if (*limit == 0) {
			*ret_more = true;
			return 0;
		}
		struct value_key key = { .len = 0 };
		value_key_bytes(&key, found.data, found.len);
		error = row_delete(txn, table, &key, err);
		if (error < 0)
			return error;
		--*limit;
	}
}

int stage_delete(struct store_txn *txn, uint32_t run, size_t limit, bool *ret_more, struct err *err)
{
	static const enum kv_table tables[] = { KV_STAGE, KV_STAGE_KEY, KV_SEEN };
	bool more = false;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && !more; i++) {
		int error = delete_from(txn, tables[i], run, &limit, &more, err);
		if (error < 0)
			return error;
	}
	*ret_more = more;
	return 0;
}
