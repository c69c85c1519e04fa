/* Frame: the envelope, taking frames off a stream, and every body both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/base/random.h"
#include "daemon/record/frame_control.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/frame_push.h"

/* ---- samples of every body ---- */

static struct blob lasting(struct buf *bytes)
{
	return buf_blob(bytes);
}

/* Lists of two entries each, in buffers that last as long as the program. */
static struct frame_list texts, cells, warnings, reasons, results;
static struct buf list_bytes[5], record_bytes;

static int setup(void **state)
{
	const struct frame_cell cell = { blob_text("Họ và tên"), blob_text("Nguyễn Văn A") };
	const struct frame_cell empty_cell = { blob_text("Ghi chú"), blob_text("") };
	const struct frame_warning warning = { .field = 7, .code = 22, .raw = blob_text("x") };
	const struct frame_reason reason = { blob_text("date_invalid"), blob_text("Ngày sinh"),
					     blob_text("31/02") };
	const struct frame_result result = { .item_id = blob_text("i-1"),
					     .status = FRAME_ITEM_CONFLICT,
					     .etag = blob_text("\"3\""),
					     .upstream_id = blob_text("u"),
					     .problem = blob_text("") };
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	(void)state;
	for (int i = 0; i < 2; i++) {
		frame_list_add_text(&texts, &list_bytes[0],
				    blob_text(i == 0 ? "schema" : "secret:token"));
		frame_list_add_cell(&cells, &list_bytes[1], i == 0 ? &cell : &empty_cell);
		frame_list_add_warning(&warnings, &list_bytes[2], &warning);
		frame_list_add_reason(&reasons, &list_bytes[3], &reason);
		frame_list_add_result(&results, &list_bytes[4], &result);
	}
	texts.entries = lasting(&list_bytes[0]);
	cells.entries = lasting(&list_bytes[1]);
	warnings.entries = lasting(&list_bytes[2]);
	reasons.entries = lasting(&list_bytes[3]);
	results.entries = lasting(&list_bytes[4]);
	if (record_builder_create(&builder, NULL) < 0)
		return -1;
	record_builder_add(builder, 1, blob_text(""), blob_text("Nguyễn Văn A"));
	return record_builder_encode(builder, &record_bytes, NULL);
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		buf_finish(&list_bytes[i]);
	buf_finish(&record_bytes);
	return 0;
}

/* Writes the sample; then reads a body and writes it again, or gives the error. */
struct body {
	const char *name;
	void (*sample)(struct buf *out);
	int (*again)(struct blob body, struct buf *out, struct err *err);
};

#define BODY(name_, ...) \
	static void sample_##name_(struct buf *out) \
	{ \
		const struct frame_##name_ body = { __VA_ARGS__ }; \
		frame_put_##name_(out, &body); \
	} \
	static int again_##name_(struct blob bytes, struct buf *out, struct err *err) \
	{ \
		struct frame_##name_ body; \
		int result = frame_get_##name_(bytes, &body, err); \
		if (result == 0) \
			frame_put_##name_(out, &body); \
		return result; \
	}

BODY(hello, .protocol = FRAME_PROTOCOL, .sandbox = FRAME_SANDBOX_LANDLOCK | FRAME_SANDBOX_RLIMITS)
BODY(begin, .role = FRAME_ROLE_HTTP, .connector = blob_text("rest_push"),
     .source = blob_text("quoc-gia"), .run = 1, .interpretation = { 1, 2, 3 }, .cell_key = { 4, 5 },
     .deadline_ms = 60000, .options = blob_text("{}"), .numbers = blob_of("\0\1\0\2", 4),
     .fd_names = texts)
BODY(progress, .done = 3, .total = UINT64_MAX)
BODY(end, .status = FRAME_END_OK, .read = 10, .accepted = 5, .quarantined = 2,
     .skipped = { 1, 1, 0, 0, 0, 1 }, .completeness = FRAME_PROVEN, .promised = 10, .counted = 10)
BODY(file, .name = blob_text("danh-sach.csv"), .size_bytes = 1234567, .sha256 = { 9 })
BODY(row, .at = { .file = 1, .row = 2, .byte_offset = 3 }, .source_key = blob_text("CB001"),
     .cells_hash = { 8 }, .record = { .encoding = lasting(&record_bytes) }, .cells = cells,
     .warnings = warnings)
BODY(reject, .at = { .row = 2 }, .class = FRAME_CLASS_NEEDS_DECISION, .reasons = reasons,
     .cells = cells)
BODY(skip, .at = { .row = 1 }, .kind = FRAME_SKIP_ERASED)
BODY(batch, .batch = 7, .uuid = { 1 }, .ask = true, .idempotency_key = blob_text("k"),
     .body = blob_text("{}"), .items = texts)
