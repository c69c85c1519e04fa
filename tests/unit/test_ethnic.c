/* Ethnic groups by name and by code (ETH1–ETH4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/ethnic.h"

static struct code_list *load(const char *name)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/config/codelists/%s.csv", getenv("SOURCE_ROOT"),
		       name);
	FILE *file = fopen(path, "rbe");
	assert_non_null(file);
	static char text[1 << 18];
	size_t len = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	struct code_list *list = NULL;
	assert_int_equal(code_list_parse(name, blob_of(text, len), &list, NULL), 0);
	return list;
}

static void a_group_is_found_by_name_or_by_the_code_of_a_declared_list(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *in;
		enum ethnic_system system;
		const char *code; /* NULL: not known */
		enum reason reason;
	} rows[] = {
		{ "ETH3", "Nùng", ETHNIC_VN1979, "07" },
		{ "ETH3 capitals", "NÙNG", ETHNIC_VN1979, "07" },
		{ "ETH3 spelling", "Nung", ETHNIC_VN1979, "07" },
		{ "ETH3 spelling", "Tầy", ETHNIC_VN1979, "02" },
		{ "ETH3 apostrophe", "H'Mông", ETHNIC_VN1979, "08" },
		{ "ETH3 apostrophe", "H’mông", ETHNIC_VN1979, "08" },
		{ "ETH3 alias", "Cao Lan", ETHNIC_VN1979, "15" },
		{ "ETH3 alias", "Việt", ETHNIC_VN1979, "01" },
		{ "ETH3 a name beats an alias", "Hoa", ETHNIC_VN1979, "04" },
		{ "ETH3 two owners", "Trại", ETHNIC_VN1979, NULL, REASON_CODE_AMBIGUOUS },
		{ "ETH3 never", "Thổ", ETHNIC_VN1979, NULL, REASON_CODE_AMBIGUOUS },
		{ "ETH3 diacritics count", "Xa", ETHNIC_VN1979, "25" },
		{ "ETH3 diacritics count", "Xá", ETHNIC_VN1979, "09" },
		{ "ETH3 no such name", "Klingon", ETHNIC_VN1979, NULL, REASON_CODE_UNKNOWN },
		{ "ETH1 1979", "04", ETHNIC_VN1979, "04" },
		{ "ETH1 2008", "04", ETHNIC_VN2008, "06" },
		{ "ETH1 portal", "05", ETHNIC_PORTAL, "04" },
		{ "ETH1 lost zero", "7", ETHNIC_VN1979, "07" },
		{ "ETH1 no list", "04", ETHNIC_UNDECLARED, NULL, REASON_ETHNIC_NO_LIST },
		{ "ETH1 not in the list", "99", ETHNIC_VN1979, NULL, REASON_CODE_UNKNOWN },
		{ "ETH1 not in the list", "00", ETHNIC_VN1979, NULL, REASON_CODE_UNKNOWN },
		{ "ETH2 both agree", "07 - Nùng", ETHNIC_VN1979, "07" },
		{ "ETH2 both agree", "Nùng (07)", ETHNIC_VN1979, "07" },
		{ "ETH2 both differ", "Nùng (02)", ETHNIC_VN1979, NULL, REASON_ETHNIC_CONTRADICTS },
		{ "ETH2 the name wins over an unknown code", "Nùng (99)", ETHNIC_VN1979, "07" },
		{ "ETH2 brackets of a name", "Sán Chay (Cao Lan-Sán Chỉ)", ETHNIC_VN1979, "15" },
		{ "ETH4 unknown", "Không", ETHNIC_VN1979, NULL },
		{ "ETH4 unknown", "Chưa xác định", ETHNIC_VN1979, NULL },
		{ "ETH4 unknown", "56", ETHNIC_VN1979, NULL },
		{ "ETH4 foreigner", "Người nước ngoài", ETHNIC_VN1979, "55" },
		{ "null", "", ETHNIC_VN1979, NULL },
		{ "null", "-", ETHNIC_VN1979, NULL },
		{ "a long number", "020085012345", ETHNIC_VN1979, NULL, REASON_CODE_UNKNOWN },
		{ "signs only", "()", ETHNIC_VN1979, NULL, REASON_CODE_UNKNOWN },
	};
	CLEANUP(code_list_destroyp) struct code_list *list = load("ethnic-1979");
	CLEANUP(code_index_destroyp) struct code_index *index = NULL;
	assert_int_equal(code_index_create(list, &index, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *code = "unset";
		enum reason reason =
			ethnic_read(blob_text(rows[i].in), rows[i].system, index, &code);
		if (reason != rows[i].reason || (code == NULL) != (rows[i].code == NULL) ||
		    (code != NULL && strcmp(code, rows[i].code) != 0))
			fail_msg("%s '%s': %s %s", rows[i].rule, rows[i].in, reason_name(reason),
				 code);
	}
}

static void every_name_of_the_list_finds_its_own_code(void **state)
{
	(void)state;
	CLEANUP(code_list_destroyp) struct code_list *list = load("ethnic-1979");
	CLEANUP(code_index_destroyp) struct code_index *index = NULL;
	assert_int_equal(code_index_create(list, &index, NULL), 0);
	for (size_t row = 0; row < code_list_rows(list); row++) {
		const char *name = code_list_cell(list, row, code_list_column(list, "name")), *code;
		if (strcmp(name, "Thổ") == 0 || strcmp(code_index_code(index, row), "56") == 0)
			continue;
		assert_int_equal(ethnic_read(blob_text(name), ETHNIC_VN1979, index, &code),
				 REASON_NONE);
		assert_string_equal(code, code_index_code(index, row));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_is_found_by_name_or_by_the_code_of_a_declared_list),
		cmocka_unit_test(every_name_of_the_list_finds_its_own_code),
	};
	return cmocka_run_group_tests_name("ethnic", tests, NULL, NULL);
}
