#include "connectors/file_drop/file_drop.h"

#include <stdlib.h>
#include <string.h>

#include "connectors/file_drop/drop_file.h"
#include "connectors/file_drop/options.h"
#include "connectors/format/csv.h"
#include "connectors/frame_sink.h"
#include "connectors/map/header.h"
#include "connectors/map/mapping.h"
#include "connectors/map/row_mapper.h"
#include "connectors/map/template.h"
#include "connectors/normalise/text.h"
#include "connectors/source_options.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"

enum { HEADER_HITS = 3 /* HR1 */, PROGRESS_ROWS = 5000 };

struct connector {
	const struct file_drop_options *options;
	const struct source_options *source;
	int folder;
	struct mapping *mapping;
	struct row_mapper *mapper;
	struct drop_file file;
	struct csv *csv;
	struct map_cell cells[LIMIT_CSV_COLUMNS];

	uint64_t rows;      /* that count for the trailer: no section, total or blank row */
	uint64_t trailers;  /* closing rows that were met */
	uint64_t promised;  /* what the last of them said */
	uint64_t blank_run; /* blank rows since the last other one */
};

static void file_drop_close(struct connector *connector)
{
	if (connector == NULL)
		return;
	csv_destroy(connector->csv);
	drop_file_close(&connector->file);
	row_mapper_destroy(connector->mapper);
	mapping_destroy(connector->mapping);
	explicit_bzero(connector->cells, sizeof(connector->cells));
	free(connector);
}

static inline void close_connectorp(struct connector **slot)
{
	file_drop_close(*slot);
}

