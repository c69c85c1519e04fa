#include "connectors/map/row_mapper.h"

#include <stdlib.h>
#include <string.h>

#include "connectors/map/cell_value.h"
#include "connectors/map/elements.h"
#include "connectors/map/row_identity.h"
#include "connectors/map/row_state.h"
#include "connectors/normalise/decimal.h"
#include "connectors/normalise/text.h"
#include "daemon/base/err.h"
#include "daemon/record/validate.h"

enum { SWAP_ROWS_MIN = 10 /* fewer rows prove nothing */, SWAP_PERCENT = 90 };

struct row_mapper {
	struct row_state state;
	struct row_identity identity;
	struct elements elements;
	uint8_t key[CELLS_HASH_KEY_SIZE];
	int64_t step_cell, coefficient_cell; /* of the row, in hundredths; -1: no number */
	struct buf source_key, record, reason_entries, cell_entries;

	uint64_t pairs,
		swapped; /* rows with both step and coefficient, and those that fit only swapped */
};

int row_mapper_create(const struct mapping *mapping, const uint8_t key[CELLS_HASH_KEY_SIZE],
		      struct row_mapper **ret_mapper, struct err *err)
{
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = calloc(1, sizeof(*mapper));
	if (mapper == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	mapper->state.mapping = mapping;
	memcpy(mapper->key, key, sizeof(mapper->key));
	int rc = record_builder_create(&mapper->state.builder, err);
	if (rc < 0)
		return rc;
	*ret_mapper = TAKE(mapper);
	return 0;
}

void row_mapper_destroy(struct row_mapper *mapper)
{
	if (mapper == NULL)
		return;
	buf_cleanse(&mapper->source_key);
	buf_cleanse(&mapper->record);
	buf_cleanse(&mapper->reason_entries);
	buf_cleanse(&mapper->cell_entries);
	row_state_finish(&mapper->state);
	row_identity_finish(&mapper->identity);
	elements_finish(&mapper->elements);
	free(mapper);
}

static void warn_left_out(void *ctx, const struct schema_field *field, struct blob raw)
{
	row_state_warn(&((struct row_mapper *)ctx)->state, REASON_ELEMENT_LEFT_OUT, field, raw);
}

static void put_value(struct row_mapper *mapper, const struct mapping_line *line,
		      const struct schema_field *field, struct blob value, bool is_constant)
{
	if (value.len == 0)
		return;
	if (line->group == MAPPING_NOWHERE)
		row_state_add_fact(&mapper->state, field, value);
	else
		elements_put(&mapper->elements, line->group, field, value, is_constant);
}

/* Reads one text (a cell, or a piece of it) into mapper->state.value; warns where it gives nothing. */
static struct blob read_value(struct row_mapper *mapper, const struct mapping_line *line,
			      struct blob text, enum cell_type type, struct blob name)
{
	struct cell_value_input input = { .clean = text, .name = name, .type = type };
	buf_reset(&mapper->state.value);
	if (text_is_null(text))
		return blob_of("", 0);
	enum reason reason =
		cell_value_read(mapper->state.mapping, line, &input, &mapper->state.value);
	if (reason != REASON_NONE)
		row_state_warn(&mapper->state, reason, line->field, text);
	return buf_blob(&mapper->state.value);
}

/* The year that was taken off, if it holds. */
static struct blob checked_year(const struct mapping_line *line, struct blob year)
{
	bool holds = year.len > 0 && validate_value(line->year_field, year) == MSG_NONE;
	return holds ? year : blob_of("", 0);
}

static void read_pieces(struct row_mapper *mapper, const struct mapping_line *line,
			struct blob clean, enum cell_type type)
{
	while (clean.len > 0) {
		const uint8_t *end = memchr(clean.data, line->option->split[0], clean.len);
		struct blob piece =
			blob_of(clean.data, end == NULL ? clean.len : (size_t)(end - clean.data));
		struct blob year = blob_of("", 0);
		clean = end == NULL ? blob_of("", 0) : blob_of(end + 1, clean.len - piece.len - 1);
		piece = text_trim(piece);
		if (line->year_field != NULL)
			(void)cell_value_take_year(&piece, &year);
		struct blob value = read_value(mapper, line, piece, type, blob_of("", 0));
		year = line->year_field == NULL ? blob_of("", 0) : checked_year(line, year);
		if (!elements_put_piece(&mapper->elements, line->group, line->field, value,
					line->year_field, year)) {
			row_state_warn(&mapper->state, REASON_ELEMENT_LEFT_OUT, line->field, piece);
			return;
		}
	}
}

/* The grade's name beside a grade code, clean in mapper->state.second; empty if it may not be stored. */
static struct blob name_beside(struct row_mapper *mapper, const struct mapping_line *line)
{
	const struct map_cell *cell = line->option->name_column == NULL
					      ? NULL
					      : row_state_cell(&mapper->state, line->name_place);
	buf_reset(&mapper->state.second);
	if (cell != NULL)
		row_state_refuse(&mapper->state,
				 text_clean(cell->text, 0, &mapper->state.second, NULL), line);
	return buf_blob(&mapper->state.second);
}

static void note_pair(struct row_mapper *mapper, const struct mapping_line *line, struct blob clean)
{
	int64_t *cell = line->option->normaliser == MAP_STEP          ? &mapper->step_cell
			: line->option->normaliser == MAP_COEFFICIENT ? &mapper->coefficient_cell
								      : NULL;
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
	if (!row_state_clean(&mapper->state, line, row_state_raw(&mapper->state, line, &type)))
		return;
	struct blob clean = buf_blob(&mapper->state.clean), year = blob_of("", 0);
	note_pair(mapper, line, clean);
	if (text_is_null(clean))
		return;
	if (line->option->split != NULL) {
		read_pieces(mapper, line, clean, type);
		return;
	}
	if (line->year_field != NULL && cell_value_take_year(&clean, &year))
		put_value(mapper, line, line->year_field, checked_year(line, year), false);
	put_value(mapper, line, line->field,
		  read_value(mapper, line, clean, type, name_beside(mapper, line)), false);
}

static void read_lines(struct row_mapper *mapper)
{
	for (size_t i = 0; i < mapper->state.mapping->line_count; i++) {
		const struct mapping_line *line = &mapper->state.mapping->lines[i];
		if (!row_identity_take(&mapper->identity, &mapper->state, line))
			read_line(mapper, line);
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
	size_t header = mapper->state.mapping->header_count;
	if (short_is_ragged && mapper->state.count < header)
		return true;
	for (size_t i = header; i < mapper->state.count; i++)
		if (!text_is_blank(mapper->state.cells[i].text))
			return true;
	return false;
}

static enum reason read_key(struct row_mapper *mapper)
{
	const struct map_cell *cell =
		row_state_cell(&mapper->state, mapper->state.mapping->key_place);
	if (cell == NULL)
		return REASON_NO_KEY;
	enum reason reason = text_clean(cell->text, 0, &mapper->source_key, NULL);
	if (reason == REASON_NONE &&
	    (mapper->source_key.len == 0 || mapper->source_key.len > LIMIT_SOURCE_KEY_BYTES))
		reason = REASON_NO_KEY;
	if (reason != REASON_NONE)
		buf_reset(&mapper->source_key);
	return reason;
}

static void put_cells(struct row_mapper *mapper, struct row_outcome *outcome)
{
	const struct mapping *mapping = mapper->state.mapping;
	struct cells_hash hash;
	cells_hash_begin(&hash, mapper->key);
	cells_hash_add_cell(&hash, buf_blob(&mapper->source_key));
	for (size_t i = 0; i < mapping->hashed_count; i++) {
		size_t at = mapping->hashed[i];
		struct blob text =
			at < mapper->state.count ? mapper->state.cells[at].text : blob_of("", 0);
		cells_hash_add_cell(&hash, text);
		if (text.len == 0)
			continue;
		struct frame_cell cell = { .column = mapping->header[at],
					   .text = row_state_shown(&mapper->state, text) };
		frame_list_add_cell(&outcome->cells, &mapper->cell_entries, &cell);
	}
	cells_hash_end(&hash, outcome->cells_hash);
	outcome->cells.entries = buf_blob(&mapper->cell_entries);
}

static void put_reasons(struct row_mapper *mapper, struct row_outcome *outcome)
{
	for (unsigned i = 1; i < REASON_MAX; i++) {
		if ((mapper->state.reasons >> i & 1) == 0)
			continue;
		const struct mapping_line *line = mapper->state.reason_lines[i];
		enum cell_type type;
		struct frame_reason reason = { .code = blob_text(reason_name((enum reason)i)) };
		if (line != NULL && line->place_count > 0) {
			int at = mapper->state.mapping->places[line->places[0]].at;
			reason.column = at == MAPPING_NOWHERE ? blob_of("", 0)
							      : mapper->state.mapping->header[at];
			reason.raw = row_state_shown(&mapper->state,
						     row_state_raw(&mapper->state, line, &type));
		}
		frame_list_add_reason(&outcome->reasons, &mapper->reason_entries, &reason);
	}
	outcome->reasons.entries = buf_blob(&mapper->reason_entries);
}

static void begin_row(struct row_mapper *mapper, const struct map_cell *cells, size_t count)
{
	buf_reset(&mapper->source_key);
	buf_reset(&mapper->record);
	buf_reset(&mapper->reason_entries);
	buf_reset(&mapper->cell_entries);
	mapper->step_cell = mapper->coefficient_cell = -1;
	row_state_begin(&mapper->state, cells, count);
	row_identity_begin(&mapper->identity, mapper->state.mapping);
	elements_begin(&mapper->elements, mapper->state.mapping);
}

/* PRV9: police and army are left out before anything of them is kept. */
static bool is_excluded(struct row_mapper *mapper)
{
	const struct mapping *mapping = mapper->state.mapping;
	for (size_t i = 0; mapping->excluded_count > 0 && i < mapping->line_count; i++) {
		const struct mapping_line *line = &mapping->lines[i];
		enum cell_type type;
		if (line->field != mapping->fields.organisation || line->place_count == 0)
			continue;
		struct blob raw = row_state_raw(&mapper->state, line, &type);
		buf_reset(&mapper->state.clean);
		buf_reset(&mapper->state.value);
		if (text_clean(raw, 0, &mapper->state.clean, NULL) != REASON_NONE)
			continue;
		text_fold(buf_blob(&mapper->state.clean), &mapper->state.value);
		for (size_t k = 0; k < mapping->excluded_count; k++)
			if (blob_equal(buf_blob(&mapper->state.value), mapping->excluded_orgs[k]))
				return true;
	}
	return false;
}

/* Everything but the record itself; afterwards the reasons are complete. */
static void judge_row(struct row_mapper *mapper)
{
	read_lines(mapper);
	row_identity_judge(&mapper->identity, &mapper->state);
	elements_add_to(&mapper->elements, mapper->state.builder, warn_left_out, mapper);
	count_pair(mapper);
}

static int end_row(struct row_mapper *mapper, struct row_outcome *outcome, struct err *err)
{
	outcome->accepted = mapper->state.reasons == 0;
	outcome->reason_bits = mapper->state.reasons;
	outcome->source_key = buf_blob(&mapper->source_key);
	outcome->warnings = (struct frame_list){ .count = mapper->state.warning_count,
						 .entries = buf_blob(&mapper->state.warnings) };
	if (!outcome->accepted)
		put_reasons(mapper, outcome);
	if (!row_state_is_whole(&mapper->state) || !buf_ok(&mapper->source_key) ||
	    !buf_ok(&mapper->reason_entries) || !buf_ok(&mapper->cell_entries) ||
	    !buf_ok(&mapper->identity.name.text) || !buf_ok(&mapper->elements.values))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (!outcome->accepted)
		return 0;
	int rc = record_builder_encode(mapper->state.builder, &mapper->record, err);
	outcome->encoding = buf_blob(&mapper->record);
	return rc;
}

int row_mapper_map(struct row_mapper *mapper, const struct map_cell *cells, size_t count,
		   bool short_is_ragged, struct row_outcome *ret_outcome, struct err *err)
{
	struct row_outcome outcome = { 0 };
	begin_row(mapper, cells, count);
	enum reason key_reason = read_key(mapper);
	if (is_ragged(mapper, short_is_ragged)) {
		/* No cell of it can be trusted to stand under its header, so that none is kept. */
		row_state_refuse(&mapper->state, REASON_RAGGED, NULL);
	} else if (is_excluded(mapper)) {
		*ret_outcome = (struct row_outcome){ .excluded = true };
		return row_state_is_whole(&mapper->state) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
	} else {
		row_state_refuse(&mapper->state, key_reason, NULL);
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
