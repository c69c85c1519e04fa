/* Publish state: a store with persons to publish, and what a worker would answer. */
#pragma once

#include "tests/support/reconcile_state.h"

#include "daemon/publish/publisher.h"
#include "daemon/store/batch_table.h"
#include "daemon/store/case_table.h"
#include "daemon/store/image.h"
#include "daemon/store/member.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static struct config_condition deg_line = { .code = TEXT("DEG"),
					    .field = TEXT("degree[].level"),
					    .at_least = TEXT("dai_hoc") };
static struct config_inclusion inclusion_rule = { .version = TEXT("1"),
						  .any_of = &deg_line,
						  .any_of_count = 1 };
static struct config_sink sink = { .name = TEXT("quoc-gia"),
				   .batch = { .max_items = 3, .max_bytes = 65536 },
				   .retry = { .first_ms = 1000,
					      .max_ms = 60000,
					      .retry_after_max_ms = 3600000,
					      .key_life_ms = 86400000 } };
static struct config_sink sink_as_made;
static const uint16_t published_sources[] = { SOURCE_HR };
static struct publisher *publisher;
static uint64_t counts[PUBLISH_COUNT_MAX];
static uint64_t test_seed = 7;

enum { SINK_NUMBER = 9, BUDGET = 1000 };

static inline void publisher_make(void)
{
	static struct random_source random;
	random = random_seeded(&test_seed);
	const struct publisher_options options = { .store = store,
						   .audit = audit,
						   .schema = schema,
						   .inclusion = &inclusion_rule,
						   .sink = &sink,
						   .sink_number = SINK_NUMBER,
						   .sources = published_sources,
						   .source_count = 1,
						   .clock = &audit_state_clock,
						   .random = &random };
	publisher_destroy(publisher);
	publisher = NULL;
	OK(publisher_create(&options, &publisher, &state_err));
}

static inline int publish_state_make(void **unused)
{
	(void)reconcile_state_make(unused);
	sink_as_made = sink;
	memset(counts, 0, sizeof(counts));
	publisher_make();
	return 0;
}

static inline int publish_state_end(void **unused)
{
	publisher_destroy(publisher);
	publisher = NULL;
	sink = sink_as_made;
	return reconcile_state_end(unused);
}

#define PUBLISH_CASE(name) \
	cmocka_unit_test_setup_teardown(name, publish_state_make, publish_state_end)

static inline void commit(struct store_txn *txn)
{
	OK(audit_log_commit(audit, txn, &state_err));
}

/* As after a SIGKILL: nothing but what was committed is left. */
static inline void crash(void)
{
	audit_state_reopen();
	publisher_make();
}

/* ---- persons ---- */

static inline void put_golden(struct store_txn *txn, struct person *person, const char *facts)
{
	CLEANUP(buf_finish) struct buf golden = { 0 };
	(void)state_record(facts, &golden);
	const struct person_body body = { .subj = { (uint8_t)person->ordinal, 0x5b },
					  .golden = buf_blob(&golden) };
	OK(person_put(txn, person, &body, &state_err));
	OK(person_mark_dirty(txn, person->ordinal, &state_err));
}

/* Dirty, with one link in force to `source`. Returns the ordinal. */
static inline uint32_t add_person_of(const char *facts, uint16_t source, bool live)
{
	struct store_txn *txn = audit_state_begin();
	struct person person;
	OK(person_new(txn, &person, &state_err));
	put_golden(txn, &person, facts);
	const struct member member = { .person = person.ordinal,
				       .source = source,
				       .ordinal = person.ordinal,
				       .how = MEMBER_NEW,
				       .live = live };
	OK(member_put(txn, &member, &state_err));
	commit(txn);
	return person.ordinal;
}

static const char graduate[] = "identity.full_name=Trần Thị Thử\ndegree[].level<dai_hoc/>=dai_hoc";

