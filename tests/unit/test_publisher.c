/* Publisher: every outcome on a real store, crashes between its commits, and what may never happen. */
#include "tests/support/publish_state.h"

/* ---- building ---- */

static void a_dirty_person_becomes_an_item_and_is_clean(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf frame = { 0 };
	uint32_t ordinal = add_person();
	uint64_t batch = build_all();
	assert_int_equal(batch, 1);
	assert_false(is_dirty(ordinal));
	assert_string_equal(states_of(batch), "READY: WAITING+");
	struct frame_batch sent = frame_of(batch, &frame);
	struct batch_row row = row_of(batch);
	char expected[1024], batch_id[UUID_TEXT_SIZE], item_id[UUID_TEXT_SIZE],
		external_id[UUID_TEXT_SIZE];
	struct store_txn *txn = audit_state_read();
	struct person person;
	OK(person_get(txn, ordinal, &person, &state_err));
	store_abort(txn);
	uuid_text(row.uuid, batch_id);
	uuid_text(row.items[0].id, item_id);
	uuid_text(person.uuid, external_id);
	(void)snprintf(expected, sizeof(expected),
		       "{\"batchId\":\"%s\",\"items\":[{\"externalId\":\"%s\",\"itemId\":\"%s\","
		       "\"op\":\"upsert\",\"person\":"
		       "{\"degrees\":[{\"level\":\"dai_hoc\"}],\"fullName\":\"Trần Thị Thử\"}}]}",
		       batch_id, external_id, item_id);
	assert_true(blob_equal(sent.body, blob_text(expected)));
	assert_int_equal(sent.epoch, store_epoch(store));
	assert_int_equal(sent.idempotency_key.len, 36);
	assert_false(sent.ask);
}

static void batches_keep_their_bounds_and_no_person_is_left_behind(void **unused)
{
	(void)unused;
	static const struct {
		int64_t items;
		uint64_t bytes;
		size_t persons, batches;
	} rows[] = {
		{ 3, 65536, 7, 3 },                         /* 3 3 1 */
		{ 200, 65536, 7, 1 }, { 200, 4096, 40, 2 }, /* by bytes */
		{ 1, 65536, 3, 3 },   { 200, 1, 2, 2 },     /* one that is too large goes alone */
	};
	uint64_t batch = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t before = batch;
		sink.batch = (struct config_batch){ .max_items = rows[i].items,
						    .max_bytes = rows[i].bytes };
		for (size_t p = 0; p < rows[i].persons; p++)
			(void)add_person();
		batch = build_all();
		size_t items = 0;
		for (uint64_t id = before + 1; id <= batch; id++) {
			CLEANUP(buf_finish) struct buf frame = { 0 };
			struct frame_batch sent = frame_of(id, &frame);
			assert_true(sent.items.count <= (uint32_t)rows[i].items);
			assert_true(sent.body.len <= rows[i].bytes || sent.items.count == 1);
			items += sent.items.count;
		}
		assert_int_equal(items, rows[i].persons);
		assert_int_equal(batch - before, rows[i].batches);
	}
}

static void a_pass_in_small_steps_finds_the_same_persons(void **unused)
{
	(void)unused;
	uint64_t batch, batches = 0, looked = 0;
	bool done = false;
	for (unsigned i = 0; i < 10; i++)
		(void)add_person();
	for (unsigned i = 0; i < 100 && !done; i++) {
		struct store_txn *txn = audit_state_begin();
		OK(publisher_build(publisher, txn, 2, &batch, &done, counts, &state_err));
		commit(txn);
		batches += batch != 0;
	}
	looked = counts[PUBLISH_DIRTY];
	assert_true(done);
	assert_int_equal(batches, 5);
	assert_int_equal(looked, 10);
}

static void who_may_not_be_published_is_not_and_only_an_open_case_keeps_him_dirty(void **unused)
{
	(void)unused;
	uint32_t student =
		add_person_of(graduate, SOURCE_COLLEGE, true); /* not among the published sources */
	uint32_t undone = add_person_of(graduate, SOURCE_HR, false);
	uint32_t out = add_person_of("identity.full_name=An\ndegree[].level<cao_dang/>=cao_dang",
				     SOURCE_HR, true);
	uint32_t unknown = add_person_of("identity.full_name=An", SOURCE_HR, true);
	uint32_t nameless = add_person_of("degree[].level<dai_hoc/>=dai_hoc", SOURCE_HR, true);
	uint32_t in_case = add_person();
	struct store_txn *txn = audit_state_begin();
	struct case_row row = {
		.kind = 1, .open = true, .person_count = 1, .persons = { in_case }
	};
	OK(case_table_create(txn, &row, &state_err));
	commit(txn);
	assert_int_equal(build_all(), 0);
	const uint32_t clean[] = { student, undone, out, unknown, nameless };
	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		assert_false(is_dirty(clean[i]));
	assert_true(is_dirty(in_case));
	/* the case is decided */
	txn = audit_state_begin();
	row.open = false;
	OK(case_table_put(txn, &row, &state_err));
	commit(txn);
	assert_int_equal(build_all(), 1);
	assert_false(is_dirty(in_case));
}

