#include "connectors/map/row_mapper.h"

#include <stdlib.h>
#include <string.h>

#include "connectors/map/elements.h"
#include "connectors/map/cell_value.h"
#include "connectors/normalise/decimal.h"
#include "connectors/normalise/identity_check.h"
#include "connectors/normalise/sex.h"
#include "connectors/normalise/text.h"
#include "daemon/base/err.h"
#include "daemon/record/validate.h"

enum { SWAP_ROWS_MIN = 10 /* fewer rows prove nothing */, SWAP_PERCENT = 90 };

struct row_mapper {
	const struct mapping *mapping;
	uint8_t key[CELLS_HASH_KEY_SIZE];
	struct record_builder *builder;

	/* the row at hand */
	const struct map_cell *cells;
	size_t count;
	reason_set reasons;
	const struct mapping_line *reason_lines[REASON_MAX]; /* where each reason was found */
	struct identity_input identity;
	const struct mapping_line *number_lines[IDENTITY_NUMBERS_MAX];
	struct name name;
	struct elements elements;
	int64_t step_cell, coefficient_cell; /* hundredths; -1: no number */
	uint32_t warning_count;

	struct buf source_key, record, warnings, reason_entries, cell_entries;
	struct buf raw, clean, second, value; /* scratch of one line */

	uint64_t pairs, swapped; /* rows with both step and coefficient, and those that fit only swapped */
};

