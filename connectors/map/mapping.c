#include "connectors/map/mapping.h"

#include <stdlib.h>
#include <string.h>

#include "connectors/map/header.h"
#include "connectors/normalise/text.h"
#include "daemon/base/err.h"

/* While a mapping is compiled: what has been counted and what failed first. */
struct compile {
	struct mapping *mapping;
	const struct schema *schema;
	const struct code_lists *lists;
	struct err *err;
};

static size_t fold_into(struct mapping *mapping, const char *text)
{
	struct buf clean = { 0 };
	size_t begin = mapping->folded.len;
	(void)text_clean(blob_text(text), 0, &clean, NULL);
	text_fold(buf_blob(&clean), &mapping->folded);
	buf_finish(&clean);
	return begin;
}

static void add_name(struct mapping *mapping, const char *text, size_t place)
{
	size_t begin = fold_into(mapping, text);
	mapping->names[mapping->name_count++] = (struct mapping_name){
		.begin = begin, .len = mapping->folded.len - begin, .place = place
	};
}

static size_t add_place(struct mapping *mapping, const char *name, const struct option_texts *other,
			bool required, bool hashed)
{
	size_t place = mapping->place_count++;
	mapping->places[place] = (struct mapping_place){
		.name = name, .required = required, .hashed = hashed, .at = MAPPING_NOWHERE
	};
	add_name(mapping, name, place);
	for (size_t i = 0; other != NULL && i < other->count; i++)
		add_name(mapping, other->items[i], place);
	return place;
}

/* Room for all, so that nothing moves while places are taken. */
static int reserve(struct mapping *mapping)
{
	const struct map_options *options = mapping->options;
	size_t places = 1 + options->running_number.count,
	       names = places + options->key.other.count;
	for (size_t i = 0; i < options->column_count; i++) {
		const struct map_column *column = &options->columns[i];
		places += 1 + column->join.count + 1;
		names += 1 + column->join.count + 1 + column->other.count;
	}
	mapping->places = calloc(places, sizeof(*mapping->places));
	mapping->names = calloc(names, sizeof(*mapping->names));
	mapping->lines = calloc(options->column_count + 1, sizeof(*mapping->lines));
	mapping->indexes = calloc(options->column_count + 1, sizeof(struct code_index *));
	mapping->none_words = calloc(options->none_words.count + 1, sizeof(*mapping->none_words));
	mapping->excluded_count =
		mapping->source.excluded_orgs == NULL ? 0 : mapping->source.excluded_orgs->count;
	mapping->excluded_orgs = calloc(mapping->excluded_count + 1, sizeof(struct blob));
	mapping->name_rules.notes =
		calloc(options->notes.count + 1, sizeof(*mapping->name_rules.notes));
	bool whole = mapping->places != NULL && mapping->names != NULL && mapping->lines != NULL &&
		     mapping->indexes != NULL && mapping->none_words != NULL &&
		     mapping->excluded_orgs != NULL && mapping->name_rules.notes != NULL;
	return whole ? 0 : ERR_NOMEM;
}

static int find_field(struct compile *compile, const char *path,
		      const struct schema_field **ret_field)
{
	const struct schema_field *field = schema_field_by_path(compile->schema, path);
	if (field == NULL || (field->record_types >> compile->mapping->source.record_type & 1) == 0)
		return err_set(compile->err, ERR_CONFIG, MSG_MAP_NO_FIELD, ARG_WORD("field", path));
	*ret_field = field;
	return 0;
}

/* One index per list, shared by its lines. */
static int find_index(struct compile *compile, const char *field, const char *name,
		      const struct code_index **ret_index)
{
	struct mapping *mapping = compile->mapping;
	for (size_t i = 0; i < mapping->index_count; i++) {
		if (strcmp(code_list_name(code_index_list(mapping->indexes[i])), name) != 0)
			continue;
		*ret_index = mapping->indexes[i];
		return 0;
	}
	const struct code_list *list = code_lists_get(compile->lists, name);
	if (list == NULL)
		return err_set(compile->err, ERR_CONFIG, MSG_MAP_NO_LIST, ARG_WORD("field", field),
			       ARG_WORD("name", name));
	int rc = code_index_create(list, &mapping->indexes[mapping->index_count], compile->err);
	if (rc < 0)
		return rc;
	*ret_index = mapping->indexes[mapping->index_count++];
	return 0;
}