static void another_rule_marks_everybody_once(void **unused)
{
	(void)unused;
	bool done = false;
	unsigned steps = 0;
	for (unsigned i = 0; i < 5; i++)
		(void)add_person();
	for (; !done; steps++) {
		struct store_txn *txn = audit_state_begin();
		OK(publisher_sweep(publisher, txn, 2, &done, &state_err));
		commit(txn);
		if (steps == 1)
			crash(); /* goes on where it was */
	}
	assert_int_equal(steps, 3);
	uint64_t first = build_all();
	assert_true(first > 0);
	for (uint32_t ordinal = 1; ordinal <= 5; ordinal++)
		assert_false(is_dirty(ordinal));
	/* the same again marks nobody */
	struct store_txn *txn = audit_state_begin();
	OK(publisher_sweep(publisher, txn, 100, &done, &state_err));
	commit(txn);
	assert_false(is_dirty(1));
	/* another one marks all */
	deg_line.at_least = TEXT("thac_si");
	publisher_make();
	txn = audit_state_begin();
	OK(publisher_sweep(publisher, txn, 100, &done, &state_err));
	commit(txn);
	deg_line.at_least = TEXT("dai_hoc");
	for (uint32_t ordinal = 1; ordinal <= 5; ordinal++)
		assert_true(is_dirty(ordinal));
}

/* ---- answers ---- */

static uint64_t send_one(void)
{
	uint64_t batch = build_all();
	attempt(batch);
	return batch;
}

static void what_is_acknowledged_becomes_the_image_and_is_not_sent_again(void **unused)
{
	(void)unused;
	uint32_t first = add_person(), second = add_person();
	uint64_t batch = send_one();
	answer_items(batch, "au");
	assert_string_equal(states_of(batch), "ANSWERED: ACCEPTED UNCHANGED");
	static const char image[] =
		"SENT 1 {\"degrees\":[{\"level\":\"dai_hoc\"}],\"fullName\":\"Trần Thị Thử\"} "
		"\"101\"";
	assert_string_equal(image_of(first), image);
	assert_string_equal(image_of(second), image);
	assert_int_equal(counts[PUBLISH_ACKNOWLEDGED], 1);
	assert_int_equal(counts[PUBLISH_SAME_UPSTREAM], 1);
	assert_int_equal(counts[PUBLISH_SENT], 2);
	change_person(first, graduate); /* marked, but nothing is different */
	assert_int_equal(build_all(), 0);
	assert_false(is_dirty(first));
}

static void a_change_goes_out_with_the_etag_that_upstream_gave(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf frame = { 0 };
	uint32_t ordinal = add_person();
	answer_items(send_one(), "a");
	change_person(ordinal, "identity.full_name=An\ndegree[].level<thac_si/>=thac_si");
	uint64_t batch = send_one();
	struct frame_batch sent = frame_of(batch, &frame);
	assert_non_null(memmem(sent.body.data, sent.body.len, "\"ifMatch\":\"\\\"101\\\"\"", 19));
	answer_items(batch, "a");
	assert_string_equal(
		image_of(ordinal),
		"SENT 2 {\"degrees\":[{\"level\":\"thac_si\"}],\"fullName\":\"An\"} \"102\"");
}

