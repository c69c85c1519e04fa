/* Json: typed access by pointer, and walking arrays element by element. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/record/json.h"
#include "daemon/record/json_elements.h"
#include "daemon/record/json_gate.h"

static const char text[] =
	"{\"token\":{\"access/token\":\"abc\",\"expires_in\":3600,\"Scope\":null},"
	"\"items\":[{\"id\":\"a\"},{\"id\":\"b\",\"tags\":[]}],\"ok\":true,\"rate\":1.5,\"~\":-1}";

static int setup(void **state)
{
	cJSON *tree = NULL;
	int result = json_parse(blob_text(text), sizeof(text), &tree, NULL);
	*state = tree;
	return result;
}

static int teardown(void **state)
{
	cJSON_Delete(*state);
	return 0;
}

static void values_are_found_by_pointer_with_their_type(void **state)
{
	const cJSON *tree = *state, *node = NULL;
	const char *word = NULL;
	uint64_t number = 0;
	bool truth = false;
	assert_int_equal(json_get_text(tree, "/token/access~1token", JSON_REQUIRED, &word, NULL),
			 0);
	assert_string_equal(word, "abc");
	assert_int_equal(json_get_text(tree, "/items/1/id", JSON_REQUIRED, &word, NULL), 0);
	assert_string_equal(word, "b");
	assert_int_equal(json_get_unsigned(tree, "/token/expires_in", JSON_REQUIRED, &number, NULL),
			 0);
	assert_int_equal(number, 3600);
	assert_int_equal(json_get_bool(tree, "/ok", JSON_REQUIRED, &truth, NULL), 0);
	assert_true(truth);
	assert_int_equal(json_get_array(tree, "/items", JSON_REQUIRED, &node, NULL), 0);
	assert_int_equal(cJSON_GetArraySize(node), 2);
	assert_int_equal(json_get_object(tree, "", JSON_REQUIRED, &node, NULL), 0);
	assert_ptr_equal(node, tree);
}

static void an_optional_value_that_is_not_there_leaves_the_output_alone(void **state)
{
	static const char *const pointers[] = { "/nothing",     "/token/Scope", "/TOKEN",
						"/token/scope", "/items/2",     "/items/01",
						"/ok/a",        "items",        "/items/1/~",
						"/items/-",     "/token/" };
	const cJSON *tree = *state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		const char *word = "before";
		uint64_t number = 5;
		struct err err = { 0 };
		assert_int_equal(json_get_text(tree, pointers[i], JSON_OPTIONAL, &word, &err), 0);
		assert_string_equal(word, "before");
		assert_int_equal(json_get_unsigned(tree, pointers[i], JSON_OPTIONAL, &number, &err),
				 0);
		assert_int_equal(number, 5);
		assert_int_equal(json_get_text(tree, pointers[i], JSON_REQUIRED, &word, &err),
				 ERR_INVALID);
		assert_int_equal(err.msg, MSG_JSON_ABSENT);
		assert_non_null(strstr(err.text[LANGUAGE_EN], pointers[i]));
	}
}

static void another_type_is_an_error_that_names_the_pointer_and_not_the_value(void **state)
{
	const cJSON *tree = *state, *node;
	const char *word;
	uint64_t number;
	bool truth;
	struct err err = { 0 };
	assert_int_equal(json_get_text(tree, "/token/expires_in", JSON_OPTIONAL, &word, &err),
			 ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_NO_TEXT);
	assert_non_null(strstr(err.text[LANGUAGE_EN], "/token/expires_in"));
	assert_null(strstr(err.text[LANGUAGE_EN], "3600"));
	assert_int_equal(json_get_unsigned(tree, "/rate", JSON_REQUIRED, &number, &err),
			 ERR_INVALID);
	assert_int_equal(json_get_unsigned(tree, "/~0", JSON_REQUIRED, &number, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_NO_COUNT);
	assert_int_equal(json_get_bool(tree, "/rate", JSON_REQUIRED, &truth, &err), ERR_INVALID);
	assert_int_equal(json_get_object(tree, "/items", JSON_REQUIRED, &node, &err), ERR_INVALID);
	assert_int_equal(json_get_array(tree, "/token", JSON_REQUIRED, &node, &err), ERR_INVALID);
}

static void parsing_stands_behind_the_gate(void **state)
{
	cJSON *tree = NULL;
	struct err err = { 0 };
	(void)state;
	assert_int_equal(json_parse(blob_text("{\"id\":012}"), 100, &tree, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_JSON_NUMBER_FORM);
	assert_null(tree);
}

static void arrays_are_walked_element_by_element(void **state)
{
	static const struct {
		const char *text, *pointer, *elements;
	} rows[] = {
		{ "[]", "", "" },
		{ " [ ] ", "", "" },
		{ "[1]", "", "1;" },
		{ "[ 1 , \"a]\\\"b\" ,[2,[3]], {\"x\":[\"}\"]} ,null]", "",
		  "1;\"a]\\\"b\";[2,[3]];{\"x\":[\"}\"]};null;" },
		{ "{\"a\":1,\"results\":[{\"id\":1},{\"id\":2}],\"b\":[9]}", "/results",
		  "{\"id\":1};{\"id\":2};" },
		{ "{\"x\":{\"a/b\":[[],[7 ,8]]}}", "/x/a~1b/1", "7;8;" },
		{ "{ \"\\u0072\" : [ true ] }", "/r", "true;" },
		{ "[[1],[2]]", "/1", "2;" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct json_elements elements;
		struct blob element;
		struct buf got = { 0 };
		assert_int_equal(json_gate(blob_text(rows[i].text), 1000, NULL), 0);
		assert_int_equal(json_elements_begin(blob_text(rows[i].text), rows[i].pointer,
						     &elements, NULL),
				 0);
		while (json_elements_next(&elements, &element)) {
			assert_int_equal(json_gate(element, 1000, NULL), 0);
			buf_put(&got, element.data, element.len);
			buf_put_text(&got, ";");
		}
		buf_put_u8(&got, 0);
		assert_string_equal((char *)got.data, rows[i].elements);
		buf_finish(&got);
	}
}

static void a_walk_needs_an_array(void **state)
{
	static const char *const pointers[] = { "",         "/token",
						"/items/0", "/items/2",
						"/items/x", "/ok",
						"/none",    "/token/expires_in/0",
						"items" };
	struct json_elements elements;
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++)
		assert_int_equal(json_elements_begin(blob_text(text), pointers[i], &elements, &err),
				 ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_pointer_with_their_type),
		cmocka_unit_test(an_optional_value_that_is_not_there_leaves_the_output_alone),
		cmocka_unit_test(another_type_is_an_error_that_names_the_pointer_and_not_the_value),
		cmocka_unit_test(parsing_stands_behind_the_gate),
		cmocka_unit_test(arrays_are_walked_element_by_element),
		cmocka_unit_test(a_walk_needs_an_array),
	};
	return cmocka_run_group_tests_name("json", tests, setup, teardown);
}
