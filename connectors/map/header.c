#include "connectors/map/header.h"

#include <stdlib.h>

#include "connectors/normalise/text.h"
#include "daemon/base/err.h"

void header_unbind(struct mapping *mapping)
{
	free(mapping->header);
	free(mapping->hashed);
	mapping->header = NULL;
	mapping->hashed = NULL;
	mapping->header_count = mapping->hashed_count = 0;
	buf_reset(&mapping->header_texts);
	for (size_t i = 0; i < mapping->place_count; i++)
		mapping->places[i].at = MAPPING_NOWHERE;
}

static struct blob name_text(const struct mapping *mapping, const struct mapping_name *name)
{
	return blob_of(mapping->folded.data + name->begin, name->len);
}

/* Appends the cell clean and folded to `out`; false if it cannot be a name. */
static bool fold_cell(struct blob cell, struct buf *clean, struct buf *folded)
{
	return text_clean(cell, 0, clean, NULL) == REASON_NONE &&
	       (text_fold(buf_blob(clean), folded), true);
}

size_t header_count_hits(const struct mapping *mapping, const struct blob *cells, size_t count)
{
	size_t hits = 0;
	for (size_t i = 0; i < count; i++) {
		struct buf clean = { 0 }, folded = { 0 };
		bool known = false;
		if (fold_cell(cells[i], &clean, &folded))
			for (size_t k = 0; !known && k < mapping->name_count; k++)
				known = blob_equal(buf_blob(&folded),
						   name_text(mapping, &mapping->names[k]));
		hits += known;
		buf_finish(&clean);
		buf_finish(&folded);
	}
	return hits;
}

static int said_twice(const struct mapping *mapping, size_t column, uint64_t row, struct err *err)
{
	return err_set(
		err, ERR_INVALID, MSG_HEADER_TWICE, ARG_U("row", row),
		ARG_TEXTN("column", mapping->header[column].data, mapping->header[column].len));
}

/* Where the column's name is known it takes its places; two columns for one place are an error. */
static int bind_column(struct mapping *mapping, struct blob folded, size_t column, uint64_t row,
		       struct err *err)
{
	for (size_t k = 0; k < mapping->name_count; k++) {
		struct mapping_place *place = &mapping->places[mapping->names[k].place];
		if (!blob_equal(folded, name_text(mapping, &mapping->names[k])))
			continue;
		if (place->at != MAPPING_NOWHERE && place->at != (int)column)
			return said_twice(mapping, column, row, err);
		place->at = (int)column;
	}
	return 0;
}

static int bind_columns(struct mapping *mapping, const struct blob *cells, size_t count,
			uint64_t row, struct err *err)
{
	struct buf folded = { 0 };
	size_t *begins = calloc(count + 1, sizeof(*begins));
	int rc = begins == NULL ? err_set(err, ERR_NOMEM, MSG_NOMEM) : 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct buf clean = { 0 };
		if (!fold_cell(cells[i], &clean, &folded))
			rc = err_set(err, ERR_INVALID, MSG_HEADER_CONTROL, ARG_U("row", row));
		mapping->header[i].len = clean.len;
		buf_put(&mapping->header_texts, clean.data, clean.len);
		buf_finish(&clean);
		begins[i + 1] = folded.len;
	}
	for (size_t i = 0, begin = 0; rc == 0 && i < count; i++) {
		mapping->header[i].data = mapping->header_texts.data + begin;
		begin += mapping->header[i].len;
	}
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct blob name = blob_of(folded.data + begins[i], begins[i + 1] - begins[i]);
		for (size_t k = 0; rc == 0 && name.len > 0 && k < i; k++)
			if (blob_equal(name,
				       blob_of(folded.data + begins[k], begins[k + 1] - begins[k])))
				rc = said_twice(mapping, i, row, err);
		if (rc == 0 && name.len > 0)
			rc = bind_column(mapping, name, i, row, err);
	}
	free(begins);
	buf_finish(&folded);
	return rc;
}

static int check_missing(const struct mapping *mapping, uint64_t row, struct err *err)
{
	const char *first = NULL;
	size_t missing = 0;
	for (size_t i = 0; i < mapping->place_count; i++) {
		if (!mapping->places[i].required || mapping->places[i].at != MAPPING_NOWHERE)
			continue;
		first = first == NULL ? mapping->places[i].name : first;
		missing++;
	}
	if (missing == 0)
		return 0;
	/* The names of the file as C strings, for the search of the nearest. */
	struct buf texts = { 0 };
	const char **names = calloc(mapping->header_count + 1, sizeof(*names));
	for (size_t i = 0; i < mapping->header_count; i++) {
		buf_put(&texts, mapping->header[i].data, mapping->header[i].len);
		buf_put_u8(&texts, '\0');
	}
	size_t at = 0;
	for (size_t i = 0; names != NULL && buf_ok(&texts) && i < mapping->header_count; i++) {
		names[i] = (const char *)texts.data + at;
		at += mapping->header[i].len + 1;
	}
	const char *nearest = names == NULL || !buf_ok(&texts) ? NULL : diag_nearest(first, names);
	int rc = nearest == NULL
			 ? err_set(err, ERR_INVALID, MSG_HEADER_NO_COLUMN, ARG_U("row", row),
				   ARG_U("count", missing), ARG_TEXT("column", first))
			 : err_set(err, ERR_INVALID, MSG_HEADER_NO_COLUMN_NEAREST,
				   ARG_U("row", row), ARG_U("count", missing),
				   ARG_TEXT("column", first), ARG_TEXT("nearest", nearest));
	free(names);
	buf_finish(&texts);
	return rc;
}

/* The columns that lines read, each once, in the order of the map: a file with its columns moved has equal rows. */
static void list_hashed(struct mapping *mapping)
{
	for (size_t i = 0; i < mapping->place_count; i++) {
		const struct mapping_place *place = &mapping->places[i];
		bool there = !place->hashed || place->at == MAPPING_NOWHERE;
		for (size_t k = 0; !there && k < mapping->hashed_count; k++)
			there = mapping->hashed[k] == (size_t)place->at;
		if (!there)
			mapping->hashed[mapping->hashed_count++] = (size_t)place->at;
	}
}

int header_bind(struct mapping *mapping, const struct blob *cells, size_t count, uint64_t row,
		struct err *err)
{
	header_unbind(mapping);
	mapping->header = calloc(count + 1, sizeof(*mapping->header));
	mapping->hashed = calloc(mapping->place_count + 1, sizeof(*mapping->hashed));
	if (mapping->header == NULL || mapping->hashed == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int rc = bind_columns(mapping, cells, count, row, err);
	mapping->header_count = rc == 0 ? count : 0;
	if (rc == 0 && !buf_ok(&mapping->header_texts))
		rc = err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (rc == 0)
		rc = check_missing(mapping, row, err);
	if (rc == 0)
		list_hashed(mapping);
	return rc;
}

size_t header_dropped(const struct mapping *mapping)
{
	size_t dropped = 0;
	for (size_t i = 0; i < mapping->header_count; i++) {
		bool known = mapping->header[i].len == 0;
		for (size_t k = 0; !known && k < mapping->place_count; k++)
			known = mapping->places[k].at == (int)i;
		dropped += !known;
	}
	return dropped;
}
