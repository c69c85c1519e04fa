#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/publish/retry.h"

static uint64_t smallest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- leaves ---- */

struct leaf_upstream publisher_upstream(const struct publisher *publisher,
					const struct batch_row *row, const char *outcome,
					const struct frame_answer *answer,
					char batch_key[PUBLISH_KEY_HEX_SIZE])
{
	hex_encode(row->idempotency_key, UUID_SIZE, batch_key);
	struct leaf_upstream upstream = { .endpoint = publisher->options.sink->name,
					  .outcome = outcome,
					  .batch_key = batch_key,
					  .attempt = row->attempt };
	if (answer != NULL) {
		upstream.answer_sha256 = answer->http_status != 0 ? answer->response_sha256 : NULL;
		upstream.peer = answer->peer;
		upstream.problem = answer->problem_type;
		upstream.status = answer->http_status;
	}
	return upstream;
}

int publisher_note(struct publisher *publisher, struct store_txn *txn, enum audit_act act,
		   const struct batch_row *row, const char *outcome,
		   const struct frame_answer *answer, struct err *err)
{
	char batch_key[PUBLISH_KEY_HEX_SIZE];
	struct leaf leaf = { .act = act,
			     .actor = &publisher_actor,
			     .batch = row->id,
			     .state = batch_state_name(row->state),
			     .upstream = publisher_upstream(publisher, row, outcome, answer,
							    batch_key) };
	return audit_log_append(publisher->options.audit, txn, &leaf, NULL, NULL, err);
}

/* ---- whose turn it is ---- */

static int refuse_regressed(const struct publisher *publisher, struct err *err)
{
	return store_is_regressed(publisher->options.store)
		       ? err_set(err, ERR_CONFLICT, MSG_PUBLISH_REGRESSED)
		       : 0;
}

/* What a walk over the open batches finds. */
struct turn {
	uint64_t batch, wait_us;
	uint64_t
		first_open; /* the smallest id that is not answered; one past the last if all are */
	bool ask, met_open;
};

static void consider(const struct publisher *publisher, const struct batch_row *row,
		     uint64_t now_us, struct turn *turn)
{
	bool ours = row->sink == publisher->options.sink_number;
	if (!ours || row->state == BATCH_ANSWERED) {
		if (!turn->met_open)
			turn->first_open = row->id + 1;
		return;
	}
	turn->met_open = true;
	if (row->state != BATCH_READY && row->state != BATCH_UNKNOWN)
		return;
	uint64_t wait_us =
		retry_wait_us(&publisher->options.sink->retry, row->not_before_us, now_us);
	if (wait_us == 0 && turn->batch == 0) {
		turn->batch = row->id;
		turn->ask = row->state == BATCH_UNKNOWN;
	}
	turn->wait_us = smallest(turn->wait_us, wait_us);
}

static int walk_open(struct publisher *publisher, struct store_txn *txn, uint64_t now_us,
		     struct turn *ret_turn, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct turn turn = { .wait_us = UINT64_MAX };
	struct batch_row row;
	uint64_t from;
	int error = publisher_first_open(publisher, txn, &from, err);
	turn.first_open = from;
	if (error == 0)
		error = batch_table_scan(txn, from, &scan, err);
	while (error == 0 && turn.batch == 0 && (error = batch_table_next(scan, &row, err)) == 0)
		consider(publisher, &row, now_us, &turn);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	*ret_turn = turn;
	return turn.first_open == from
		       ? 0
		       : publisher_put_first_open(publisher, txn, turn.first_open, err);
}

int publisher_next(struct publisher *publisher, struct store_txn *txn, uint64_t *ret_batch,
		   bool *ret_ask, uint64_t *ret_wait_us, struct err *err)
{
	uint64_t now_us = clock_realtime_us(publisher->options.clock);
	struct publish_endpoint endpoint;
	struct turn turn;
	int error = refuse_regressed(publisher, err);
	if (error == 0)
		error = publisher_endpoint(publisher, txn, &endpoint, err);
	if (error == 0)
		error = walk_open(publisher, txn, now_us, &turn, err);
	if (error < 0)
		return error;
	uint64_t paused_us = endpoint_wait_us(&endpoint, &publisher->options.sink->retry, now_us);
	bool waits = turn.wait_us != UINT64_MAX;
	*ret_batch = paused_us == 0 ? turn.batch : 0;
	*ret_ask = *ret_batch != 0 && turn.ask;
	*ret_wait_us = waits && paused_us > turn.wait_us ? paused_us : turn.wait_us;
	return 0;
}

/* ---- sending ---- */

