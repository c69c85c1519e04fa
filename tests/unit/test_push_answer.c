/* Push answer: what each kind of HTTP answer to a batch means. */
#include "tests/support/state.h"

#include "connectors/rest_push/push_answer.h"
#include "daemon/base/limits.h"

static const char batch_text[] = "00112233-4455-8677-8899-aabbccddeeff";
static struct frame_batch batch = { .batch = 5 };
static struct https_answer http;
static struct buf scratch;

static int begin(void **unused)
{
	(void)unused;
	assert_int_equal(uuid_parse(batch_text, batch.uuid), 0);
	batch.ask = false;
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	https_answer_finish(&http);
	buf_finish(&scratch);
	return 0;
}

static struct frame_answer make(enum https_fate fate, uint16_t status, const char *type,
				struct blob body)
{
	struct frame_answer answer;
	buf_reset(&http.body);
	http.fate = fate;
	http.status = status;
	(void)snprintf(http.type, sizeof(http.type), "%s", type);
	(void)snprintf(http.peer, sizeof(http.peer), "203.0.113.7:443");
	buf_put(&http.body, body.data, body.len);
	OK(push_answer_make(&batch, &http, &scratch, &answer, &state_err));
	assert_int_equal(answer.batch, 5);
	assert_int_equal(answer.http_status, status);
	return answer;
}

static const char *const outcomes[] = { "", "answered", "unknown", "not_sent", "refused" };

#define JSON "application/json"
#define PROBLEM "application/problem+json"
#define TYPE(word) \
	"{\"type\":\"https://national.example/problems/" word "\",\"title\":\"t\",\"status\":400}"
#define RESULTS(inside) \
	"{\"batchId\":\"00112233-4455-8677-8899-aabbccddeeff\",\"results\":[" inside "]}"