static void what_upstream_refuses_is_held_until_it_is_something_else(void **unused)
{
	(void)unused;
	static const struct {
		const char *letter, *state, *image;
		enum publish_count count;
	} rows[] = {
		{ "i", "ANSWERED: HELD", "HELD 0   | invalid: /fullName", PUBLISH_HELD },
		{ "c", "ANSWERED: CONFLICT", "CONFLICT 0   | invalid: /fullName",
		  PUBLISH_CONFLICTS },
		{ "e", "ANSWERED: CONFLICT", "CONFLICT 0   | exists: CCCD 001080000001",
		  PUBLISH_CONFLICTS },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(counts, 0, sizeof(counts));
		uint32_t ordinal = add_person();
		uint64_t batch = send_one();
		answer_items(batch, rows[i].letter);
		assert_string_equal(states_of(batch), rows[i].state);
		assert_string_equal(image_of(ordinal), rows[i].image);
		assert_int_equal(counts[rows[i].count], 1);
		change_person(ordinal, graduate);
		assert_int_equal(build_all(), 0); /* the same again is not worth sending */
		assert_false(is_dirty(ordinal));
		change_person(ordinal, "identity.full_name=An\ndegree[].level<dai_hoc/>=dai_hoc");
		batch = send_one();
		answer_items(batch, "a");
		assert_int_equal(strncmp(image_of(ordinal), "SENT 1 ", 7), 0);
	}
}

static void going_back_to_what_upstream_has_releases_what_is_held(void **unused)
{
	(void)unused;
	uint32_t ordinal = add_person();
	answer_items(send_one(), "a");
	change_person(ordinal, "identity.full_name=An\ndegree[].level<dai_hoc/>=dai_hoc");
	answer_items(send_one(), "i");
	assert_non_null(
		strstr(image_of(ordinal),
		       "HELD 1 {\"degrees\":[{\"level\":\"dai_hoc\"}],\"fullName\":\"Trần"));
	change_person(ordinal, graduate);
	assert_int_equal(build_all(), 0);
	assert_int_equal(strncmp(image_of(ordinal), "SENT 1 ", 7), 0);
	assert_null(strstr(image_of(ordinal), "|"));
}

static void retry_makes_dirty_again_and_waits_for_the_next_pass(void **unused)
{
	(void)unused;
	uint32_t ordinal = add_person();
	uint64_t batch = send_one(), other;
	bool done;
	answer_items(batch, "r");
	assert_string_equal(states_of(batch), "ANSWERED: RETRY");
	assert_string_equal(image_of(ordinal), "none");
	assert_true(is_dirty(ordinal));
	struct store_txn *txn = audit_state_begin();
	OK(publisher_build(publisher, txn, BUDGET, &other, &done, counts, &state_err));
	commit(txn);
	assert_int_equal(other, 0);
	assert_true(done);
	assert_true(build_all() > batch);
}

static void a_missing_item_keeps_its_batch_unknown_and_is_asked_for(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf frame = { 0 };
	bool ask = false;
	uint32_t first = add_person(), second = add_person();
	uint64_t batch = send_one();
	answer_items(batch, "a-");
	assert_string_equal(states_of(batch), "UNKNOWN: ACCEPTED UNKNOWN+");
	assert_int_equal(strncmp(image_of(first), "SENT 1", 6), 0);
	assert_string_equal(image_of(second), "none");
	change_person(second, "identity.full_name=An\ndegree[].level<dai_hoc/>=dai_hoc");
	assert_int_equal(build_all(), 0); /* rule 6: a newer delta waits for the outcome */
	assert_true(is_dirty(second));
	assert_true(wait_for_turn());
	assert_int_equal(next_batch(&ask, NULL), batch);
	assert_true(ask);
	attempt(batch);
	assert_true(frame_of(batch, &frame).ask);
	answer_items(batch, "aa"); /* the first is settled already: nothing changes for it */
	assert_string_equal(states_of(batch), "ANSWERED: ACCEPTED ACCEPTED");
	assert_int_equal(counts[PUBLISH_ACKNOWLEDGED], 2);
	assert_true(build_all() > batch);
}

static void results_for_what_was_not_sent_raise_an_alarm_and_settle_nothing(void **unused)
{
	(void)unused;
	(void)add_person();
	uint64_t batch = send_one();
	answer_items(batch, "x");
	assert_string_equal(states_of(batch), "UNKNOWN: UNKNOWN+");
	struct buf leaves = leaves_from(0);
	assert_int_equal(count_text((const char *)leaves.data, "\"outcome\":\"extra_item\""), 1);
	buf_finish(&leaves);
}

