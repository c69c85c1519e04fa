#include "daemon/record/validate.h"

#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/record/code_list.h"
#include "daemon/record/pattern.h"

/* ---- formats ---- */

static bool take_digits(struct blob text, size_t *pos, unsigned count, unsigned *ret_number)
{
	unsigned number = 0;
	if (text.len - *pos < count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint8_t c = text.data[(*pos)++];
		if (c < '0' || c > '9')
			return false;
		number = number * 10 + (c - '0');
	}
	*ret_number = number;
	return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month == 2 && leap ? 29 : days[month - 1];
}

bool validate_is_date(struct blob text)
{
	size_t pos = 0;
	unsigned year, month, day;
	if (!take_digits(text, &pos, 4, &year) || year == 0)
		return false;
	if (pos == text.len)
		return true;
	if (text.data[pos++] != '-' || !take_digits(text, &pos, 2, &month) || month < 1 ||
	    month > 12)
		return false;
	if (pos == text.len)
		return true;
	if (text.data[pos++] != '-' || !take_digits(text, &pos, 2, &day))
		return false;
	return pos == text.len && day >= 1 && day <= days_of(year, month);
}

/* Digits from `pos` on, as many as there are; counts them. */
static size_t take_run(struct blob text, size_t *pos, int64_t *number)
{
	size_t begin = *pos;
	for (; *pos < text.len && text.data[*pos] >= '0' && text.data[*pos] <= '9' &&
	       *pos - begin < 13;
	     (*pos)++)
		*number = *number * 10 + (text.data[*pos] - '0');
	return *pos - begin;
}

bool validate_decimal(struct blob text, int64_t *ret_micro)
{
	enum { WHOLE_MAX = 12, PLACES_MAX = 6 };
	size_t pos = text.len > 0 && text.data[0] == '-';
	bool negative = pos == 1;
	int64_t micro = 0;
	size_t begin = pos, whole = take_run(text, &pos, &micro), places = 0;
	if (whole == 0 || whole > WHOLE_MAX || (whole > 1 && text.data[begin] == '0'))
		return false;
	if (pos < text.len && text.data[pos] == '.') {
		pos++;
		places = take_run(text, &pos, &micro);
		if (places == 0 || places > PLACES_MAX || text.data[pos - 1] == '0')
			return false;
	}
	for (; places < PLACES_MAX; places++)
		micro *= 10;
	if (pos != text.len || (negative && micro == 0))
		return false;
	*ret_micro = negative ? -micro : micro;
	return true;
}

/* ---- one value ---- */

/* Letters that Vietnamese is written with: nothing among them is a control character or could be composed
 * further (UAX 15, NFC_Quick_Check), so that only other characters pay for these questions.
 */
static bool is_plain(int32_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0x300) || (c >= 0x1e00 && c <= 0x1eff);
}

/* Characters, or 0 with a reason. */
static size_t count_characters(struct blob value, enum msg_id *ret_reason)
{
	const char *text = (const char *)value.data;
	size_t count = 0;
	bool composed = true;
	for (size_t pos = 0; pos < value.len; count++) {
		int32_t c = utf8_next(text, value.len, &pos);
		if (is_plain(c))
			continue;
		if (c < 0 || utf8_is_control(c)) {
			*ret_reason = MSG_VALUE_CONTROL;
			return 0;
		}
		composed = false;
	}
	if (!composed && !utf8_is_nfc(text, value.len)) {
		*ret_reason = MSG_VALUE_NFC;
		return 0;
	}
	return count;
}

static bool is_choice(const char *const *choices, struct blob value)
{
	for (; *choices != NULL; choices++)
		if (blob_equal(blob_text(*choices), value))
			return true;
	return false;
}