static int file_drop_open(const struct connector_env *env, const void *options,
			  struct connector **ret_connector, struct err *err)
{
	static const char delimiters[] = {
		[FILE_DROP_COMMA] = ',', [FILE_DROP_SEMICOLON] = ';', [FILE_DROP_TAB] = '\t'
	};
	CLEANUP(close_connectorp) struct connector *connector = calloc(1, sizeof(*connector));
	struct mapping_source source;
	if (connector == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	connector->options = options;
	connector->source = env->source_options;
	connector->file.fd = -1;
	connector->folder = connector_fd(env, "folder");
	if (connector->folder < 0)
		return err_set(err, ERR_PROTOCOL, MSG_HOST_FD, ARG_WORD("name", "folder"));
	if (connector->source->trailer != NULL &&
	    !template_is_valid(connector->source->trailer, true))
		return err_set(err, ERR_CONFIG, MSG_MAP_TEMPLATE,
			       ARG_TEXT("text", connector->source->trailer));
	int rc = source_options_mapping(env->source_options, &source, err);
	if (rc == 0)
		rc = mapping_create(&connector->options->map, env->schema, env->code_lists, source,
				    &connector->mapping, err);
	if (rc == 0)
		rc = row_mapper_create(connector->mapping, env->cell_key, &connector->mapper, err);
	if (rc == 0)
		rc = csv_create(drop_file_read, &connector->file,
				delimiters[connector->options->delimiter], &connector->csv, err);
	if (rc == 0)
		*ret_connector = TAKE(connector);
	return rc;
}

/* ---- header ---- */

static void take_texts(struct connector *connector, const struct csv_row *row, struct blob *texts)
{
	for (size_t i = 0; i < row->count; i++) {
		texts[i] = blob_of(row->cells[i].text, row->cells[i].len);
		connector->cells[i] = (struct map_cell){ .text = texts[i], .type = CELL_UNTYPED };
	}
}

/* HR1: the first row with enough known names; above it stands a title. Where none is found the first row is taken
 * for it, so that the error tells what it lacks.
 */
static int find_header(struct connector *connector, struct err *err)
{
	CLEANUP(freep) struct blob *texts = calloc(LIMIT_CSV_COLUMNS, sizeof(*texts));
	struct err first = { 0 };
	int first_rc = 0;
	if (texts == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (unsigned i = 0; i < LIMIT_HEADER_ROWS; i++) {
		struct csv_row row;
		int rc = csv_next(connector->csv, &row, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		take_texts(connector, &row, texts);
		bool known = header_count_hits(connector->mapping, texts, row.count) >= HEADER_HITS;
		if (!known && i > 0)
			continue;
		rc = header_bind(connector->mapping, texts, row.count, row.number,
				 known ? err : &first);
		if (known || rc == 0)
			return rc;
		first_rc = rc;
	}
	if (first_rc == 0)
		return err_set(err, ERR_INVALID, MSG_HEADER_NONE);
	if (err != NULL)
		*err = first;
	return first_rc;
}

/* ---- rows ---- */

struct fill { /* of a row */
	size_t filled;
	bool first; /* the first cell is filled */
};

static struct fill fill_of(const struct csv_row *row)
{
	struct fill fill = { 0 };
	for (size_t i = 0; i < row->count; i++) {
		bool filled = !text_is_blank(blob_of(row->cells[i].text, row->cells[i].len));
		fill.filled += filled;
		fill.first |= filled && i == 0;
	}
	return fill;
}

/* Whether only the first cell is filled and looks as declared. */
static bool is_heading(struct connector *connector, const struct csv_row *row,
		       enum frame_skip_kind *ret_kind)
{
	struct buf clean = { 0 };
	const struct option_texts *sections = &connector->options->sections;
	bool found = false;
	if (text_clean(blob_of(row->cells[0].text, row->cells[0].len), 0, &clean, NULL) ==
	    REASON_NONE) {
		if (connector->source->trailer != NULL &&
		    template_match(connector->source->trailer, buf_blob(&clean),
				   &connector->promised)) {
			connector->trailers++;
			*ret_kind = FRAME_SKIP_TOTAL;
			found = true;
		}
		for (size_t i = 0; !found && i < sections->count; i++) {
			found = template_match(sections->items[i], buf_blob(&clean), NULL);
			*ret_kind = FRAME_SKIP_HEADING;
		}
	}
	buf_cleanse(&clean);
	return found;
}

static int send_outcome(const struct row_outcome *outcome, const struct frame_locator *at,
			struct frame_sink *sink, struct err *err)
{
	if (outcome->accepted) {
		struct frame_row row = { .at = *at,
					 .source_key = outcome->source_key,
					 .record = { .encoding = outcome->encoding },
					 .cells = outcome->cells,
					 .warnings = outcome->warnings };
		memcpy(row.cells_hash, outcome->cells_hash, sizeof(row.cells_hash));
		return frame_sink_row(sink, &row, err);
	}
	bool invalid = reason_set_class(outcome->reason_bits) == REASON_INVALID;
	const struct frame_reject reject = { .at = *at,
					     .source_key = outcome->source_key,
					     .class = invalid ? FRAME_CLASS_INVALID
							      : FRAME_CLASS_NEEDS_DECISION,
					     .reasons = outcome->reasons,
					     .cells = outcome->cells };
	return frame_sink_reject(sink, &reject, err);
}

static int take_row(struct connector *connector, const struct csv_row *row, struct frame_sink *sink,
		    struct err *err)
{
	struct frame_skip skip = {
		.at = { .file = 0, .row = row->number, .byte_offset = row->byte_offset }
	};
	struct fill fill = fill_of(row);
	connector->blank_run = fill.filled == 0 ? connector->blank_run + 1 : 0;
	if (fill.filled == 0) {
		skip.kind = FRAME_SKIP_BLANK;
		return frame_sink_skip(sink, &skip, err);
	}
	if (fill.filled == 1 && fill.first && is_heading(connector, row, &skip.kind))
		return frame_sink_skip(sink, &skip, err);

	struct row_outcome outcome;
	connector->rows++;
	for (size_t i = 0; i < row->count; i++)
		connector->cells[i] =
			(struct map_cell){ .text = blob_of(row->cells[i].text, row->cells[i].len),
					   .type = CELL_UNTYPED };
	int rc = row_mapper_map(connector->mapper, connector->cells, row->count, true, &outcome,
				err);
	if (rc < 0 || !outcome.excluded)
		return rc < 0 ? rc : send_outcome(&outcome, &skip.at, sink, err);
	skip.kind = FRAME_SKIP_OUT_OF_SCOPE;
	return frame_sink_skip(sink, &skip, err);
}

static int take_rows(struct connector *connector, struct frame_sink *sink, struct err *err)
{
	struct csv_row row;
	int rc = 0;
	for (uint64_t n = 1; rc == 0 && connector->blank_run < LIMIT_BLANK_ROWS; n++) {
		rc = csv_next(connector->csv, &row, err);
		if (rc <= 0)
			return rc;
		rc = take_row(connector, &row, sink, err);
		if (rc == 0 && n % PROGRESS_ROWS == 0)
			rc = frame_sink_progress(sink, row.byte_offset,
						 (uint64_t)connector->file.opened.st_size, err);
	}
	return rc;
}

/* HR12: the closing row proves the list if it is there once and counts the rows, duplicates included. */
static void judge_completeness(const struct connector *connector, struct pull_end *ret_end)
{
	*ret_end = (struct pull_end){ .completeness = FRAME_UNPROVEN, .counted = connector->rows };
	if (connector->source->trailer == NULL)
		return;
	ret_end->promised = connector->promised;
	ret_end->completeness = connector->trailers == 1 && connector->promised == connector->rows
					? FRAME_PROVEN
					: FRAME_INCOMPLETE;
}

static int tell_file(struct connector *connector, struct frame_sink *sink, struct err *err)
{
	struct frame_file file = { .name = blob_text(connector->options->file),
				   .size_bytes = (uint64_t)connector->file.opened.st_size };
	int rc = drop_file_hash(&connector->file, file.sha256, err);
	return rc < 0 ? rc : frame_sink_file(sink, &file, err);
}

static int file_drop_pull(struct connector *connector, struct frame_sink *sink,
			  struct pull_end *ret_end, struct err *err)
{
	int rc = drop_file_open(connector->folder, connector->options->file,
				connector->options->max_bytes, &connector->file, err);
	if (rc == 0)
		rc = tell_file(connector, sink, err);
	if (rc == 0)
		rc = find_header(connector, err);
	if (rc < 0)
		return rc;
	log_event(LOG_LEVEL_DEBUG, MSG_DROP_COLUMNS,
		  ARG_U("mapped", connector->mapping->hashed_count),
		  ARG_U("dropped", header_dropped(connector->mapping)));
	rc = take_rows(connector, sink, err);
	if (rc == 0)
		rc = row_mapper_check(connector->mapper, err);
	if (rc == 0)
		rc = drop_file_check(&connector->file, err);
	if (rc == 0)
		judge_completeness(connector, ret_end);
	return rc;
}

const struct connector_ops file_drop_ops = {
	.name = "file_drop",
	.capabilities = CONNECTOR_PULLS | CONNECTOR_SNAPSHOT,
	.role = FRAME_ROLE_FILE,
	.rows = file_drop_option_rows,
	.options_size = sizeof(struct file_drop_options),
	.open = file_drop_open,
	.pull = file_drop_pull,
	.push = connector_cannot_push,
	.close = file_drop_close,
};