/* Case table of answers without results: state behind it, pause, and whether it is asked for next. */
static void answers_without_results_have_their_meaning(void **unused)
{
	(void)unused;
	static const struct {
		enum frame_outcome outcome;
		uint16_t status;
		const char *problem;
		uint32_t retry_after_s;
		const char *states;
		enum publish_pause pause;
		bool asks;
	} rows[] = {
		{ FRAME_NOT_SENT, 0, "", 0, "READY: WAITING+", PAUSE_NONE, false },
		{ FRAME_NOT_SENT, 503, "", 7, "READY: WAITING+", PAUSE_THROTTLED, false },
		{ FRAME_UNKNOWN, 0, "", 0, "UNKNOWN: UNKNOWN+", PAUSE_NONE, true },
		{ FRAME_UNKNOWN, 200, "", 0, "UNKNOWN: UNKNOWN+", PAUSE_NONE, true },
		{ FRAME_UNKNOWN, 202, "", 5, "UNKNOWN: UNKNOWN+", PAUSE_NONE, true },
		{ FRAME_UNKNOWN, 503, "", 30, "UNKNOWN: UNKNOWN+", PAUSE_THROTTLED, true },
		{ FRAME_REFUSED, 429, "limited", 30, "READY: WAITING+", PAUSE_THROTTLED, false },
		{ FRAME_REFUSED, 409, "in-progress", 0, "UNKNOWN: UNKNOWN+", PAUSE_NONE, true },
		{ FRAME_REFUSED, 401, "token", 0, "READY: WAITING+", PAUSE_REFUSED, false },
		{ FRAME_REFUSED, 403, "forbidden", 0, "READY: WAITING+", PAUSE_REFUSED, false },
		{ FRAME_REFUSED, 404, "unknown-path", 0, "READY: WAITING+", PAUSE_REFUSED, false },
		{ FRAME_REFUSED, 302, "", 0, "READY: WAITING+", PAUSE_REFUSED, false },
		{ FRAME_REFUSED, 422, "version", 0, "READY: WAITING+", PAUSE_REFUSED, false },
		{ FRAME_REFUSED, 409, "fenced", 0, "READY: WAITING+", PAUSE_FENCED, false },
		{ FRAME_REFUSED, 409, "batch-reused", 0, "UNKNOWN: UNKNOWN+", PAUSE_OTHER_PAYLOAD,
		  true },
		{ FRAME_REFUSED, 422, "other-payload", 0, "UNKNOWN: UNKNOWN+", PAUSE_OTHER_PAYLOAD,
		  true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)add_person();
		uint64_t batch = send_one();
		answer_without(batch, rows[i].outcome, rows[i].status, rows[i].problem,
			       rows[i].retry_after_s);
		if (strcmp(states_of(batch), rows[i].states) != 0 ||
		    endpoint_now().pause != rows[i].pause)
			fail_msg("row %zu: %s, %s", i, states_of(batch),
				 publish_pause_name(endpoint_now().pause));
		crash(); /* pause and state are in the store */
		bool parked = rows[i].pause >= PAUSE_REFUSED, ask = false;
		assert_int_equal(wait_for_turn(), !parked);
		struct store_txn *txn = audit_state_begin();
		OK(publisher_resume(publisher, txn, &state_err));
		commit(txn);
		assert_true(wait_for_turn());
		assert_int_equal(next_batch(&ask, NULL), batch);
		assert_int_equal(ask, rows[i].asks);
		attempt(batch);
		answer_items(batch, "a");
		assert_int_equal(endpoint_now().pause, PAUSE_NONE);
	}
}

static void patience_that_upstream_asks_for_is_given_to_the_whole_endpoint(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t said_s;
		uint64_t least_s, most_s;
	} rows[] = { { 30, 29, 30 }, { 1, 0, 1 }, { 86400, 3599, 3600 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t wait_us;
		(void)add_person();
		uint64_t throttled = send_one();
		(void)add_person();
		uint64_t other = build_all();
		answer_without(throttled, FRAME_REFUSED, 429, "limited", rows[i].said_s);
		crash();
		assert_int_equal(next_batch(NULL, &wait_us), 0); /* not the other one either */
		assert_in_range(wait_us, rows[i].least_s * 1000000, rows[i].most_s * 1000000);
		now_us += wait_us + 1000;
		for (uint64_t batch; (batch = next_batch(NULL, NULL)) != 0;) {
			assert_true(batch == throttled || batch == other);
			attempt(batch);
			answer_items(batch, "a");
		}
	}
}

/* ---- unknown outcomes ---- */

/* A batch whose answer was lost, being asked for. */
static uint64_t ask_for_lost(void)
{
	bool ask = false;
	uint64_t batch = send_one();
	answer_without(batch, FRAME_UNKNOWN, 0, "", 0);
	assert_true(wait_for_turn());
	assert_int_equal(next_batch(&ask, NULL), batch);
	assert_true(ask);
	attempt(batch);
	return batch;
}