BODY(answer, .batch = 7, .outcome = FRAME_ANSWERED, .http_status = 207, .retry_after_s = 30,
     .response_sha256 = { 6 }, .problem_type = blob_text("about:blank"),
     .peer = blob_text("192.0.2.1:443"), .results = results)

static const struct body bodies[] = {
	{ "HELLO", sample_hello, again_hello },
	{ "BEGIN", sample_begin, again_begin },
	{ "PROGRESS", sample_progress, again_progress },
	{ "END", sample_end, again_end },
	{ "FILE", sample_file, again_file },
	{ "ROW", sample_row, again_row },
	{ "REJECT", sample_reject, again_reject },
	{ "SKIP", sample_skip, again_skip },
	{ "BATCH", sample_batch, again_batch },
	{ "ANSWER", sample_answer, again_answer },
};
enum { BODIES = sizeof(bodies) / sizeof(bodies[0]) };

/* ---- bodies ---- */

static void every_body_reads_back_as_it_was_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < BODIES; i++) {
		CLEANUP(buf_finish) struct buf first = { 0 };
		CLEANUP(buf_finish) struct buf again = { 0 };
		struct err err = { 0 };
		bodies[i].sample(&first);
		if (bodies[i].again(buf_blob(&first), &again, &err) != 0)
			fail_msg("%s: %s", bodies[i].name, err.text[LANGUAGE_EN]);
		if (!blob_equal(buf_blob(&first), buf_blob(&again)))
			fail_msg("%s differs", bodies[i].name);
	}
}

static void every_cut_or_longer_body_breaks_the_protocol(void **state)
{
	(void)state;
	for (size_t i = 0; i < BODIES; i++) {
		CLEANUP(buf_finish) struct buf body = { 0 };
		CLEANUP(buf_finish) struct buf again = { 0 };
		bodies[i].sample(&body);
		for (size_t len = 0; len < body.len; len++) {
			struct err err = { 0 };
			uint8_t *exact = malloc(len == 0 ? 1 : len);
			assert_non_null(exact);
			memcpy(exact, body.data, len);
			if (bodies[i].again(blob_of(exact, len), &again, &err) != ERR_PROTOCOL)
				fail_msg("%s cut at %zu is accepted", bodies[i].name, len);
			assert_int_equal(err.msg, MSG_FRAME_BODY);
			free(exact);
		}
		buf_put_u8(&body, 0);
		assert_int_equal(bodies[i].again(buf_blob(&body), &again, NULL), ERR_PROTOCOL);
	}
}

static void a_damaged_body_is_refused_or_says_exactly_what_it_is(void **state)
{
	uint64_t seed = 21;
	struct random_source random = random_seeded(&seed);
	CLEANUP(buf_finish) struct buf body = { 0 };
	CLEANUP(buf_finish) struct buf again = { 0 };
	size_t refused = 0;
	(void)state;
	(void)printf("# seed 21\n");
	for (int round = 0; round < 20000; round++) {
		const struct body *kind = &bodies[round % BODIES];
		buf_reset(&body);
		buf_reset(&again);
		kind->sample(&body);
		body.data[random_below(&random, body.len)] = (uint8_t)random_below(&random, 256);
		if (kind->again(buf_blob(&body), &again, NULL) < 0)
			refused++;
		else if (!blob_equal(buf_blob(&body), buf_blob(&again)))
			fail_msg("%s reads another thing than was written", kind->name);
	}
	assert_true(refused > 2000 && refused < 18000);
}