int row_mapper_create(const struct mapping *mapping, const uint8_t key[CELLS_HASH_KEY_SIZE],
		      struct row_mapper **ret_mapper, struct err *err)
{
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = calloc(1, sizeof(*mapper));
	if (mapper == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	mapper->mapping = mapping;
	memcpy(mapper->key, key, sizeof(mapper->key));
	int rc = record_builder_create(&mapper->builder, err);
	if (rc < 0)
		return rc;
	*ret_mapper = TAKE(mapper);
	return 0;
}

void row_mapper_destroy(struct row_mapper *mapper)
{
	if (mapper == NULL)
		return;
	struct buf *bufs[] = { &mapper->source_key, &mapper->record, &mapper->warnings, &mapper->reason_entries,
			       &mapper->cell_entries, &mapper->raw, &mapper->clean, &mapper->second, &mapper->value };
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_cleanse(bufs[i]);
	record_builder_destroy(mapper->builder);
	name_finish(&mapper->name);
	elements_finish(&mapper->elements);
	free(mapper);
}

/* ---- what is said of a row ---- */

static void refuse(struct row_mapper *mapper, enum reason reason, const struct mapping_line *line)
{
	if (reason == REASON_NONE || (mapper->reasons & reason_bit(reason)) != 0)
		return;
	mapper->reasons |= reason_bit(reason);
	mapper->reason_lines[reason] = line;
}

static void warn(struct row_mapper *mapper, enum reason reason, const struct schema_field *field, struct blob raw)
{
	struct frame_list list = { .count = mapper->warning_count };
	struct frame_warning warning = { .field = field->number, .code = (uint16_t)reason, .raw = raw };
	frame_list_add_warning(&list, &mapper->warnings, &warning);
	mapper->warning_count = list.count;
}

static void warn_left_out(void *ctx, const struct schema_field *field, struct blob raw)
{
	warn(ctx, REASON_ELEMENT_LEFT_OUT, field, raw);
}

static void add_fact(struct row_mapper *mapper, const struct schema_field *field, struct blob value)
{
	struct blob key = field->list != NULL && field->list->plain ? value : blob_of("", 0);
	record_builder_add(mapper->builder, field->number, key, value);
}

/* ---- cells ---- */

static const struct map_cell *cell_at(const struct row_mapper *mapper, size_t place)
{
	int at = mapper->mapping->places[place].at;
	return at == MAPPING_NOWHERE || (size_t)at >= mapper->count ? NULL : &mapper->cells[at];
}

/* The raw text of a line: its cell, or its cells joined by a blank. */
static struct blob raw_of(struct row_mapper *mapper, const struct mapping_line *line, enum cell_type *ret_type)
{
	*ret_type = CELL_TEXT;
	if (line->place_count == 1) {
		const struct map_cell *cell = cell_at(mapper, line->places[0]);
		*ret_type = cell == NULL ? CELL_TEXT : cell->type;
		return cell == NULL ? blob_of("", 0) : cell->text;
	}
	buf_reset(&mapper->raw);
	for (size_t i = 0; i < line->place_count; i++) {
		const struct map_cell *cell = cell_at(mapper, line->places[i]);
		if (cell == NULL)
			continue;
		if (mapper->raw.len > 0)
			buf_put_u8(&mapper->raw, ' ');
		buf_put(&mapper->raw, cell->text.data, cell->text.len);
	}
	return buf_blob(&mapper->raw);
}

/* The raw text as it may go into a frame. */
static struct blob shown(struct row_mapper *mapper, struct blob raw)
{
	buf_reset(&mapper->second);
	text_make_valid(raw, &mapper->second);
	return buf_blob(&mapper->second);
}

/* Cleans into mapper->clean; false (and refused) if it may not be stored. */
static bool clean_line(struct row_mapper *mapper, const struct mapping_line *line, struct blob raw)
{
	buf_reset(&mapper->clean);
	enum reason reason = text_clean(raw, 0, &mapper->clean, NULL);
	refuse(mapper, reason, line);
	return reason == REASON_NONE;
}

/* ---- identity ---- */

static void read_name(struct row_mapper *mapper, const struct mapping_line *line)
{
	enum cell_type type;
	struct blob raw = raw_of(mapper, line, &type);
	enum reason reason = name_read(raw, &mapper->mapping->name_rules, &mapper->name);
	if (reason == REASON_NONE && validate_value(line->field, buf_blob(&mapper->name.text)) != MSG_NONE)
		reason = REASON_NAME_FORM;
	refuse(mapper, reason, line);
	if (line->place_count > 1) {
		const struct map_cell *family = cell_at(mapper, line->places[0]);
		const struct map_cell *given = cell_at(mapper, line->places[line->place_count - 1]);
		if (family != NULL && given != NULL && name_seems_swapped(family->text, given->text))
			refuse(mapper, REASON_NAME_ORDER, line);
	}
	if (mapper->name.repaired)
		warn(mapper, REASON_NAME_REPAIRED, line->field, shown(mapper, raw));
	if (mapper->name.decoded)
		warn(mapper, REASON_NAME_DECODED, line->field, shown(mapper, raw));
}

static void read_number(struct row_mapper *mapper, const struct mapping_line *line)
{
	size_t index = mapper->identity.number_count;
	enum cell_type type;
	struct blob raw = raw_of(mapper, line, &type);
	if (index == IDENTITY_NUMBERS_MAX || !clean_line(mapper, line, raw))
		return;
	refuse(mapper, identity_number_read(buf_blob(&mapper->clean), &mapper->identity.numbers[index].digits), line);
	mapper->identity.numbers[index].type = type;
	mapper->number_lines[index] = line;
	mapper->identity.number_count++;
}

static void read_birth(struct row_mapper *mapper, const struct mapping_line *line)
{
	enum cell_type type;
	if (clean_line(mapper, line, raw_of(mapper, line, &type)))
		mapper->identity.birth_form = date_read(buf_blob(&mapper->clean), &mapper->identity.birth);
}

static void read_sex(struct row_mapper *mapper, const struct mapping_line *line)
{
	enum cell_type type;
	if (clean_line(mapper, line, raw_of(mapper, line, &type)))
		refuse(mapper, sex_read(buf_blob(&mapper->clean), &mapper->identity.sex), line);
}

static bool province_is_listed(const void *ctx, unsigned province)
{
	const struct mapping *mapping = ctx;
	return province < sizeof(mapping->provinces) && mapping->provinces[province];
}

static const struct mapping_line *line_of(const struct mapping *mapping, enum map_normaliser normaliser)
{
	for (size_t i = 0; i < mapping->line_count; i++)
		if (mapping->lines[i].option->normaliser == normaliser)
			return &mapping->lines[i];
	return NULL;
}

static void refuse_each(struct row_mapper *mapper, reason_set reasons, const struct mapping_line *line)
{
	for (unsigned i = 1; i < REASON_MAX; i++)
		if ((reasons >> i & 1) != 0)
			refuse(mapper, (enum reason)i, line);
}

static void add_number(struct row_mapper *mapper, const struct schema_field *field, const char *digits,
		       const struct schema_field *grade_field, enum id_grade grade)
{
	if (digits[0] == '\0')
		return;
	add_fact(mapper, field, blob_text(digits));
	add_fact(mapper, grade_field, blob_text(identity_grade_text(grade)));
	if (grade == ID_GRADE_PADDED)
		warn(mapper, REASON_ID_PADDED, field, blob_text(digits));
}

/* Titles and notes of the name, one a line. */
static void add_notes(struct row_mapper *mapper)
{
	struct blob rest = buf_blob(&mapper->name.notes);
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		struct blob note = blob_of(rest.data, (size_t)(end - rest.data));
		if (validate_value(mapper->mapping->fields.note, note) == MSG_NONE)
			add_fact(mapper, mapper->mapping->fields.note, note);
		rest = blob_of(end + 1, rest.len - note.len - 1);
	}
}

