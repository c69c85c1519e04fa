#include <assert.h>
#include <string.h>

#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/json_writer.h"
#include "daemon/publish/publisher_struct.h"
#include "daemon/store/case_table.h"
#include "daemon/store/member.h"

/* Of a BATCH frame beside the body: keys, ids and lengths. */
enum { FRAME_OVERHEAD = 128 + BATCH_ITEMS_MAX * (4 + UUID_TEXT_SIZE) };

/* What is known of one dirty person once it has been looked at. */
enum look { LOOK_CLEAN, LOOK_WAITS, LOOK_ITEM };

struct candidate {
	struct person person;
	struct image image;
	struct image_body sent; /* into publisher->sent; all empty without an image */
	enum look look;
};

/* ---- keys ---- */

/* A key of 128 bits as a UUID of version 8 (RFC 9562 section 5.8), because some gateways check the form. */
static void make_key(struct publisher *publisher, enum keyring_idx kind, struct blob text,
		     uint8_t out[UUID_SIZE])
{
	static_assert((int)UUID_SIZE == (int)KEYRING_IDX_SIZE, "a key is an index");
	uint8_t digest[SHA256_SIZE];
	sha256(text.data, text.len, digest);
	/* Keyed on top: keys lie in clear in the store, and what they are made of can be guessed. */
	store_idx(publisher->options.store, kind, blob_of(digest, sizeof(digest)), out);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x80);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

/* Item key (RELIABILITY.md rule 2): upstream | subject | op | version | payload. */
static int make_item_key(struct publisher *publisher, const struct person *person, uint64_t version,
			 uint8_t out[UUID_SIZE], struct err *err)
{
	CLEANUP(buf_cleanse) struct buf text = { 0 };
	buf_put_blob(&text, blob_text(publisher->options.sink->name));
	buf_put(&text, person->uuid, UUID_SIZE);
	buf_put_blob(&text, blob_text("upsert"));
	buf_put_u64(&text, version);
	buf_put_blob(&text, buf_blob(&publisher->desired));
	if (!buf_ok(&text))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	make_key(publisher, KEYRING_IDX_ITEM, buf_blob(&text), out);
	return 0;
}

/* Batch key: upstream | batch id | exact body. */
static int make_batch_key(struct publisher *publisher, const uint8_t uuid[UUID_SIZE],
			  uint8_t out[UUID_SIZE], struct err *err)
{
	CLEANUP(buf_cleanse) struct buf text = { 0 };
	buf_put_blob(&text, blob_text(publisher->options.sink->name));
	buf_put(&text, uuid, UUID_SIZE);
	buf_put_blob(&text, buf_blob(&publisher->body));
	if (!buf_ok(&text))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	make_key(publisher, KEYRING_IDX_BATCH, buf_blob(&text), out);
	return 0;
}

/* ---- who ---- */

static bool may_be_published(const struct publisher *publisher, uint16_t source)
{
	for (size_t i = 0; i < publisher->options.source_count; i++)
		if (publisher->options.sources[i] == source)
			return true;
	return false;
}

static int find_source(struct publisher *publisher, struct store_txn *txn, uint32_t person,
		       bool *ret_there, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct member member;
	bool there = false;
	int error = member_scan(txn, person, &scan, err);
	while (error == 0 && !there && (error = member_next(scan, &member, err)) == 0)
		there = member.live && may_be_published(publisher, member.source);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	*ret_there = there;
	return 0;
}

