#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ctl/view.h"
#include "daemon/base/utf8.h"
#include "daemon/record/json.h"

static const char element[] = "{\"n\":1234567,\"z\":0,\"big\":9007199254740991,\"t\":\"Nguyễn\","
			      "\"yes\":true,\"no\":false,\"null\":null,"
			      "\"at\":\"2026-11-24T17:30:05.123Z\",\"odd\":\"yesterday\",\"list\":["
			      "\"a\",\"b\",3],\"empty\":[],"
			      "\"text\":\"one\",\"text_vi\":\"một\",\"deep\":{\"x\":\"y\"},"
			      "\"evil\":\"a\\u001b[31mb\\nc\\td\\u202ee\\u0085f\"}";

static void a_cell_is_written_as_its_form_says(void **state)
{
	(void)state;
	static const struct {
		const char *pointer;
		enum view_form form;
		enum language language;
		const char *shown;
	} rows[] = {
		{ "/n", VIEW_NUMBER, LANGUAGE_EN, "1,234,567" },
		{ "/n", VIEW_NUMBER, LANGUAGE_VI, "1.234.567" },
		{ "/n", VIEW_PLAIN_NUMBER, LANGUAGE_VI, "1234567" },
		{ "/z", VIEW_NUMBER, LANGUAGE_EN, "0" },
		{ "/big", VIEW_NUMBER, LANGUAGE_EN, "9,007,199,254,740,991" },
		{ "/t", VIEW_TEXT, LANGUAGE_EN, "Nguyễn" },
		{ "/yes", VIEW_TEXT, LANGUAGE_EN, "yes" },
		{ "/no", VIEW_TEXT, LANGUAGE_VI, "không" },
		{ "/null", VIEW_TEXT, LANGUAGE_EN, "" },
		{ "/missing", VIEW_NUMBER, LANGUAGE_EN, "" },
		{ "/deep", VIEW_TEXT, LANGUAGE_EN, "" },
		{ "/deep/x", VIEW_TEXT, LANGUAGE_EN, "y" },
		{ "/at", VIEW_TIME, LANGUAGE_EN, "2026-11-25 00:30:05" },
		{ "/odd", VIEW_TIME, LANGUAGE_EN, "yesterday" },
		{ "/list", VIEW_LIST, LANGUAGE_EN, "a b 3" },
		{ "/empty", VIEW_LIST, LANGUAGE_EN, "" },
		{ "/text", VIEW_PAIR, LANGUAGE_EN, "one" },
		{ "/text", VIEW_PAIR, LANGUAGE_VI, "một" },
		{ "/evil", VIEW_TEXT, LANGUAGE_EN, "a [31mb c d e f" },
	};
	cJSON *json = NULL;
	assert_int_equal(json_parse(blob_text(element), sizeof(element), &json, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct session session = { .language = rows[i].language };
		const struct view_column column = { .pointer = rows[i].pointer,
						    .form = rows[i].form };
		char text[128];
		view_cell(&session, json, &column, text, sizeof(text));
		if (strcmp(text, rows[i].shown) != 0)
			fail_msg("%s: '%s'", rows[i].pointer, text);
	}
	cJSON_Delete(json);
}

static void a_cell_is_cut_at_a_whole_character(void **state)
{
	(void)state;
	static const char long_text[] =
		"{\"t\":\"ễễễễễễễễễễ\",\"l\":[\"ễễễ\",\"ễễễ\"],\"n\":123456789}";
	static const char *const pointers[] = { "/t", "/l", "/n" };
	const struct session session = { 0 };
	cJSON *json = NULL;
	assert_int_equal(json_parse(blob_text(long_text), sizeof(long_text), &json, NULL), 0);
	for (size_t size = 4; size < 40; size++) {
		for (size_t i = 0; i < 3; i++) {
			const struct view_column column = { .pointer = pointers[i],
							    .form = i == 0   ? VIEW_TEXT
								    : i == 1 ? VIEW_LIST
									     : VIEW_NUMBER };
			char *text =
				malloc(size); /* exact, so that the sanitizer sees a byte past it */
			assert_non_null(text);
			view_cell(&session, json, &column, text, size);
			assert_true(strlen(text) < size && utf8_valid(text, strlen(text)));
			free(text);
		}
	}
	cJSON_Delete(json);
}

static int set_zone(void **state)
{
	(void)state;
	int failed = setenv("TZ", "UTC-7", 1); /* Vietnam's, without a zone file */
	tzset();
	return failed;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_is_written_as_its_form_says),
		cmocka_unit_test(a_cell_is_cut_at_a_whole_character),
	};
	return cmocka_run_group_tests(tests, set_zone, NULL);
}