static void what_upstream_does_not_know_is_sent_again_byte_for_byte_under_the_same_key(
	void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf frame = { 0 };
	CLEANUP(buf_finish) struct buf again = { 0 };
	bool ask = true;
	(void)add_person();
	uint64_t batch = ask_for_lost();
	struct frame_batch before = frame_of(batch, &frame);
	answer_without(batch, FRAME_NOT_SENT, 404, "unknown-batch", 0);
	assert_string_equal(states_of(batch), "READY: WAITING+");
	crash();
	assert_int_equal(next_batch(&ask, NULL), batch);
	assert_false(ask);
	attempt(batch);
	struct frame_batch after = frame_of(batch, &again);
	assert_true(blob_equal(before.body, after.body));
	assert_true(blob_equal(before.idempotency_key, after.idempotency_key));
	assert_memory_equal(before.uuid, after.uuid, UUID_SIZE);
	assert_true(after.epoch > before.epoch); /* beside the body, and true */
	answer_items(batch, "a");
	assert_string_equal(states_of(batch), "ANSWERED: ACCEPTED");
}

static void a_question_that_does_not_get_through_leaves_it_unknown(void **unused)
{
	(void)unused;
	static const struct {
		enum frame_outcome outcome;
		uint16_t status;
		const char *problem;
		bool parks;
	} rows[] = {
		{ FRAME_NOT_SENT, 0, "", false },
		{ FRAME_UNKNOWN, 0, "", false },
		{ FRAME_UNKNOWN, 503, "", false },
		{ FRAME_REFUSED, 429, "limited", false },
		{ FRAME_REFUSED, 409, "in-progress", false },
		{ FRAME_REFUSED, 404, "unknown-path", true },
		{ FRAME_REFUSED, 401, "unauthenticated", true },
		{ FRAME_REFUSED, 422, "invalid", true },
		{ FRAME_REFUSED, 400, "malformed", true },
	};
	(void)add_person();
	uint64_t batch = ask_for_lost();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool ask = false;
		answer_without(batch, rows[i].outcome, rows[i].status, rows[i].problem, 0);
		if (strcmp(states_of(batch), "UNKNOWN: UNKNOWN+") != 0)
			fail_msg("row %zu: %s", i, states_of(batch));
		assert_int_equal(endpoint_now().until_us == UINT64_MAX, rows[i].parks);
		struct store_txn *txn = audit_state_begin();
		OK(publisher_resume(publisher, txn, &state_err));
		commit(txn);
		assert_true(wait_for_turn());
		assert_int_equal(next_batch(&ask, NULL), batch);
		assert_true(ask);
		attempt(batch);
	}
}

static void past_the_life_of_its_key_a_batch_is_made_anew_instead(void **unused)
{
	(void)unused;
	static const struct {
		bool known;
		const char *states;
	} rows[] = { { false, "ANSWERED: RETRY" }, { true, "ANSWERED: RETRY" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t ordinal = add_person();
		uint64_t batch = ask_for_lost();
		now_us += (sink.retry.key_life_ms + 1000) * 1000;
		if (rows[i].known)
			answer_items(batch, "-"); /* it has the batch, but not this item */
		else
			answer_without(batch, FRAME_NOT_SENT, 404, "unknown-batch", 0);
		assert_string_equal(states_of(batch), rows[i].states);
		assert_true(is_dirty(ordinal));
		uint64_t anew = build_all();
		assert_true(anew > batch);
		struct batch_row old = row_of(batch), new = row_of(anew);
		assert_memory_not_equal(old.idempotency_key, new.idempotency_key, UUID_SIZE);
		assert_memory_equal(old.items[0].id, new.items[0].id,
				    UUID_SIZE); /* the same person, op and payload */
		attempt(anew);
		answer_items(anew, "a");
	}
}

static void a_worker_that_dies_leaves_its_batch_unknown(void **unused)
{
	(void)unused;
	(void)add_person();
	uint64_t batch = send_one();
	struct store_txn *txn = audit_state_begin();
	OK(publisher_lost(publisher, txn, batch, &state_err));
	OK(publisher_lost(publisher, txn, batch, &state_err)); /* twice is once */
	commit(txn);
	assert_string_equal(states_of(batch), "UNKNOWN: UNKNOWN+");
	struct buf leaves = leaves_from(0);
	assert_int_equal(count_text((const char *)leaves.data, "\"act\":\"push.unknown\""), 1);
	buf_finish(&leaves);
}

static void many_failures_in_a_row_pause_the_endpoint_until_one_succeeds(void **unused)
{
	(void)unused;
	(void)add_person();
	uint64_t batch = build_all(), wait_us;
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(endpoint_now().pause, PAUSE_NONE);
		assert_true(wait_for_turn());
		attempt(batch);
		answer_without(batch, FRAME_NOT_SENT, 0, "", 0);
	}
	assert_int_equal(endpoint_now().pause, PAUSE_FAILING);
	(void)add_person();
	(void)build_all();
	assert_int_equal(next_batch(NULL, &wait_us), 0);
	assert_true(wait_us > 0 && wait_us <= 60000000);
	assert_true(wait_for_turn());
	attempt(next_batch(NULL, NULL));
	answer_items(batch, "a");
	assert_int_equal(endpoint_now().pause, PAUSE_NONE);
}