static void judge_identity(struct row_mapper *mapper)
{
	const struct mapping *mapping = mapper->mapping;
	const struct mapping_fields *fields = &mapping->fields;
	struct identity_result result = identity_check(&mapper->identity);
	reason_set of_numbers = 0;
	for (size_t i = 0; i < mapper->identity.number_count; i++) {
		refuse_each(mapper, result.number_reasons[i], mapper->number_lines[i]);
		of_numbers |= result.number_reasons[i];
	}
	refuse_each(mapper, result.reasons & ~of_numbers, line_of(mapping, MAP_BIRTH_DATE));
	if (mapper->reasons != 0)
		return;

	add_fact(mapper, fields->full_name, buf_blob(&mapper->name.text));
	add_notes(mapper);
	if (result.birth.year != 0) {
		buf_reset(&mapper->value);
		date_put(&result.birth, &mapper->value);
		add_fact(mapper, fields->birth_date, buf_blob(&mapper->value));
	}
	if (mapper->identity.sex != SEX_UNKNOWN)
		add_fact(mapper, fields->sex, blob_text(sex_text(mapper->identity.sex)));
	add_number(mapper, fields->cccd, result.cccd, fields->cccd_grade, result.cccd_grade);
	add_number(mapper, fields->cmnd, result.cmnd, fields->cmnd_grade, result.cmnd_grade);
	if (result.province_unlisted)
		warn(mapper, REASON_ID_PROVINCE, fields->cccd, blob_text(result.cccd));
}

/* ---- everything else ---- */

static void put_value(struct row_mapper *mapper, const struct mapping_line *line, const struct schema_field *field,
		      struct blob value, bool is_constant)
{
	if (value.len == 0)
		return;
	if (line->group == MAPPING_NOWHERE)
		add_fact(mapper, field, value);
	else
		elements_put(&mapper->elements, line->group, field, value, is_constant);
}

/* Reads one text (a cell, or a piece of it) into mapper->value; warns where it gives nothing. */
static struct blob read_value(struct row_mapper *mapper, const struct mapping_line *line, struct blob text,
			      enum cell_type type, struct blob name)
{
	struct cell_value_input input = { .clean = text, .name = name, .type = type };
	buf_reset(&mapper->value);
	if (text_is_null(text))
		return blob_of("", 0);
	enum reason reason = cell_value_read(mapper->mapping, line, &input, &mapper->value);
	if (reason != REASON_NONE)
		warn(mapper, reason, line->field, text);
	return buf_blob(&mapper->value);
}

/* The year that was taken off, if it holds. */
static struct blob checked_year(const struct mapping_line *line, struct blob year)
{
	bool holds = year.len > 0 && validate_value(line->year_field, year) == MSG_NONE;
	return holds ? year : blob_of("", 0);
}

static void read_pieces(struct row_mapper *mapper, const struct mapping_line *line, struct blob clean,
			enum cell_type type)
{
	while (clean.len > 0) {
		const uint8_t *end = memchr(clean.data, line->option->split[0], clean.len);
		struct blob piece = blob_of(clean.data, end == NULL ? clean.len : (size_t)(end - clean.data));
		struct blob year = blob_of("", 0);
		clean = end == NULL ? blob_of("", 0) : blob_of(end + 1, clean.len - piece.len - 1);
		piece = text_trim(piece);
		if (line->year_field != NULL)
			(void)cell_value_take_year(&piece, &year);
		struct blob value = read_value(mapper, line, piece, type, blob_of("", 0));
		year = line->year_field == NULL ? blob_of("", 0) : checked_year(line, year);
		if (!elements_put_piece(&mapper->elements, line->group, line->field, value, line->year_field, year)) {
			warn(mapper, REASON_ELEMENT_LEFT_OUT, line->field, piece);
			return;
		}
	}
}