static void every_kind_of_answer_has_its_outcome(void **unused)
{
	(void)unused;
	static const struct {
		enum https_fate fate;
		uint16_t status;
		const char *type, *body;
		bool ask;
		const char *outcome, *problem;
	} rows[] = {
		{ HTTPS_NOT_SENT, 0, "", "", false, "not_sent", "" },
		{ HTTPS_UNKNOWN, 0, "", "", false, "unknown", "" },
		{ HTTPS_UNKNOWN, 200, JSON, RESULTS(""), false, "unknown",
		  "" }, /* cut, though it parses */
		{ HTTPS_ANSWERED, 200, JSON, RESULTS(""), false, "answered", "" },
		{ HTTPS_ANSWERED, 200, JSON, RESULTS(""), true, "answered", "" },
		/* a portal, a firewall, a gateway that hides its error */
		{ HTTPS_ANSWERED, 200, "text/html", "<html><h1>Please log in</h1></html>", false,
		  "unknown", "" },
		{ HTTPS_ANSWERED, 200, "text/html", RESULTS(""), false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, "", RESULTS(""), false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON, "", false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON,
		  "{\"error_code\":\"-1\",\"message\":\"gateway\",\"result\":null}", false,
		  "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON, "{\"batchId\":\"\xff\xfe]]", false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON,
		  "{\"batchId\":\"other-batch-than-ours\",\"results\":[]}", false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON, "{\"results\":[]}", false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, JSON,
		  "{\"batchId\":\"00112233-4455-8677-8899-aabbccddeeff\"}", false, "unknown", "" },
		{ HTTPS_ANSWERED, 200, PROBLEM, TYPE("invalid"), false, "unknown", "" },
		{ HTTPS_ANSWERED, 201, JSON, RESULTS(""), false, "unknown", "" },
		{ HTTPS_ANSWERED, 202, JSON, "{}", false, "unknown", "" },
		{ HTTPS_ANSWERED, 204, "", "", false, "unknown", "" },
		{ HTTPS_ANSWERED, 302, "text/plain", "", false, "refused", "" },
		{ HTTPS_ANSWERED, 308, "text/plain", "", false, "refused", "" },
		{ HTTPS_ANSWERED, 400, PROBLEM, TYPE("malformed"), false, "refused", "malformed" },
		{ HTTPS_ANSWERED, 401, PROBLEM, TYPE("token-expired"), false, "refused",
		  "token-expired" },
		{ HTTPS_ANSWERED, 403, "text/html", "<html>", false, "refused", "" },
		{ HTTPS_ANSWERED, 404, PROBLEM, TYPE("unknown-path"), false, "refused",
		  "unknown-path" },
		{ HTTPS_ANSWERED, 404, PROBLEM, TYPE("unknown-batch"), true, "not_sent",
		  "unknown-batch" },
		{ HTTPS_ANSWERED, 404, PROBLEM, TYPE("unknown-batch"), false, "refused",
		  "unknown-batch" },
		{ HTTPS_ANSWERED, 404, "text/html", "<html>", true, "refused", "" },
		{ HTTPS_ANSWERED, 408, "", "", false, "unknown", "" },
		{ HTTPS_ANSWERED, 409, PROBLEM, TYPE("fenced"), false, "refused", "fenced" },
		{ HTTPS_ANSWERED, 409, PROBLEM, TYPE("in-progress"), false, "refused",
		  "in-progress" },
		{ HTTPS_ANSWERED, 413, PROBLEM, TYPE("too-large"), false, "refused", "too-large" },
		{ HTTPS_ANSWERED, 422, PROBLEM, TYPE("other-payload"), false, "refused",
		  "other-payload" },
		{ HTTPS_ANSWERED, 429, PROBLEM, TYPE("limited"), false, "refused", "limited" },
		{ HTTPS_ANSWERED, 500, PROBLEM, TYPE("internal"), false, "unknown", "internal" },
		{ HTTPS_ANSWERED, 502, "text/html", "<html>", false, "unknown", "" },
		{ HTTPS_ANSWERED, 503, PROBLEM, TYPE("unavailable"), false, "unknown",
		  "unavailable" },
		{ HTTPS_ANSWERED, 504, "", "", true, "unknown", "" },
		/* a type that is no word of ours is none, and only problem+json has one */
		{ HTTPS_ANSWERED, 422, PROBLEM, "{\"type\":\"about:blank\"}", false, "refused",
		  "" },
		{ HTTPS_ANSWERED, 422, PROBLEM, "{\"type\":\"https://x/Nguyễn Văn A\"}", false,
		  "refused", "" },
		{ HTTPS_ANSWERED, 422, PROBLEM, "{\"type\":\"https://x/ABC\"}", false, "refused",
		  "" },
		{ HTTPS_ANSWERED, 422, PROBLEM, "{\"type\":7}", false, "refused", "" },
		{ HTTPS_ANSWERED, 422, PROBLEM, "{\"type\":\"a/x\",\"type\":\"a/y\"}", false,
		  "refused", "" },
		{ HTTPS_ANSWERED, 422, JSON, TYPE("other-payload"), false, "refused", "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		batch.ask = rows[i].ask;
		struct frame_answer answer =
			make(rows[i].fate, rows[i].status, rows[i].type, blob_text(rows[i].body));
		if (strcmp(outcomes[answer.outcome], rows[i].outcome) != 0 ||
		    !blob_equal(answer.problem_type, blob_text(rows[i].problem)))
			fail_msg("row %zu (status %u): %s '%.*s'", i, rows[i].status,
				 outcomes[answer.outcome], (int)answer.problem_type.len,
				 (const char *)answer.problem_type.data);
		assert_int_equal(answer.results.count, 0);
	}
}

static void each_result_has_its_status(void **unused)
{
	(void)unused;
	static const struct {
		const char *json;
		enum frame_item_status status;
		const char *problem;
	} rows[] = {
		{ "\"status\":\"created\"", FRAME_ITEM_ACCEPTED, "" },
		{ "\"status\":\"updated\"", FRAME_ITEM_ACCEPTED, "" },
		{ "\"status\":\"retired\"", FRAME_ITEM_ACCEPTED, "" },
		{ "\"status\":\"unchanged\"", FRAME_ITEM_UNCHANGED, "" },
		{ "\"status\":\"retry\"", FRAME_ITEM_RETRY, "" },
		{ "\"status\":\"conflict\",\"problem\":" TYPE("conflict"), FRAME_ITEM_CONFLICT,
		  "conflict" },
		{ "\"status\":\"conflict\",\"problem\":" TYPE("exists"), FRAME_ITEM_EXISTS,
		  "exists" },
		{ "\"status\":\"conflict\"", FRAME_ITEM_CONFLICT, "" },
		{ "\"status\":\"invalid\",\"problem\":{\"type\":\"https://x/"
		  "invalid\",\"detail\":\"no\",\"errors\":"
		  "[{\"pointer\":\"/person/birthDate\",\"detail\":\"pattern\"},{\"pointer\":\"/"
		  "person/a\"}]}",
		  FRAME_ITEM_INVALID, "invalid: no: /person/birthDate: pattern: /person/a" },
		{ "\"status\":\"rejected\"", FRAME_ITEM_INVALID, "" },
		{ "\"status\":\"rejected\",\"problem\":" TYPE("not-applied"), FRAME_ITEM_RETRY,
		  "not-applied" },
		{ "\"status\":\"rejected\",\"problem\":" TYPE("unknown-person"), FRAME_ITEM_INVALID,
		  "unknown-person" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char body[1024];
		struct frame_result result;
		(void)snprintf(body, sizeof(body),
			       "{\"batchId\":\"%s\",\"results\":[{\"itemId\":\"i.1\",\"etag\":"
			       "\"\\\"3\\\"\","
			       "\"upstreamId\":\"u-1\",%s}]}",
			       batch_text, rows[i].json);
		struct frame_answer answer = make(HTTPS_ANSWERED, 200, JSON, blob_text(body));
		assert_int_equal(answer.outcome, FRAME_ANSWERED);
		assert_true(frame_list_result(&answer.results, &result));
		assert_int_equal(result.status, rows[i].status);
		assert_true(blob_equal(result.item_id, blob_text("i.1")));
		assert_true(blob_equal(result.etag, blob_text("\"3\"")));
		assert_true(blob_equal(result.upstream_id, blob_text("u-1")));
		if (!blob_equal(result.problem, blob_text(rows[i].problem)))
			fail_msg("row %zu: '%.*s'", i, (int)result.problem.len,
				 (const char *)result.problem.data);
	}
}

/* One unsound result makes the whole answer worthless: nothing of it may be taken for true. */
static void an_unsound_result_makes_the_whole_unknown(void **unused)
{
	(void)unused;
	static const char *const bodies[] = {
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\"},7"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\"},null"),
		RESULTS("{\"status\":\"created\"}"),
		RESULTS("{\"itemId\":\"a\"}"),
		RESULTS("{\"itemId\":7,\"status\":\"created\"}"),
		RESULTS("{\"itemId\":\"\",\"status\":\"created\"}"),
		RESULTS("{\"itemId\":\"a b\",\"status\":\"created\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"ok\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"CREATED\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":true}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"etag\":\"3\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"etag\":\"\\\"a b\\\"\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"etag\":\"\\\"a\\r\\nX: "
			"y\\\"\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"etag\":\"\\\"a\\\"b\\\"\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"etag\":3}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"created\",\"upstreamId\":\"a/b\"}"),
		RESULTS("{\"itemId\":\"a\",\"status\":\"invalid\",\"problem\":\"no\"}"),
		RESULTS("{\"itemId\":\"a\",\"itemId\":\"b\",\"status\":\"created\"}"),
		"{\"batchId\":\"00112233-4455-8677-8899-aabbccddeeff\",\"results\":{}}",
		RESULTS("") "x",
		"[" RESULTS("") "]",
	};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct frame_answer answer = make(HTTPS_ANSWERED, 200, JSON, blob_text(bodies[i]));
		if (answer.outcome != FRAME_UNKNOWN || answer.results.count != 0)
			fail_msg("row %zu: %s", i, bodies[i]);
	}
}

