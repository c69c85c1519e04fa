#include "daemon/control/mask.h"

#include <string.h>

#include "daemon/base/utf8.h"
#include "daemon/record/schema.h"

enum { IDENTIFIER_SHOWN = 3, IDENTIFIER_SHORTEST = 8, SHAPE_CHARACTERS = 64 };

static const char hidden[] = "•••";

static int32_t next_character(struct blob text, size_t *pos)
{
	return utf8_next((const char *)text.data, text.len, pos);
}

static void put_hidden(struct buf *out)
{
	buf_put_text(out, hidden);
}

void mask_identifier(struct blob value, struct buf *out)
{
	put_hidden(out);
	if (value.len < IDENTIFIER_SHORTEST)
		return;
	/* What is not ASCII has no digits to show, and might be cut within a character. */
	for (size_t i = value.len - IDENTIFIER_SHOWN; i < value.len; i++)
		if (value.data[i] < ' ' || value.data[i] > '~')
			return;
	buf_put(out, value.data + value.len - IDENTIFIER_SHOWN, IDENTIFIER_SHOWN);
}

static void mask_name(struct blob value, struct buf *out)
{
	bool begins = true;
	for (size_t pos = 0; pos < value.len;) {
		int32_t c = next_character(value, &pos);
		if (c == ' ') {
			begins = true;
		} else if (begins && c >= 0) {
			utf8_put(out, utf8_upper(c));
			buf_put_text(out, ".");
			begins = false;
		}
	}
}

static void mask_date(struct blob value, struct buf *out)
{
	if (value.len >= 4)
		buf_put(out, value.data, 4);
	else
		put_hidden(out);
}

static bool is_name(const struct schema_field *field)
{
	static const char ending[] = "_name";
	size_t len = strlen(field->path), ending_len = sizeof(ending) - 1;
	return len >= ending_len && memcmp(field->path + len - ending_len, ending, ending_len) == 0;
}

void mask_value(const struct schema_field *field, struct blob value, struct buf *out)
{
	if (field->sensitivity == SCHEMA_NONE)
		buf_put(out, value.data, value.len);
	else if (field->sensitivity != SCHEMA_BASIC)
		put_hidden(out);
	else if (field->type == SCHEMA_DATE)
		mask_date(value, out);
	else if (is_name(field))
		mask_name(value, out);
	else if (field->pattern != NULL)
		mask_identifier(value, out);
	else
		put_hidden(out);
}

void mask_element_key(const struct schema_field *field, struct blob key, struct buf *out)
{
	const struct schema_list *list = field->list;
	bool seen = list != NULL && !list->plain;
	for (size_t i = 0; seen && i < list->key_count; i++)
		seen = list->fields[list->key[i]].sensitivity == SCHEMA_NONE;
	if (key.len == 0 || seen)
		buf_put(out, key.data, key.len);
	else
		put_hidden(out);
}

void mask_shape(struct blob text, struct buf *out)
{
	bool in_word = false;
	size_t pos = 0;
	for (unsigned n = 0; pos < text.len && n < SHAPE_CHARACTERS;) {
		int32_t c = next_character(text, &pos);
		bool digit = c >= '0' && c <= '9';
		bool plain =
			c >= ' ' && c < 0x7f && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
		if (digit || plain)
			utf8_put(out, digit ? '9' : c);
		else if (!in_word)
			buf_put_text(out, "x");
		n += digit || plain || !in_word;
		in_word = !digit && !plain;
	}
	if (pos < text.len)
		buf_put_text(out, "…");
}
