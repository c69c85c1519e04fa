#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <cJSON.h>

#include "daemon/base/json_writer.h"
#include "daemon/base/random.h"
#include "daemon/base/utf8.h"

static void assert_written(struct buf *out, const char *expected)
{
	buf_put_u8(out, 0);
	assert_true(buf_ok(out));
	assert_string_equal((const char *)out->data, expected);
	buf_finish(out);
}

static void commas_stand_where_they_are_due(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	json_object_begin(&json);
	json_member_text(&json, "a", "x");
	json_key(&json, "b");
	json_array_begin(&json);
	json_unsigned(&json, UINT64_MAX);
	json_signed(&json, INT64_MIN);
	json_array_begin(&json);
	json_array_end(&json);
	json_object_begin(&json);
	json_object_end(&json);
	json_bool(&json, true);
	json_null(&json);
	json_array_end(&json);
	json_member_bool(&json, "c", false);
	json_member_unsigned(&json, "d", 0);
	json_member_hex(&json, "e", "\x00\xff", 2);
	json_member_blob(&json, "f", blob_of("g\0h", 3));
	json_key_blob(&json, blob_of("i\n", 2));
	json_raw(&json, blob_text("{\"j\":1}"));
	json_object_end(&json);
	assert_written(&out, "{\"a\":\"x\",\"b\":[18446744073709551615,-9223372036854775808,[],{},"
			     "true,null],\"c\":false,"
			     "\"d\":0,\"e\":\"00ff\",\"f\":\"g\\u0000h\",\"i\\n\":{\"j\":1}}");
}

static void texts_are_escaped_as_rfc_8785_says(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "", "\"\"" },
		{ "Họ \"tên\" \\ /", "\"Họ \\\"tên\\\" \\\\ /\"" },
		{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
		{ "\x01\x0b\x1f\x7f", "\"\\u0001\\u000b\\u001f\x7f\"" },
		{ "\xe2\x80\xa8<>&'", "\"\xe2\x80\xa8<>&'\"" },
		{ "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b",
		  "\"a\xef\xbf\xbd"
		  "b\"" }, /* ill-formed: never into the output */
		{ "\xc0\xaf\xed\xa0\x80",
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xe1\xbb", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		struct json_writer json = json_writer_of(&out);
		json_text(&json, rows[i].text);
		assert_written(&out, rows[i].json);
	}
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	json_text_blob(&json, blob_of(NULL, 0));
	assert_written(&out, "\"\"");
}

static void the_deepest_level_still_has_its_commas(void **state)
{
	(void)state;
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	for (int i = 0; i < 63; i++)
		json_array_begin(&json);
	json_null(&json);
	json_null(&json);
	for (int i = 0; i < 63; i++)
		json_array_end(&json);
	out.data[63 + 9] = '\0';
	assert_string_equal((const char *)out.data + 63, "null,null");
	buf_finish(&out);
}

static void a_failed_buffer_says_so_once(void **state)
{
	(void)state;
	struct buf out = { .max = 8 };
	struct json_writer json = json_writer_of(&out);
	json_object_begin(&json);
	json_member_text(&json, "key", "a text that is too long");
	json_object_end(&json);
	assert_false(buf_ok(&out));
	buf_finish(&out);
}

/* Another reader gets what went in, whatever the bytes are. */
static void random_texts_are_read_by_another_parser(void **state)
{
	(void)state;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < 3000; round++) {
		struct buf text = { 0 }, out = { 0 };
		for (uint64_t n = random_below(&random, 20); n > 0; n--) {
			uint64_t shape = random_below(&random, 4);
			int32_t c = (int32_t)(1 + random_below(&random, shape == 0   ? 0x7f
									: shape == 1 ? 0x7ff
										     : 0x2000));
			utf8_put(&text,
				 shape == 3 ? (int32_t)(0x10000 + random_below(&random, 0x100000))
					    : c);
		}
		buf_put_u8(&text, 0);
		struct json_writer json = json_writer_of(&out);
		json_array_begin(&json);
		json_text(&json, (const char *)text.data);
		json_array_end(&json);
		cJSON *tree = cJSON_ParseWithLength((const char *)out.data, out.len);
		assert_non_null(tree);
		assert_string_equal(cJSON_GetStringValue(tree->child), (const char *)text.data);
		cJSON_Delete(tree);
		buf_finish(&text);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_where_they_are_due),
		cmocka_unit_test(texts_are_escaped_as_rfc_8785_says),
		cmocka_unit_test(the_deepest_level_still_has_its_commas),
		cmocka_unit_test(a_failed_buffer_says_so_once),
		cmocka_unit_test(random_texts_are_read_by_another_parser),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