static void bodies_that_contradict_themselves_are_refused(void **state)
{
	const struct record record = { .encoding = lasting(&record_bytes) };
	const struct record broken = { .encoding = blob_text("x") };
	const struct frame_list many = { .count = 2000000000, .entries = texts.entries };
	const struct frame_list few = { .count = 1, .entries = texts.entries };
	CLEANUP(buf_finish) struct buf out = { 0 };
	struct err err = { 0 };
	struct frame_hello hello;
	struct frame_end end;
	struct frame_row row;
	struct frame_reject reject;
	struct frame_skip skip;
	struct frame_batch batch;
	struct frame_begin begin;
	(void)state;
#define REFUSED(kind, ...) \
	do { \
		const struct frame_##kind body_ = { __VA_ARGS__ }; \
		buf_reset(&out); \
		frame_put_##kind(&out, &body_); \
		assert_int_equal(frame_get_##kind(buf_blob(&out), &kind, &err), ERR_PROTOCOL); \
	} while (0)
	REFUSED(hello, .protocol = 2);
	assert_int_equal(err.msg, MSG_FRAME_PROTOCOL);
	REFUSED(hello, .protocol = FRAME_PROTOCOL, .sandbox = 8);
	/* counts that do not add up, and by overflow */
	REFUSED(end, .status = FRAME_END_OK, .read = 3, .accepted = 1,
		.completeness = FRAME_PROVEN);
	REFUSED(end, .status = FRAME_END_OK, .read = 0, .accepted = UINT64_MAX, .quarantined = 1,
		.completeness = FRAME_PROVEN);
	REFUSED(end, .status = FRAME_END_OK, .completeness = FRAME_PROVEN, .error = 2);
	REFUSED(end, .status = FRAME_END_FAILED, .completeness = FRAME_INCOMPLETE, .error = 0);
	REFUSED(end, .status = FRAME_END_FAILED, .completeness = FRAME_INCOMPLETE,
		.error = ERR_MAX_);
	REFUSED(end, .status = FRAME_END_STATUS_MAX, .completeness = FRAME_PROVEN);
	REFUSED(row, .source_key = blob_text(""), .record = record);
	REFUSED(row, .source_key = blob_text("k"), .record = broken);
	REFUSED(row, .source_key = blob_text("\xff"), .record = record);
	REFUSED(row, .source_key = blob_text("k"), .record = record, .cells = many);
	REFUSED(reject, .class = FRAME_CLASS_INVALID);
	REFUSED(reject, .class = FRAME_CLASS_MAX, .reasons = reasons);
	REFUSED(skip, .kind = FRAME_SKIP_MAX);
	REFUSED(batch, .batch = 1);
	REFUSED(batch, .batch = 1, .items = few);
	REFUSED(begin, .role = FRAME_ROLE_MAX);
	REFUSED(begin, .role = FRAME_ROLE_FILE, .options = blob_text("\xc0\x80"));
#undef REFUSED
	assert_int_equal(frame_get_nothing(blob_text(""), NULL), 0);
	assert_int_equal(frame_get_nothing(blob_text("x"), NULL), ERR_PROTOCOL);
}

static void lists_are_walked_without_failing(void **state)
{
	struct frame_list walk = reasons;
	struct frame_reason reason;
	struct frame_result result;
	struct frame_warning warning;
	struct frame_cell cell;
	struct blob text;
	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_true(frame_list_reason(&walk, &reason));
		assert_true(blob_equal(reason.column, blob_text("Ngày sinh")));
	}
	assert_false(frame_list_reason(&walk, &reason));
	assert_int_equal(reasons.count, 2);
	walk = results;
	assert_true(frame_list_result(&walk, &result));
	assert_int_equal(result.status, FRAME_ITEM_CONFLICT);
	walk = warnings;
	assert_true(frame_list_warning(&walk, &warning));
	assert_int_equal(warning.code, 22);
	walk = cells;
	assert_true(frame_list_cell(&walk, &cell));
	assert_true(frame_list_cell(&walk, &cell));
	assert_int_equal(cell.text.len, 0);
	walk = texts;
	assert_true(frame_list_text(&walk, &text) && frame_list_text(&walk, &text));
	assert_true(blob_equal(text, blob_text("secret:token")));
	assert_false(frame_list_text(&walk, &text));
}

/* ---- the stream ---- */

static void put_frame(struct buf *out, enum frame_type type, const char *body)
{
	size_t at = frame_open(out, type);
	buf_put_text(out, body);
	frame_close(out, at);
}

static void frames_come_whole_whatever_the_pieces(void **state)
{
	CLEANUP(buf_finish) struct buf stream = { 0 };
	(void)state;
	put_frame(&stream, FRAME_HELLO, "one");
	put_frame(&stream, FRAME_SKIP, "");
	put_frame(&stream, FRAME_END, "three three three");
	for (size_t step = 1; step <= stream.len; step++) {
		CLEANUP(frame_reader_finish) struct frame_reader reader;
		struct frame frame;
		char got[64] = "";
		frame_reader_init(&reader, FRAME_FROM_WORKER);
		assert_true(frame_reader_is_empty(&reader));
		for (size_t at = 0; at < stream.len; at += step) {
			size_t len = stream.len - at < step ? stream.len - at : step;
			assert_int_equal(frame_reader_feed(&reader, stream.data + at, len, NULL),
					 0);
			while (frame_reader_next(&reader, &frame, NULL) == 1) {
				size_t end = strlen(got);
				(void)snprintf(got + end, sizeof(got) - end, "%u:%.*s;", frame.type,
					       (int)frame.body.len, frame.body.data);
			}
		}
		assert_string_equal(got, "16:one;20:;23:three three three;");
		assert_true(frame_reader_is_empty(&reader));
	}
}