int publisher_attempt(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
		      uint64_t counts[PUBLISH_COUNT_MAX], struct err *err)
{
	struct batch_row row;
	int error = refuse_regressed(publisher, err);
	if (error == 0)
		error = batch_table_get(txn, batch, &row, err);
	if (error < 0)
		return error;
	if (row.state != BATCH_READY && row.state != BATCH_UNKNOWN)
		return err_set(err, ERR_CONFLICT, MSG_PUBLISH_STATE, ARG_U("batch", batch),
			       ARG_WORD("state", batch_state_name(row.state)));
	bool asks = row.state == BATCH_UNKNOWN;
	if (row.attempt == 0)
		counts[PUBLISH_SENT] += row.item_count;
	row.state = asks ? BATCH_ASKED : BATCH_SENT;
	row.attempt++;
	row.sent_us = clock_realtime_us(publisher->options.clock);
	error = batch_table_put(txn, &row, err);
	if (error < 0)
		return error;
	return publisher_note(publisher, txn, AUDIT_ACT_PUSH_ATTEMPT, &row, asks ? "ask" : "send",
			      NULL, err);
}

int publisher_frame(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
		    struct buf *out, struct err *err)
{
	CLEANUP(buf_finish) struct buf ids = { 0 };
	struct batch_row row;
	char key[UUID_TEXT_SIZE], id[UUID_TEXT_SIZE];
	int error = batch_table_get(txn, batch, &row, err);
	buf_reset(&publisher->body);
	if (error == 0)
		error = batch_table_body(txn, &row, &publisher->body, err);
	if (error < 0)
		return error;
	uuid_text(row.idempotency_key, key);
	struct frame_batch frame = { .batch = row.id,
				     .ask = row.state == BATCH_ASKED,
				     .epoch = store_epoch(publisher->options.store),
				     .idempotency_key = blob_text(key),
				     .body = buf_blob(&publisher->body) };
	memcpy(frame.uuid, row.uuid, UUID_SIZE);
	for (size_t i = 0; i < row.item_count; i++) {
		uuid_text(row.items[i].id, id);
		frame_list_add_text(&frame.items, &ids, blob_text(id));
	}
	frame.items.entries = buf_blob(&ids);
	size_t at = frame_open(out, FRAME_BATCH);
	frame_put_batch(out, &frame);
	frame_close(out, at);
	return buf_ok(out) && buf_ok(&ids) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

/* ---- what became unknown ---- */

/* Upstream may have said when to ask (202, 503); else the backoff of this batch. */
static uint64_t not_before_us(const struct publisher *publisher, const struct batch_row *row,
			      const struct frame_answer *answer, uint64_t now_us)
{
	const struct config_retry *retry = &publisher->options.sink->retry;
	uint32_t said_s = answer != NULL ? answer->retry_after_s : 0;
	uint64_t wait_ms =
		said_s != 0 ? retry_after_ms(retry, said_s, row->attempt, publisher->options.random)
			    : retry_backoff_ms(retry, row->attempt, publisher->options.random);
	return now_us + wait_ms * 1000;
}

int publisher_make_unknown(struct publisher *publisher, struct store_txn *txn,
			   struct batch_row *row, const struct frame_answer *answer,
			   struct err *err)
{
	for (size_t i = 0; i < row->item_count; i++)
		if (row->items[i].open)
			row->items[i].state = ITEM_UNKNOWN;
	row->state = BATCH_UNKNOWN;
	row->not_before_us =
		not_before_us(publisher, row, answer, clock_realtime_us(publisher->options.clock));
	int error = batch_table_put(txn, row, err);
	if (error < 0)
		return error;
	return publisher_note(publisher, txn, AUDIT_ACT_PUSH_UNKNOWN, row,
			      answer == NULL ? "lost" : "unknown", answer, err);
}

int publisher_lost(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
		   struct err *err)
{
	struct batch_row row;
	struct publish_endpoint endpoint;
	int error = batch_table_get(txn, batch, &row, err);
	if (error < 0 || (row.state != BATCH_SENT && row.state != BATCH_ASKED))
		return error;
	error = publisher_endpoint(publisher, txn, &endpoint, err);
	if (error < 0)
		return error;
	endpoint_failed(&endpoint, &publisher->options.sink->retry,
			clock_realtime_us(publisher->options.clock), publisher->options.random);
	error = publisher_put_endpoint(publisher, txn, &endpoint, err);
	return error < 0 ? error : publisher_make_unknown(publisher, txn, &row, NULL, err);
}

int publisher_recover(struct publisher *publisher, struct store_txn *txn, uint64_t *ret_batches,
		      struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct batch_row row;
	uint64_t from, found = 0;
	int error = publisher_first_open(publisher, txn, &from, err);
	if (error == 0)
		error = batch_table_scan(txn, from, &scan, err);
	while (error == 0 && (error = batch_table_next(scan, &row, err)) == 0) {
		if (row.sink != publisher->options.sink_number ||
		    (row.state != BATCH_SENT && row.state != BATCH_ASKED))
			continue;
		error = publisher_make_unknown(publisher, txn, &row, NULL, err);
		found++;
	}
	if (error != ERR_NOT_FOUND)
		return error;
	*ret_batches = found;
	return 0;
}
