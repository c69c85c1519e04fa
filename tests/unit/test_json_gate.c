/* Json gate: what stands in front of cJSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/random.h"
#include "daemon/record/json.h"
#include "daemon/record/json_gate.h"

enum { ROOM = 1 << 24 };

/* An exact copy, so that the sanitizer sees a read past the end. */
static int gate(const char *text, size_t len, struct err *err)
{
	char *copy = malloc(len == 0 ? 1 : len);
	assert_non_null(copy);
	memcpy(copy, text, len);
	int result = json_gate(blob_of(copy, len), ROOM, err);
	free(copy);
	return result;
}

#define T(text) text, sizeof(text) - 1

static void what_json_allows_passes(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ T("null") },
		{ T("true") },
		{ T(" false ") },
		{ T("\"\"") },
		{ T("0") },
		{ T("-0") },
		{ T("-0.0e-0") },
		{ T("[]") },
		{ T("{}") },
		{ T("[ ]") },
		{ T("\t{\r\n}\n") },
		{ T("[1,2.5,-3e2,1E+2,1e-7,0.1]") },
		{ T("{\"a\":{\"b\":[{},[],\"c\"]},\"\":1}") },
		{ T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"") },
		{ T("\"\\uD83D\\uDE00\"") },
		{ T("\"Nguyễn Thị Ơn\"") },
		{ T("\"\xF0\x9F\x98\x80\x7F\"") },
		{ T("9007199254740992") },
		{ T("-9007199254740992") },
		{ T("9007199254740992.0") },
		{ T("9007199254740.9915e3") },
		{ T("900719925474099200000e-5") },
		{ T("0.000000000000000000000000000000123456789012345678901234567890") },
		{ T("0e999999999999") },
		{ T("{\"a\":1,\"A\":2,\"a \":3,\"aa\":4}") },
		{ T("[{\"a\":1},{\"a\":1}]") },
		{ T("{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":2}}") },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };
		if (gate(rows[i].text, rows[i].len, &err) != 0)
			fail_msg("row %zu: %s: %s", i, rows[i].text, err.text[LANGUAGE_EN]);
	}
}

