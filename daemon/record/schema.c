#include "daemon/record/schema.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/record/schema_struct.h"

void schema_destroy(struct schema *schema)
{
	if (schema == NULL)
		return;
	for (size_t i = 0; i < schema->field_count; i++) {
		struct schema_field *field = &schema->fields[i];
		free((void *)(uintptr_t)field->path);
		free((void *)(uintptr_t)field->pattern);
		free((void *)(uintptr_t)field->choices);
	}
	for (size_t i = 0; i < schema->list_count; i++)
		free((void *)(uintptr_t)schema->lists[i].path);
	cJSON_Delete(schema->tree);
	free(schema);
}

size_t schema_field_count(const struct schema *schema)
{
	return schema->field_count;
}

const struct schema_field *schema_field_at(const struct schema *schema, size_t index)
{
	return &schema->fields[index];
}

size_t schema_section_count(const struct schema *schema)
{
	return schema->section_count;
}

const struct schema_section *schema_section_at(const struct schema *schema, size_t index)
{
	return &schema->sections[index];
}

size_t schema_list_count(const struct schema *schema)
{
	return schema->list_count;
}

const struct schema_list *schema_list_at(const struct schema *schema, size_t index)
{
	return &schema->lists[index];
}

const struct schema_field *schema_field_by_path(const struct schema *schema, const char *path)
{
	size_t low = 0, high = schema->field_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct schema_field *field = &schema->fields[schema->by_path[middle]];
		int order = strcmp(field->path, path);
		if (order == 0)
			return field;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct schema_field *schema_field_by_number(const struct schema *schema, uint16_t number)
{
	uint16_t index = schema->by_number[number];
	return index == 0 ? NULL : &schema->fields[index - 1];
}

const struct schema_list *schema_list_by_path(const struct schema *schema, const char *path)
{
	for (size_t i = 0; i < schema->list_count; i++)
		if (strcmp(schema->lists[i].path, path) == 0)
			return &schema->lists[i];
	return NULL;
}

const uint8_t *schema_hash(const struct schema *schema)
{
	return schema->hash;
}

/* ---- numbers ---- */

/* True if the numbers are above 0 and differ. */
static bool numbers_hold(const uint16_t *numbers, size_t count)
{
	uint8_t seen[(UINT16_MAX + 1) / 8] = { 0 };
	for (size_t i = 0; i < count; i++) {
		uint16_t number = numbers[i];
		if (number == 0 || (seen[number / 8] >> (number % 8) & 1) != 0)
			return false;
		seen[number / 8] |= (uint8_t)(1u << (number % 8));
	}
	return true;
}

static void assign_numbers(struct schema *schema, const uint16_t *numbers)
{
	memset(schema->by_number, 0, sizeof(schema->by_number));
	for (size_t i = 0; i < schema->field_count; i++) {
		schema->fields[i].number = numbers[i];
		schema->by_number[numbers[i]] = (uint16_t)(i + 1);
	}
}

int schema_set_numbers(struct schema *schema, schema_number_fn *number_of, void *ctx,
		       struct err *err)
{
	uint16_t numbers[LIMIT_SCHEMA_FIELDS];
	for (size_t i = 0; i < schema->field_count; i++) {
		int result = number_of(ctx, schema->fields[i].path, &numbers[i], err);
		if (result < 0)
			return result;
	}
	if (!numbers_hold(numbers, schema->field_count))
		return err_set(err, ERR_CORRUPT, MSG_SCHEMA_NUMBERS);
	assign_numbers(schema, numbers);
	return 0;
}

void schema_put_numbers(const struct schema *schema, struct buf *out)
{
	for (size_t i = 0; i < schema->field_count; i++)
		buf_put_u16(out, schema->fields[i].number);
}

int schema_take_numbers(struct schema *schema, struct blob numbers, struct err *err)
{
	uint16_t taken[LIMIT_SCHEMA_FIELDS];
	struct reader in = reader_of(numbers);
	for (size_t i = 0; i < schema->field_count; i++)
		taken[i] = reader_u16(&in);
	if (!reader_done(&in) || !numbers_hold(taken, schema->field_count))
		return err_set(err, ERR_PROTOCOL, MSG_SCHEMA_NUMBERS);
	assign_numbers(schema, taken);
	return 0;
}