static inline uint32_t add_person(void)
{
	return add_person_of(graduate, SOURCE_HR, true);
}

static inline void change_person(uint32_t ordinal, const char *facts)
{
	struct store_txn *txn = audit_state_begin();
	struct person person;
	OK(person_get(txn, ordinal, &person, &state_err));
	put_golden(txn, &person, facts);
	commit(txn);
}

static inline bool is_dirty(uint32_t ordinal)
{
	struct store_txn *txn = audit_state_read();
	int found = person_find_dirty(txn, ordinal, &state_err);
	store_abort(txn);
	return found == 0;
}

/* ---- steps, each one transaction as the engine makes it ---- */

/* A pass to its end; the last batch that it wrote, 0 if none. */
static inline uint64_t build_all(void)
{
	uint64_t batch, last = 0;
	bool done = false;
	publisher_rewind(publisher);
	while (!done) {
		struct store_txn *txn = audit_state_begin();
		OK(publisher_build(publisher, txn, BUDGET, &batch, &done, counts, &state_err));
		commit(txn);
		last = batch != 0 ? batch : last;
	}
	return last;
}

static inline uint64_t next_batch(bool *ret_ask, uint64_t *ret_wait_us)
{
	struct store_txn *txn = audit_state_begin();
	uint64_t batch, wait_us;
	bool ask;
	OK(publisher_next(publisher, txn, &batch, &ask, &wait_us, &state_err));
	commit(txn);
	if (ret_ask != NULL)
		*ret_ask = ask;
	if (ret_wait_us != NULL)
		*ret_wait_us = wait_us;
	return batch;
}

/* The clock moves to when the next batch is due; false if none ever is. */
static inline bool wait_for_turn(void)
{
	uint64_t wait_us;
	if (next_batch(NULL, &wait_us) == 0) {
		if (wait_us == UINT64_MAX)
			return false;
		now_us += wait_us + 1000;
	}
	return true;
}

static inline void attempt(uint64_t batch)
{
	struct store_txn *txn = audit_state_begin();
	OK(publisher_attempt(publisher, txn, batch, counts, &state_err));
	commit(txn);
}

/* The BATCH frame, decoded; it lives in `out`. */
static inline struct frame_batch frame_of(uint64_t batch, struct buf *out)
{
	struct store_txn *txn = audit_state_read();
	struct frame_batch decoded;
	buf_reset(out);
	OK(publisher_frame(publisher, txn, batch, out, &state_err));
	store_abort(txn);
	OK(frame_get_batch(blob_of(out->data + FRAME_HEADER_SIZE, out->len - FRAME_HEADER_SIZE),
			   &decoded, &state_err));
	return decoded;
}

/* ---- answers ---- */

/* One letter per item in its order: a accepted, u unchanged, e exists, c conflict, i invalid, r retry, - missing, x a
 * strange id instead.
 */
static inline int answer_code(uint64_t batch, const char *letters, struct frame_answer answer)
{
	CLEANUP(buf_finish) struct buf frame = { 0 };
	CLEANUP(buf_finish) struct buf results = { 0 };
	struct frame_batch sent = frame_of(batch, &frame);
	struct blob id;
	static const char known[] = ".auecir";
	answer.batch = batch;
	for (size_t i = 0; letters[i] != '\0' && frame_list_text(&sent.items, &id); i++) {
		char etag[24];
		(void)snprintf(etag, sizeof(etag), "\"%llu\"", (unsigned long long)(100 + batch));
		struct frame_result result = { .item_id = id,
					       .status = FRAME_ITEM_ACCEPTED,
					       .etag = blob_text(etag) };
		if (letters[i] == 'x')
			result.item_id = blob_text("nobody-sent-this");
		else if (letters[i] != '-')
			result.status = (enum frame_item_status)(strchr(known, letters[i]) - known);
		if (strchr("eci", letters[i]) != NULL)
			result.problem = blob_text(letters[i] == 'e' ? "exists: CCCD 001080000001"
								     : "invalid: /fullName");
		if (letters[i] != '-')
			frame_list_add_result(&answer.results, &results, &result);
	}
	answer.results.entries = buf_blob(&results);
	struct store_txn *txn = audit_state_begin();
	int code = publisher_answer(publisher, txn, &answer, counts, &state_err);
	if (code == 0)
		commit(txn);
	else
		store_abort(txn);
	return code;
}

