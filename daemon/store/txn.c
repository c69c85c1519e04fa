/* The life of a store transaction, and meta. */
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

int store_begin(struct store *store, enum kv_mode mode, struct store_txn **ret_txn, struct err *err)
{
	CLEANUP(freep) struct store_txn *txn = calloc(1, sizeof(*txn));
	if (txn == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	txn->store = store;
	int error = kv_begin(store->kv, mode, &txn->kv, err);
	if (error < 0)
		return error;
	*ret_txn = TAKE(txn);
	return 0;
}

static void finish(struct store_txn *txn)
{
	buf_finish(&txn->head);
	buf_finish(&txn->value);
	buf_cleanse(&txn->plain);
	buf_finish(&txn->ended_runs);
	free(txn->counters);
	free(txn);
}

static int write_counters(struct store_txn *txn, struct err *err)
{
	for (size_t i = 0; i < txn->counter_count; i++) {
		const struct counter *counter = &txn->counters[i];
		if (!counter->changed)
			continue;
		uint8_t bytes[8];
		for (int at = 0; at < 8; at++)
			bytes[at] = (uint8_t)(counter->value >> (56 - 8 * at));
		int error = store_meta_put(txn, counter->name, blob_of(bytes, sizeof(bytes)), err);
		if (error < 0)
			return error;
	}
	return 0;
}

/* Behind the commit: before it, a crash would leave a running run that cannot read what it staged. */
static int drop_run_keys(struct store *store, struct blob runs, struct err *err)
{
	struct reader reader = reader_of(runs);
	while (reader.left > 0) {
		int error = keyring_bucket_drop(store->keyring,
						keyring_bucket_of_run(reader_u32(&reader)), err);
		if (error < 0)
			return error;
	}
	return 0;
}

int store_commit(struct store_txn *txn, struct err *err)
{
	/* An error of theirs is the transaction's first error, with which kv_commit() refuses. */
	(void)write_counters(txn, NULL);
	int error = kv_commit(txn->kv, err);
	if (error == 0)
		error = drop_run_keys(txn->store, buf_blob(&txn->ended_runs), err);
	finish(txn);
	return error;
}

void store_abort(struct store_txn *txn)
{
	if (txn == NULL)
		return;
	kv_abort(txn->kv);
	finish(txn);
}

struct store *store_of(struct store_txn *txn)
{
	return txn->store;
}

int store_poison(struct store_txn *txn, int code, const struct err *err)
{
	return kv_poison(txn->kv, code, err);
}

bool store_is_poisoned(const struct store_txn *txn)
{
	return kv_is_poisoned(txn->kv);
}

/* ---- meta ---- */

static int meta_key(struct store_txn *txn, const char *name, struct value_key *ret_key,
		    struct err *err)
{
	size_t len = strlen(name);
	if (len == 0 || len > STORE_META_NAME_MAX)
		return store_poison(txn, err_set(err, ERR_INVALID, MSG_STORE_NAME), err);
	ret_key->len = 0;
	value_key_bytes(ret_key, name, len);
	return 0;
}

int store_meta_find(struct store_txn *txn, const char *name, struct blob *ret_value,
		    struct err *err)
{
	struct value_key key;
	struct value value;
	int error = meta_key(txn, name, &key, err);
	if (error == 0)
		error = row_get(txn, KV_META, &key, &value, err);
	if (error == 0)
		*ret_value = reader_take(&value.head, value.head.left);
	return error;
}

int store_meta_put(struct store_txn *txn, const char *name, struct blob value, struct err *err)
{
	struct value_key key;
	int error = meta_key(txn, name, &key, err);
	if (error < 0)
		return error;
	buf_put(row_begin(txn), value.data, value.len);
	return row_put(txn, KV_META, &key, ROW_ANYWHERE, err);
}

int store_meta_delete(struct store_txn *txn, const char *name, struct err *err)
{
	struct value_key key;
	int error = meta_key(txn, name, &key, err);
	return error < 0 ? error : row_delete(txn, KV_META, &key, err);
}
