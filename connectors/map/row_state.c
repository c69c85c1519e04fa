#include "connectors/map/row_state.h"

#include <string.h>

#include "connectors/normalise/text.h"
#include "daemon/record/frame_list.h"

void row_state_begin(struct row_state *state, const struct map_cell *cells, size_t count)
{
	state->cells = cells;
	state->count = count;
	state->reasons = 0;
	state->warning_count = 0;
	buf_reset(&state->warnings);
	memset(state->reason_lines, 0, sizeof(state->reason_lines));
	record_builder_begin(state->builder, state->mapping->source.record_type);
}

bool row_state_is_whole(const struct row_state *state)
{
	return buf_ok(&state->warnings) && buf_ok(&state->raw) && buf_ok(&state->clean) &&
	       buf_ok(&state->second) && buf_ok(&state->value);
}

void row_state_finish(struct row_state *state)
{
	record_builder_destroy(state->builder);
	buf_cleanse(&state->warnings);
	buf_cleanse(&state->raw);
	buf_cleanse(&state->clean);
	buf_cleanse(&state->second);
	buf_cleanse(&state->value);
}

void row_state_refuse(struct row_state *state, enum reason reason, const struct mapping_line *line)
{
	if (reason == REASON_NONE || (state->reasons & reason_bit(reason)) != 0)
		return;
	state->reasons |= reason_bit(reason);
	state->reason_lines[reason] = line;
}

void row_state_warn(struct row_state *state, enum reason reason, const struct schema_field *field,
		    struct blob raw)
{
	struct frame_list list = { .count = state->warning_count };
	struct frame_warning warning = { .field = field->number,
					 .code = (uint16_t)reason,
					 .raw = raw };
	frame_list_add_warning(&list, &state->warnings, &warning);
	state->warning_count = list.count;
}

void row_state_add_fact(struct row_state *state, const struct schema_field *field,
			struct blob value)
{
	struct blob key = field->list != NULL && field->list->plain ? value : blob_of("", 0);
	record_builder_add(state->builder, field->number, key, value);
}

const struct map_cell *row_state_cell(const struct row_state *state, size_t place)
{
	int at = state->mapping->places[place].at;
	return at == MAPPING_NOWHERE || (size_t)at >= state->count ? NULL : &state->cells[at];
}

struct blob row_state_raw(struct row_state *state, const struct mapping_line *line,
			  enum cell_type *ret_type)
{
	*ret_type = CELL_TEXT;
	if (line->place_count == 1) {
		const struct map_cell *cell = row_state_cell(state, line->places[0]);
		*ret_type = cell == NULL ? CELL_TEXT : cell->type;
		return cell == NULL ? blob_of("", 0) : cell->text;
	}
	buf_reset(&state->raw);
	for (size_t i = 0; i < line->place_count; i++) {
		const struct map_cell *cell = row_state_cell(state, line->places[i]);
		if (cell == NULL)
			continue;
		if (state->raw.len > 0)
			buf_put_u8(&state->raw, ' ');
		buf_put(&state->raw, cell->text.data, cell->text.len);
	}
	return buf_blob(&state->raw);
}

struct blob row_state_shown(struct row_state *state, struct blob raw)
{
	buf_reset(&state->second);
	text_make_valid(raw, &state->second);
	return buf_blob(&state->second);
}

bool row_state_clean(struct row_state *state, const struct mapping_line *line, struct blob raw)
{
	buf_reset(&state->clean);
	enum reason reason = text_clean(raw, 0, &state->clean, NULL);
	row_state_refuse(state, reason, line);
	return reason == REASON_NONE;
}
