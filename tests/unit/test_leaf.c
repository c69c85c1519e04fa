#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "daemon/audit/leaf_view.h"
#include "daemon/audit/leaf_writer.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/limits.h"
#include "daemon/base/random.h"

#define TEXT(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static struct leaf_writer *writer;
static const uint8_t salt[LEAF_SALT_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const uint8_t hash_of_ours[32] = { 0xaa, 0xbb };
static const uint8_t subject[LEAF_SUBJECT_SIZE] = { 0x5b, 0x01 };
static const struct leaf_stamp stamp = {
	.seq = 41, .realtime_us = 1795532400123456, .boottime_us = 77000001, .id = { 0x1d }
};
static const struct leaf_actor timer = { .type = "system", .via = "timer" };

static int make_writer(void **state)
{
	(void)state;
	return leaf_writer_create(&writer, NULL);
}

static int end_writer(void **state)
{
	(void)state;
	leaf_writer_destroy(writer);
	return 0;
}

/* Stands for the sealed payload: only its hash comes into the leaf. */
static const struct blob sealed = { .data = (const uint8_t *)"sealed", .len = 6 };

static struct blob write_leaf(const struct leaf *leaf, struct blob *ret_payload)
{
	struct err err = { 0 };
	struct blob payload, bytes = { 0 };
	if (leaf_write_payload(writer, leaf, salt, &payload, &err) < 0 ||
	    leaf_write(writer, leaf, &stamp, payload.len > 0 ? sealed : (struct blob){ 0 }, &bytes,
		       &err) < 0)
		fail_msg("%s", err.text[LANGUAGE_EN]);
	if (ret_payload != NULL)
		*ret_payload = payload;
	return bytes;
}

static void assert_blob(struct blob bytes, const char *expected)
{
	char text[LIMIT_LEAF_BYTES + 1];
	assert_true(bytes.len <= LIMIT_LEAF_BYTES);
	memcpy(text, bytes.data, bytes.len);
	text[bytes.len] = '\0';
	assert_string_equal(text, expected);
}

static bool blob_holds(struct blob bytes, const char *text)
{
	return memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}

static const struct leaf_field changed_fields[] = {
	{ .path = "identity.full_name",
	  .op = LEAF_OP_SET,
	  .before = TEXT("Trần Thị Thử"),
	  .after = TEXT("Trần Thị Nghiệm") },
	{ .path = "degree[].level",
	  .op = LEAF_OP_CLEAR,
	  .key = TEXT("thac-si/2015"),
	  .before = TEXT("thac-si") },
};
static const struct leaf_private texts[] = { { "source_key", TEXT("CB-000017") } };

static const struct leaf changed_row = {
	.act = AUDIT_ACT_ROW_CHANGE,
	.actor = &timer,
	.subject = subject,
	.run = 7,
	.source = { .name = "noi-vu", .file = 1, .row = 18, .byte_off = 2048 },
	.version_from = 3,
	.version_to = 4,
	.rule = { .decision = "auto", .id = 12, .model = 2, .score = -5, .threshold = 90 },
	.fields = changed_fields,
	.field_count = 2,
	.privates = texts,
	.private_count = 1,
};

static void a_leaf_without_payload_is_as_plain_as_its_struct(void **state)
{
	(void)state;
	static const struct leaf_count counts[] = { { "accepted", 12 }, { "read", 14 } };
	struct leaf leaf = { .act = AUDIT_ACT_RUN_END,
			     .run = 7,
			     .state = "COMPLETE",
			     .counts = counts,
			     .count_count = 2 };
	assert_blob(write_leaf(&leaf, NULL),
		    "{\"act\":\"run.end\",\"counts\":{\"accepted\":12,\"read\":14},"
		    "\"id\":\"1d000000000000000000000000000000\",\"mono_us\":77000001,\"run\":7,"
		    "\"seq\":41,"
		    "\"state\":\"COMPLETE\",\"ts\":\"2026-11-24T15:00:00.123Z\",\"v\":1}");
}

static void the_start_of_a_process_says_what_holds_until_its_stop(void **state)
{
	(void)state;
	static const struct leaf_process process = { .name = "trithucd",
						     .version = "0.1.0",
						     .build_id = "b1d",
						     .boot_id = "0a0b",
						     .host = TEXT("may-1") };
	struct leaf leaf = { .act = AUDIT_ACT_START,
			     .process = &process,
			     .config_sha256 = hash_of_ours };
	struct blob bytes = write_leaf(&leaf, NULL);
	assert_true(blob_holds(bytes, "\"boot_id\":\"0a0b\",\"conf\":\"aabb000000"));
	assert_true(blob_holds(bytes, "\"host\":\"may-1\""));
	assert_true(blob_holds(
		bytes, "\"prog\":{\"build\":\"b1d\",\"name\":\"trithucd\",\"version\":\"0.1.0\"}"));
	struct leaf_view view;
	assert_int_equal(leaf_view_read(bytes, &view, NULL), 0);
	assert_true(blob_equal(view.boot_id, blob_text("0a0b")));
}

/* Every optional member at once, so that the order of all of them is held. */
static void every_leaf_that_can_be_written_is_read_back(void **state)
{
	(void)state;
	static const struct leaf_file files[] = {
		{ .name = TEXT("danh-sach.csv"), .size = 99, .sha256 = hash_of_ours }
	};
	static const struct leaf_count counts[] = { { "read", 14 } };
	static const struct leaf_hash hashes[] = { { "interpretation", hash_of_ours },
						   { "schema", hash_of_ours } };
	static const char *const reasons[] = { "R0101", "R0102" };
	static const struct leaf_actor operator_actor = {
		.type = "operator", .via = "socket", .name = TEXT("can-bo"), .uid = 1001
	};
	static const struct leaf_process process = { "trithucd", "0.1.0", "b1d", "0a0b",
						     TEXT("h") };
	struct leaf leaf = changed_row;
	leaf.actor = &operator_actor;
	leaf.batch = 3;
	leaf.case_id = 5;
	leaf.state = "HELD";
	leaf.process = &process;
	leaf.config_sha256 = hash_of_ours;
	leaf.err_class = "INVALID";
	leaf.err_code = "E1401";
	leaf.files = files;
	leaf.file_count = 1;
	leaf.counts = counts;
	leaf.count_count = 1;
	leaf.hashes = hashes;
	leaf.hash_count = 2;
	leaf.reasons = reasons;
	leaf.reason_count = 2;
	leaf.upstream = (struct leaf_upstream){ .endpoint = "/persons",
						.outcome = "answered",
						.item_key = "ab",
						.batch_key = "cd",
						.answer_sha256 = hash_of_ours,
						.peer = TEXT("192.0.2.1"),
						.receipt = TEXT("r-1"),
						.problem = TEXT("about:blank"),
						.attempt = 2,
						.status = 409 };
	for (int act = 1; act < AUDIT_ACT_MAX; act++) {
		leaf.act = (enum audit_act)act;
		struct blob bytes = write_leaf(&leaf, NULL);
		struct leaf_view view;
		struct err err = { 0 };
		if (leaf_view_read(bytes, &view, &err) < 0)
			fail_msg("%s: %.*s", err.text[LANGUAGE_EN], (int)bytes.len,
				 (const char *)bytes.data);
		assert_int_equal(view.act, act);
		assert_int_equal(view.seq, 41);
		assert_int_equal(view.mono_us, 77000001);
		assert_int_equal(view.run, 7);
		assert_int_equal(view.batch, 3);
		assert_int_equal(view.case_id, 5);
		assert_true(blob_equal(view.ts, blob_text("2026-11-24T15:00:00.123Z")));
		assert_true(
			blob_equal(view.subject, blob_text("5b010000000000000000000000000000")));
	}
}

/* ---- what is private ---- */

static void nothing_private_stands_in_a_leaf(void **state)
{
	(void)state;
	struct blob payload;
	struct blob bytes = write_leaf(&changed_row, &payload);
	static const char *const private[] = { "Trần",      "Thị",     "Thử", "Nghiệm",
					       "CB-000017", "thac-si", "2015" };
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++) {
		assert_true(blob_holds(payload, private[i]));
		if (blob_holds(bytes, private[i]))
			fail_msg("a leaf holds %s", private[i]);
	}
}

