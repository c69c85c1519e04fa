#include "connectors/map/row_identity.h"

#include <string.h>

#include "connectors/normalise/date.h"
#include "connectors/normalise/sex.h"
#include "daemon/record/validate.h"

static void read_name(struct row_identity *identity, struct row_state *state,
		      const struct mapping_line *line)
{
	enum cell_type type;
	struct blob raw = row_state_raw(state, line, &type);
	enum reason reason = name_read(raw, &state->mapping->name_rules, &identity->name);
	if (reason == REASON_NONE &&
	    validate_value(line->field, buf_blob(&identity->name.text)) != MSG_NONE)
		reason = REASON_NAME_FORM;
	row_state_refuse(state, reason, line);
	if (line->place_count > 1) {
		const struct map_cell *family = row_state_cell(state, line->places[0]);
		const struct map_cell *given =
			row_state_cell(state, line->places[line->place_count - 1]);
		if (family != NULL && given != NULL &&
		    name_seems_swapped(family->text, given->text))
			row_state_refuse(state, REASON_NAME_ORDER, line);
	}
	if (identity->name.repaired)
		row_state_warn(state, REASON_NAME_REPAIRED, line->field,
			       row_state_shown(state, raw));
	if (identity->name.decoded)
		row_state_warn(state, REASON_NAME_DECODED, line->field,
			       row_state_shown(state, raw));
}

static void read_number(struct row_identity *identity, struct row_state *state,
			const struct mapping_line *line)
{
	size_t index = identity->input.number_count;
	enum cell_type type;
	struct blob raw = row_state_raw(state, line, &type);
	if (index == IDENTITY_NUMBERS_MAX || !row_state_clean(state, line, raw))
		return;
	row_state_refuse(state,
			 identity_number_read(buf_blob(&state->clean),
					      &identity->input.numbers[index].digits),
			 line);
	identity->input.numbers[index].type = type;
	identity->number_lines[index] = line;
	identity->input.number_count++;
}

static void read_birth(struct row_identity *identity, struct row_state *state,
		       const struct mapping_line *line)
{
	enum cell_type type;
	if (row_state_clean(state, line, row_state_raw(state, line, &type)))
		identity->input.birth_form =
			date_read(buf_blob(&state->clean), &identity->input.birth);
}

static void read_sex(struct row_identity *identity, struct row_state *state,
		     const struct mapping_line *line)
{
	enum cell_type type;
	if (row_state_clean(state, line, row_state_raw(state, line, &type)))
		row_state_refuse(state, sex_read(buf_blob(&state->clean), &identity->input.sex),
				 line);
}

static bool province_is_listed(const void *ctx, unsigned province)
{
	const struct mapping *mapping = ctx;
	return province < sizeof(mapping->provinces) && mapping->provinces[province];
}

static const struct mapping_line *line_of(const struct mapping *mapping,
					  enum map_normaliser normaliser)
{
	for (size_t i = 0; i < mapping->line_count; i++)
		if (mapping->lines[i].option->normaliser == normaliser)
			return &mapping->lines[i];
	return NULL;
}

static void refuse_each(struct row_state *state, reason_set reasons,
			const struct mapping_line *line)
{
	for (unsigned i = 1; i < REASON_MAX; i++)
		if ((reasons >> i & 1) != 0)
			row_state_refuse(state, (enum reason)i, line);
}

static void add_number(struct row_state *state, const struct schema_field *field,
		       const char *digits, const struct schema_field *grade_field,
		       enum id_grade grade)
{
	if (digits[0] == '\0')
		return;
	row_state_add_fact(state, field, blob_text(digits));
	row_state_add_fact(state, grade_field, blob_text(identity_grade_text(grade)));
	if (grade == ID_GRADE_PADDED)
		row_state_warn(state, REASON_ID_PADDED, field, blob_text(digits));
}

/* Titles and notes of the name, one a line. */
static void add_notes(const struct row_identity *identity, struct row_state *state)
{
	struct blob rest = buf_blob(&identity->name.notes);
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		struct blob note = blob_of(rest.data, (size_t)(end - rest.data));
		if (validate_value(state->mapping->fields.note, note) == MSG_NONE)
			row_state_add_fact(state, state->mapping->fields.note, note);
		rest = blob_of(end + 1, rest.len - note.len - 1);
	}
}

void row_identity_judge(struct row_identity *identity, struct row_state *state)
{
	const struct mapping *mapping = state->mapping;
	const struct mapping_fields *fields = &mapping->fields;
	struct identity_result result = identity_check(&identity->input);
	reason_set of_numbers = 0;
	for (size_t i = 0; i < identity->input.number_count; i++) {
		refuse_each(state, result.number_reasons[i], identity->number_lines[i]);
		of_numbers |= result.number_reasons[i];
	}
	refuse_each(state, result.reasons & ~of_numbers, line_of(mapping, MAP_BIRTH_DATE));
	if (state->reasons != 0)
		return;

	row_state_add_fact(state, fields->full_name, buf_blob(&identity->name.text));
	add_notes(identity, state);
	if (result.birth.year != 0) {
		buf_reset(&state->value);
		date_put(&result.birth, &state->value);
		row_state_add_fact(state, fields->birth_date, buf_blob(&state->value));
	}
	if (identity->input.sex != SEX_UNKNOWN)
		row_state_add_fact(state, fields->sex, blob_text(sex_text(identity->input.sex)));
	add_number(state, fields->cccd, result.cccd, fields->cccd_grade, result.cccd_grade);
	add_number(state, fields->cmnd, result.cmnd, fields->cmnd_grade, result.cmnd_grade);
	if (result.province_unlisted)
		row_state_warn(state, REASON_ID_PROVINCE, fields->cccd, blob_text(result.cccd));
}

void row_identity_begin(struct row_identity *identity, const struct mapping *mapping)
{
	identity->input = (struct identity_input){ .birth_form = DATE_MISSING,
						   .as_of = mapping->source.as_of,
						   .province_is_listed = province_is_listed,
						   .ctx = mapping };
}

bool row_identity_take(struct row_identity *identity, struct row_state *state,
		       const struct mapping_line *line)
{
	switch (line->option->normaliser) {
	case MAP_NAME:
		read_name(identity, state, line);
		return true;
	case MAP_BIRTH_DATE:
		read_birth(identity, state, line);
		return true;
	case MAP_SEX:
		read_sex(identity, state, line);
		return true;
	case MAP_IDENTITY_NUMBER:
		read_number(identity, state, line);
		return true;
	default:
		return false;
	}
}

void row_identity_finish(struct row_identity *identity)
{
	name_finish(&identity->name);
}
