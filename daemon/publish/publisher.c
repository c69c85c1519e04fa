#include "daemon/publish/publisher.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/store/run_table.h"

static_assert((int)PUBLISH_COUNT_MAX == (int)RUN_PUBLISH_COUNTS,
	      "the counts of a run row are these");

enum { SWEEP_VERSION = 1 };

const struct leaf_actor publisher_actor = { .type = "system", .via = "timer" };

static int compare_numbers(const void *a, const void *b)
{
	uint16_t left = *(const uint16_t *)a, right = *(const uint16_t *)b;
	return (left > right) - (left < right);
}

/* What decides who is published and how: another one makes every person dirty. */
static int hash_interpretation(struct publisher *publisher, struct err *err)
{
	const struct publisher_options *options = &publisher->options;
	CLEANUP(buf_finish) struct buf text = { 0 };
	buf_put_text(&text, "trithuc/publish/v1");
	buf_put(&text, schema_hash(options->schema), SHA256_SIZE);
	inclusion_put_meaning(publisher->inclusion, &text);
	CLEANUP(buf_finish) struct buf copy = { 0 };
	uint16_t *sources = buf_grow(&copy, options->source_count * sizeof(*sources));
	if (options->source_count > 0 && sources != NULL) {
		memcpy(sources, options->sources, copy.len);
		qsort(sources, options->source_count, sizeof(*sources), compare_numbers);
		for (size_t i = 0; i < options->source_count; i++)
			buf_put_u16(&text, sources[i]);
	}
	if (!buf_ok(&text) || !buf_ok(&copy))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sha256(text.data, text.len, publisher->interpretation);
	return 0;
}