static enum msg_id validate_text(const struct schema_field *field, struct blob value)
{
	enum msg_id reason = MSG_NONE;
	size_t characters = count_characters(value, &reason);
	if (reason != MSG_NONE)
		return reason;
	if (characters < field->min_chars || characters > field->max_chars)
		return MSG_VALUE_LENGTH;
	if (field->type == SCHEMA_DATE && !validate_is_date(value))
		return MSG_VALUE_DATE;
	if (field->pattern != NULL && !pattern_match(field->pattern, value))
		return MSG_VALUE_PATTERN;
	if (field->choices != NULL && !is_choice(field->choices, value))
		return MSG_VALUE_CHOICE;
	if (field->code_list != NULL && code_list_find(field->code_list, value) == CODE_LIST_NONE)
		return MSG_VALUE_CODE;
	return MSG_NONE;
}

static enum msg_id validate_number(const struct schema_field *field, struct blob value)
{
	int64_t micro = 0;
	if (!validate_decimal(value, &micro))
		return MSG_VALUE_NUMBER;
	if (field->type == SCHEMA_INTEGER && micro % SCHEMA_MICRO != 0)
		return MSG_VALUE_NUMBER;
	return micro < field->minimum_micro || micro > field->maximum_micro ? MSG_VALUE_RANGE
									    : MSG_NONE;
}

enum msg_id validate_value(const struct schema_field *field, struct blob value)
{
	switch (field->type) {
	case SCHEMA_TEXT:
	case SCHEMA_DATE:
		return validate_text(field, value);
	case SCHEMA_INTEGER:
	case SCHEMA_NUMBER:
		return validate_number(field, value);
	case SCHEMA_BOOLEAN:
		break;
	}
	bool holds = blob_equal(value, blob_text("true")) || blob_equal(value, blob_text("false"));
	return holds ? MSG_NONE : MSG_VALUE_BOOLEAN;
}

/* ---- a record ---- */

struct check {
	const struct schema *schema;
	const struct record *record;
	struct finding *findings;
	size_t max, count;
	uint8_t fields_seen[(LIMIT_SCHEMA_FIELDS + 7) / 8]; /* by index */
};

static void find(struct check *check, enum msg_id reason, const struct schema_field *field,
		 const struct schema_section *section, struct blob key)
{
	if (check->count < check->max)
		check->findings[check->count] = (struct finding){
			.reason = reason,
			.field = field,
			.section = section,
			.key = key,
		};
	check->count++;
}

static size_t index_of(const struct check *check, const struct schema_field *field)
{
	return (size_t)(field - schema_field_at(check->schema, 0));
}

static bool is_seen(const struct check *check, const struct schema_field *field)
{
	size_t index = index_of(check, field);
	return (check->fields_seen[index / 8] >> (index % 8) & 1) != 0;
}

static void check_fact(struct check *check, const struct fact *fact, const struct fact *last)
{
	const struct schema_field *field = schema_field_by_number(check->schema, fact->field);
	if (field == NULL || (field->record_types >> check->record->type & 1) == 0) {
		find(check, MSG_VALUE_FIELD, field, field == NULL ? NULL : field->section,
		     fact->key);
		return;
	}
	size_t index = index_of(check, field);
	check->fields_seen[index / 8] |= (uint8_t)(1u << (index % 8));
	enum msg_id reason = validate_value(field, fact->value);
	if (reason != MSG_NONE)
		find(check, reason, field, field->section, fact->key);
	bool key_holds = field->list == NULL
				 ? fact->key.len == 0
				 : !field->list->plain || blob_equal(fact->key, fact->value);
	if (!key_holds)
		find(check, MSG_VALUE_KEY, field, field->section, fact->key);
	if (last->field == fact->field && blob_equal(last->key, fact->key))
		find(check, MSG_VALUE_TWICE, field, field->section, fact->key);
}

/* The elements of one list, by key alone: which sub-fields each has. */
struct element_keys {
	struct blob keys[LIMIT_LIST_ELEMENTS];
	uint32_t sub_fields[LIMIT_LIST_ELEMENTS];
	size_t count;
	bool overflow;
};

