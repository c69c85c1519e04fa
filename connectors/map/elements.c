#include "connectors/map/elements.h"

#include <string.h>

void elements_begin(struct elements *elements, const struct mapping *mapping)
{
	elements->mapping = mapping;
	buf_reset(&elements->values);
	elements->piece_count = 0;
	memset(elements->common, 0, mapping->group_count * sizeof(elements->common[0]));
}

void elements_finish(struct elements *elements)
{
	buf_cleanse(&elements->values);
}

static size_t index_of(const struct schema_field *field)
{
	return (size_t)(field - field->list->fields);
}

static void set(struct elements *elements, struct elements_item *item,
		const struct schema_field *field, struct blob value)
{
	if (value.len == 0)
		return;
	item->slots[index_of(field)] =
		(struct elements_slot){ .begin = (uint32_t)elements->values.len,
					.len = (uint32_t)value.len };
	buf_put(&elements->values, value.data, value.len);
}

void elements_put(struct elements *elements, int group, const struct schema_field *field,
		  struct blob value, bool is_constant)
{
	struct elements_item *item = &elements->common[group];
	set(elements, item, field, value);
	item->filled |= !is_constant && value.len > 0;
}

bool elements_put_piece(struct elements *elements, int group, const struct schema_field *field,
			struct blob value, const struct schema_field *year_field, struct blob year)
{
	struct elements_item item = { .group = group, .filled = true };
	if (value.len == 0 && year.len == 0)
		return true;
	if (elements->piece_count == LIMIT_MAP_PIECES)
		return false;
	set(elements, &item, field, value);
	if (year_field != NULL)
		set(elements, &item, year_field, year);
	elements->pieces[elements->piece_count++] = item;
	return true;
}

static struct blob value_of(const struct elements *elements, const struct elements_item *item,
			    size_t field)
{
	const struct elements_slot *slot = &item->slots[field];
	return slot->len == 0 ? blob_of(NULL, 0)
			      : blob_of(elements->values.data + slot->begin, slot->len);
}

static bool is_whole(const struct element *element, const struct schema_list *list)
{
	for (size_t i = 0; i < list->field_count; i++)
		if (list->fields[i].required && element->values[i].len == 0)
			return false;
	return true;
}

static bool is_equal(const struct element *a, const struct element *b, size_t field_count)
{
	for (size_t i = 0; i < field_count; i++)
		if (!blob_equal(a->values[i], b->values[i]))
			return false;
	return true;
}

/* How many elements before have the same key, this one counted; 0 if it is equal to one of them. */
static unsigned repeat_of(const struct elements_told *told, const struct element *element)
{
	unsigned repeat = 1;
	for (size_t i = 0; i < told->count; i++) {
		bool same_key = true;
		for (size_t k = 0; k < told->list->key_count; k++) {
			size_t field = told->list->key[k];
			same_key = same_key &&
				   blob_equal(told->items[i].values[field], element->values[field]);
		}
		repeat += same_key;
		if (is_equal(&told->items[i], element, told->list->field_count))
			return 0;
	}
	return repeat;
}

static struct blob first_value(const struct element *element, size_t field_count)
{
	for (size_t i = 0; i < field_count; i++)
		if (element->values[i].len > 0)
			return element->values[i];
	return blob_of(NULL, 0);
}

/* One element: the piece over what is common. */
static void tell(const struct elements *elements, const struct elements_item *common,
		 const struct elements_item *piece, struct elements_told *told,
		 struct record_builder *record, elements_left_out_fn *left_out, void *ctx)
{
	const struct schema_list *list = told->list;
	struct element element = { .key = { 0 } };
	for (size_t i = 0; i < list->field_count; i++) {
		element.values[i] = piece == NULL ? blob_of(NULL, 0) : value_of(elements, piece, i);
		if (element.values[i].len == 0)
			element.values[i] = value_of(elements, common, i);
	}
	unsigned repeat = repeat_of(told, &element);
	if (repeat == 0)
		return;
	if (!is_whole(&element, list) || told->count == list->max_items ||
	    told->count == LIMIT_LIST_ELEMENTS) {
		left_out(ctx, &list->fields[0], first_value(&element, list->field_count));
		return;
	}
	struct buf key = { 0 };
	element_key_put(list, &element, repeat, &key);
	for (size_t i = 0; i < list->field_count; i++)
		if (element.values[i].len > 0)
			record_builder_add(record, list->fields[i].number, buf_blob(&key),
					   element.values[i]);
	told->items[told->count++] = element;
	buf_cleanse(&key);
}

static void tell_group(const struct elements *elements, int group, struct elements_told *told,
		       struct record_builder *record, elements_left_out_fn *left_out, void *ctx)
{
	const struct elements_item *common = &elements->common[group];
	size_t told_pieces = 0;
	for (size_t i = 0; i < elements->piece_count; i++) {
		if (elements->pieces[i].group != group)
			continue;
		tell(elements, common, &elements->pieces[i], told, record, left_out, ctx);
		told_pieces++;
	}
	if (told_pieces == 0 && common->filled)
		tell(elements, common, NULL, told, record, left_out, ctx);
}

void elements_add_to(struct elements *elements, struct record_builder *record,
		     elements_left_out_fn *left_out, void *ctx)
{
	const struct mapping *mapping = elements->mapping;
	struct elements_told *told = &elements->told;
	for (size_t first = 0; first < mapping->group_count; first++) {
		bool seen = false;
		for (size_t i = 0; i < first; i++)
			seen |= mapping->groups[i].list == mapping->groups[first].list;
		if (seen)
			continue;
		told->list = mapping->groups[first].list;
		told->count = 0;
		for (size_t i = first; i < mapping->group_count; i++)
			if (mapping->groups[i].list == told->list)
				tell_group(elements, (int)i, told, record, left_out, ctx);
	}
}