/* The grade's name beside a grade code, clean in mapper->second; empty if it may not be stored. */
static struct blob name_beside(struct row_mapper *mapper, const struct mapping_line *line)
{
	const struct map_cell *cell =
		line->option->name_column == NULL ? NULL : cell_at(mapper, line->name_place);
	buf_reset(&mapper->second);
	if (cell != NULL)
		refuse(mapper, text_clean(cell->text, 0, &mapper->second, NULL), line);
	return buf_blob(&mapper->second);
}

static void note_pair(struct row_mapper *mapper, const struct mapping_line *line, struct blob clean)
{
	int64_t *cell = line->option->normaliser == MAP_STEP	    ? &mapper->step_cell :
			line->option->normaliser == MAP_COEFFICIENT ? &mapper->coefficient_cell :
								      NULL;
	if (cell != NULL && !decimal_read(clean, 2, cell))
		*cell = -1;
}

static void read_line(struct row_mapper *mapper, const struct mapping_line *line)
{
	enum cell_type type;
	if (line->option->constant != NULL) {
		put_value(mapper, line, line->field, blob_text(line->option->constant), true);
		return;
	}
	if (!clean_line(mapper, line, raw_of(mapper, line, &type)))
		return;
	struct blob clean = buf_blob(&mapper->clean), year = blob_of("", 0);
	note_pair(mapper, line, clean);
	if (text_is_null(clean) || cell_value_is_none(mapper->mapping, line, clean))
		return;
	if (line->option->split != NULL) {
		read_pieces(mapper, line, clean, type);
		return;
	}
	if (line->year_field != NULL && cell_value_take_year(&clean, &year))
		put_value(mapper, line, line->year_field, checked_year(line, year), false);
	put_value(mapper, line, line->field, read_value(mapper, line, clean, type, name_beside(mapper, line)), false);
}

static void read_lines(struct row_mapper *mapper)
{
	for (size_t i = 0; i < mapper->mapping->line_count; i++) {
		const struct mapping_line *line = &mapper->mapping->lines[i];
		switch (line->option->normaliser) {
		case MAP_NAME:
			read_name(mapper, line);
			break;
		case MAP_BIRTH_DATE:
			read_birth(mapper, line);
			break;
		case MAP_SEX:
			read_sex(mapper, line);
			break;
		case MAP_IDENTITY_NUMBER:
			read_number(mapper, line);
			break;
		default:
			read_line(mapper, line);
		}
	}
}

static void count_pair(struct row_mapper *mapper)
{
	int64_t step = mapper->step_cell, coefficient = mapper->coefficient_cell;
	if (step < 0 || coefficient < 0)
		return;
	bool step_fits = step % 100 == 0 && step >= 100 && step <= 1600;
	bool other_fits = coefficient % 100 == 0 && coefficient >= 100 && coefficient <= 1600;
	mapper->pairs++;
	mapper->swapped += !step_fits && other_fits && step >= 100 && step <= 1000;
}

/* ---- the row ---- */

static bool is_ragged(const struct row_mapper *mapper, bool short_is_ragged)
{
	size_t header = mapper->mapping->header_count;
	if (short_is_ragged && mapper->count < header)
		return true;
	for (size_t i = header; i < mapper->count; i++)
		if (!text_is_blank(mapper->cells[i].text))
			return true;
	return false;
}

static enum reason read_key(struct row_mapper *mapper)
{
	const struct map_cell *cell = cell_at(mapper, mapper->mapping->key_place);
	if (cell == NULL)
		return REASON_NO_KEY;
	enum reason reason = text_clean(cell->text, 0, &mapper->source_key, NULL);
	if (reason == REASON_NONE && (mapper->source_key.len == 0 || mapper->source_key.len > LIMIT_SOURCE_KEY_BYTES))
		reason = REASON_NO_KEY;
	if (reason != REASON_NONE)
		buf_reset(&mapper->source_key);
	return reason;
}

static void put_cells(struct row_mapper *mapper, struct row_outcome *outcome)
{
	const struct mapping *mapping = mapper->mapping;
	struct cells_hash hash;
	cells_hash_begin(&hash, mapper->key);
	cells_hash_add_cell(&hash, buf_blob(&mapper->source_key));
	for (size_t i = 0; i < mapping->hashed_count; i++) {
		size_t at = mapping->hashed[i];
		struct blob text = at < mapper->count ? mapper->cells[at].text : blob_of("", 0);
		cells_hash_add_cell(&hash, text);
		if (text.len == 0)
			continue;
		struct frame_cell cell = { .column = mapping->header[at], .text = shown(mapper, text) };
		frame_list_add_cell(&outcome->cells, &mapper->cell_entries, &cell);
	}
	cells_hash_end(&hash, outcome->cells_hash);
	outcome->cells.entries = buf_blob(&mapper->cell_entries);
}