/* An unsalted hash of a value of 12 digits is found in a day (AUDIT-SECURITY.md 2.2). */
static void no_bare_hash_of_a_value_stands_in_a_leaf(void **state)
{
	(void)state;
	struct blob bytes = write_leaf(&changed_row, NULL);
	uint8_t hash[32];
	char text[65];
	SHA256((const uint8_t *)"Trần Thị Thử", 18, hash);
	hex_encode(hash, 8, text);
	assert_false(blob_holds(bytes, text));
	char first[LIMIT_LEAF_BYTES];
	size_t len = bytes.len;
	memcpy(first, bytes.data, len);
	static const uint8_t other_salt[LEAF_SALT_SIZE] = { 9 };
	struct blob payload, again;
	assert_int_equal(leaf_write_payload(writer, &changed_row, other_salt, &payload, NULL), 0);
	assert_int_equal(leaf_write(writer, &changed_row, &stamp, sealed, &again, NULL), 0);
	assert_int_equal(again.len, len);
	const char *name = memmem(first, len, "\"before_h\"", 10);
	const char *name_again = memmem(again.data, again.len, "\"before_h\"", 10);
	assert_memory_not_equal(name, name_again, 10 + 2 + 2 * LEAF_FIELD_HASH_SIZE);
}

static void the_payload_is_salt_and_the_values_as_json(void **state)
{
	(void)state;
	struct blob payload;
	(void)write_leaf(&changed_row, &payload);
	assert_memory_equal(payload.data, salt, sizeof(salt));
	assert_blob(
		blob_of(payload.data + LEAF_SALT_SIZE, payload.len - LEAF_SALT_SIZE),
		"{\"fields\":[{\"after\":\"Trần Thị Nghiệm\",\"before\":\"Trần Thị "
		"Thử\",\"field\":\"identity.full_name\"},"
		"{\"before\":\"thac-si\",\"field\":\"degree[].level\",\"key\":\"thac-si/2015\"}],"
		"\"texts\":{\"source_key\":\"CB-000017\"}}");
}

