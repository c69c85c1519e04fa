#include "daemon/record/json_gate.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/record/json_pointer.h"
#include "daemon/record/json_string.h"

struct key {
	uint32_t offset, len; /* between the quotes, as it stands in the text */
};

struct level {
	bool object;
	struct key key; /* of the member being read */
	bool has_key;
	uint32_t index;   /* of the element being read */
	size_t first_key; /* where its keys begin in gate.keys; they are sorted */
};

struct gate {
	const char *text;
	size_t len, pos;
	struct level levels[LIMIT_JSON_DEPTH];
	unsigned depth;
	struct key *keys; /* of all objects open, the innermost last */
	size_t key_count, key_cap;
	enum msg_id fault;
};

static bool fail(struct gate *gate, enum msg_id fault)
{
	gate->fault = fault;
	return false;
}

static bool fail_at(struct gate *gate, size_t pos, enum msg_id fault)
{
	gate->pos = pos;
	return fail(gate, fault);
}

/* The byte at the position, or NUL at the end: NUL begins nothing that JSON has. */
static char peek(const struct gate *gate)
{
	return gate->pos < gate->len ? gate->text[gate->pos] : '\0';
}

static void skip_blanks(struct gate *gate)
{
	while (json_is_blank(peek(gate)))
		gate->pos++;
}

/* ---- strings ---- */

/* Behind "\u". */
static bool scan_unicode_escape(struct gate *gate)
{
	const char *at = gate->text + gate->pos;
	size_t left = gate->len - gate->pos;
	int32_t unit = json_hex4(at, left);
	if (unit < 0)
		return fail(gate, MSG_JSON_ESCAPE);
	if (unit == 0)
		return fail(gate, MSG_JSON_NUL);
	if (json_is_low_surrogate(unit))
		return fail(gate, MSG_JSON_SURROGATE);
	gate->pos += 4;
	if (!json_is_high_surrogate(unit))
		return true;
	if (left < 10 || at[4] != '\\' || at[5] != 'u' ||
	    !json_is_low_surrogate(json_hex4(at + 6, left - 6)))
		return fail(gate, MSG_JSON_SURROGATE);
	gate->pos += 6;
	return true;
}

static bool scan_escape(struct gate *gate)
{
	gate->pos++;
	char c = peek(gate);
	if (gate->pos == gate->len)
		return fail(gate, MSG_JSON_CUT);
	if (c == '\0' || strchr("\"\\/bfnrtu", c) == NULL)
		return fail(gate, MSG_JSON_ESCAPE);
	gate->pos++;
	return c != 'u' || scan_unicode_escape(gate);
}

/* From the opening quote to behind the closing one; `ret` is what stands between. */
static bool scan_string(struct gate *gate, struct key *ret)
{
	size_t begin = ++gate->pos;
	while (gate->pos < gate->len) {
		unsigned char c = (unsigned char)gate->text[gate->pos];
		if (c == '"') {
			*ret = (struct key){ (uint32_t)begin, (uint32_t)(gate->pos - begin) };
			gate->pos++;
			return true;
		}
		if (c < 0x20)
			return fail(gate, MSG_JSON_CONTROL);
		if (c == '\\') {
			if (!scan_escape(gate))
				return false;
		} else if (c < 0x80) {
			gate->pos++;
		} else {
			size_t at = gate->pos;
			if (utf8_next(gate->text, gate->len, &gate->pos) < 0)
				return fail_at(gate, at, MSG_JSON_UTF8);
		}
	}
	return fail(gate, MSG_JSON_CUT);
}

/* ---- keys ---- */

/* By characters, so that "a" and "\u0061" are the same key. */
static int key_compare(const char *text, struct key a, struct key b)
{
	const char *left = text + a.offset, *right = text + b.offset;
	size_t i = 0, j = 0;
	while (i < a.len && j < b.len) {
		int32_t difference =
			json_string_next(left, a.len, &i) - json_string_next(right, b.len, &j);
		if (difference != 0)
			return difference;
	}
	return (i < a.len) - (j < b.len);
}

static bool reserve_key(struct gate *gate)
{
	if (gate->key_count < gate->key_cap)
		return true;
	size_t cap = gate->key_cap == 0 ? 64 : gate->key_cap * 2;
	struct key *keys = realloc(gate->keys, cap * sizeof(*keys));
	if (keys == NULL)
		return fail(gate, MSG_NOMEM);
	gate->keys = keys;
	gate->key_cap = cap;
	return true;
}

