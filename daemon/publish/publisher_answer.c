#include <string.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/publish/retry.h"

static size_t count_open(const struct batch_row *row)
{
	size_t open = 0;
	for (size_t i = 0; i < row->item_count; i++)
		open += row->items[i].open;
	return open;
}

/* All items are settled: only the head is kept. */
static int close_batch(struct taking *taking, struct err *err)
{
	taking->row->state = BATCH_ANSWERED;
	int error = batch_table_put(taking->txn, taking->row, err);
	return error < 0 ? error : batch_table_drop_body(taking->txn, taking->row, err);
}

/* Past its life upstream may have forgotten key and batch, so that neither answer proves anything any more.
 * Every item is safe to say anew, because it is conditional: it creates only who is not there, it replaces
 * only what has the etag that we know, and what is equal already is `unchanged`.
 */
static bool key_lives(const struct taking *taking)
{
	uint64_t life_us = taking->publisher->options.sink->retry.key_life_ms * 1000;
	return taking->now_us < taking->row->created_us ||
	       taking->now_us - taking->row->created_us <= life_us;
}

static int make_dirty_again(struct taking *taking, struct err *err)
{
	for (size_t i = 0; i < taking->row->item_count; i++) {
		struct batch_item *item = &taking->row->items[i];
		if (!item->open)
			continue;
		item->open = false;
		item->state = ITEM_RETRY;
		taking->counts[PUBLISH_RETRY]++;
		int error = person_mark_dirty(taking->txn, item->person, err);
		if (error < 0)
			return error;
	}
	int error = close_batch(taking, err);
	if (error < 0)
		return error;
	return publisher_note(taking->publisher, taking->txn, AUDIT_ACT_PUSH_REJECT, taking->row,
			      "key_expired", taking->answer, err);
}

static int take_results(struct taking *taking, struct err *err)
{
	int error = publisher_open_items(taking, err);
	if (error == 0)
		error = publisher_settle_results(taking, err);
	if (error < 0)
		return error;
	if (count_open(taking->row) == 0)
		return close_batch(taking, err);
	if (taking->asked && !key_lives(taking))
		return make_dirty_again(taking, err);
	return publisher_make_unknown(taking->publisher, taking->txn, taking->row, taking->answer,
				      err);
}

/* ---- an answer without ---- */

/* As it was before the attempt, not before `not_before_us`. */
static int put_back(struct taking *taking, uint64_t not_before_us, const char *outcome,
		    struct err *err)
{
	taking->row->state = taking->asked ? BATCH_UNKNOWN : BATCH_READY;
	taking->row->not_before_us = not_before_us;
	int error = batch_table_put(taking->txn, taking->row, err);
	if (error < 0)
		return error;
	return publisher_note(taking->publisher, taking->txn, AUDIT_ACT_PUSH_REJECT, taking->row,
			      outcome, taking->answer, err);
}

static int put_back_later(struct taking *taking, const char *outcome, struct err *err)
{
	const struct publisher_options *options = &taking->publisher->options;
	uint64_t wait_ms =
		retry_backoff_ms(&options->sink->retry, taking->row->attempt, options->random);
	return put_back(taking, taking->now_us + wait_ms * 1000, outcome, err);
}

/* Upstream never saw it: the same bytes may go out under the same key while that lives. */
static int send_again(struct taking *taking, struct err *err)
{
	if (!key_lives(taking))
		return make_dirty_again(taking, err);
	for (size_t i = 0; i < taking->row->item_count; i++)
		if (taking->row->items[i].open)
			taking->row->items[i].state = ITEM_WAITING;
	taking->asked = false;
	return put_back(taking, taking->now_us, "not_known", err);
}

/* The whole request was refused for what is in it, and one item is left: it is the one. */
static int hold_single(struct taking *taking, struct err *err)
{
	struct frame_result result = { .status = FRAME_ITEM_INVALID,
				       .problem = taking->answer->problem_type };
	for (size_t i = 0; i < taking->row->item_count; i++) {
		if (!taking->row->items[i].open)
			continue;
		int error = publisher_settle_item(taking, i, &result, err);
		if (error < 0)
			return error;
	}
	return close_batch(taking, err);
}

/* Two batches with ids and keys of their own; what is in an item stays as it was, its key too. */
static int split(struct taking *taking, struct err *err)
{
	struct publish_item items[BATCH_ITEMS_MAX];
	size_t count = 0;
	int error = publisher_open_items(taking, err);
	if (error < 0)
		return error;
	if (count_open(taking->row) == 1)
		return hold_single(taking, err);
	for (size_t i = 0; i < taking->row->item_count; i++) {
		struct batch_item *item = &taking->row->items[i];
		if (!item->open)
			continue;
		items[count] =
			(struct publish_item){ .person = item->person, .version = item->version };
		memcpy(items[count].id, item->id, UUID_SIZE);
		items[count++].json = taking->items[i];
		item->open = false;
		item->state = ITEM_SPLIT;
	}
	/* The halves are written into publisher->body, where the items stand: they go aside first. */
	CLEANUP(buf_cleanse) struct buf whole = taking->publisher->body;
	taking->publisher->body = (struct buf){ 0 };
	uint64_t half;
	error = close_batch(taking, err);
	if (error == 0)
		error = publisher_note(taking->publisher, taking->txn, AUDIT_ACT_PUSH_REJECT,
				       taking->row, "split", taking->answer, err);
	if (error == 0)
		error = publisher_write_batch(taking->publisher, taking->txn, items, count / 2,
					      &half, err);
	if (error == 0)
		error = publisher_write_batch(taking->publisher, taking->txn, items + count / 2,
					      count - count / 2, &half, err);
	return error;
}

/* ---- a refusal by its meaning ---- */