static void note_element(struct element_keys *elements, struct blob key, uint32_t bit)
{
	size_t at = elements->count;
	while (at > 0 && blob_compare(elements->keys[at - 1], key) > 0)
		at--;
	if (at > 0 && blob_equal(elements->keys[at - 1], key)) {
		elements->sub_fields[at - 1] |= bit;
		return;
	}
	if (elements->count == LIMIT_LIST_ELEMENTS) {
		elements->overflow = true;
		return;
	}
	size_t behind = elements->count++ - at;
	memmove(&elements->keys[at + 1], &elements->keys[at], behind * sizeof(elements->keys[0]));
	memmove(&elements->sub_fields[at + 1], &elements->sub_fields[at],
		behind * sizeof(elements->sub_fields[0]));
	elements->keys[at] = key;
	elements->sub_fields[at] = bit;
}

static void check_list(struct check *check, const struct schema_list *list)
{
	struct element_keys elements;
	struct record_iter iter = record_iterate(check->record);
	struct fact fact;
	elements.count = 0;
	elements.overflow = false;
	while (record_next(&iter, &fact)) {
		const struct schema_field *field =
			schema_field_by_number(check->schema, fact.field);
		if (field != NULL && field->list == list)
			note_element(&elements, fact.key, UINT32_C(1) << (field - list->fields));
	}
	if (elements.overflow || elements.count > list->max_items)
		find(check, MSG_VALUE_ELEMENTS, list->fields, list->fields->section,
		     (struct blob){ 0 });
	for (size_t i = 0; i < elements.count; i++)
		for (size_t j = 0; j < list->field_count; j++)
			if (list->fields[j].required && (elements.sub_fields[i] >> j & 1) == 0)
				find(check, MSG_VALUE_MISSING, &list->fields[j],
				     list->fields[j].section, elements.keys[i]);
}

static void check_lists(struct check *check)
{
	for (size_t i = 0; i < schema_list_count(check->schema); i++) {
		const struct schema_list *list = schema_list_at(check->schema, i);
		bool seen = false;
		for (size_t j = 0; j < list->field_count && !seen; j++)
			seen = is_seen(check, &list->fields[j]);
		if (seen)
			check_list(check, list);
	}
}

/* What must be there: sections of the record type, and fields of the sections that are there. */
static void check_required(struct check *check)
{
	uint64_t sections_seen = 0; /* by index; a schema has at most 64 */
	const struct schema_section *first = schema_section_at(check->schema, 0);
	for (size_t i = 0; i < schema_field_count(check->schema); i++) {
		const struct schema_field *field = schema_field_at(check->schema, i);
		if (is_seen(check, field))
			sections_seen |= UINT64_C(1) << (field->section - first);
	}
	for (size_t i = 0; i < schema_section_count(check->schema); i++)
		if ((first[i].required >> check->record->type & 1) != 0 &&
		    (sections_seen >> i & 1) == 0)
			find(check, MSG_VALUE_MISSING, NULL, &first[i], (struct blob){ 0 });
	for (size_t i = 0; i < schema_field_count(check->schema); i++) {
		const struct schema_field *field = schema_field_at(check->schema, i);
		bool due = field->required && (field->list == NULL || field->list->plain) &&
			   (sections_seen >> (field->section - first) & 1) != 0;
		if (due && !is_seen(check, field))
			find(check, MSG_VALUE_MISSING, field, field->section, (struct blob){ 0 });
	}
}

size_t validate_record(const struct schema *schema, const struct record *record,
		       struct finding *findings, size_t max)
{
	struct check check = {
		.schema = schema, .record = record, .findings = findings, .max = max
	};
	struct record_iter iter = record_iterate(record);
	struct fact fact, last = { 0 };
	for (; record_next(&iter, &fact); last = fact)
		check_fact(&check, &fact, &last);
	check_lists(&check);
	check_required(&check);
	return check.count;
}