static void a_whole_record_names_its_fields_and_hides_the_rest_in_one_commitment(void **state)
{
	(void)state;
	static const struct leaf_field fields[] = {
		{ .path = "identity.full_name", .after = TEXT("Trần Thị Thử") },
		{ .path = "identity.sex" },
		{ .path = "degree[].level", .key = TEXT("a/1"), .after = TEXT("dai-hoc") },
		{ .path = "degree[].level", .key = TEXT("b/2"), .after = TEXT("thac-si") },
	};
	struct leaf leaf = {
		.act = AUDIT_ACT_ROW_NEW, .whole_record = true, .fields = fields, .field_count = 4
	};
	struct blob payload;
	struct blob bytes = write_leaf(&leaf, &payload);
	struct leaf_view view;
	assert_true(blob_holds(
		bytes, "\"set\":[\"identity.full_name\",\"identity.sex\",\"degree[].level\"],"));
	assert_false(blob_holds(bytes, "_h\""));
	assert_false(blob_holds(bytes, "thac-si"));
	assert_true(blob_holds(
		payload, "{\"after\":\"thac-si\",\"field\":\"degree[].level\",\"key\":\"b/2\"}"));
	assert_false(blob_holds(payload, "identity.sex")); /* nothing of it is private */
	assert_int_equal(leaf_view_read(bytes, &view, NULL), 0);
	assert_int_equal(view.commit.len, 64);
}