enum refusal {
	REFUSAL_PARK,
	REFUSAL_FENCED,
	REFUSAL_OTHER_PAYLOAD,
	REFUSAL_IN_PROGRESS,
	REFUSAL_THROTTLED,
	REFUSAL_CONTENT, /* what is in it: halve */
};

static bool is_problem(const struct taking *taking, const char *word)
{
	return blob_equal(taking->answer->problem_type, blob_text(word));
}

/*	status		problem			meaning
 *	409		in-progress		wait and ask
 *	409		fenced			a newer epoch of us: stop
 *	409		batch-reused		our batch id under another key: stop
 *	422		other-payload		our key with other bytes: stop
 *	422		none, sent before	the same, from who does not say it
 *	422		version			stop
 *	400, 413, 422	else			its content, if it was sent and not asked
 *	425, 429	any			patience
 *	else		any			stop
 */
static enum refusal meaning_of(const struct taking *taking)
{
	uint16_t status = taking->answer->http_status;
	if (status == 425 || status == 429)
		return REFUSAL_THROTTLED;
	if (is_problem(taking, "in-progress"))
		return REFUSAL_IN_PROGRESS;
	if (is_problem(taking, "fenced"))
		return REFUSAL_FENCED;
	if (is_problem(taking, "other-payload") || is_problem(taking, "batch-reused"))
		return REFUSAL_OTHER_PAYLOAD;
	if (is_problem(taking, "version") || taking->asked)
		return REFUSAL_PARK;
	if (status == 422 && taking->answer->problem_type.len == 0 && taking->row->attempt > 1)
		return REFUSAL_OTHER_PAYLOAD;
	return status == 400 || status == 413 || status == 422 ? REFUSAL_CONTENT : REFUSAL_PARK;
}

static int take_refusal(struct taking *taking, struct publish_endpoint *endpoint, struct err *err)
{
	const struct publisher_options *options = &taking->publisher->options;
	uint16_t status = taking->answer->http_status;
	switch (meaning_of(taking)) {
	case REFUSAL_CONTENT:
		return split(taking, err);
	case REFUSAL_IN_PROGRESS:
		return publisher_make_unknown(taking->publisher, taking->txn, taking->row,
					      taking->answer, err);
	case REFUSAL_OTHER_PAYLOAD:
		endpoint_park(endpoint, PAUSE_OTHER_PAYLOAD, status);
		return publisher_make_unknown(taking->publisher, taking->txn, taking->row,
					      taking->answer, err);
	case REFUSAL_FENCED:
		endpoint_park(endpoint, PAUSE_FENCED, status);
		return put_back(taking, taking->now_us, "fenced", err);
	case REFUSAL_THROTTLED:
		endpoint_throttled(endpoint, &options->sink->retry, taking->answer->retry_after_s,
				   status, taking->now_us, options->random);
		return put_back(taking, endpoint->until_us, "throttled", err);
	case REFUSAL_PARK:
		break;
	}
	endpoint_park(endpoint, PAUSE_REFUSED, status);
	return put_back(taking, taking->now_us, "refused", err);
}

/* ---- all of it ---- */

static bool is_unknown_batch(const struct taking *taking)
{
	return taking->asked && taking->answer->http_status == 404 &&
	       is_problem(taking, "unknown-batch");
}

static void count_failure(const struct taking *taking, struct publish_endpoint *endpoint)
{
	const struct publisher_options *options = &taking->publisher->options;
	const struct frame_answer *answer = taking->answer;
	if (answer->http_status == 503 || answer->http_status == 429)
		endpoint_throttled(endpoint, &options->sink->retry, answer->retry_after_s,
				   answer->http_status, taking->now_us, options->random);
	else
		endpoint_failed(endpoint, &options->sink->retry, taking->now_us, options->random);
}

static int take(struct taking *taking, struct publish_endpoint *endpoint, struct err *err)
{
	switch (taking->answer->outcome) {
	case FRAME_ANSWERED:
		endpoint_answered(endpoint);
		return take_results(taking, err);
	case FRAME_REFUSED:
		return take_refusal(taking, endpoint, err);
	case FRAME_NOT_SENT:
		if (is_unknown_batch(taking)) {
			endpoint_answered(endpoint);
			return send_again(taking, err);
		}
		count_failure(taking, endpoint);
		return put_back_later(taking, "not_sent", err);
	case FRAME_UNKNOWN:
	case FRAME_OUTCOME_MAX:
		break;
	}
	/* 202: taken in, and to be asked for later; no failure */
	if (taking->answer->http_status != 202)
		count_failure(taking, endpoint);
	return publisher_make_unknown(taking->publisher, taking->txn, taking->row, taking->answer,
				      err);
}

int publisher_answer(struct publisher *publisher, struct store_txn *txn,
		     const struct frame_answer *answer, uint64_t counts[PUBLISH_COUNT_MAX],
		     struct err *err)
{
	struct batch_row row;
	struct publish_endpoint endpoint;
	struct taking taking = {
		.publisher = publisher, .txn = txn, .answer = answer, .row = &row, .counts = counts
	};
	int error = batch_table_get(txn, answer->batch, &row, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	if (error == ERR_NOT_FOUND || row.sink != publisher->options.sink_number ||
	    (row.state != BATCH_SENT && row.state != BATCH_ASKED))
		return err_set(err, ERR_PROTOCOL, MSG_PUBLISH_NOT_UNDER_WAY,
			       ARG_U("batch", answer->batch));
	taking.asked = row.state == BATCH_ASKED;
	taking.now_us = clock_realtime_us(publisher->options.clock);
	error = publisher_endpoint(publisher, txn, &endpoint, err);
	if (error == 0)
		error = take(&taking, &endpoint, err);
	return error < 0 ? error : publisher_put_endpoint(publisher, txn, &endpoint, err);
}