static int set_index(struct compile *compile, struct mapping_line *line)
{
	const char *name = line->field->code_list_name;
	switch (line->option->normaliser) {
	case MAP_GRADE_CODE:
		name = "grades"; /* incomplete, so the schema binds no field to it (HR5) */
		break;
	case MAP_ETHNIC:
	case MAP_CODE:
		break;
	default:
		return 0;
	}
	if (name == NULL)
		return err_set(compile->err, ERR_CONFIG, MSG_MAP_NOT_CODED,
			       ARG_WORD("field", line->option->field));
	return find_index(compile, line->option->field, name, &line->index);
}

static int set_group(struct compile *compile, struct mapping_line *line)
{
	struct mapping *mapping = compile->mapping;
	const struct schema_list *list = line->field->list;
	const char *element = line->option->element == NULL ? "" : line->option->element;
	line->group = MAPPING_NOWHERE;
	if (list == NULL || list->plain)
		return 0;
	size_t i = 0;
	while (i < mapping->group_count && (mapping->groups[i].list != list ||
					    strcmp(mapping->groups[i].element, element) != 0))
		i++;
	if (i == LIMIT_MAP_ELEMENTS)
		return err_set(compile->err, ERR_CONFIG, MSG_MAP_ELEMENTS,
			       ARG_U("limit", LIMIT_MAP_ELEMENTS));
	if (i == mapping->group_count)
		mapping->groups[mapping->group_count++] =
			(struct mapping_group){ .list = list, .element = element };
	if (line->option->split != NULL) {
		if (mapping->groups[i].split != NULL)
			return err_set(compile->err, ERR_CONFIG, MSG_MAP_TWICE,
				       ARG_WORD("field", line->option->field));
		mapping->groups[i].split = line;
	}
	line->group = (int)i;
	return 0;
}

static int set_year_field(struct compile *compile, struct mapping_line *line)
{
	if (line->option->year_field == NULL)
		return 0;
	int rc = find_field(compile, line->option->year_field, &line->year_field);
	if (rc == 0 && line->year_field->list != line->field->list)
		rc = err_set(compile->err, ERR_CONFIG, MSG_MAP_YEAR_FIELD,
			     ARG_WORD("field", line->option->field));
	return rc;
}

/* A field has one line, or one for each element of its list. Only numbers may have two: CCCD and CMND apart. */
static int check_twice(struct compile *compile, const struct mapping_line *line)
{
	const struct mapping *mapping = compile->mapping;
	bool plain = line->field->list != NULL && line->field->list->plain;
	size_t same = 0;
	for (size_t i = 0; i < mapping->line_count; i++)
		same += mapping->lines[i].field == line->field &&
			mapping->lines[i].group == line->group;
	size_t most = line->option->normaliser == MAP_IDENTITY_NUMBER ? 2 : 1;
	if (plain || same < most)
		return 0;
	return err_set(compile->err, ERR_CONFIG, MSG_MAP_TWICE,
		       ARG_WORD("field", line->option->field));
}

static void set_places(struct mapping *mapping, struct mapping_line *line)
{
	const struct map_column *option = line->option;
	bool required = !option->optional;
	if (option->column != NULL)
		line->places[line->place_count++] =
			add_place(mapping, option->column, &option->other, required, true);
	for (size_t i = 0; i < option->join.count && i < LIMIT_MAP_JOIN; i++)
		line->places[line->place_count++] =
			add_place(mapping, option->join.items[i], NULL, required, true);
	if (option->name_column != NULL)
		line->name_place = add_place(mapping, option->name_column, NULL, required, true);
}

static int compile_line(struct compile *compile, const struct map_column *option)
{
	struct mapping_line *line = &compile->mapping->lines[compile->mapping->line_count];
	line->option = option;
	int rc = find_field(compile, option->field, &line->field);
	if (rc == 0)
		rc = set_group(compile, line);
	if (rc == 0)
		rc = check_twice(compile, line);
	if (rc == 0)
		rc = set_year_field(compile, line);
	if (rc == 0)
		rc = set_index(compile, line);
	if (rc < 0)
		return rc;
	set_places(compile->mapping, line);
	compile->mapping->line_count++;
	return 0;
}

