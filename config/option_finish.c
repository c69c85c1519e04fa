#include <stdlib.h>

#include "config/option.h"

static void finish_texts(struct option_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct option_texts){ 0 };
}

static void finish_map(struct option_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->pairs[i].key);
		free(map->pairs[i].value);
	}
	free(map->pairs);
	*map = (struct option_map){ 0 };
}

static void finish_structs(const struct option_row *row, void *options)
{
	uint8_t **items = (uint8_t **)((uint8_t *)options + row->offset);
	size_t one = 1;
	size_t *count = row->kind == OPTION_KIND_MAYBE
				? &one
				: (size_t *)((uint8_t *)options + row->count_offset);
	for (size_t i = 0; *items != NULL && i < *count; i++)
		option_finish(row->rows, *items + i * row->size);
	free(*items);
	*items = NULL;
	*count = 0;
}

static void finish_value(const struct option_row *row, void *options)
{
	void *field = (uint8_t *)options + row->offset;
	switch (row->kind) {
	case OPTION_KIND_TEXT:
	case OPTION_KIND_WORD:
	case OPTION_KIND_PATH:
	case OPTION_KIND_URL:
	case OPTION_KIND_DATE:
		free(*(char **)field);
		*(char **)field = NULL;
		break;
	case OPTION_KIND_SECRET:
		free(((struct secret_ref *)field)->name);
		*(struct secret_ref *)field = (struct secret_ref){ 0 };
		break;
	case OPTION_KIND_TEXTS:
		finish_texts(field);
		break;
	case OPTION_KIND_MAP:
		finish_map(field);
		break;
	case OPTION_KIND_SECTION:
		option_finish(row->rows, field);
		break;
	case OPTION_KIND_MAYBE:
	case OPTION_KIND_SECTIONS:
		finish_structs(row, options);
		break;
	case OPTION_KIND_RAW:
		*(const struct doc_node **)field = NULL;
		break;
	default:
		break; /* plain values */
	}
}

void option_finish(const struct option_row *rows, void *options)
{
	for (; rows->kind != OPTION_KIND_END; rows++)
		finish_value(rows, options);
}
