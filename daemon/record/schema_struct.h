/* Schema struct: what schema.c and schema_compile.c share; nobody else includes it. */
#pragma once

#include <cjson/cJSON.h>

#include "daemon/record/schema.h"

enum { SCHEMA_SECTIONS_MAX = 64, SCHEMA_LISTS_MAX = 64 };

/* Fixed arrays, because fields, lists and sections point at each other; pages that are not used cost nothing. */
struct schema {
	cJSON *tree; /* titles, names and enums point into it */
	uint8_t hash[SHA256_SIZE];
	struct schema_section sections[SCHEMA_SECTIONS_MAX];
	const cJSON *section_nodes[SCHEMA_SECTIONS_MAX];
	size_t section_count;
	struct schema_list lists[SCHEMA_LISTS_MAX];
	size_t list_count;
	struct schema_field fields[LIMIT_SCHEMA_FIELDS];
	size_t field_count;
	uint16_t by_path[LIMIT_SCHEMA_FIELDS]; /* indices, sorted by path */
	uint16_t by_number[UINT16_MAX + 1];    /* index + 1; 0: none */
};