static void a_long_reason_is_cut_at_a_whole_character(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf body = { 0 };
	struct frame_result result;
	buf_put_text(&body, "{\"batchId\":\"");
	buf_put_text(&body, batch_text);
	buf_put_text(&body, "\",\"results\":[{\"itemId\":\"a\",\"status\":\"invalid\",\"problem\":{"
			    "\"type\":\"x/invalid\","
			    "\"detail\":\"");
	for (unsigned i = 0; i < 2000; i++)
		buf_put_text(&body, "ế");
	buf_put_text(&body, "\"}}]}");
	struct frame_answer answer = make(HTTPS_ANSWERED, 200, JSON, buf_blob(&body));
	assert_int_equal(answer.outcome, FRAME_ANSWERED);
	assert_true(frame_list_result(&answer.results, &result));
	assert_in_range(result.problem.len, LIMIT_HTTP_REASON_BYTES - 3, LIMIT_HTTP_REASON_BYTES);
	assert_int_equal((result.problem.len - strlen("invalid: ")) % strlen("ế"), 0);
}

static void more_results_than_a_batch_can_hold_are_not_taken(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf body = { 0 };
	buf_put_text(&body, "{\"batchId\":\"");
	buf_put_text(&body, batch_text);
	buf_put_text(&body, "\",\"results\":[");
	for (unsigned i = 0; i < 257; i++)
		buf_put_text(&body, i == 0 ? "{\"itemId\":\"a\",\"status\":\"created\"}"
					   : ",{\"itemId\":\"a\",\"status\":\"created\"}");
	buf_put_text(&body, "]}");
	assert_int_equal(make(HTTPS_ANSWERED, 200, JSON, buf_blob(&body)).outcome, FRAME_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_answer_has_its_outcome),
		cmocka_unit_test(each_result_has_its_status),
		cmocka_unit_test(an_unsound_result_makes_the_whole_unknown),
		cmocka_unit_test(a_long_reason_is_cut_at_a_whole_character),
		cmocka_unit_test(more_results_than_a_batch_can_hold_are_not_taken),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