int publisher_create(const struct publisher_options *options, struct publisher **ret_publisher,
		     struct err *err)
{
	CLEANUP(publisher_destroyp) struct publisher *publisher = calloc(1, sizeof(*publisher));
	if (publisher == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	publisher->options = *options;
	publisher_rewind(publisher);
	int error =
		inclusion_create(options->inclusion, options->schema, &publisher->inclusion, err);
	if (error == 0)
		error = projection_create(options->schema, &publisher->projection, err);
	if (error == 0)
		error = hash_interpretation(publisher, err);
	if (error == 0)
		*ret_publisher = TAKE(publisher);
	return error;
}

void publisher_destroy(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	inclusion_destroy(publisher->inclusion);
	projection_destroy(publisher->projection);
	struct buf *scratch[] = { &publisher->golden, &publisher->desired, &publisher->sent,
				  &publisher->item,   &publisher->items,   &publisher->body };
	for (size_t i = 0; i < sizeof(scratch) / sizeof(scratch[0]); i++)
		buf_cleanse(scratch[i]);
	free(publisher);
}

void publisher_rewind(struct publisher *publisher)
{
	publisher->cursor = 1;
}

/* ---- small values in meta ---- */

void publisher_meta_name(const struct publisher *publisher, const char *what,
			 char out[META_NAME_SIZE])
{
	snprintf(out, META_NAME_SIZE, "publish/%u/%s", (unsigned)publisher->options.sink_number,
		 what);
}

int publisher_first_open(struct publisher *publisher, struct store_txn *txn, uint64_t *ret_id,
			 struct err *err)
{
	char name[META_NAME_SIZE];
	struct blob value;
	publisher_meta_name(publisher, "open", name);
	int error = store_meta_find(txn, name, &value, err);
	*ret_id = 1;
	if (error < 0)
		return error == ERR_NOT_FOUND ? 0 : error;
	struct reader reader = reader_of(value);
	*ret_id = reader_u64(&reader);
	return reader_done(&reader) ? 0 : err_set(err, ERR_CORRUPT, MSG_PUBLISH_ENDPOINT);
}

int publisher_put_first_open(struct publisher *publisher, struct store_txn *txn, uint64_t id,
			     struct err *err)
{
	char name[META_NAME_SIZE];
	CLEANUP(buf_finish) struct buf value = { 0 };
	publisher_meta_name(publisher, "open", name);
	buf_put_u64(&value, id);
	return buf_ok(&value) ? store_meta_put(txn, name, buf_blob(&value), err)
			      : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

int publisher_endpoint(struct publisher *publisher, struct store_txn *txn,
		       struct publish_endpoint *ret_endpoint, struct err *err)
{
	char name[META_NAME_SIZE];
	publisher_meta_name(publisher, "endpoint", name);
	return endpoint_get(txn, name, ret_endpoint, err);
}

int publisher_put_endpoint(struct publisher *publisher, struct store_txn *txn,
			   const struct publish_endpoint *endpoint, struct err *err)
{
	char name[META_NAME_SIZE];
	publisher_meta_name(publisher, "endpoint", name);
	return endpoint_put(txn, name, endpoint, err);
}

int publisher_resume(struct publisher *publisher, struct store_txn *txn, struct err *err)
{
	struct publish_endpoint endpoint;
	int error = publisher_endpoint(publisher, txn, &endpoint, err);
	if (error < 0 || endpoint.until_us != ENDPOINT_PARKED)
		return error;
	endpoint_answered(&endpoint);
	return publisher_put_endpoint(publisher, txn, &endpoint, err);
}

int publisher_open(struct publisher *publisher, struct store_txn *txn, uint64_t *ret_batches,
		   uint64_t *ret_unknown, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct batch_row row;
	uint64_t from, batches = 0, unknown = 0;
	int error = publisher_first_open(publisher, txn, &from, err);
	if (error == 0)
		error = batch_table_scan(txn, from, &scan, err);
	while (error == 0 && (error = batch_table_next(scan, &row, err)) == 0) {
		if (row.sink != publisher->options.sink_number || row.state == BATCH_ANSWERED)
			continue;
		batches++;
		for (size_t i = 0; i < row.item_count; i++)
			unknown += row.items[i].open && row.items[i].state == ITEM_UNKNOWN;
	}
	if (error != ERR_NOT_FOUND)
		return error;
	*ret_batches = batches;
	*ret_unknown = unknown;
	return 0;
}

/* ---- sweep: another interpretation makes every person dirty ---- */

struct sweep {
	uint8_t interpretation[SHA256_SIZE];
	uint32_t next; /* the next person to mark; 0: all are */
};

static int sweep_get(struct store_txn *txn, const char *name, struct sweep *ret_sweep,
		     struct err *err)
{
	struct blob value;
	int error = store_meta_find(txn, name, &value, err);
	*ret_sweep = (struct sweep){ .next = 0 };
	if (error < 0)
		return error == ERR_NOT_FOUND ? 0 : error;
	struct reader reader = reader_of(value);
	uint8_t version = reader_u8(&reader);
	struct blob interpretation = reader_take(&reader, SHA256_SIZE);
	uint32_t next = reader_u32(&reader);
	if (!reader_done(&reader) || version != SWEEP_VERSION)
		return err_set(err, ERR_CORRUPT, MSG_PUBLISH_ENDPOINT);
	memcpy(ret_sweep->interpretation, interpretation.data, SHA256_SIZE);
	ret_sweep->next = next;
	return 0;
}

static int sweep_put(struct store_txn *txn, const char *name, const struct sweep *sweep,
		     struct err *err)
{
	CLEANUP(buf_finish) struct buf value = { 0 };
	buf_put_u8(&value, SWEEP_VERSION);
	buf_put(&value, sweep->interpretation, SHA256_SIZE);
	buf_put_u32(&value, sweep->next);
	return buf_ok(&value) ? store_meta_put(txn, name, buf_blob(&value), err)
			      : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

/* Mark persons from sweep->next on, which moves; 0 at the end. */
static int mark_persons(struct store_txn *txn, struct sweep *sweep, uint32_t budget,
			struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct person person;
	int error = person_scan(txn, sweep->next, &scan, err);
	for (uint32_t i = 0; error == 0 && i < budget; i++) {
		error = person_next(scan, &person, err);
		if (error == 0)
			error = person_mark_dirty(txn, person.ordinal, err);
		if (error == 0)
			sweep->next = person.ordinal + 1;
	}
	if (error == ERR_NOT_FOUND)
		sweep->next = 0;
	return error == ERR_NOT_FOUND ? 0 : error;
}

int publisher_sweep(struct publisher *publisher, struct store_txn *txn, uint32_t budget,
		    bool *ret_done, struct err *err)
{
	char name[META_NAME_SIZE];
	struct sweep sweep;
	publisher_meta_name(publisher, "sweep", name);
	int error = sweep_get(txn, name, &sweep, err);
	if (error < 0)
		return error;
	if (memcmp(sweep.interpretation, publisher->interpretation, SHA256_SIZE) != 0) {
		memcpy(sweep.interpretation, publisher->interpretation, SHA256_SIZE);
		sweep.next = 1;
	}
	if (sweep.next != 0) {
		error = mark_persons(txn, &sweep, budget, err);
		if (error == 0)
			error = sweep_put(txn, name, &sweep, err);
	}
	if (error == 0)
		*ret_done = sweep.next == 0;
	return error;
}