/* ---- splitting ---- */

static void content_that_is_refused_is_halved_until_the_one_is_found(void **unused)
{
	(void)unused;
	sink.batch.max_items = 8;
	uint8_t ids[8][UUID_SIZE];
	uint32_t poison = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint32_t ordinal = add_person();
		poison = i == 5 ? ordinal : poison;
	}
	uint64_t batch = build_all();
	struct batch_row whole = row_of(batch);
	for (unsigned i = 0; i < 8; i++)
		memcpy(ids[i], whole.items[i].id, UUID_SIZE);
	unsigned requests = 0;
	for (bool ask; (batch = next_batch(&ask, NULL)) != 0; requests++) {
		struct batch_row row = row_of(batch);
		bool has_poison = false;
		for (unsigned i = 0; i < row.item_count; i++) {
			has_poison |= row.items[i].person == poison;
			bool known = false;
			for (unsigned k = 0; k < 8; k++)
				known |= memcmp(row.items[i].id, ids[k], UUID_SIZE) == 0;
			assert_true(known); /* item keys stay */
		}
		assert_false(ask);
		attempt(batch);
		if (has_poison)
			answer_without(batch, FRAME_REFUSED, 422, "invalid", 0);
		else
			answer_items(batch, "aaaaaaaa");
	}
	assert_int_equal(requests, 7);
	assert_int_equal(counts[PUBLISH_ACKNOWLEDGED], 7);
	assert_int_equal(counts[PUBLISH_HELD], 1);
	assert_non_null(strstr(image_of(poison), "HELD 0"));
	assert_int_equal(build_all(), 0);
}

static void a_refusal_of_a_key_that_was_sent_before_is_no_matter_of_content(void **unused)
{
	(void)unused;
	(void)add_person();
	(void)add_person();
	uint64_t batch = ask_for_lost();
	answer_without(batch, FRAME_NOT_SENT, 404, "unknown-batch", 0);
	attempt(next_batch(NULL, NULL));
	answer_without(batch, FRAME_REFUSED, 422, "", 0);
	assert_string_equal(states_of(batch), "UNKNOWN: UNKNOWN+ UNKNOWN+");
	assert_int_equal(endpoint_now().pause, PAUSE_OTHER_PAYLOAD);
}

/* ---- what may not be ---- */

static void an_answer_that_nobody_waits_for_is_refused_and_changes_nothing(void **unused)
{
	(void)unused;
	const struct frame_answer answer = { .outcome = FRAME_ANSWERED, .http_status = 200 };
	(void)add_person();
	uint64_t batch = build_all();
	FAILS(answer_code(batch, "a", answer), ERR_PROTOCOL); /* not sent yet */
	attempt(batch);
	answer_items(batch, "a");
	struct store_txn *txn = audit_state_begin();
	struct frame_answer late = answer;
	late.batch = batch;
	FAILS(publisher_answer(publisher, txn, &late, counts, &state_err),
	      ERR_PROTOCOL); /* settled */
	late.batch = 4711;
	FAILS(publisher_answer(publisher, txn, &late, counts, &state_err), ERR_PROTOCOL);
	store_abort(txn);
	assert_string_equal(states_of(batch), "ANSWERED: ACCEPTED");
}

static void a_batch_under_way_is_not_attempted_twice(void **unused)
{
	(void)unused;
	(void)add_person();
	uint64_t batch = send_one();
	assert_int_equal(next_batch(NULL, NULL), 0);
	struct store_txn *txn = audit_state_begin();
	FAILS(publisher_attempt(publisher, txn, batch, counts, &state_err), ERR_CONFLICT);
	store_abort(txn);
}

