#include "connectors/normalise/grade.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "connectors/normalise/decimal.h"
#include "connectors/normalise/text.h"

enum { GRADE_TEXT_MAX = 32 };

/* V.07.04.32: a letter and three pairs of digits. */
static bool is_title_code(struct blob clean, char out[GRADE_TEXT_MAX])
{
	static const char shape[] = "V.00.00.00";
	if (clean.len != sizeof(shape) - 1)
		return false;
	for (size_t i = 0; i < clean.len; i++) {
		char c = (char)clean.data[i];
		if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i] && c != 'v')
			return false;
		out[i] = c == 'v' ? 'V' : c;
	}
	out[clean.len] = '\0';
	return out[1] == '.';
}

static bool is_number_code(struct blob clean, char out[GRADE_TEXT_MAX])
{
	int64_t thousandths;
	if (!decimal_read(clean, 3, &thousandths) || thousandths >= 100000)
		return false;
	(void)snprintf(out, GRADE_TEXT_MAX, "%02" PRId64 ".%03" PRId64, thousandths / 1000,
		       thousandths % 1000);
	return true;
}

enum reason grade_read(struct blob clean, struct blob name, const struct code_index *grades,
		       struct buf *out)
{
	char code[GRADE_TEXT_MAX];
	size_t row, named;
	if (!is_title_code(clean, code) && !is_number_code(clean, code))
		return REASON_VALUE_LEFT_OUT;
	if (name.len > 0 &&
	    code_index_find(grades, blob_text(code), CODE_BY_CODE, &row) == CODE_FOUND) {
		/* Several codes may carry one name, so the name is compared, not searched. */
		struct buf mine = { 0 }, theirs = { 0 };
		int column = code_list_column(code_index_list(grades), "name");
		text_fold(name, &mine);
		text_fold(blob_text(code_list_cell(code_index_list(grades), row, column)), &theirs);
		bool same = blob_equal(buf_blob(&mine), buf_blob(&theirs)) ||
			    (code_index_find(grades, name, CODE_BY_TEXT, &named) == CODE_FOUND &&
			     named == row);
		buf_finish(&mine);
		buf_finish(&theirs);
		if (!same)
			return REASON_GRADE_CONTRADICTS;
	}
	buf_put_text(out, code);
	return REASON_NONE;
}