static void commitments_are_what_the_header_says(void **state)
{
	(void)state;
	struct blob payload;
	struct blob bytes = write_leaf(&changed_row, &payload);
	uint8_t input[1024] = "trithuc/commit/v1", hash[32], field_salt[32];
	char text[65];
	memcpy(input + 18, payload.data, payload.len);
	SHA256(input, 18 + payload.len, hash);
	hex_encode(hash, 32, text);
	char member[96];
	(void)snprintf(member, sizeof(member), "\"commit\":\"%s\"", text);
	assert_true(blob_holds(bytes, member));

	memcpy(input, "trithuc/field/v1", 17);
	memcpy(input + 17, salt, 32);
	memcpy(input + 49, "\0\1", 2); /* the second field */
	SHA256(input, 51, field_salt);
	memcpy(input, field_salt, 32);
	memcpy(input + 32, "kthac-si/2015", 13);
	SHA256(input, 45, hash);
	hex_encode(hash, 16, text);
	(void)snprintf(member, sizeof(member), "\"key_h\":\"%s\"", text);
	assert_true(blob_holds(bytes, member));

	SHA256(sealed.data, sealed.len, hash);
	hex_encode(hash, 32, text);
	(void)snprintf(member, sizeof(member), "\"ct_sha256\":\"%s\"", text);
	assert_true(blob_holds(bytes, member));
}

/* ---- foreign text and sizes ---- */

static void foreign_text_comes_escaped_cut_and_in_nfc(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *expected;
	} rows[] = {
		{ "quote and backslash", "a\"\\b", "\"name\":\"a\\\"\\\\b\"" },
		{ "line break", "a\nb", "\"name\":\"a\\\\u{a}b\"" },
		{ "escape", "\x1b[31m", "\"name\":\"\\\\u{1b}[31m\"" },
		{ "right-to-left",
		  "a\xe2\x80\xae"
		  "fdp",
		  "\"name\":\"a\\\\u{202e}fdp\"" },
		{ "decomposed", "e\xcc\x82\xcc\x81", "\"name\":\"\xe1\xba\xbf\"" },
		{ "not UTF-8",
		  "a\xff"
		  "b",
		  "\"name\":\"a\xef\xbf\xbd"
		  "b\"" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct leaf_actor actor = { .type = "operator",
					    .via = "socket",
					    .name = blob_text(rows[i].in) };
		struct leaf leaf = { .act = AUDIT_ACT_EXPORT, .actor = &actor };
		struct blob bytes = write_leaf(&leaf, NULL);
		struct leaf_view view;
		if (!blob_holds(bytes, rows[i].expected))
			fail_msg("%s: %.*s", rows[i].name, (int)bytes.len,
				 (const char *)bytes.data);
		assert_int_equal(leaf_view_read(bytes, &view, NULL), 0);
	}
}

static void a_leaf_that_has_no_room_counts_the_rest_of_its_fields(void **state)
{
	(void)state;
	static struct leaf_field fields[LIMIT_FACTS];
	for (size_t i = 0; i < LIMIT_FACTS; i++)
		fields[i] = (struct leaf_field){ .path = "training[].course",
						 .key = TEXT("k"),
						 .before = TEXT("b"),
						 .after = TEXT("a") };
	static uint8_t foreign[4096];
	memset(foreign, '\\', sizeof(foreign));
	struct leaf leaf = changed_row;
	leaf.fields = fields;
	leaf.field_count = LIMIT_FACTS;
	leaf.upstream = (struct leaf_upstream){ .endpoint = "/p",
						.peer = blob_of(foreign, sizeof(foreign)),
						.receipt = blob_of(foreign, sizeof(foreign)),
						.problem = blob_of(foreign, sizeof(foreign)) };
	struct blob payload;
	struct blob bytes = write_leaf(&leaf, &payload);
	struct leaf_view view;
	struct err err = { 0 };
	if (leaf_view_read(bytes, &view, &err) < 0)
		fail_msg("%s", err.text[LANGUAGE_EN]);
	const char *rest = memmem(bytes.data, bytes.len, "\"fields_rest\":", 14);
	assert_non_null(rest);
	size_t listed = 0, kept = 0;
	for (const char *at = (const char *)bytes.data;
	     (at = strstr(at, "{\"after_h\"")) != NULL && at < rest; at++)
		listed++;
	for (size_t i = 0; i + 9 <= payload.len; i++)
		kept += memcmp(payload.data + i, "{\"after\":", 9) == 0;
	assert_int_equal(listed + strtoul(rest + 14, NULL, 10), LIMIT_FACTS);
	assert_int_equal(kept, LIMIT_FACTS);
}

