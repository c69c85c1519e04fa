/* Code list: the tables of config/codelists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "tests/support/schema_fixture.h"

static int parse(const char *text, struct code_list **ret_list, struct err *err)
{
	return code_list_parse("test", blob_text(text), ret_list, err);
}

static void rows_are_found_by_code_and_read_by_column(void **state)
{
	struct code_list *list = NULL;
	(void)state;
	assert_int_equal(parse("# list: test\n# note, with \"quotes\"\ncode,name,rank\n"
			       "b,\"Hai, và \"\"ba\"\"\",2\na,Một,\n\"c\",\"\",3\n",
			       &list, NULL),
			 0);
	assert_int_equal(code_list_rows(list), 3);
	assert_int_equal(code_list_column(list, "rank"), 2);
	assert_int_equal(code_list_column(list, "Rank"), CODE_LIST_NONE);
	assert_int_equal(code_list_find(list, blob_text("a")), 1);
	assert_int_equal(code_list_find(list, blob_text("c")), 2);
	assert_int_equal(code_list_find(list, blob_text("A")), CODE_LIST_NONE);
	assert_int_equal(code_list_find(list, blob_text("")), CODE_LIST_NONE);
	assert_int_equal(code_list_find(list, blob_text("aa")), CODE_LIST_NONE);
	assert_string_equal(code_list_cell(list, 0, 1), "Hai, và \"ba\"");
	assert_string_equal(code_list_cell(list, 1, 2), "");
	assert_string_equal(code_list_cell(list, 2, 1), "");
	code_list_destroy(list);
}

static void a_file_that_does_not_hold_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *text;
		enum msg_id msg;
		const char *line;
	} rows[] = {
		{ "code,name\na,1,2\n", MSG_CODE_LIST_RAGGED, "line 2" },
		{ "#x\ncode,name\na,1\nb\n", MSG_CODE_LIST_RAGGED, "line 4" },
		{ "code,name\n,1\n", MSG_CODE_LIST_RAGGED, "line 2" },
		{ "code,name\n\n", MSG_CODE_LIST_RAGGED, "line 2" },
		{ "code,name\na,\"1\n", MSG_CODE_LIST_QUOTE, "line 2" },
		{ "code,name\na,\"1\nb,2\"\n", MSG_CODE_LIST_QUOTE, "line 2" },
		{ "code,name\na,1\"2\n", MSG_CODE_LIST_QUOTE, "line 2" },
		{ "code,name\na,\"1\"2\n", MSG_CODE_LIST_QUOTE, "line 2" },
		{ "code,name\na,1", MSG_CODE_LIST_CUT, "line 2" },
		{ "", MSG_CODE_LIST_TEXT, "test" },
		{ "# only a comment", MSG_CODE_LIST_CUT, "line 2" },
		{ "code,name\na,1\nb,2\na,3\n", MSG_CODE_LIST_TWICE, "'a'" },
		{ "code,name\r\na,1\r\n", MSG_CODE_LIST_TEXT, "test" },
		{ "code,name\na,\xff\n", MSG_CODE_LIST_TEXT, "test" },
		{ "code,name\na,e\xcc\x81\n", MSG_CODE_LIST_TEXT, "test" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct code_list *list = NULL;
		struct err err = { 0 };
		assert_int_equal(parse(rows[i].text, &list, &err), ERR_CONFIG);
		if (err.msg != rows[i].msg || strstr(err.text[LANGUAGE_EN], rows[i].line) == NULL)
			fail_msg("row %zu: %s", i, err.text[LANGUAGE_EN]);
		assert_null(list);
	}
}

static void columns_have_a_limit(void **state)
{
	struct buf text = { 0 };
	struct code_list *list = NULL;
	struct err err = { 0 };
	(void)state;
	for (int i = 0; i < LIMIT_CODE_LIST_COLUMNS + 1; i++)
		buf_put_text(&text, i == 0 ? "c" : ",c");
	buf_put_text(&text, "\n");
	assert_int_equal(code_list_parse("test", buf_blob(&text), &list, &err), ERR_CONFIG);
	assert_int_equal(err.msg, MSG_CODE_LIST_RAGGED);
	buf_finish(&text);
}

static void a_map_between_lists_may_say_several_rows_of_one_key(void **state)
{
	struct code_list *list = NULL;
	(void)state;
	assert_int_equal(parse("old_code,new_code\n2,b\n1,a\n2,c\n", &list, NULL), 0);
	assert_int_equal(code_list_find(list, blob_text("2")), 0);
	assert_int_equal(code_list_find(list, blob_text("1")), 1);
	code_list_destroy(list);
}

static void the_lists_of_the_project_load(void **state)
{
	struct code_lists *lists = source_code_lists();
	const struct code_list *ethnic = code_lists_get(lists, "ethnic-1979");
	(void)state;
	assert_non_null(ethnic);
	assert_string_equal(code_list_name(ethnic), "ethnic-1979");
	int row = code_list_find(ethnic, blob_text("01"));
	assert_true(row >= 0);
	assert_string_equal(code_list_cell(ethnic, (size_t)row, code_list_column(ethnic, "name")),
			    "Kinh");
	assert_int_equal(code_list_rows(code_lists_get(lists, "cccd-provinces")), 63);
	assert_non_null(code_lists_get(lists, "dvhc-2025-03-to-2025-07"));
	assert_null(code_lists_get(lists, "README"));
	code_lists_destroy(lists);
}

/* A folder with the files given, then loaded. */
static int load(const char *const (*files)[2], size_t count, uint8_t hash[SHA256_SIZE])
{
	char folder[] = "/tmp/test-code-list-XXXXXX", path[64];
	struct code_lists *lists = NULL;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		FILE *file = fopen(path, "wbe");
		assert_non_null(file);
		assert_true(fputs(files[i][1], file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = code_lists_load(folder_fd, &lists, NULL);
	if (result == 0)
		code_lists_hash(lists, hash);
	code_lists_destroy(lists);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(unlinkat(folder_fd, files[i][0], 0), 0);
	(void)close(folder_fd);
	assert_int_equal(rmdir(folder), 0);
	return result;
}

static void the_hash_covers_names_and_bytes_of_all_lists(void **state)
{
	const char *const first[][2] = { { "a.csv", "code\nx\n" }, { "b.csv", "code\ny\n" } };
	const char *const turned[][2] = { { "b.csv", "code\ny\n" },
					  { "a.csv", "code\nx\n" },
					  { "c.txt", "z" } };
	const char *const changed[][2] = { { "a.csv", "code\nx\n" }, { "b.csv", "code\nz\n" } };
	const char *const renamed[][2] = { { "a.csv", "code\nx\n" }, { "c.csv", "code\ny\n" } };
	const char *const broken[][2] = { { "a.csv", "code\nx" } };
	const char *const empty[][2] = { { "a.csv", "" } };
	uint8_t one[SHA256_SIZE], other[SHA256_SIZE];
	(void)state;
	assert_int_equal(load(first, 2, one), 0);
	assert_int_equal(load(turned, 3, other), 0);
	assert_memory_equal(one, other, SHA256_SIZE);
	assert_int_equal(load(changed, 2, other), 0);
	assert_memory_not_equal(one, other, SHA256_SIZE);
	assert_int_equal(load(renamed, 2, other), 0);
	assert_memory_not_equal(one, other, SHA256_SIZE);
	assert_int_equal(load(broken, 1, other), ERR_CONFIG);
	assert_int_equal(load(empty, 1, other), ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_by_code_and_read_by_column),
		cmocka_unit_test(a_file_that_does_not_hold_is_refused_with_its_line),
		cmocka_unit_test(columns_have_a_limit),
		cmocka_unit_test(a_map_between_lists_may_say_several_rows_of_one_key),
		cmocka_unit_test(the_lists_of_the_project_load),
		cmocka_unit_test(the_hash_covers_names_and_bytes_of_all_lists),
	};
	return cmocka_run_group_tests_name("code_list", tests, NULL, NULL);
}