static int find_fields(struct compile *compile)
{
	struct mapping_fields *fields = &compile->mapping->fields;
	const struct {
		const char *path;
		const struct schema_field **field;
	} rows[] = {
		{ "identity.full_name", &fields->full_name },
		{ "identity.birth_date", &fields->birth_date },
		{ "identity.sex", &fields->sex },
		{ "identity.cccd", &fields->cccd },
		{ "identity.cmnd", &fields->cmnd },
		{ "identity.ethnic", &fields->ethnic },
		{ "evidence.cccd_grade", &fields->cccd_grade },
		{ "evidence.cmnd_grade", &fields->cmnd_grade },
		{ "evidence.note", &fields->note },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = find_field(compile, rows[i].path, rows[i].field);
		if (rc < 0)
			return rc;
	}
	/* Not of every record type: then no line is of it. */
	fields->organisation = schema_field_by_path(compile->schema, "employment[].organisation");
	return 0;
}

static int load_provinces(struct compile *compile)
{
	const struct code_list *list = code_lists_get(compile->lists, "cccd-provinces");
	if (list == NULL)
		return err_set(compile->err, ERR_CONFIG, MSG_MAP_NO_LIST,
			       ARG_WORD("field", "identity.cccd"),
			       ARG_WORD("name", "cccd-provinces"));
	for (size_t row = 0; row < code_list_rows(list); row++) {
		unsigned long code = strtoul(
			code_list_cell(list, row, code_list_column(list, "code")), NULL, 10);
		if (code < sizeof(compile->mapping->provinces))
			compile->mapping->provinces[code] = true;
	}
	return 0;
}

/* Words and notes are folded once; the buffer has stopped growing when they are pointed at. */
static void fold_words(struct mapping *mapping)
{
	const struct map_options *options = mapping->options;
	const struct option_texts none = { 0 };
	const struct option_texts *excluded = mapping->source.excluded_orgs;
	const struct option_texts *lists[] = { &options->none_words, &options->notes,
					       excluded == NULL ? &none : excluded };
	struct blob *words[] = { mapping->none_words, (struct blob *)mapping->name_rules.notes,
				 mapping->excluded_orgs };
	const size_t kinds = sizeof(lists) / sizeof(lists[0]);
	size_t begin = mapping->folded.len;
	for (size_t k = 0; k < kinds; k++)
		for (size_t i = 0; i < lists[k]->count; i++) {
			size_t at = fold_into(mapping, lists[k]->items[i]);
			words[k][i].len = mapping->folded.len - at;
		}
	for (size_t k = 0; k < kinds; k++)
		for (size_t i = 0; i < lists[k]->count; i++) {
			words[k][i].data = mapping->folded.data + begin;
			begin += words[k][i].len;
		}
	mapping->name_rules.note_count = options->notes.count;
}

int mapping_create(const struct map_options *options, const struct schema *schema,
		   const struct code_lists *lists, struct mapping_source source,
		   struct mapping **ret_mapping, struct err *err)
{
	CLEANUP(mapping_destroyp) struct mapping *mapping = calloc(1, sizeof(*mapping));
	if (mapping == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	struct compile compile = {
		.mapping = mapping, .schema = schema, .lists = lists, .err = err
	};
	mapping->options = options;
	mapping->source = source;
	if (reserve(mapping) < 0)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int rc = find_fields(&compile);
	if (rc == 0)
		rc = load_provinces(&compile);
	mapping->key_place =
		add_place(mapping, options->key.column, &options->key.other, true, false);
	for (size_t i = 0; i < options->running_number.count; i++)
		(void)add_place(mapping, options->running_number.items[i], NULL, false, false);
	for (size_t i = 0; rc == 0 && i < options->column_count; i++)
		rc = compile_line(&compile, &options->columns[i]);
	if (rc < 0)
		return rc;
	fold_words(mapping);
	if (!buf_ok(&mapping->folded))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_mapping = TAKE(mapping);
	return 0;
}

void mapping_destroy(struct mapping *mapping)
{
	if (mapping == NULL)
		return;
	header_unbind(mapping);
	for (size_t i = 0; i < mapping->index_count; i++)
		code_index_destroy(mapping->indexes[i]);
	free(mapping->indexes);
	free(mapping->places);
	free(mapping->names);
	free(mapping->lines);
	free(mapping->none_words);
	free(mapping->excluded_orgs);
	free((struct blob *)mapping->name_rules.notes);
	buf_finish(&mapping->folded);
	buf_finish(&mapping->header_texts);
	free(mapping);
}