/* Put the key where it belongs among those of the innermost object, which are the last of gate->keys. */
static bool remember_key(struct gate *gate, const struct level *level, struct key key)
{
	size_t low = level->first_key, high = gate->key_count;
	if (high - low == LIMIT_JSON_MEMBERS)
		return fail(gate, MSG_JSON_MEMBERS);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = key_compare(gate->text, gate->keys[middle], key);
		if (order == 0)
			return fail_at(gate, key.offset - 1, MSG_JSON_DUPLICATE_KEY);
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!reserve_key(gate))
		return false;
	memmove(&gate->keys[low + 1], &gate->keys[low], (gate->key_count - low) * sizeof(key));
	gate->keys[low] = key;
	gate->key_count++;
	return true;
}

/* A key and its colon; the value is due then. */
static bool scan_key(struct gate *gate)
{
	struct level *level = &gate->levels[gate->depth - 1];
	struct key key;
	level->has_key = false;
	skip_blanks(gate);
	if (peek(gate) != '"')
		return fail(gate, gate->pos == gate->len ? MSG_JSON_CUT : MSG_JSON_KEY_DUE);
	if (!scan_string(gate, &key))
		return false;
	if (key.len > LIMIT_JSON_KEY_BYTES)
		return fail_at(gate, key.offset - 1, MSG_JSON_KEY_LONG);
	level->key = key;
	level->has_key = true;
	if (!remember_key(gate, level, key))
		return false;
	skip_blanks(gate);
	if (peek(gate) != ':')
		return fail(gate, gate->pos == gate->len ? MSG_JSON_CUT : MSG_JSON_PUNCTUATION);
	gate->pos++;
	return true;
}

/* ---- numbers ---- */

static size_t skip_digits(struct gate *gate)
{
	size_t begin = gate->pos;
	while (peek(gate) >= '0' && peek(gate) <= '9')
		gate->pos++;
	return gate->pos - begin;
}

/* Whether 0.D * 10^point, D the digits of `text` (a point among them is passed over), is within what a double
 * holds of whole numbers. Exact, and free of the locale that strtod() would ask.
 */
static bool magnitude_holds(const char *text, size_t len, int64_t point)
{
	enum { PLACES = 16, SMALLEST = -300 };
	const uint64_t most = UINT64_C(1) << 53;
	uint64_t first = 0; /* the first 16 digits that count */
	int taken = 0;
	bool rest = false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '.')
			continue;
		if (taken == 0 && text[i] == '0')
			continue;
		if (taken < PLACES) {
			first = first * 10 + (uint64_t)(text[i] - '0');
			taken++;
		} else if (text[i] != '0') {
			rest = true;
		}
	}
	if (taken == 0)
		return true; /* zero, whatever its exponent */
	if (point != PLACES)
		return point < PLACES && point > SMALLEST;
	for (; taken < PLACES; taken++)
		first *= 10;
	return first < most || (first == most && !rest);
}

/* Places before the point once leading zeros are gone; below zero for 0.00x. */
static int64_t point_of(const char *text, size_t whole, size_t len)
{
	if (text[0] != '0')
		return (int64_t)whole;
	size_t i = whole + 1; /* behind the point */
	while (i < len && text[i] == '0')
		i++;
	return -(int64_t)(i > whole ? i - whole - 1 : 0);
}

static bool scan_exponent(struct gate *gate, int64_t *ret_exponent)
{
	bool negative = false;
	int64_t value = 0;
	gate->pos++;
	if (peek(gate) == '+' || peek(gate) == '-') {
		negative = peek(gate) == '-';
		gate->pos++;
	}
	size_t begin = gate->pos, digits = skip_digits(gate);
	if (digits == 0)
		return fail(gate, MSG_JSON_NUMBER_FORM);
	for (size_t i = 0; i < digits && value < 100000000; i++)
		value = value * 10 + (gate->text[begin + i] - '0');
	*ret_exponent = negative ? -value : value;
	return true;
}

static bool scan_number(struct gate *gate)
{
	size_t number = gate->pos;
	if (peek(gate) == '-')
		gate->pos++;
	size_t begin = gate->pos, whole = skip_digits(gate);
	if (whole == 0 || (whole > 1 && gate->text[begin] == '0'))
		return fail_at(gate, number, MSG_JSON_NUMBER_FORM);
	if (peek(gate) == '.') {
		gate->pos++;
		if (skip_digits(gate) == 0)
			return fail_at(gate, number, MSG_JSON_NUMBER_FORM);
	}
	size_t len = gate->pos - begin;
	int64_t exponent = 0;
	if ((peek(gate) == 'e' || peek(gate) == 'E') && !scan_exponent(gate, &exponent))
		return false;
	if (!magnitude_holds(gate->text + begin, len,
			     point_of(gate->text + begin, whole, len) + exponent))
		return fail_at(gate, number, MSG_JSON_NUMBER_RANGE);
	return true;
}