static inline void answer_items(uint64_t batch, const char *letters)
{
	const struct frame_answer answer = { .outcome = FRAME_ANSWERED, .http_status = 200 };
	OK(answer_code(batch, letters, answer));
}

static inline void answer_without(uint64_t batch, enum frame_outcome outcome, uint16_t status,
				  const char *problem, uint32_t retry_after_s)
{
	const struct frame_answer answer = { .outcome = outcome,
					     .http_status = status,
					     .problem_type = blob_text(problem),
					     .retry_after_s = retry_after_s };
	OK(answer_code(batch, "", answer));
}

/* ---- what the store says ---- */

static inline struct batch_row row_of(uint64_t batch)
{
	struct store_txn *txn = audit_state_read();
	struct batch_row row;
	OK(batch_table_get(txn, batch, &row, &state_err));
	store_abort(txn);
	return row;
}

/* "ANSWERED: ACCEPTED HELD" */
static inline const char *states_of(uint64_t batch)
{
	static char text[512];
	struct batch_row row = row_of(batch);
	(void)snprintf(text, sizeof(text), "%s:", batch_state_name(row.state));
	for (size_t i = 0; i < row.item_count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s%s",
			       item_state_name(row.items[i].state), row.items[i].open ? "+" : "");
	return text;
}

/* "SENT 1 {…} "etag"", with " | reason" behind it where something is held; "none". */
static inline const char *image_of(uint32_t ordinal)
{
	static char text[4096];
	struct store_txn *txn = audit_state_read();
	struct buf plain = { 0 };
	struct person person;
	struct image image;
	struct image_body body;
	OK(person_get(txn, ordinal, &person, &state_err));
	int found = image_find(txn, &person, &plain, &image, &body, &state_err);
	if (found == ERR_NOT_FOUND)
		(void)snprintf(text, sizeof(text), "none");
	else
		(void)snprintf(text, sizeof(text), "%s %llu %.*s %.*s",
			       image_state_name(image.state), (unsigned long long)image.version,
			       (int)body.projection.len, (const char *)body.projection.data,
			       (int)body.etag.len, (const char *)body.etag.data);
	if (found == 0 && body.held.len > SHA256_SIZE)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), " | %.*s",
			       (int)(body.held.len - SHA256_SIZE),
			       (const char *)body.held.data + SHA256_SIZE);
	buf_cleanse(&plain);
	store_abort(txn);
	return text;
}

static inline struct publish_endpoint endpoint_now(void)
{
	struct store_txn *txn = audit_state_read();
	struct publish_endpoint endpoint;
	OK(publisher_endpoint(publisher, txn, &endpoint, &state_err));
	store_abort(txn);
	return endpoint;
}

/* The leaves from `from` on as text, one a line. */
static inline struct buf leaves_from(uint64_t from)
{
	struct buf text = { 0 };
	struct store_txn *txn = audit_state_read();
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint64_t index;
	struct blob leaf, sealed;
	OK(audit_table_scan(txn, from, &scan, &state_err));
	while (audit_table_next(scan, &index, &leaf, &sealed, &state_err) == 0) {
		buf_put(&text, leaf.data, leaf.len);
		buf_put_u8(&text, '\n');
	}
	store_scan_close(TAKE(scan));
	store_abort(txn);
	buf_put_u8(&text, '\0');
	return text;
}

static inline unsigned count_text(const char *text, const char *part)
{
	unsigned count = 0;
	for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
		count++;
	return count;
}
