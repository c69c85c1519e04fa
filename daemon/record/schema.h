/* Schema: schemas/person.schema.json compiled into rules per field.
 *
 * Words.  field: a leaf, by its path `identity.cccd` or `degree[].level`. section: the first level.
 *         list: an array inside the schema, `degree` or `evidence.note`; a plain list holds strings, which are
 *         their own element keys. number: what stands for a field in records and in the store.
 * Rules.  The keywords are those of schemas/README.md; any other stops the start and is named.
 *         A text whose pattern is SCHEMA_DATE_PATTERN is a date of day, month or year precision.
 *         Numbers are 1, 2, 3… in the order of the file until schema_set_numbers() gives the store's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/digest.h"
#include "daemon/base/limits.h"
#include "daemon/base/message.h"
#include "daemon/record/record.h"

struct err;
struct code_list;
struct code_lists;
struct pattern;
struct schema; /* opaque */

#define SCHEMA_DATE_PATTERN "^[0-9]{4,4}[-]{0,1}[0-9]{0,2}[-]{0,1}[0-9]{0,2}$"

enum schema_type { SCHEMA_TEXT, SCHEMA_DATE, SCHEMA_INTEGER, SCHEMA_NUMBER, SCHEMA_BOOLEAN };
enum schema_sensitivity { SCHEMA_NONE, SCHEMA_BASIC, SCHEMA_SENSITIVE };
enum schema_end {
	SCHEMA_KEEP,
	SCHEMA_CLOSE
};                                /* what the end of a source record does to the facts */
enum { SCHEMA_LIST_FIELDS = 32 }; /* sub-fields of one list */
enum { SCHEMA_MICRO = 1000000 };  /* numbers are compared in millionths */

struct schema_section {
	const char *name;
	const char *title[LANGUAGE_MAX];
	enum schema_end end;
	uint8_t record_types; /* bit 1 << enum record_type */
	uint8_t required;     /* the same, where a record must have it */
};

struct schema_list {
	const char *path; /* "degree", "evidence.note" */
	const char *title[LANGUAGE_MAX];
	size_t max_items;
	const struct schema_field *fields; /* its sub-fields, one after the other */
	size_t field_count;
	uint8_t key
		[SCHEMA_LIST_FIELDS]; /* sub-fields (index into fields) that form the element key */
	size_t key_count;
	uint32_t agree; /* bit per sub-field: must be equal for two elements to be one */
	bool plain;
};

struct schema_field {
	const char *path;
	const char *title[LANGUAGE_MAX];
	const struct schema_section *section;
	const struct schema_list *list; /* NULL outside of lists */
	uint16_t number;
	uint8_t record_types;
	bool required; /* wherever its section or element is there */
	bool golden;   /* false: evidence for linking only */
	enum schema_type type;
	enum schema_sensitivity sensitivity;
	size_t min_chars, max_chars;          /* texts */
	int64_t minimum_micro, maximum_micro; /* numbers */
	const struct pattern *pattern;        /* NULL: any */
	const char *const *choices;           /* NULL-terminated, NULL: any */
	const char *code_list_name;           /* NULL: none */
	const struct code_list *code_list;    /* borrowed from the lists given at compile time */
};

/** Compile. `lists` must outlive the schema; NULL if there are none.
 * Errors: ERR_CONFIG (names the JSON pointer, the keyword or the missing code list), ERR_NOMEM.
 */
MUST_CHECK int schema_compile(struct blob text, const struct code_lists *lists,
			      struct schema **ret_schema, struct err *err);
void schema_destroy(struct schema *schema);

size_t schema_field_count(const struct schema *schema);
const struct schema_field *schema_field_at(const struct schema *schema, size_t index);
size_t schema_section_count(const struct schema *schema);
const struct schema_section *schema_section_at(const struct schema *schema, size_t index);
size_t schema_list_count(const struct schema *schema);
const struct schema_list *schema_list_at(const struct schema *schema, size_t index);

/** By path or by number; NULL if there is none. */
const struct schema_field *schema_field_by_path(const struct schema *schema, const char *path);
const struct schema_field *schema_field_by_number(const struct schema *schema, uint16_t number);
const struct schema_list *schema_list_by_path(const struct schema *schema, const char *path);

/** Give every field the number that `number_of` says (the store's append-only dictionary).
 * Numbers must differ and be above 0; schema unchanged on failure.
 * Errors: ERR_CORRUPT (two fields with one number), or what the callback gives.
 */
typedef int schema_number_fn(void *ctx, const char *path, uint16_t *ret_number, struct err *err);
MUST_CHECK int schema_set_numbers(struct schema *schema, schema_number_fn *number_of, void *ctx,
				  struct err *err);

/** The numbers as u16 in the order of the fields: how the engine tells a worker (frame BEGIN).
 * Errors of taking them: ERR_PROTOCOL (another count, or numbers that do not hold).
 */
void schema_put_numbers(const struct schema *schema, struct buf *out);
MUST_CHECK int schema_take_numbers(struct schema *schema, struct blob numbers, struct err *err);

/** SHA-256 of the bytes it was compiled from. */
const uint8_t *schema_hash(const struct schema *schema);

DEFINE_CLEANUP(struct schema, schema_destroy);
