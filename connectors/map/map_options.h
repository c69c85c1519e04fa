/* Map options: how columns become fields, as the YAML of a source says it.
 *
 *	map:
 *	  key: {column: "Số hiệu CBCCVC"}
 *	  running_number: [STT]
 *	  columns:
 *	    - {column: "Họ và tên khai sinh", or: ["Họ và tên"], field: identity.full_name, normaliser: name}
 *	    - {join: ["Họ đệm", "Tên"], field: identity.full_name, normaliser: name}
 *	    - {column: "Trình độ chuyên môn", field: "degree[].level", normaliser: code}
 *	    - {constant: chuyen_mon, field: "training[].kind", element: expertise}
 *	    - {column: "BD chuyên môn (năm)", field: "training[].year", element: expertise, split: ";", normaliser: year}
 *
 * A column that is not named here is dropped unread (rule PRV1). connectors/file_drop/README.md is the manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/option.h"

enum map_normaliser {
	MAP_TEXT,
	MAP_NAME,
	MAP_BIRTH_DATE,
	MAP_SEX,
	MAP_IDENTITY_NUMBER,
	MAP_ETHNIC,
	MAP_CODE,
	MAP_DATE,
	MAP_YEAR,
	MAP_GRADE_CODE,
	MAP_STEP,
	MAP_COEFFICIENT,
	MAP_SHARE,
	MAP_DIGITS,
	MAP_PHONE,
	MAP_EMAIL,
	MAP_NORMALISER_MAX,
};

/* One line of `columns`: exactly one of column, join and constant is set. */
struct map_column {
	char *column;
	struct option_texts other; /* `or`: further names of the same column */
	struct option_texts join;
	char *constant;
	char *field;
	unsigned normaliser; /* enum map_normaliser */
	char *element;       /* lines of one list with the same word make one element */
	char *split;         /* one character: each piece is an element of its own */
	char *year_field;    /* a year behind the text, "(2018)" or " 2018", goes there */
	char *name_column;   /* grade_code: the column with the grade's name */
	bool optional;       /* the file may lack the column */
	bool may_be_none;    /* one of `none_words` says that there is nothing */
};

struct map_key {
	char *column;
	struct option_texts other;
};

struct map_options {
	struct map_key key;
	struct option_texts running_number, none_words, notes;
	struct map_column *columns;
	size_t column_count;
};

extern const struct option_row map_option_rows[];

/** What rows cannot say. `node` is the section and may be NULL. */
void map_options_check(const struct map_options *options, const struct doc_node *node,
		       struct diag *diag);