/* ---- values ---- */

static bool scan_literal(struct gate *gate, const char *word)
{
	size_t len = strlen(word);
	if (gate->len - gate->pos < len || memcmp(gate->text + gate->pos, word, len) != 0)
		return fail(gate, MSG_JSON_LITERAL);
	gate->pos += len;
	return true;
}

static void leave(struct gate *gate)
{
	gate->depth--;
	gate->key_count = gate->levels[gate->depth].first_key;
	gate->pos++;
}

/* Into a container; `ret_open` says whether a value in it is due now. */
static bool enter(struct gate *gate, bool *ret_open)
{
	bool object = peek(gate) == '{';
	if (gate->depth == LIMIT_JSON_DEPTH)
		return fail(gate, MSG_JSON_DEPTH);
	gate->levels[gate->depth++] =
		(struct level){ .object = object, .first_key = gate->key_count };
	gate->pos++;
	skip_blanks(gate);
	*ret_open = peek(gate) != (object ? '}' : ']');
	if (!*ret_open) {
		leave(gate);
		return true;
	}
	return !object || scan_key(gate);
}

static bool scan_value(struct gate *gate, bool *ret_open)
{
	struct key text;
	*ret_open = false;
	skip_blanks(gate);
	switch (peek(gate)) {
	case '{':
	case '[':
		return enter(gate, ret_open);
	case '"':
		return scan_string(gate, &text);
	case 't':
		return scan_literal(gate, "true");
	case 'f':
		return scan_literal(gate, "false");
	case 'n':
		return scan_literal(gate, "null");
	case '-':
	case '0' ... '9':
		return scan_number(gate);
	default:
		return fail(gate, gate->pos == gate->len ? MSG_JSON_CUT : MSG_JSON_VALUE_DUE);
	}
}

/* Behind a value: close what ends here, up to the next value that is due or to the end. */
static bool scan_behind(struct gate *gate)
{
	while (gate->depth > 0) {
		struct level *level = &gate->levels[gate->depth - 1];
		skip_blanks(gate);
		if (peek(gate) == ',') {
			gate->pos++;
			level->index++;
			return !level->object || scan_key(gate);
		}
		if (peek(gate) != (level->object ? '}' : ']'))
			return fail(gate,
				    gate->pos == gate->len ? MSG_JSON_CUT : MSG_JSON_PUNCTUATION);
		leave(gate);
	}
	return true;
}

static bool scan(struct gate *gate)
{
	bool open;
	do {
		if (!scan_value(gate, &open))
			return false;
		if (!open && !scan_behind(gate))
			return false;
	} while (gate->depth > 0);
	skip_blanks(gate);
	return gate->pos == gate->len || fail(gate, MSG_JSON_TRAILING);
}

/* ---- the gate ---- */

static int report(const struct gate *gate, struct err *err)
{
	struct buf pointer = { 0 };
	char index[24];
	for (unsigned i = 0; i < gate->depth; i++) {
		const struct level *level = &gate->levels[i];
		if (!level->object) {
			struct arg number = ARG_U("index", level->index);
			json_pointer_put(&pointer, index,
					 arg_render(&number, index, sizeof(index)));
		} else if (level->has_key) {
			json_pointer_put(&pointer, gate->text + level->key.offset, level->key.len);
		}
	}
	(void)err_set(err, gate->fault == MSG_NOMEM ? ERR_NOMEM : ERR_INVALID, gate->fault);
	int code = err_wrap(err, MSG_JSON_AT, ARG_U("offset", gate->pos),
			    ARG_TEXTN("pointer", pointer.data, pointer.len));
	buf_finish(&pointer);
	return err != NULL ? code : gate->fault == MSG_NOMEM ? ERR_NOMEM : ERR_INVALID;
}

int json_gate(struct blob text, size_t max_bytes, struct err *err)
{
	if (text.len > max_bytes || text.len > UINT32_MAX)
		return err_set(err, ERR_INVALID, MSG_JSON_SIZE, ARG_U("size", text.len),
			       ARG_U("limit", max_bytes));
	struct gate gate = { .text = (const char *)text.data, .len = text.len };
	int result = scan(&gate) ? 0 : report(&gate, err);
	free(gate.keys);
	return result;
}