static void a_store_older_than_its_mark_sends_nothing(void **unused)
{
	(void)unused;
	(void)add_person();
	uint64_t batch = build_all(), found;
	bool ask;
	uint8_t root[SHA256_SIZE] = { 1 };
	OK(store_mark_write(store, 1000000, root, &state_err));
	crash();
	assert_true(store_is_regressed(store));
	struct store_txn *txn = audit_state_begin();
	uint64_t wait_us;
	FAILS(publisher_next(publisher, txn, &found, &ask, &wait_us, &state_err), ERR_CONFLICT);
	FAILS(publisher_attempt(publisher, txn, batch, counts, &state_err), ERR_CONFLICT);
	store_abort(txn);
}

static void leaves_tell_every_step_and_nothing_of_the_person(void **unused)
{
	(void)unused;
	(void)add_person();
	(void)add_person();
	(void)add_person();
	uint64_t batch = send_one();
	answer_items(batch, "aei");
	struct buf leaves = leaves_from(0);
	const char *text = (const char *)leaves.data;
	static const struct {
		const char *part;
		unsigned count;
	} rows[] = {
		{ "\"act\":\"batch.begin\"", 1 },
		{ "\"act\":\"push.attempt\"", 1 },
		{ "\"act\":\"push.ack\"", 1 },
		{ "\"act\":\"push.reject\"", 2 },
		{ "\"outcome\":\"accepted\"", 1 },
		{ "\"outcome\":\"conflict\"", 1 },
		{ "\"outcome\":\"held\"", 1 },
		{ "\"endpoint\":\"quoc-gia\"", 5 },
		{ "\"item_key\":", 3 },
		{ "\"problem\":\"exists\"", 1 },
		{ "\"problem\":\"invalid\"", 1 },
		{ "\"subj", 3 },
		{ "Thử", 0 },
		{ "001080000001", 0 },
		{ "fullName", 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (count_text(text, rows[i].part) != rows[i].count)
			fail_msg("%u times %s in\n%s", count_text(text, rows[i].part), rows[i].part,
				 text);
	buf_finish(&leaves);
}

/* ---- crashes ---- */

/* A server that remembers keys and persons, as the reference one does. */
struct upstream {
	struct {
		struct buf key, body;
	} seen[64];
	size_t seen_count;
	unsigned applied[64]; /* per person: how many different batches applied something for him */
};

/* Applies a batch once per key; asserts that one key never carries other bytes. */
static void upstream_take(struct upstream *upstream, const struct frame_batch *sent, uint64_t batch)
{
	for (size_t i = 0; i < upstream->seen_count; i++)
		if (blob_equal(buf_blob(&upstream->seen[i].key), sent->idempotency_key)) {
			assert_true(blob_equal(buf_blob(&upstream->seen[i].body), sent->body));
			return;
		}
	size_t at = upstream->seen_count++;
	buf_put(&upstream->seen[at].key, sent->idempotency_key.data, sent->idempotency_key.len);
	buf_put(&upstream->seen[at].body, sent->body.data, sent->body.len);
	struct batch_row row = row_of(batch);
	for (size_t i = 0; i < row.item_count; i++)
		upstream->applied[row.items[i].person]++;
}

static bool upstream_knows(const struct upstream *upstream, struct blob key)
{
	for (size_t i = 0; i < upstream->seen_count; i++)
		if (blob_equal(buf_blob(&upstream->seen[i].key), key))
			return true;
	return false;
}

static void recover(void)
{
	uint64_t batches;
	crash();
	struct store_txn *txn = audit_state_begin();
	OK(publisher_recover(publisher, txn, &batches, &state_err));
	commit(txn);
}

/* At most one open batch holds a person. */
static void check_open_batches(void)
{
	uint64_t holder[64] = { 0 };
	struct store_txn *txn = audit_state_read();
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct batch_row row;
	OK(batch_table_scan(txn, 1, &scan, &state_err));
	while (batch_table_next(scan, &row, &state_err) == 0)
		for (size_t i = 0; i < row.item_count; i++) {
			if (!row.items[i].open)
				continue;
			assert_int_equal(holder[row.items[i].person], 0);
			holder[row.items[i].person] = row.id;
		}
	store_scan_close(TAKE(scan));
	store_abort(txn);
}

/* Publish all that is dirty, dying at random between any two steps; `rate` in percent. */
static void publish_with_crashes(struct upstream *upstream, const struct random_source *random,
				 unsigned rate)
{
	for (unsigned steps = 0; steps < 2000; steps++) {
		CLEANUP(buf_finish) struct buf frame = { 0 };
		bool ask = false;
		uint64_t batch;
		if (random_below(random, 100) < rate)
			recover();
		(void)build_all();
		if (random_below(random, 100) < rate)
			recover();
		check_open_batches();
		if (!wait_for_turn() || (batch = next_batch(&ask, NULL)) == 0)
			return;
		attempt(batch);
		if (random_below(random, 100) < rate) { /* before the first byte left */
			recover();
			continue;
		}
		struct frame_batch sent = frame_of(batch, &frame);
		if (!ask)
			upstream_take(upstream, &sent, batch);
		if (random_below(random, 100) < rate) { /* before its answer was committed */
			recover();
			continue;
		}
		if (ask && !upstream_knows(upstream, sent.idempotency_key))
			answer_without(batch, FRAME_NOT_SENT, 404, "unknown-batch", 0);
		else
			answer_items(batch, "aaaaaaaa");
	}
	fail_msg("it does not come to an end");
}

static void dying_between_any_two_commits_loses_nothing_and_applies_nothing_twice(void **unused)
{
	(void)unused;
	uint64_t seed = state_seed("publisher");
	struct random_source random = random_seeded(&seed);
	print_message("# seed 0x%llx\n", (unsigned long long)seed);
	struct upstream upstream = { .seen_count = 0 };
	enum { PERSONS = 20 };
	for (unsigned i = 0; i < PERSONS; i++)
		(void)add_person();
	publish_with_crashes(&upstream, &random, 25);
	for (uint32_t ordinal = 1; ordinal <= PERSONS; ordinal++) {
		assert_int_equal(upstream.applied[ordinal], 1);
		assert_int_equal(strncmp(image_of(ordinal), "SENT 1 ", 7), 0);
		assert_false(is_dirty(ordinal));
	}
	for (size_t i = 0; i < upstream.seen_count; i++) {
		buf_finish(&upstream.seen[i].key);
		buf_finish(&upstream.seen[i].body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PUBLISH_CASE(a_dirty_person_becomes_an_item_and_is_clean),
		PUBLISH_CASE(batches_keep_their_bounds_and_no_person_is_left_behind),
		PUBLISH_CASE(a_pass_in_small_steps_finds_the_same_persons),
		PUBLISH_CASE(who_may_not_be_published_is_not_and_only_an_open_case_keeps_him_dirty),
		PUBLISH_CASE(another_rule_marks_everybody_once),
		PUBLISH_CASE(what_is_acknowledged_becomes_the_image_and_is_not_sent_again),
		PUBLISH_CASE(a_change_goes_out_with_the_etag_that_upstream_gave),
		PUBLISH_CASE(what_upstream_refuses_is_held_until_it_is_something_else),
		PUBLISH_CASE(going_back_to_what_upstream_has_releases_what_is_held),
		PUBLISH_CASE(retry_makes_dirty_again_and_waits_for_the_next_pass),
		PUBLISH_CASE(a_missing_item_keeps_its_batch_unknown_and_is_asked_for),
		PUBLISH_CASE(results_for_what_was_not_sent_raise_an_alarm_and_settle_nothing),
		PUBLISH_CASE(answers_without_results_have_their_meaning),
		PUBLISH_CASE(patience_that_upstream_asks_for_is_given_to_the_whole_endpoint),
		PUBLISH_CASE(
			what_upstream_does_not_know_is_sent_again_byte_for_byte_under_the_same_key),
		PUBLISH_CASE(a_question_that_does_not_get_through_leaves_it_unknown),
		PUBLISH_CASE(past_the_life_of_its_key_a_batch_is_made_anew_instead),
		PUBLISH_CASE(a_worker_that_dies_leaves_its_batch_unknown),
		PUBLISH_CASE(many_failures_in_a_row_pause_the_endpoint_until_one_succeeds),
		PUBLISH_CASE(content_that_is_refused_is_halved_until_the_one_is_found),
		PUBLISH_CASE(a_refusal_of_a_key_that_was_sent_before_is_no_matter_of_content),
		PUBLISH_CASE(an_answer_that_nobody_waits_for_is_refused_and_changes_nothing),
		PUBLISH_CASE(a_batch_under_way_is_not_attempted_twice),
		PUBLISH_CASE(a_store_older_than_its_mark_sends_nothing),
		PUBLISH_CASE(leaves_tell_every_step_and_nothing_of_the_person),
		PUBLISH_CASE(dying_between_any_two_commits_loses_nothing_and_applies_nothing_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
