#include <string.h>

#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/publish/retry.h"
#include "daemon/record/json_elements.h"

enum { PROBLEM_WORD_MAX = 40 };

/* One answer being taken in. */
struct taking {
	struct publisher *publisher;
	struct store_txn *txn;
	const struct frame_answer *answer;
	struct batch_row *row;
	bool asked; /* it was asked, not sent: "not sent" then leaves it unknown */
	uint64_t now_us;
	uint64_t *counts;
	struct blob items[BATCH_ITEMS_MAX]; /* as they stand in the body */
};

/* ---- what was sent ---- */

static int corrupt_body(const struct taking *taking, struct err *err)
{
	return err_set(err, ERR_CORRUPT, MSG_PUBLISH_BODY, ARG_U("batch", taking->row->id));
}

/* The items of the body. It is ours and was sealed, so it passed no gate again. */
static int open_items(struct taking *taking, struct err *err)
{
	struct buf *body = &taking->publisher->body;
	struct json_elements elements;
	size_t count = 0;
	buf_reset(body);
	int error = batch_table_body(taking->txn, taking->row, body, err);
	if (error < 0)
		return error;
	if (json_elements_begin(buf_blob(body), "/items", &elements, NULL) < 0)
		return corrupt_body(taking, err);
	while (count < taking->row->item_count &&
	       json_elements_next(&elements, &taking->items[count]))
		count++;
	return count == taking->row->item_count ? 0 : corrupt_body(taking, err);
}

/* The bytes of `person` in an item: its last member, and no value before it can hold an unescaped quote. */
static struct blob payload_of(struct blob item)
{
	static const char mark[] = ",\"person\":";
	const uint8_t *at = memmem(item.data, item.len, mark, sizeof(mark) - 1);
	if (at == NULL || item.len == 0)
		return blob_of(NULL, 0);
	at += sizeof(mark) - 1;
	return blob_of(at, (size_t)(item.data + item.len - 1 - at));
}

/* ---- one item ---- */

static const char *outcome_of(enum item_state state)
{
	switch (state) {
	case ITEM_ACCEPTED:
		return "accepted";
	case ITEM_UNCHANGED:
		return "unchanged";
	case ITEM_CONFLICT:
		return "conflict";
	case ITEM_HELD:
		return "held";
	case ITEM_RETRY:
		return "retry";
	default:
		return "unknown";
	}
}

/* The problem's word, if it starts with one of its own and a colon or the end: only that may stand in a leaf. */
static struct blob problem_word(struct blob problem)
{
	size_t len = 0;
	while (len < problem.len && len < PROBLEM_WORD_MAX &&
	       (problem.data[len] == '-' || (problem.data[len] >= 'a' && problem.data[len] <= 'z')))
		len++;
	return len == problem.len || problem.data[len] == ':' ? blob_of(problem.data, len)
							      : blob_of(NULL, 0);
}

static int note_item(const struct taking *taking, const struct batch_item *item,
		     const struct person *person, struct blob problem, struct err *err)
{
	char batch_key[PUBLISH_KEY_HEX_SIZE], item_key[PUBLISH_KEY_HEX_SIZE];
	struct publisher *publisher = taking->publisher;
	struct person_body body;
	buf_reset(&publisher->golden);
	int error = person_body(taking->txn, person, &publisher->golden, &body, err);
	if (error < 0)
		return error;
	bool acknowledged = item->state == ITEM_ACCEPTED || item->state == ITEM_UNCHANGED;
	struct leaf_private private = { .name = "problem", .text = problem };
	struct leaf leaf = { .act = acknowledged ? AUDIT_ACT_PUSH_ACK : AUDIT_ACT_PUSH_REJECT,
			     .actor = &publisher_actor,
			     .subject = body.subj,
			     .batch = taking->row->id,
			     .state = item_state_name(item->state),
			     .privates = &private,
			     .private_count = problem.len > 0 };
	leaf.version_from = item->version - 1;
	leaf.version_to = acknowledged ? item->version : item->version - 1;
	leaf.upstream = publisher_upstream(publisher, taking->row, outcome_of(item->state),
					   taking->answer, batch_key);
	hex_encode(item->id, UUID_SIZE, item_key);
	leaf.upstream.item_key = item_key;
	leaf.upstream.problem = problem_word(problem);
	return audit_log_append(publisher->options.audit, taking->txn, &leaf, person, NULL, err);
}

static int advance_image(struct taking *taking, const struct batch_item *item,
			 const struct person *person, struct blob payload,
			 const struct frame_result *result, struct err *err)
{
	struct image image = { .person = item->person,
			       .version = item->version,
			       .state = IMAGE_SENT };
	struct image_body body = { .projection = payload,
				   .etag = result->etag,
				   .upstream_id = result->upstream_id };
	return image_put(taking->txn, person, &image, &body, err);
}

