/* Codes of salary grades and titles (HR5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/grade.h"

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

static void a_grade_code_is_read_through_number_cells(void **state)
{
	(void)state;
	static const struct {
		const char *in, *name, *out;
		enum reason reason;
	} rows[] = {
		{ "15.110", "", "15.110" },
		{ "15.11", "", "15.110" },
		{ "13.095000000000001", "", "13.095" },
		{ "16.120999999999999", "", "16.121" },
		{ "1.003", "Chuyên viên", "01.003" },
		{ "01.003", "CHUYÊN VIÊN", "01.003" },
		{ "6,031", "Kế toán viên", "06.031" },
		{ "V.07.04.32", "Giáo viên trung học cơ sở hạng III", "V.07.04.32" },
		{ "v.07.04.32", "", "V.07.04.32" },
		{ "15.113", "Giáo viên trung học phổ thông hạng III",
		  "15.113" }, /* the list does not know the code */
		{ "01.003", "Chuyên viên chính", "", REASON_GRADE_CONTRADICTS },
		{ "V.05.02.07", "Kỹ sư chính", "", REASON_GRADE_CONTRADICTS },
		{ "V.05.02.07", "Kỹ sư", "V.05.02.07" },
		{ "A.07.04.32", "", "", REASON_VALUE_LEFT_OUT },
		{ "Chuyên viên", "", "", REASON_VALUE_LEFT_OUT },
		{ "150.110", "", "", REASON_VALUE_LEFT_OUT },
		{ "V.7.4.32", "", "", REASON_VALUE_LEFT_OUT },
		{ "vv07.04.32", "", "", REASON_VALUE_LEFT_OUT },
	};
	CLEANUP(code_list_destroyp) struct code_list *list = load("grades");
	CLEANUP(code_index_destroyp) struct code_index *index = NULL;
	assert_int_equal(code_index_create(list, &index, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		enum reason reason =
			grade_read(blob_text(rows[i].in), blob_text(rows[i].name), index, &out);
		if (reason != rows[i].reason || !blob_equal(buf_blob(&out), blob_text(rows[i].out)))
			fail_msg("'%s' '%s': %s '%.*s'", rows[i].in, rows[i].name,
				 reason_name(reason), (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grade_code_is_read_through_number_cells),
	};
	return cmocka_run_group_tests_name("grade", tests, NULL, NULL);
}