static void a_number_past_a_double_stops_at_the_largest_whole_one(void **state)
{
	(void)state;
	struct leaf leaf = { .act = AUDIT_ACT_ROW_NEW,
			     .source = { .name = "noi-vu", .byte_off = UINT64_MAX } };
	struct blob bytes = write_leaf(&leaf, NULL);
	struct leaf_view view;
	assert_true(blob_holds(bytes, "\"byte_off\":9007199254740991,"));
	assert_int_equal(leaf_view_read(bytes, &view, NULL), 0);
}

/* ---- reading what is not a leaf ---- */

#define HEAD "{\"act\":\"run.end\","
#define ID "\"id\":\"1d000000000000000000000000000000\","
#define TAIL "\"mono_us\":1,\"seq\":0,\"ts\":\"2026-11-24T15:00:00.123Z\",\"v\":1}"

static const struct {
	const char *name, *bytes;
} refused[] = {
	{ "nothing", "" },
	{ "an empty object", "{}" },
	{ "an array", "[]" },
	{ "a blank in front", " " HEAD ID TAIL },
	{ "a blank behind", HEAD ID TAIL " " },
	{ "a line break behind", HEAD ID TAIL "\n" },
	{ "a blank inside", HEAD " " ID TAIL },
	{ "a second value", HEAD ID TAIL "{}" },
	{ "a comma at the end",
	  "{\"act\":\"run.end\"," ID "\"mono_us\":1,\"seq\":0,\"ts\":\"t\",\"v\":1,}" },
	{ "an unknown act", "{\"act\":\"run.ended\"," ID TAIL },
	{ "an act twice", HEAD "\"act\":\"run.end\"," ID TAIL },
	{ "an unknown member", HEAD "\"b\":1," ID TAIL },
	{ "members in another order", "{" ID "\"act\":\"run.end\"," TAIL },
	{ "no id", HEAD TAIL },
	{ "no version", HEAD ID "\"mono_us\":1,\"seq\":0,\"ts\":\"t\"}" },
	{ "another version", HEAD ID "\"mono_us\":1,\"seq\":0,\"ts\":\"t\",\"v\":2}" },
	{ "id in capitals", HEAD "\"id\":\"1D000000000000000000000000000000\"," TAIL },
	{ "id too short", HEAD "\"id\":\"1d\"," TAIL },
	{ "a leading zero", HEAD ID "\"mono_us\":01,\"seq\":0,\"ts\":\"t\",\"v\":1}" },
	{ "a fraction", HEAD ID "\"mono_us\":1.0,\"seq\":0,\"ts\":\"t\",\"v\":1}" },
	{ "an exponent", HEAD ID "\"mono_us\":1e0,\"seq\":0,\"ts\":\"t\",\"v\":1}" },
	{ "a number past a double",
	  HEAD ID "\"mono_us\":9007199254740992,\"seq\":0,\"ts\":\"t\",\"v\":1}" },
	{ "a number past 64 bits",
	  HEAD ID "\"mono_us\":99999999999999999999,\"seq\":0,\"ts\":\"t\",\"v\":1}" },
	{ "a negative zero", HEAD "\"counts\":{\"a\":-0}," ID TAIL },
	{ "a true", HEAD "\"counts\":{\"a\":true}," ID TAIL },
	{ "a null", HEAD "\"counts\":null," ID TAIL },
	{ "keys of an inner object not ascending", HEAD "\"counts\":{\"b\":1,\"a\":1}," ID TAIL },
	{ "a key of an inner object twice", HEAD "\"counts\":{\"a\":1,\"a\":1}," ID TAIL },
	{ "an array where an object is due", HEAD "\"counts\":[]," ID TAIL },
	{ "an escaped slash", HEAD "\"host\":\"a\\/b\"," ID TAIL },
	{ "an escaped letter", HEAD "\"host\":\"\\u0061\"," ID TAIL },
	{ "a line break in a text", HEAD "\"host\":\"a\nb\"," ID TAIL },
	{ "a text that is not NFC", HEAD "\"host\":\"e\xcc\x81\"," ID TAIL },
	{ "a text that is not UTF-8", HEAD "\"host\":\"\xc3\"," ID TAIL },
	{ "a right-to-left mark", HEAD "\"host\":\"\xe2\x80\xae\"," ID TAIL },
	{ "a commit without ciphertext",
	  HEAD "\"commit\":\"0000000000000000000000000000000000000000000000000000000000000000\"," ID
		  TAIL },
	{ "nine levels", HEAD "\"fields\":[[[[[[[[[]]]]]]]]]," ID TAIL },
	{ "an open array", HEAD "\"fields\":[" },
	{ "a cut string", HEAD "\"host\":\"abc" },
	{ "a cut escape", HEAD "\"host\":\"abc\\" },
};

