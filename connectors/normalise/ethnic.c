#include "connectors/normalise/ethnic.h"

#include <string.h>

#include "connectors/normalise/text.h"

/* What says "not known"; 56 of the list is the same. */
static const char *const unknown_words[] = { "không" };
static const char *const never_mapped[] = { "thổ" };
enum { CODE_DIGITS = 2 };

static bool is_one_of(struct blob clean, const char *const *words, size_t count)
{
	struct buf folded = { 0 };
	bool found = false;
	text_fold(clean, &folded);
	for (size_t i = 0; i < count; i++)
		found |= blob_equal(buf_blob(&folded), blob_text(words[i]));
	buf_finish(&folded);
	return found;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_separator(uint8_t c)
{
	return strchr(" -.:()", c) != NULL && c != '\0';
}

static void strip_separators(struct blob *text)
{
	while (text->len > 0 && is_separator(text->data[0]))
		*text = blob_of(text->data + 1, text->len - 1);
	while (text->len > 0 && (is_separator(text->data[text->len - 1])))
		text->len--;
}

/* Takes a code of one or two digits off the front or the back. */
static struct blob take_code(struct blob *text)
{
	size_t front = 0, back = 0;
	while (front < text->len && is_digit(text->data[front]))
		front++;
	while (back < text->len && is_digit(text->data[text->len - 1 - back]))
		back++;
	struct blob code = front > 0 ? blob_of(text->data, front)
				     : blob_of(text->data + text->len - back, back);
	if (code.len == 0 || code.len > CODE_DIGITS)
		return blob_of(text->data, 0);
	*text = front > 0 ? blob_of(text->data + front, text->len - front)
			  : blob_of(text->data, text->len - back);
	return code;
}

/* "Sán Chay (Cao Lan)" is a name; "Nùng (07)" a name and a code. */
static struct blob name_without_code(struct blob clean, struct blob *ret_code)
{
	struct blob name = clean;
	if (name.len > 0 && name.data[name.len - 1] == ')' && name.len > 1 &&
	    is_digit(name.data[name.len - 2]))
		name.len--;
	*ret_code = take_code(&name);
	if (ret_code->len == 0)
		return clean;
	strip_separators(&name);
	return name;
}

static enum reason find_code(struct blob code, enum ethnic_system system,
			     const struct code_index *index, const char **ret_code)
{
	static const char *const columns[] = { "", "code", "code_2008", "code_portal" };
	const struct code_list *list = code_index_list(index);
	int column = system == ETHNIC_UNDECLARED ? CODE_LIST_NONE
						 : code_list_column(list, columns[system]);
	if (column == CODE_LIST_NONE)
		return REASON_ETHNIC_NO_LIST;
	char padded[CODE_DIGITS + 1] = "0"; /* a number cell drops the zero */
	memcpy(padded + (code.len == 1), code.data, code.len);
	padded[CODE_DIGITS] = '\0';
	for (size_t row = 0; row < code_list_rows(list); row++) {
		if (strcmp(code_list_cell(list, row, column), padded) != 0)
			continue;
		*ret_code = code_index_code(index, row);
		return REASON_NONE;
	}
	return REASON_CODE_UNKNOWN;
}

static enum reason find_name(struct blob name, const struct code_index *index,
			     const char **ret_code)
{
	size_t row;
	if (is_one_of(name, never_mapped, sizeof(never_mapped) / sizeof(never_mapped[0])))
		return REASON_CODE_AMBIGUOUS;
	switch (code_index_find(index, name, CODE_BY_TEXT, &row)) {
	case CODE_FOUND:
		*ret_code = code_index_code(index, row);
		return REASON_NONE;
	case CODE_AMBIGUOUS:
		return REASON_CODE_AMBIGUOUS;
	default:
		return REASON_CODE_UNKNOWN;
	}
}

enum reason ethnic_read(struct blob clean, enum ethnic_system system,
			const struct code_index *index, const char **ret_code)
{
	const char *by_name = NULL, *by_code = NULL;
	struct blob code, name;
	enum reason reason;
	*ret_code = NULL;
	if (text_is_null(clean) ||
	    is_one_of(clean, unknown_words, sizeof(unknown_words) / sizeof(unknown_words[0])))
		return REASON_NONE;
	name = name_without_code(clean, &code);
	if (name.len > 0) {
		reason = find_name(name, index, &by_name);
		if (reason != REASON_NONE)
			return reason;
		/* A name wins over a code; a code that is not known contradicts nothing. */
		if (code.len > 0 && find_code(code, system, index, &by_code) == REASON_NONE &&
		    strcmp(by_code, by_name) != 0)
			return REASON_ETHNIC_CONTRADICTS;
	} else {
		reason = find_code(code, system, index, &by_name);
		if (reason != REASON_NONE)
			return reason;
	}
	*ret_code = strcmp(by_name, "56") == 0 ? NULL : by_name;
	return REASON_NONE;
}
