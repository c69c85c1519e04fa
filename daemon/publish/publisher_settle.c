#include <string.h>

#include "daemon/audit/audit_log.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/record/json_elements.h"

enum { PROBLEM_WORD_MAX = 40 };

/* ---- what was sent ---- */

static int corrupt_body(const struct taking *taking, struct err *err)
{
	return err_set(err, ERR_CORRUPT, MSG_PUBLISH_BODY, ARG_U("batch", taking->row->id));
}

/* The items of the body. It is ours and was sealed, so it passed no gate again. */
int publisher_open_items(struct taking *taking, struct err *err)
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
int publisher_settle_item(struct taking *taking, size_t index, const struct frame_result *result,
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

int publisher_settle_results(struct taking *taking, struct err *err)
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
		int error = publisher_settle_item(taking, (size_t)index, &result, err);
		if (error < 0)
			return error;
	}
	if (!strange)
		return 0;
	/* Rule 5: somebody answers for what we did not send. */
	return publisher_note(taking->publisher, taking->txn, AUDIT_ACT_PUSH_UNKNOWN, taking->row,
			      "extra_item", taking->answer, err);
}