static void what_the_writer_cannot_write_is_refused(void **state)
{
	(void)state;
	struct leaf_view view;
	struct err err = { 0 };
	assert_int_equal(leaf_view_read(blob_text(HEAD ID TAIL), &view, NULL), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (leaf_view_read(blob_text(refused[i].bytes), &view, &err) != ERR_CORRUPT)
			fail_msg("%s is taken", refused[i].name);
	static char text[2 * LIMIT_LEAF_BYTES];
	(void)snprintf(text, sizeof(text), HEAD "\"host\":\"%0*d\"," ID TAIL, LIMIT_LEAF_BYTES, 0);
	assert_int_equal(leaf_view_read(blob_text(text), &view, &err), ERR_CORRUPT);
}

static void a_leaf_cut_anywhere_is_refused(void **state)
{
	(void)state;
	struct blob bytes = write_leaf(&changed_row, NULL);
	struct leaf_view view;
	for (size_t len = 0; len < bytes.len; len++) {
		/* a copy of its own, so that the sanitizer sees a read past the end */
		uint8_t *cut = malloc(len + 1);
		memcpy(cut, bytes.data, len);
		uint8_t *exact = realloc(cut, len == 0 ? 1 : len);
		assert_int_equal(leaf_view_read(blob_of(exact, len), &view, NULL), ERR_CORRUPT);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leaf_without_payload_is_as_plain_as_its_struct),
		cmocka_unit_test(the_start_of_a_process_says_what_holds_until_its_stop),
		cmocka_unit_test(every_leaf_that_can_be_written_is_read_back),
		cmocka_unit_test(nothing_private_stands_in_a_leaf),
		cmocka_unit_test(no_bare_hash_of_a_value_stands_in_a_leaf),
		cmocka_unit_test(the_payload_is_salt_and_the_values_as_json),
		cmocka_unit_test(
			a_whole_record_names_its_fields_and_hides_the_rest_in_one_commitment),
		cmocka_unit_test(commitments_are_what_the_header_says),
		cmocka_unit_test(foreign_text_comes_escaped_cut_and_in_nfc),
		cmocka_unit_test(a_leaf_that_has_no_room_counts_the_rest_of_its_fields),
		cmocka_unit_test(a_number_past_a_double_stops_at_the_largest_whole_one),
		cmocka_unit_test(what_the_writer_cannot_write_is_refused),
		cmocka_unit_test(a_leaf_cut_anywhere_is_refused),
	};
	return cmocka_run_group_tests(tests, make_writer, end_writer);
}