/* What upstream has stays what it was; beside it lies what it refused (SHA-256) and why. */
static int hold_image(struct taking *taking, const struct batch_item *item,
		      const struct person *person, struct blob payload, struct blob problem,
		      struct err *err)
{
	struct publisher *publisher = taking->publisher;
	struct image image = { .person = item->person };
	struct image_body body = { 0 };
	uint8_t digest[SHA256_SIZE];
	int error = image_find(taking->txn, person, &publisher->sent, &image, &body, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	CLEANUP(buf_cleanse) struct buf held = { 0 };
	sha256(payload.data, payload.len, digest);
	buf_put(&held, digest, sizeof(digest));
	buf_put(&held, problem.data, problem.len);
	if (!buf_ok(&held))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	image.state = item->state == ITEM_CONFLICT ? IMAGE_CONFLICT : IMAGE_HELD;
	body.held = buf_blob(&held);
	return image_put(taking->txn, person, &image, &body, err);
}

static const struct {
	enum item_state state;
	enum publish_count count;
} settled[FRAME_ITEM_MAX] = {
	[FRAME_ITEM_ACCEPTED] = { ITEM_ACCEPTED, PUBLISH_ACKNOWLEDGED },
	[FRAME_ITEM_UNCHANGED] = { ITEM_UNCHANGED, PUBLISH_SAME_UPSTREAM },
	[FRAME_ITEM_EXISTS] = { ITEM_CONFLICT, PUBLISH_CONFLICTS },
	[FRAME_ITEM_CONFLICT] = { ITEM_CONFLICT, PUBLISH_CONFLICTS },
	[FRAME_ITEM_INVALID] = { ITEM_HELD, PUBLISH_HELD },
	[FRAME_ITEM_RETRY] = { ITEM_RETRY, PUBLISH_RETRY },
};

/* Case table of a result:
 *
 *	accepted, unchanged	image := what was sent		the person leaves the batch
 *	exists, conflict	image CONFLICT, beside it why	likewise, and is left alone until desired changes
 *	invalid			image HELD, beside it why	likewise
 *	retry			image stays			likewise, dirty again
 */
static int settle(struct taking *taking, size_t index, const struct frame_result *result,
		  struct err *err)
{
	struct batch_item *item = &taking->row->items[index];
	struct blob payload = payload_of(taking->items[index]);
	struct person person;
	if (payload.len == 0)
		return corrupt_body(taking, err);
	int error = person_get(taking->txn, item->person, &person, err);
	if (error < 0)
		return error;
	item->state = settled[result->status].state;
	item->open = false;
	if (item->state == ITEM_RETRY)
		error = person_mark_dirty(taking->txn, item->person, err);
	else if (item->state == ITEM_ACCEPTED || item->state == ITEM_UNCHANGED)
		error = advance_image(taking, item, &person, payload, result, err);
	else
		error = hold_image(taking, item, &person, payload, result->problem, err);
	if (error < 0)
		return error;
	taking->counts[settled[result->status].count]++;
	return note_item(taking, item, &person, result->problem, err);
}

/* ---- an answer with results ---- */

/* By our item id, never by position; -1 if it is none of ours. */
static int find_item(const struct batch_row *row, struct blob id)
{
	char text[UUID_TEXT_SIZE];
	uint8_t uuid[UUID_SIZE];
	if (id.len != UUID_TEXT_SIZE - 1)
		return -1;
	memcpy(text, id.data, id.len);
	text[id.len] = '\0';
	if (uuid_parse(text, uuid) < 0)
		return -1;
	for (size_t i = 0; i < row->item_count; i++)
		if (memcmp(row->items[i].id, uuid, UUID_SIZE) == 0)
			return (int)i;
	return -1;
}

static int settle_results(struct taking *taking, struct err *err)
{
	struct frame_list results = taking->answer->results;
	struct frame_result result;
	bool strange = false;
	while (frame_list_result(&results, &result)) {
		int index = find_item(taking->row, result.item_id);
		if (index < 0) {
			strange = true;
			continue;
		}
		if (!taking->row->items[index].open)
			continue; /* settled by an earlier answer, or twice in this one */
		int error = settle(taking, (size_t)index, &result, err);
		if (error < 0)
			return error;
	}
	if (!strange)
		return 0;
	/* Rule 5: somebody answers for what we did not send. */
	return publisher_note(taking->publisher, taking->txn, AUDIT_ACT_PUSH_UNKNOWN, taking->row,
			      "extra_item", taking->answer, err);
}

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
	int error = open_items(taking, err);
	if (error == 0)
		error = settle_results(taking, err);
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
		int error = settle(taking, i, &result, err);
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
	int error = open_items(taking, err);
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
