/* Finding the code that a text means (ETH3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/code_index.h"

static const char text[] = "# list: a\ncode,name,spellings,aliases\n"
			   "01,Tày,Tầy,Thổ;Ngạn\n02,Thổ,,Kẹo\n03,Khơ-me,Kh'me,Thổ;Ngạn\n04,Xá,,Mèo;"
			   "Mèo\n05,Xa,,\n06,Kẹo,,\n";

static void the_first_place_with_a_hit_decides_and_only_a_single_hit_counts(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		unsigned parts;
		enum code_hit hit;
		const char *code;
	} rows[] = {
		{ "Tày", CODE_BY_TEXT, CODE_FOUND, "01" },
		{ "TÀY", CODE_BY_TEXT, CODE_FOUND, "01" },
		{ "tầy", CODE_BY_TEXT, CODE_FOUND, "01" },
		{ "Thổ", CODE_BY_TEXT, CODE_FOUND, "02" },
		{ "Ngạn", CODE_BY_TEXT, CODE_AMBIGUOUS, "" },
		{ "khơ me", CODE_BY_TEXT, CODE_FOUND, "03" },
		{ "Khơ - me", CODE_BY_TEXT, CODE_FOUND, "03" },
		{ "Kh’me", CODE_BY_TEXT, CODE_FOUND, "03" },
		{ "khme", CODE_BY_TEXT, CODE_FOUND, "03" },
		{ "Kẹo", CODE_BY_TEXT, CODE_FOUND, "06" },
		{ "Mèo", CODE_BY_TEXT, CODE_FOUND, "04" },
		{ "Xá", CODE_BY_TEXT, CODE_FOUND, "04" },
		{ "xa", CODE_BY_TEXT, CODE_FOUND, "05" },
		{ "xạ", CODE_BY_TEXT, CODE_NOT_FOUND, "" },
		{ "01", CODE_BY_TEXT, CODE_NOT_FOUND, "" },
		{ "01", CODE_BY_CODE, CODE_FOUND, "01" },
		{ "01", CODE_BY_CODE | CODE_BY_TEXT, CODE_FOUND, "01" },
		{ "", CODE_BY_TEXT, CODE_NOT_FOUND, "" },
		{ "zzz", CODE_BY_TEXT, CODE_NOT_FOUND, "" },
	};
	CLEANUP(code_list_destroyp) struct code_list *list = NULL;
	CLEANUP(code_index_destroyp) struct code_index *index = NULL;
	assert_int_equal(code_list_parse("a", blob_text(text), &list, NULL), 0);
	assert_int_equal(code_index_create(list, &index, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t row = 99;
		enum code_hit hit =
			code_index_find(index, blob_text(rows[i].in), rows[i].parts, &row);
		if (hit != rows[i].hit ||
		    (hit == CODE_FOUND && strcmp(code_index_code(index, row), rows[i].code) != 0))
			fail_msg("'%s': hit %d row %zu", rows[i].in, hit, row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_place_with_a_hit_decides_and_only_a_single_hit_counts),
	};
	return cmocka_run_group_tests_name("code_index", tests, NULL, NULL);
}
