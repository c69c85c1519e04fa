/* Mapping: the map of a source compiled against the schema and bound to the header of a file.
 *
 * Words.  line: one entry of `columns`. place: a column that some line, the key or nobody's field (running
 *         numbers) refers to, and where the header has it. group: the lines that make one element of a list.
 * Rules.  The struct is open for row_mapper.c only; what it points to lives as long as the mapping, which
 *         borrows options, schema and code lists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "connectors/map/map_options.h"
#include "connectors/normalise/code_index.h"
#include "connectors/normalise/date.h"
#include "connectors/normalise/ethnic.h"
#include "connectors/normalise/name.h"
#include "daemon/base/limits.h"
#include "daemon/record/schema.h"

enum { MAPPING_NOWHERE = -1 };

/* What the section of the source says, besides the map. */
struct mapping_source {
	enum record_type record_type;
	struct date as_of;
	enum ethnic_system ethnic_system;
	const struct option_texts
		*excluded_orgs; /* PRV9: whose rows are not taken in; NULL: none */
};

struct mapping_place {
	const char *name; /* as configured */
	bool required;
	bool hashed; /* a mapped column: its text counts for the hash and goes with the row */
	int at;      /* column of the file, or MAPPING_NOWHERE */
};

/* A name under which a place may stand in a header. */
struct mapping_name {
	size_t begin, len; /* folded, in mapping->folded */
	size_t place;
};

struct mapping_line {
	const struct map_column *option;
	const struct schema_field *field, *year_field;
	const struct code_index *index; /* of a code list, or NULL */
	size_t places[LIMIT_MAP_JOIN];
	size_t place_count; /* 0: a constant */
	size_t name_place;
	int group; /* MAPPING_NOWHERE outside of lists */
};

struct mapping_group {
	const struct schema_list *list;
	const char *element;
	const struct mapping_line
		*split; /* the line whose pieces are elements of their own, or NULL */
};

/* The fields that normalisers write by themselves. */
struct mapping_fields {
	const struct schema_field *full_name, *birth_date, *sex, *cccd, *cmnd, *ethnic, *cccd_grade,
		*cmnd_grade, *note, *organisation;
};

struct mapping {
	const struct map_options *options;
	struct mapping_source source;
	struct mapping_fields fields;
	struct name_rules name_rules;
	struct buf folded; /* texts of names, words and notes, folded */

	struct mapping_line *lines;
	size_t line_count;
	struct mapping_group groups[LIMIT_MAP_ELEMENTS];
	size_t group_count;
	struct mapping_place *places;
	size_t place_count;
	size_t key_place;
	struct mapping_name *names;
	size_t name_count;
	struct blob *none_words, *excluded_orgs; /* folded */
	size_t excluded_count;
	struct code_index **indexes;
	size_t index_count;
	bool provinces[1000]; /* ID3 */

	/* once bound */
	size_t header_count;
	struct buf header_texts;
	struct blob *header; /* clean names of the file's columns */
	size_t *hashed;      /* columns of the file, in the order of the map */
	size_t hashed_count;
};

/** Errors: ERR_CONFIG (names the field or code list), ERR_NOMEM. */
MUST_CHECK int mapping_create(const struct map_options *options, const struct schema *schema,
			      const struct code_lists *lists, struct mapping_source source,
			      struct mapping **ret_mapping, struct err *err);
void mapping_destroy(struct mapping *mapping);

DEFINE_CLEANUP(struct mapping, mapping_destroy);