static void a_header_that_does_not_hold_breaks_the_reader_for_good(void **state)
{
	static const struct {
		const char *name;
		enum frame_side from;
		uint8_t bytes[8];
		enum msg_id msg;
	} rows[] = {
		{ "version 0", FRAME_FROM_WORKER, { 0, 16 }, MSG_FRAME_HEADER },
		{ "version 2", FRAME_FROM_WORKER, { 2, 16 }, MSG_FRAME_HEADER },
		{ "reserved bits", FRAME_FROM_WORKER, { 1, 16, 0, 1 }, MSG_FRAME_HEADER },
		{ "type 0", FRAME_FROM_WORKER, { 1, 0 }, MSG_FRAME_TYPE },
		{ "a type past the last", FRAME_FROM_WORKER, { 1, 24 }, MSG_FRAME_TYPE },
		{ "the engine's frame from a worker",
		  FRAME_FROM_WORKER,
		  { 1, FRAME_BEGIN },
		  MSG_FRAME_TYPE },
		{ "a worker's frame from the engine",
		  FRAME_FROM_ENGINE,
		  { 1, FRAME_ROW },
		  MSG_FRAME_TYPE },
		{ "a type between", FRAME_FROM_ENGINE, { 1, 5 }, MSG_FRAME_TYPE },
		{ "a byte too long",
		  FRAME_FROM_WORKER,
		  { 1, 18, 0, 0, 0, 0x10, 0, 1 },
		  MSG_FRAME_LENGTH },
		{ "four gigabytes",
		  FRAME_FROM_WORKER,
		  { 1, 18, 0, 0, 0xff, 0xff, 0xff, 0xff },
		  MSG_FRAME_LENGTH },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(frame_reader_finish) struct frame_reader reader;
		struct frame frame;
		struct err err = { 0 };
		frame_reader_init(&reader, rows[i].from);
		assert_int_equal(frame_reader_feed(&reader, rows[i].bytes, 8, NULL), 0);
		if (frame_reader_next(&reader, &frame, &err) != ERR_PROTOCOL ||
		    err.msg != rows[i].msg)
			fail_msg("%s: %s", rows[i].name, err.text[LANGUAGE_EN]);
		assert_int_equal(frame_reader_next(&reader, &frame, &err), ERR_PROTOCOL);
		assert_int_equal(err.msg, MSG_FRAME_BROKEN);
	}
}

static void the_largest_body_passes_and_a_larger_one_is_not_written(void **state)
{
	CLEANUP(buf_finish) struct buf out = { 0 };
	CLEANUP(frame_reader_finish) struct frame_reader reader;
	struct frame frame;
	(void)state;
	size_t at = frame_open(&out, FRAME_BATCH);
	assert_non_null(memset(buf_grow(&out, LIMIT_FRAME_BODY), 'x', LIMIT_FRAME_BODY));
	frame_close(&out, at);
	assert_true(buf_ok(&out));
	frame_reader_init(&reader, FRAME_FROM_ENGINE);
	assert_int_equal(frame_reader_feed(&reader, out.data, out.len - 1, NULL), 0);
	assert_int_equal(frame_reader_next(&reader, &frame, NULL), 0);
	assert_false(frame_reader_is_empty(&reader));
	assert_int_equal(frame_reader_feed(&reader, out.data + out.len - 1, 1, NULL), 0);
	assert_int_equal(frame_reader_next(&reader, &frame, NULL), 1);
	assert_int_equal(frame.body.len, LIMIT_FRAME_BODY);
	at = frame_open(&out, FRAME_BATCH);
	assert_non_null(memset(buf_grow(&out, LIMIT_FRAME_BODY + 1), 'x', LIMIT_FRAME_BODY + 1));
	frame_close(&out, at);
	assert_false(buf_ok(&out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_reads_back_as_it_was_written),
		cmocka_unit_test(every_cut_or_longer_body_breaks_the_protocol),
		cmocka_unit_test(a_damaged_body_is_refused_or_says_exactly_what_it_is),
		cmocka_unit_test(bodies_that_contradict_themselves_are_refused),
		cmocka_unit_test(lists_are_walked_without_failing),
		cmocka_unit_test(frames_come_whole_whatever_the_pieces),
		cmocka_unit_test(a_header_that_does_not_hold_breaks_the_reader_for_good),
		cmocka_unit_test(the_largest_body_passes_and_a_larger_one_is_not_written),
	};
	return cmocka_run_group_tests_name("frame", tests, setup, teardown);
}