static void what_damages_or_hides_data_is_refused_and_named(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum msg_id fault;
		size_t offset;
		const char *pointer;
	} rows[] = {
		/* the table of RELIABILITY.md 4.1 */
		{ T("{\"cccd\":079880000001}"), MSG_JSON_NUMBER_FORM, 8, "/cccd" },
		{ T("[01]"), MSG_JSON_NUMBER_FORM, 1, "/0" },
		{ T("[1.]"), MSG_JSON_NUMBER_FORM, 1, "/0" },
		{ T("{\"a\":1,\"a\":2}"), MSG_JSON_DUPLICATE_KEY, 7, "/a" },
		{ T("{\"a\":1}garbage"), MSG_JSON_TRAILING, 7, "" },
		{ T("[1e999]"), MSG_JSON_NUMBER_RANGE, 1, "/0" },
		{ T("9007199254740993"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("1234567890123450123"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("\"\xff\""), MSG_JSON_UTF8, 1, "" },
		{ T("\"\xc0\xaf\""), MSG_JSON_UTF8, 1, "" },
		{ T("\"\xed\xa0\x80\""), MSG_JSON_UTF8, 1, "" },
		{ T("\"\xe1\xba\""), MSG_JSON_UTF8, 1, "" },
		{ T("\"a\nb\""), MSG_JSON_CONTROL, 2, "" },
		{ T("\"a\0b\""), MSG_JSON_CONTROL, 2, "" },
		{ T("\xef\xbb\xbf{}"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T("\"a\\u0000b\""), MSG_JSON_NUL, 4, "" },
		{ T("\"\\ud800\""), MSG_JSON_SURROGATE, 7, "" },
		{ T("\"\\udc00\""), MSG_JSON_SURROGATE, 3, "" },
		{ T("\"\\ud800\\u0041\""), MSG_JSON_SURROGATE, 7, "" },
		{ T("\"\\ud800\\ud800\""), MSG_JSON_SURROGATE, 7, "" },
		/* grammar */
		{ T(""), MSG_JSON_CUT, 0, "" },
		{ T("  "), MSG_JSON_CUT, 2, "" },
		{ T("["), MSG_JSON_CUT, 1, "/0" },
		{ T("[1"), MSG_JSON_CUT, 2, "/0" },
		{ T("[1,]"), MSG_JSON_VALUE_DUE, 3, "/1" },
		{ T("[,1]"), MSG_JSON_VALUE_DUE, 1, "/0" },
		{ T("[1 2]"), MSG_JSON_PUNCTUATION, 3, "/0" },
		{ T("[1}"), MSG_JSON_PUNCTUATION, 2, "/0" },
		{ T("{\"a\":1]"), MSG_JSON_PUNCTUATION, 6, "/a" },
		{ T("{\"a\":1,}"), MSG_JSON_KEY_DUE, 7, "" },
		{ T("{a:1}"), MSG_JSON_KEY_DUE, 1, "" },
		{ T("{1:1}"), MSG_JSON_KEY_DUE, 1, "" },
		{ T("{\"a\" 1}"), MSG_JSON_PUNCTUATION, 5, "/a" },
		{ T("{\"a\""), MSG_JSON_CUT, 4, "/a" },
		{ T("{\"a"), MSG_JSON_CUT, 3, "" },
		{ T("{"), MSG_JSON_CUT, 1, "" },
		{ T("nul"), MSG_JSON_LITERAL, 0, "" },
		{ T("True"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T("truex"), MSG_JSON_TRAILING, 4, "" },
		{ T("NaN"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T("-Infinity"), MSG_JSON_NUMBER_FORM, 0, "" },
		{ T("-"), MSG_JSON_NUMBER_FORM, 0, "" },
		{ T("+1"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T(".5"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T("0x10"), MSG_JSON_TRAILING, 1, "" },
		{ T("1e"), MSG_JSON_NUMBER_FORM, 2, "" },
		{ T("1e+"), MSG_JSON_NUMBER_FORM, 3, "" },
		{ T("'a'"), MSG_JSON_VALUE_DUE, 0, "" },
		{ T("\"\\x41\""), MSG_JSON_ESCAPE, 2, "" },
		{ T("\"\\u12g4\""), MSG_JSON_ESCAPE, 3, "" },
		{ T("\"\\"), MSG_JSON_CUT, 2, "" },
		{ T("\"\\u00"), MSG_JSON_ESCAPE, 3, "" },
		{ T("1 // comment"), MSG_JSON_TRAILING, 2, "" },
		{ T("{}\0"), MSG_JSON_TRAILING, 2, "" },
		{ T("[\xc2\xa0]"), MSG_JSON_VALUE_DUE, 1, "/0" },
		/* numbers at the edge */
		{ T("9007199254740992.1"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("-9007199254740993"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("90071992547409.93e2"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("0.00000009007199254740993e23"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("1e16"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("1e-400"), MSG_JSON_NUMBER_RANGE, 0, "" },
		{ T("1e99999999999999999999"), MSG_JSON_NUMBER_RANGE, 0, "" },
		/* keys that are equal once their escapes are resolved */
		{ T("{\"a\":1,\"\\u0061\":2}"), MSG_JSON_DUPLICATE_KEY, 7, NULL },
		{ T("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}"), MSG_JSON_DUPLICATE_KEY, 10,
		  NULL },
		{ T("{\"/\":1,\"\\/\":2}"), MSG_JSON_DUPLICATE_KEY, 7, NULL },
		{ T("{\"b\":{\"x\":[0,{\"a\":1,\"c\":2,\"a\":3}]}}"), MSG_JSON_DUPLICATE_KEY, 26,
		  "/b/x/1/a" },
		{ T("{\"a/b\":{\"~\":[1,nope]}}"), MSG_JSON_LITERAL, 15, "/a~1b/~0/1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { 0 };
		char place[256], pointer[64] = "";
		assert_int_equal(gate(rows[i].text, rows[i].len, &err), ERR_INVALID);
		if (err.msg != rows[i].fault)
			fail_msg("row %zu: %s: %s", i, rows[i].text, err.text[LANGUAGE_EN]);
		if (rows[i].pointer != NULL)
			(void)snprintf(pointer, sizeof(pointer), "'%s': ", rows[i].pointer);
		(void)snprintf(place, sizeof(place), "JSON at byte %zu, %s", rows[i].offset,
			       pointer);
		if (strncmp(err.text[LANGUAGE_EN], place, strlen(place)) != 0)
			fail_msg("row %zu: %s: got \"%s\", not \"%s\"", i, rows[i].text,
				 err.text[LANGUAGE_EN], place);
	}
}

static void every_cut_of_a_text_is_refused(void **state)
{
	static const char text[] =
		"{\"a\":[1.5e3,\"\\ud83d\\ude00é\",true,null,{\"b\":false}],\"c\":{}}";
	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(gate(text, len, NULL), ERR_INVALID);
	assert_int_equal(gate(text, sizeof(text) - 1, NULL), 0);
}

static void two_million_brackets_stop_at_the_depth(void **state)
{
	enum { COUNT = 2000000 };
	char *text = malloc(COUNT);
	struct err err = { 0 };
	(void)state;
	assert_non_null(text);
	memset(text, '[', COUNT);
	assert_int_equal(json_gate(blob_of(text, COUNT), ROOM, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_DEPTH);
	memset(text + LIMIT_JSON_DEPTH, ']', LIMIT_JSON_DEPTH);
	assert_int_equal(json_gate(blob_of(text, 2 * LIMIT_JSON_DEPTH), ROOM, NULL), 0);
	free(text);
}

static void size_members_and_keys_have_their_limits(void **state)
{
	struct buf text = { 0 };
	struct err err = { 0 };
	char member[64];
	(void)state;
	assert_int_equal(json_gate(blob_text("[1]"), 2, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_SIZE);
	assert_int_equal(json_gate(blob_text("[1]"), 3, NULL), 0);
	buf_put_text(&text, "{");
	for (int i = 0; i < LIMIT_JSON_MEMBERS; i++) {
		(void)snprintf(member, sizeof(member), "%s\"k%d\":%d", i == 0 ? "" : ",",
			       i * 7919 % 104729, i);
		buf_put_text(&text, member);
	}
	buf_put_text(&text, "}");
	assert_int_equal(json_gate(buf_blob(&text), ROOM, NULL), 0);
	text.len--;
	buf_put_text(&text, ",\"last\":1}");
	assert_int_equal(json_gate(buf_blob(&text), ROOM, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_MEMBERS);
	buf_reset(&text);
	buf_put_text(&text, "{\"");
	for (int i = 0; i < LIMIT_JSON_KEY_BYTES; i++)
		buf_put_text(&text, "k");
	size_t len = text.len;
	buf_put_text(&text, "\":1}");
	assert_int_equal(json_gate(buf_blob(&text), ROOM, NULL), 0);
	text.len = len;
	buf_put_text(&text, "k\":1}");
	assert_int_equal(json_gate(buf_blob(&text), ROOM, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_KEY_LONG);
	buf_finish(&text);
}

/* Append a random value; in strings and between tokens every freedom that JSON leaves. */
static void put_random(struct buf *out, const struct random_source *random, unsigned depth)
{
	static const char *const atoms[] = { "null",
					     "true",
					     "-12.5e-3",
					     "0",
					     "9007199254740992",
					     "\"\"",
					     "\"ễ\\n\\u1ec5\"",
					     "\"\\\\\\\"\"",
					     "\"]},{[\"" };
	uint64_t kind = random_below(random, depth < 5 ? 4 : 2), count = random_below(random, 5);
	char key[32];
	buf_put_text(out, random_below(random, 3) == 0 ? " \t\r\n" : "");
	if (kind < 2) {
		buf_put_text(out, atoms[random_below(random, sizeof(atoms) / sizeof(atoms[0]))]);
	} else {
		buf_put_text(out, kind == 2 ? "[" : "{");
		for (uint64_t i = 0; i < count; i++) {
			buf_put_text(out, i > 0 ? "," : "");
			(void)snprintf(key, sizeof(key), " \"k\\u006%u%c\" :", (unsigned)i,
				       (char)('a' + i));
			buf_put_text(out, kind == 3 ? key : "");
			put_random(out, random, depth + 1);
		}
		buf_put_text(out, kind == 2 ? "]" : "}");
	}
	buf_put_text(out, random_below(random, 3) == 0 ? " " : "");
}

static void made_texts_pass_and_damaged_ones_never_crash_it(void **state)
{
	uint64_t seed = 20261124;
	struct random_source random = random_seeded(&seed);
	struct buf text = { 0 };
	size_t refused = 0;
	(void)state;
	(void)printf("# seed 20261124\n");
	for (int round = 0; round < 5000; round++) {
		buf_reset(&text);
		put_random(&text, &random, 0);
		assert_int_equal(gate((char *)text.data, text.len, NULL), 0);
		size_t at = (size_t)random_below(&random, text.len);
		text.data[at] = (uint8_t)random_below(&random, 256);
		refused += gate((char *)text.data, text.len, NULL) < 0;
	}
	assert_true(refused > 1000 && refused < 5000);
	buf_finish(&text);
}

/* What the gate lets through, cJSON reads without loss; what cJSON refuses, the gate must have refused. */
static void whatever_passes_cjson_reads(void **state)
{
	uint64_t seed = 7;
	struct random_source random = random_seeded(&seed);
	struct buf text = { 0 };
	(void)state;
	(void)printf("# seed 7\n");
	for (int round = 0; round < 5000; round++) {
		cJSON *tree = NULL;
		buf_reset(&text);
		put_random(&text, &random, 0);
		text.data[random_below(&random, text.len)] = (uint8_t)random_below(&random, 128);
		if (json_gate(buf_blob(&text), ROOM, NULL) < 0)
			continue;
		assert_int_equal(json_parse(buf_blob(&text), ROOM, &tree, NULL), 0);
		assert_non_null(tree);
		cJSON_Delete(tree);
	}
	buf_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_json_allows_passes),
		cmocka_unit_test(what_damages_or_hides_data_is_refused_and_named),
		cmocka_unit_test(every_cut_of_a_text_is_refused),
		cmocka_unit_test(two_million_brackets_stop_at_the_depth),
		cmocka_unit_test(size_members_and_keys_have_their_limits),
		cmocka_unit_test(made_texts_pass_and_damaged_ones_never_crash_it),
		cmocka_unit_test(whatever_passes_cjson_reads),
	};
	return cmocka_run_group_tests_name("json_gate", tests, NULL, NULL);
}