static int find_case(struct store_txn *txn, uint32_t person, bool *ret_there, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint64_t id;
	int error = case_of_scan(txn, person, &scan, err);
	if (error == 0)
		error = case_of_next(scan, &id, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	*ret_there = error == 0;
	return 0;
}

/* The golden record as a view into publisher->golden; `*ret_there` is false for one that was never made. */
static int open_golden(struct publisher *publisher, struct store_txn *txn,
		       const struct person *person, struct record *ret_record, bool *ret_there,
		       struct err *err)
{
	struct person_body body;
	buf_reset(&publisher->golden);
	int error = person_body(txn, person, &publisher->golden, &body, err);
	if (error < 0)
		return error;
	*ret_there = body.golden.len > 0;
	return *ret_there ? record_open(body.golden, ret_record, err) : 0;
}

/* Whether the person is published; then publisher->desired holds its projection. */
static int judge(struct publisher *publisher, struct store_txn *txn, const struct person *person,
		 enum eligibility *ret_eligibility, struct err *err)
{
	bool has_source = false, has_case = false, has_golden = false;
	struct record golden;
	size_t left_out;
	int error = find_source(publisher, txn, person->ordinal, &has_source, err);
	if (error == 0)
		error = find_case(txn, person->ordinal, &has_case, err);
	if (error == 0)
		error = open_golden(publisher, txn, person, &golden, &has_golden, err);
	if (error < 0)
		return error;
	publisher->judged.outcome = INCLUSION_UNKNOWN;
	if (has_golden)
		inclusion_judge(publisher->inclusion, &golden, &publisher->judged);
	*ret_eligibility = eligibility_judge(has_source, has_case, publisher->judged.outcome);
	if (*ret_eligibility != ELIGIBILITY_YES)
		return 0;
	buf_reset(&publisher->desired);
	error = projection_write(publisher->projection, &golden, &publisher->desired, &left_out,
				 err);
	if (error == ERR_INVALID)
		*ret_eligibility = ELIGIBILITY_NO_NAME;
	return error == ERR_INVALID ? 0 : error;
}

/* ---- what ---- */

/* Upstream refused exactly this: only something else is worth sending. */
static bool is_held(const struct candidate *candidate, struct blob desired)
{
	uint8_t digest[SHA256_SIZE];
	if (candidate->sent.held.len < SHA256_SIZE)
		return false;
	sha256(desired.data, desired.len, digest);
	return memcmp(candidate->sent.held.data, digest, SHA256_SIZE) == 0;
}

/* Desired went back to what upstream has: nothing is held any more. */
static int release(struct store_txn *txn, struct candidate *candidate, struct err *err)
{
	candidate->image.state = IMAGE_SENT;
	candidate->sent.held = blob_of(NULL, 0);
	return image_put(txn, &candidate->person, &candidate->image, &candidate->sent, err);
}

static int find_image(struct publisher *publisher, struct store_txn *txn,
		      struct candidate *candidate, struct err *err)
{
	int error = image_find(txn, &candidate->person, &publisher->sent, &candidate->image,
			       &candidate->sent, err);
	if (error != ERR_NOT_FOUND)
		return error;
	candidate->image = (struct image){ .person = candidate->person.ordinal };
	candidate->sent = (struct image_body){ 0 };
	return 0;
}

static int compare(struct publisher *publisher, struct store_txn *txn, struct candidate *candidate,
		   struct err *err)
{
	int error = find_image(publisher, txn, candidate, err);
	if (error < 0)
		return error;
	struct blob desired = buf_blob(&publisher->desired);
	candidate->look = LOOK_CLEAN;
	if (blob_equal(desired, candidate->sent.projection))
		return candidate->sent.held.len > 0 ? release(txn, candidate, err) : 0;
	if (!is_held(candidate, desired))
		candidate->look = LOOK_ITEM;
	return 0;
}

/* Case table of a dirty person: in an open batch, it waits for the outcome (rule 6); judged as eligibility.h
 * says; then desired against sent: equal or held, clean; else an item.
 */
static int look_at(struct publisher *publisher, struct store_txn *txn, uint32_t ordinal,
		   struct candidate *candidate, struct err *err)
{
	uint64_t batch;
	enum eligibility eligibility = ELIGIBILITY_NO_SOURCE;
	candidate->look = LOOK_WAITS;
	int error = batch_of_find(txn, ordinal, &batch, err);
	if (error != ERR_NOT_FOUND)
		return error;
	error = person_get(txn, ordinal, &candidate->person, err);
	if (error == 0)
		error = judge(publisher, txn, &candidate->person, &eligibility, err);
	if (error < 0)
		return error;
	if (eligibility == ELIGIBILITY_YES)
		return compare(publisher, txn, candidate, err);
	candidate->look = eligibility_waits(eligibility) ? LOOK_WAITS : LOOK_CLEAN;
	return 0;
}

/* ---- the batch ---- */

/* The item as it goes into the body: keys in the order of RFC 8785, `person` last. */
static int write_item(struct publisher *publisher, const struct candidate *candidate,
		      const uint8_t id[UUID_SIZE], struct err *err)
{
	char text[UUID_TEXT_SIZE];
	buf_reset(&publisher->item);
	struct json_writer json = json_writer_of(&publisher->item);
	json_object_begin(&json);
	uuid_text(candidate->person.uuid, text);
	json_member_text(&json, "externalId", text);
	if (candidate->sent.etag.len > 0)
		json_member_blob(&json, "ifMatch", candidate->sent.etag);
	uuid_text(id, text);
	json_member_text(&json, "itemId", text);
	json_member_text(&json, "op", "upsert");
	json_key(&json, "person");
	json_raw(&json, buf_blob(&publisher->desired));
	json_object_end(&json);
	return buf_ok(&publisher->item) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

/* {"batchId":…,"items":[…]} */
static int write_body(struct publisher *publisher, const uint8_t uuid[UUID_SIZE],
		      const struct publish_item *items, size_t count, struct err *err)
{
	char text[UUID_TEXT_SIZE];
	buf_reset(&publisher->body);
	struct json_writer json = json_writer_of(&publisher->body);
	uuid_text(uuid, text);
	json_object_begin(&json);
	json_member_text(&json, "batchId", text);
	json_key(&json, "items");
	json_array_begin(&json);
	for (size_t i = 0; i < count; i++)
		json_raw(&json, items[i].json);
	json_array_end(&json);
	json_object_end(&json);
	return buf_ok(&publisher->body) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

static int note_begin(struct publisher *publisher, struct store_txn *txn,
		      const struct batch_row *row, struct err *err)
{
	char batch_key[PUBLISH_KEY_HEX_SIZE];
	struct leaf_count count = { .name = "items", .value = row->item_count };
	struct leaf leaf = { .act = AUDIT_ACT_BATCH_BEGIN,
			     .actor = &publisher_actor,
			     .batch = row->id,
			     .state = batch_state_name(row->state),
			     .upstream = publisher_upstream(publisher, row, NULL, NULL, batch_key),
			     .counts = &count,
			     .count_count = 1 };
	return audit_log_append(publisher->options.audit, txn, &leaf, NULL, NULL, err);
}

int publisher_write_batch(struct publisher *publisher, struct store_txn *txn,
			  const struct publish_item *items, size_t count, uint64_t *ret_batch,
			  struct err *err)
{
	assert(count > 0 && count <= BATCH_ITEMS_MAX);
	struct batch_row row = { .sink = publisher->options.sink_number, .state = BATCH_READY };
	row.created_us = clock_realtime_us(publisher->options.clock);
	row.not_before_us = row.created_us;
	row.item_count = (uint32_t)count;
	random_uuid(publisher->options.random, row.uuid);
	for (size_t i = 0; i < count; i++) {
		row.items[i] = (struct batch_item){ .person = items[i].person,
						    .version = items[i].version,
						    .state = ITEM_WAITING,
						    .open = true };
		memcpy(row.items[i].id, items[i].id, UUID_SIZE);
	}
	int error = write_body(publisher, row.uuid, items, count, err);
	if (error == 0)
		error = make_batch_key(publisher, row.uuid, row.idempotency_key, err);
	if (error == 0)
		error = batch_table_create(txn, &row, buf_blob(&publisher->body), err);
	if (error == 0)
		error = note_begin(publisher, txn, &row, err);
	if (error == 0)
		*ret_batch = row.id;
	return error;
}

/* ---- a pass over the dirty persons ---- */

/* Items of the batch that is being gathered. */
struct gathering {
	struct publish_item
		items[BATCH_ITEMS_MAX]; /* json.data counts from the start of publisher->items */
	size_t offsets[BATCH_ITEMS_MAX];
	size_t count, max_items, max_bytes;
};

/* The item in publisher->item still fits; the first one always does. */
static bool has_room(const struct publisher *publisher, const struct gathering *gathering)
{
	enum { ENVELOPE = sizeof("{\"batchId\":\"\",\"items\":[]}") + UUID_TEXT_SIZE };
	size_t bytes = ENVELOPE + publisher->items.len + gathering->count + publisher->item.len;
	return gathering->count == 0 ||
	       (gathering->count < gathering->max_items && bytes <= gathering->max_bytes);
}

static void gather(struct publisher *publisher, const struct candidate *candidate,
		   const uint8_t id[UUID_SIZE], struct gathering *gathering)
{
	struct publish_item *item = &gathering->items[gathering->count];
	gathering->offsets[gathering->count++] = publisher->items.len;
	*item = (struct publish_item){ .person = candidate->person.ordinal,
				       .version = candidate->image.version + 1,
				       .json = { .len = publisher->item.len } };
	memcpy(item->id, id, UUID_SIZE);
	buf_put(&publisher->items, publisher->item.data, publisher->item.len);
}

/* One dirty person. `*ret_full`: it is the next batch's, and stays as it is. */
static int take(struct publisher *publisher, struct store_txn *txn, uint32_t ordinal,
		struct gathering *gathering, bool *ret_full, struct err *err)
{
	struct candidate candidate;
	uint8_t id[UUID_SIZE];
	int error = look_at(publisher, txn, ordinal, &candidate, err);
	if (error < 0 || candidate.look == LOOK_WAITS)
		return error;
	if (candidate.look == LOOK_ITEM) {
		error = make_item_key(publisher, &candidate.person, candidate.image.version + 1, id,
				      err);
		if (error == 0)
			error = write_item(publisher, &candidate, id, err);
		if (error < 0)
			return error;
		*ret_full = !has_room(publisher, gathering);
		if (*ret_full)
			return 0;
		gather(publisher, &candidate, id, gathering);
	}
	return person_mark_clean(txn, ordinal, err);
}

static int gather_items(struct publisher *publisher, struct store_txn *txn, uint32_t budget,
			struct gathering *gathering, bool *ret_done, uint64_t *ret_looked,
			struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	bool full = false;
	int error = person_dirty_scan(txn, publisher->cursor, &scan, err);
	*ret_looked = 0;
	for (uint32_t i = 0; error == 0 && i < budget && gathering->count < gathering->max_items;
	     i++) {
		uint32_t ordinal;
		error = person_dirty_next(scan, &ordinal, err);
		if (error == 0)
			error = take(publisher, txn, ordinal, gathering, &full, err);
		if (error < 0 || full)
			break;
		publisher->cursor = ordinal + 1;
		(*ret_looked)++;
	}
	*ret_done = error == ERR_NOT_FOUND;
	return error == ERR_NOT_FOUND ? 0 : error;
}

static size_t smaller(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

int publisher_build(struct publisher *publisher, struct store_txn *txn, uint32_t budget,
		    uint64_t *ret_batch, bool *ret_done, uint64_t counts[PUBLISH_COUNT_MAX],
		    struct err *err)
{
	const struct config_batch *limits = &publisher->options.sink->batch;
	struct gathering gathering = {
		.max_items = smaller((uint64_t)limits->max_items, BATCH_ITEMS_MAX),
		.max_bytes = smaller(limits->max_bytes, LIMIT_FRAME_BODY - FRAME_OVERHEAD),
	};
	uint64_t looked, batch = 0;
	bool done;
	buf_reset(&publisher->items);
	int error = gather_items(publisher, txn, budget, &gathering, &done, &looked, err);
	if (error == 0 && !buf_ok(&publisher->items))
		error = err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < gathering.count; i++)
		gathering.items[i].json.data = publisher->items.data + gathering.offsets[i];
	if (error == 0 && gathering.count > 0)
		error = publisher_write_batch(publisher, txn, gathering.items, gathering.count,
					      &batch, err);
	if (error < 0)
		return error;
	counts[PUBLISH_DIRTY] += looked;
	counts[PUBLISH_BATCHES] += batch != 0;
	*ret_batch = batch;
	*ret_done = done;
	return 0;
}
