#include "connectors/map/map_options.h"

#include <string.h>

#include "daemon/base/limits.h"

static const char *const normaliser_names[MAP_NORMALISER_MAX + 1] = {
	[MAP_TEXT] = "text",
	[MAP_NAME] = "name",
	[MAP_BIRTH_DATE] = "birth_date",
	[MAP_SEX] = "sex",
	[MAP_IDENTITY_NUMBER] = "identity_number",
	[MAP_ETHNIC] = "ethnic",
	[MAP_CODE] = "code",
	[MAP_DATE] = "date",
	[MAP_YEAR] = "year",
	[MAP_GRADE_CODE] = "grade_code",
	[MAP_STEP] = "step",
	[MAP_COEFFICIENT] = "coefficient",
	[MAP_SHARE] = "share",
	[MAP_DIGITS] = "digits",
	[MAP_PHONE] = "phone",
	[MAP_EMAIL] = "email",
};

/* Where a normaliser has its only place. */
static const char *const bound_fields[MAP_NORMALISER_MAX] = {
	[MAP_NAME] = "identity.full_name", [MAP_BIRTH_DATE] = "identity.birth_date",
	[MAP_SEX] = "identity.sex",        [MAP_IDENTITY_NUMBER] = "identity.cccd",
	[MAP_ETHNIC] = "identity.ethnic",
};

static const struct option_row column_rows[] = {
	OPTION_TEXT("column", struct map_column, column, .help = MSG_HELP_MAP_COLUMN),
	OPTION_TEXTS("or", struct map_column, other, .max = LIMIT_MAP_NAMES,
		     .help = MSG_HELP_MAP_OR),
	OPTION_TEXTS("join", struct map_column, join, .max = LIMIT_MAP_JOIN,
		     .help = MSG_HELP_MAP_JOIN),
	OPTION_TEXT("constant", struct map_column, constant, .help = MSG_HELP_MAP_CONSTANT),
	OPTION_TEXT("field", struct map_column, field, .required = true,
		    .help = MSG_HELP_MAP_FIELD),
	OPTION_ENUM("normaliser", struct map_column, normaliser, normaliser_names,
		    .fallback = "text", .help = MSG_HELP_MAP_NORMALISER),
	OPTION_TEXT("element", struct map_column, element, .help = MSG_HELP_MAP_ELEMENT),
	OPTION_TEXT("split", struct map_column, split, .min = 1, .max = 1,
		    .help = MSG_HELP_MAP_SPLIT),
	OPTION_TEXT("year_field", struct map_column, year_field, .help = MSG_HELP_MAP_YEAR_FIELD),
	OPTION_TEXT("name_column", struct map_column, name_column,
		    .help = MSG_HELP_MAP_NAME_COLUMN),
	OPTION_BOOL("optional", struct map_column, optional, .help = MSG_HELP_MAP_OPTIONAL),
	OPTION_BOOL("may_be_none", struct map_column, may_be_none,
		    .help = MSG_HELP_MAP_MAY_BE_NONE),
	OPTION_END,
};

static const struct option_row key_rows[] = {
	OPTION_TEXT("column", struct map_key, column, .required = true,
		    .help = MSG_HELP_MAP_KEY_COLUMN),
	OPTION_TEXTS("or", struct map_key, other, .max = LIMIT_MAP_NAMES, .help = MSG_HELP_MAP_OR),
	OPTION_END,
};

const struct option_row map_option_rows[] = {
	OPTION_SECTION("key", struct map_options, key, struct map_key, key_rows, .required = true,
		       .help = MSG_HELP_MAP_KEY),
	OPTION_TEXTS("running_number", struct map_options, running_number, .max = LIMIT_MAP_NAMES,
		     .help = MSG_HELP_MAP_RUNNING_NUMBER),
	OPTION_TEXTS("none_words", struct map_options, none_words, .max = LIMIT_MAP_NAMES,
		     .help = MSG_HELP_MAP_NONE_WORDS),
	OPTION_TEXTS("notes", struct map_options, notes, .max = LIMIT_MAP_NAMES,
		     .help = MSG_HELP_MAP_NOTES),
	OPTION_SECTIONS("columns", struct map_options, columns, column_count, struct map_column,
			column_rows, .required = true, .min = 1, .max = LIMIT_MAP_COLUMNS,
			.help = MSG_HELP_MAP_COLUMNS),
	OPTION_END,
};

static void check_column(const struct map_column *column, struct diag_place place,
			 struct diag *diag)
{
	int given =
		(column->column != NULL) + (column->join.count > 0) + (column->constant != NULL);
	const char *bound = bound_fields[column->normaliser];
	if (given != 1)
		diag_error(diag, place, MSG_MAP_ONE_OF);
	if (column->other.count > 0 && column->column == NULL)
		diag_error(diag, place, MSG_MAP_OR_ALONE);
	if (column->constant != NULL && (column->normaliser != MAP_TEXT || column->split != NULL))
		diag_error(diag, place, MSG_MAP_CONSTANT);
	if (column->split != NULL && strstr(column->field, "[]") == NULL)
		diag_error(diag, place, MSG_MAP_SPLIT, ARG_WORD("field", column->field));
	if (column->name_column != NULL && column->normaliser != MAP_GRADE_CODE)
		diag_error(diag, place, MSG_MAP_NAME_COLUMN);
	if (bound != NULL && strcmp(column->field, bound) != 0)
		diag_error(diag, place, MSG_MAP_BOUND_FIELD,
			   ARG_WORD("normaliser", normaliser_names[column->normaliser]),
			   ARG_WORD("field", bound));
}

/* identity.full_name and the like are judged together, so they are read by their own normalisers only. */
static void check_identity(const struct map_column *column, struct diag_place place,
			   struct diag *diag)
{
	for (size_t i = 0; i < MAP_NORMALISER_MAX; i++) {
		if (bound_fields[i] != NULL && strcmp(column->field, bound_fields[i]) == 0 &&
		    column->normaliser != i)
			diag_error(diag, place, MSG_MAP_BOUND_FIELD,
				   ARG_WORD("normaliser", normaliser_names[i]),
				   ARG_WORD("field", bound_fields[i]));
	}
}

void map_options_check(const struct map_options *options, const struct doc_node *node,
		       struct diag *diag)
{
	const struct doc_node *list = doc_get(node, "columns");
	bool named = false;
	for (size_t i = 0; i < options->column_count; i++) {
		const struct map_column *column = &options->columns[i];
		struct diag_place place = list != NULL && list->kind == DOC_LIST && i < list->count
						  ? doc_place(list->items[i])
						  : (struct diag_place){ 0 };
		check_column(column, place, diag);
		check_identity(column, place, diag);
		named |= column->normaliser == MAP_NAME;
	}
	if (!named)
		diag_error(diag, node == NULL ? (struct diag_place){ 0 } : doc_place(node),
			   MSG_MAP_NO_NAME);
}
