#include "daemon/record/json_elements.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/utf8.h"
#include "daemon/record/json_pointer.h"
#include "daemon/record/json_string.h"

/* The text has passed the gate, so nothing is checked again. */

static size_t after_blanks(struct blob text, size_t pos)
{
	while (pos < text.len && json_is_blank((char)text.data[pos]))
		pos++;
	return pos;
}

static size_t after_string(struct blob text, size_t pos)
{
	for (pos++; pos < text.len && text.data[pos] != '"'; pos++)
		if (text.data[pos] == '\\')
			pos++;
	return pos + 1;
}

static size_t after_value(struct blob text, size_t pos)
{
	size_t depth = 0;
	do {
		uint8_t c = text.data[pos];
		if (c == '"') {
			pos = after_string(text, pos);
		} else if (c == '{' || c == '[') {
			depth++;
			pos++;
		} else if (c == '}' || c == ']') {
			depth--;
			pos++;
		} else if (depth > 0) {
			pos++;
		} else {
			while (pos < text.len && !json_is_blank((char)text.data[pos]) &&
			       strchr(",]}", text.data[pos]) == NULL)
				pos++;
		}
	} while (depth > 0 && pos < text.len);
	return pos;
}

static bool key_is(struct blob text, size_t quote, size_t end, const char *token)
{
	const char *key = (const char *)text.data + quote + 1;
	size_t key_len = end - quote - 2, token_len = strlen(token), i = 0, j = 0;
	while (i < key_len && j < token_len)
		if (json_string_next(key, key_len, &i) != utf8_next(token, token_len, &j))
			return false;
	return i == key_len && j == token_len;
}

/* From `pos` at the bracket of a container to the value of one member; false if it has none of that name. */
static bool descend(struct blob text, size_t *pos, const char *token)
{
	bool object = text.data[*pos] == '{';
	size_t index = 0, wanted = 0, at = after_blanks(text, *pos + 1);
	if (!object && (text.data[*pos] != '[' || !json_pointer_index(token, &wanted)))
		return false;
	for (; text.data[at] != '}' && text.data[at] != ']'; index++) {
		bool found = !object && index == wanted;
		if (object) {
			size_t end = after_string(text, at);
			found = key_is(text, at, end, token);
			at = after_blanks(text, after_blanks(text, end) + 1);
		}
		if (found) {
			*pos = at;
			return true;
		}
		at = after_blanks(text, after_value(text, at));
		if (text.data[at] == ',')
			at = after_blanks(text, at + 1);
	}
	return false;
}

int json_elements_begin(struct blob text, const char *pointer, struct json_elements *ret_elements,
			struct err *err)
{
	const char *left = pointer;
	char token[JSON_TOKEN_SIZE];
	size_t pos = after_blanks(text, 0);
	while (*left != '\0')
		if (!json_pointer_next(&left, token) || !descend(text, &pos, token))
			return err_set(err, ERR_INVALID, MSG_JSON_ABSENT,
				       ARG_TEXT("pointer", pointer));
	if (text.data[pos] != '[')
		return err_set(err, ERR_INVALID, MSG_JSON_NO_ARRAY, ARG_TEXT("pointer", pointer));
	*ret_elements = (struct json_elements){ .text = text, .pos = pos + 1 };
	return 0;
}

bool json_elements_next(struct json_elements *elements, struct blob *ret_element)
{
	struct blob text = elements->text;
	size_t begin = after_blanks(text, elements->pos);
	if (text.data[begin] == ']')
		return false;
	if (text.data[begin] == ',')
		begin = after_blanks(text, begin + 1);
	elements->pos = after_value(text, begin);
	*ret_element = blob_of(text.data + begin, elements->pos - begin);
	return true;
}