static void put_reasons(struct row_mapper *mapper, struct row_outcome *outcome)
{
	for (unsigned i = 1; i < REASON_MAX; i++) {
		if ((mapper->reasons >> i & 1) == 0)
			continue;
		const struct mapping_line *line = mapper->reason_lines[i];
		enum cell_type type;
		struct frame_reason reason = { .code = blob_text(reason_name((enum reason)i)) };
		if (line != NULL && line->place_count > 0) {
			int at = mapper->mapping->places[line->places[0]].at;
			reason.column = at == MAPPING_NOWHERE ? blob_of("", 0) : mapper->mapping->header[at];
			reason.raw = shown(mapper, raw_of(mapper, line, &type));
		}
		frame_list_add_reason(&outcome->reasons, &mapper->reason_entries, &reason);
	}
	outcome->reasons.entries = buf_blob(&mapper->reason_entries);
}

static void begin_row(struct row_mapper *mapper, const struct map_cell *cells, size_t count)
{
	struct buf *bufs[] = { &mapper->source_key, &mapper->record, &mapper->warnings, &mapper->reason_entries,
			       &mapper->cell_entries };
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_reset(bufs[i]);
	mapper->cells = cells;
	mapper->count = count;
	mapper->reasons = 0;
	mapper->warning_count = 0;
	mapper->step_cell = mapper->coefficient_cell = -1;
	mapper->identity = (struct identity_input){ .birth_form = DATE_MISSING,
						    .as_of = mapper->mapping->source.as_of,
						    .province_is_listed = province_is_listed,
						    .ctx = mapper->mapping };
	memset(mapper->reason_lines, 0, sizeof(mapper->reason_lines));
	elements_begin(&mapper->elements, mapper->mapping);
	record_builder_begin(mapper->builder, mapper->mapping->source.record_type);
}

/* Everything but the record itself; afterwards the reasons are complete. */
static void judge_row(struct row_mapper *mapper)
{
	read_lines(mapper);
	judge_identity(mapper);
	elements_add_to(&mapper->elements, mapper->builder, warn_left_out, mapper);
	count_pair(mapper);
}

static int end_row(struct row_mapper *mapper, struct row_outcome *outcome, struct err *err)
{
	const struct buf *bufs[] = { &mapper->source_key, &mapper->warnings, &mapper->reason_entries,
				     &mapper->cell_entries, &mapper->raw, &mapper->clean, &mapper->second,
				     &mapper->value, &mapper->name.text, &mapper->elements.values };
	outcome->accepted = mapper->reasons == 0;
	outcome->reason_bits = mapper->reasons;
	outcome->source_key = buf_blob(&mapper->source_key);
	outcome->warnings = (struct frame_list){ .count = mapper->warning_count, .entries = buf_blob(&mapper->warnings) };
	if (!outcome->accepted)
		put_reasons(mapper, outcome);
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		if (!buf_ok(bufs[i]))
			return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (!outcome->accepted)
		return 0;
	int rc = record_builder_encode(mapper->builder, &mapper->record, err);
	return rc < 0 ? rc : record_open(buf_blob(&mapper->record), &outcome->record, err);
}

int row_mapper_map(struct row_mapper *mapper, const struct map_cell *cells, size_t count, bool short_is_ragged,
		   struct row_outcome *ret_outcome, struct err *err)
{
	struct row_outcome outcome = { 0 };
	begin_row(mapper, cells, count);
	enum reason key_reason = read_key(mapper);
	if (is_ragged(mapper, short_is_ragged)) {
		/* No cell of it can be trusted to stand under its header, so that none is kept. */
		refuse(mapper, REASON_RAGGED, NULL);
	} else {
		refuse(mapper, key_reason, NULL);
		put_cells(mapper, &outcome);
		judge_row(mapper);
	}
	int rc = end_row(mapper, &outcome, err);
	if (rc == 0)
		*ret_outcome = outcome;
	return rc;
}

int row_mapper_check(const struct row_mapper *mapper, struct err *err)
{
	if (mapper->pairs < SWAP_ROWS_MIN || mapper->swapped * 100 <= mapper->pairs * SWAP_PERCENT)
		return 0;
	return err_set(err, ERR_INVALID, MSG_STEP_SWAPPED, ARG_U("count", mapper->swapped),
		       ARG_U("total", mapper->pairs));
}
