#include "daemon/store/run_table.h"

#include <assert.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/store/row.h"

static const char counter[] = "next/run";

static struct value_key key_of(uint32_t id)
{
	struct value_key key = { .len = 0 };
	value_key_u32(&key, id);
	return key;
}

/* ---- head: the counts are written and read in one order ---- */

enum { COUNT_FIELDS = sizeof(struct run_counts) / sizeof(uint64_t) };
static_assert(sizeof(struct run_counts) == COUNT_FIELDS * sizeof(uint64_t),
	      "counts are u64 and nothing else");

static void put_head(struct store_txn *txn, const struct run_row *row)
{
	struct buf *head = row_begin(txn);
	uint64_t counts[COUNT_FIELDS];
	memcpy(counts, &row->counts, sizeof(counts));
	buf_put_u16(head, row->source);
	buf_put_u8(head, row->state);
	buf_put_u8(head, row->completeness);
	buf_put_u8(head, row->phase);
	buf_put_u8(head, row->problem);
	buf_put(head, row->problem_message, sizeof(row->problem_message));
	buf_put_u64(head, row->begun_us);
	buf_put_u64(head, row->ended_us);
	for (size_t i = 0; i < COUNT_FIELDS; i++)
		buf_put_varint(head, counts[i]);
	buf_put(head, row->interpretation, sizeof(row->interpretation));
	buf_put(head, row->input, sizeof(row->input));
	buf_put(head, row->plan, sizeof(row->plan));
	buf_put_u64(head, row->staged);
	buf_put_u64(head, row->applied);
	buf_put(head, row->position, sizeof(row->position));
	buf_put_u8(head, row->has_key);
	if (row->has_key)
		buf_put(head, row->wrapped_dek, sizeof(row->wrapped_dek));
}

static int decode(struct store_txn *txn, const struct value_key *key, struct value *value,
		  struct run_row *ret_row, struct err *err)
{
	struct reader place = reader_of(value_key_blob(key)), *head = &value->head;
	struct run_row row = { .id = reader_u32(&place) };
	uint64_t counts[COUNT_FIELDS];
	row.source = reader_u16(head);
	row.state = reader_u8(head);
	row.completeness = reader_u8(head);
	row.phase = reader_u8(head);
	row.problem = reader_u8(head);
	row_bytes(head, row.problem_message, sizeof(row.problem_message));
	row.problem_message[sizeof(row.problem_message) - 1] = '\0';
	row.begun_us = reader_u64(head);
	row.ended_us = reader_u64(head);
	for (size_t i = 0; i < COUNT_FIELDS; i++)
		counts[i] = reader_varint(head);
	memcpy(&row.counts, counts, sizeof(counts));
	row_bytes(head, row.interpretation, sizeof(row.interpretation));
	row_bytes(head, row.input, sizeof(row.input));
	row_bytes(head, row.plan, sizeof(row.plan));
	row.staged = reader_u64(head);
	row.applied = reader_u64(head);
	row_bytes(head, row.position, sizeof(row.position));
	row.has_key = reader_u8(head) != 0;
	if (row.has_key)
		row_bytes(head, row.wrapped_dek, sizeof(row.wrapped_dek));
	int error = row_done(txn, KV_RUN, key, value, err);
	if (error == 0)
		*ret_row = row;
	return error;
}

/* ---- writing ---- */

/* Texts of no person, under the shared key: they outlive the run's own. */
static int put_with_body(struct store_txn *txn, const struct run_row *row,
			 const struct run_body *body, struct err *err)
{
	struct value_key key = key_of(row->id);
	const struct row_seal seal = { .form = SEAL_SHARED,
				       .key = keyring_shared_key(txn->store->keyring) };
	struct buf *plain = row_plain(txn);
	buf_put_varblob(plain, body->file);
	buf_put_varblob(plain, body->problem_en);
	buf_put_varblob(plain, body->problem_vi);
	put_head(txn, row);
	return row_put_sealed(txn, KV_RUN, &key, &seal, ROW_IN_ORDER, err);
}

int run_table_create(struct store_txn *txn, struct run_row *row, const struct run_body *body,
		     struct err *err)
{
	static const struct run_body empty;
	uint64_t number;
	int error = row_number(txn, counter, KEYRING_BUCKET_RUNS - 1, &number, err);
	if (error < 0)
		return error;
	row->id = (uint32_t)number;
	error = keyring_dek_create(txn->store->keyring, keyring_bucket_of_run(row->id), row->id,
				   row->wrapped_dek, err);
	if (error < 0)
		return store_poison(txn, error, err);
	row->has_key = true;
	return put_with_body(txn, row, body == NULL ? &empty : body, err);
}

int run_table_put(struct store_txn *txn, const struct run_row *row, const struct run_body *body,
		  struct err *err)
{
	if (body != NULL)
		return put_with_body(txn, row, body, err);
	struct value_key key = key_of(row->id);
	put_head(txn, row);
	return row_put_head(txn, KV_RUN, &key, err);
}

int run_table_destroy_key(struct store_txn *txn, struct run_row *row, struct err *err)
{
	memset(row->wrapped_dek, 0, sizeof(row->wrapped_dek));
	row->has_key = false;
	buf_put_u32(&txn->ended_runs, row->id);
	if (!buf_ok(&txn->ended_runs))
		return store_poison(txn, err_set(err, ERR_NOMEM, MSG_NOMEM), err);
	return run_table_put(txn, row, NULL, err);
}

/* ---- reading ---- */

int run_table_get(struct store_txn *txn, uint32_t id, struct run_row *ret_row, struct err *err)
{
	struct value_key key = key_of(id);
	struct value value;
	int error = row_require(txn, KV_RUN, &key, &value, err);
	return error < 0 ? error : decode(txn, &key, &value, ret_row, err);
}

int run_table_body(struct store_txn *txn, const struct run_row *row, struct buf *plain,
		   struct run_body *ret_body, struct err *err)
{
	struct value_key key = key_of(row->id);
	const struct row_seal seal = { .form = SEAL_SHARED,
				       .key = keyring_shared_key(txn->store->keyring) };
	struct value value;
	int error = row_require(txn, KV_RUN, &key, &value, err);
	buf_reset(plain);
	if (error == 0)
		error = row_open(txn, KV_RUN, &key, &seal, &value, plain, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(buf_blob(plain));
	struct run_body body;
	body.file = reader_varblob(&reader, plain->len);
	body.problem_en = reader_varblob(&reader, plain->len);
	body.problem_vi = reader_varblob(&reader, plain->len);
	if (!reader_done(&reader))
		return row_corrupt(txn, KV_RUN, &key, err);
	*ret_body = body;
	return 0;
}

int run_table_scan(struct store_txn *txn, uint32_t from, struct store_scan **ret_scan,
		   struct err *err)
{
	struct value_key key = key_of(from);
	return row_scan(txn, KV_RUN, &key, 0, ret_scan, err);
}

int run_table_next(struct store_scan *scan, struct run_row *ret_row, struct err *err)
{
	struct value value;
	int error = row_next(scan, &value, err);
	return error < 0 ? error : decode(scan->txn, &scan->at, &value, ret_row, err);
}

int run_table_last(struct store_txn *txn, uint32_t *ret_id, struct err *err)
{
	uint64_t count;
	int error = row_count(txn, counter, &count, err);
	if (error == 0)
		*ret_id = (uint32_t)count;
	return error;
}
