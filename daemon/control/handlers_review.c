/* What waits for people: cases about links, and rows that were not accepted. */
#include "daemon/base/hex.h"
#include "daemon/base/reason.h"
#include "daemon/control/handlers.h"
#include "daemon/control/mask.h"
#include "daemon/reconcile/identity.h"
#include "daemon/record/frame_list.h"
#include "daemon/record/frame_pull.h"
#include "daemon/store/case_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/person.h"
#include "daemon/store/quarantine.h"
#include "daemon/store/source_record.h"

/* ---- cases --------------------------------------------------------------------------------- */

static int put_case_persons(struct store_txn *txn, const struct case_row *row,
			    struct json_writer *json, struct err *err)
{
	json_key(json, "persons");
	json_array_begin(json);
	for (unsigned i = 0; i < row->person_count; i++) {
		struct person person;
		char uuid[UUID_TEXT_SIZE];
		if (person_get(txn, row->persons[i], &person, err) < 0)
			return err->code;
		uuid_text(person.uuid, uuid);
		json_text(json, uuid);
	}
	json_array_end(json);
	return 0;
}

/* A source record by source and masked key: enough to look it up where it came from. */
static int put_case_record(const struct control *control, struct store_txn *txn,
			   const struct case_record *named, struct json_writer *json,
			   struct err *err)
{
	struct source_record record;
	struct source_record_body body;
	struct buf plain = { 0 }, key = { 0 };
	int failed = source_record_get(txn, named->source, named->ordinal, &record, err);
	if (failed == 0)
		failed = source_record_body(txn, &record, &plain, &body, err);
	if (failed == 0) {
		mask_identifier(body.key, &key);
		json_object_begin(json);
		json_member_bool(json, "ended", (record.flags & SOURCE_RECORD_ENDED) != 0);
		json_member_text(json, "source", source_name(control, named->source));
		json_member_blob(json, "source_key", buf_blob(&key));
		json_object_end(json);
	}
	buf_cleanse(&plain);
	buf_cleanse(&key);
	return failed;
}

static int put_case(const struct control *control, struct store_txn *txn,
		    const struct case_row *row, struct json_writer *json, struct err *err)
{
	json_object_begin(json);
	json_member_unsigned(json, "case", row->id);
	json_member_text(json, "kind", control->engine->case_kind(row->kind));
	json_member_bool(json, "open", row->open);
	put_time(json, "opened_at", row->opened_us);
	if (put_case_persons(txn, row, json, err) < 0)
		return err->code;
	json_key(json, "records");
	json_array_begin(json);
	for (unsigned i = 0; i < row->record_count; i++)
		if (put_case_record(control, txn, &row->records[i], json, err) < 0)
			return err->code;
	json_array_end(json);
	json_member_text(json, "rule", link_rule_name((enum link_rule)row->rule));
	json_member_unsigned(json, "run", row->run);
	json_key(json, "score");
	json_signed(json, row->score);
	json_member_text(json, "state", control->engine->case_state(row->state));
	json_object_end(json);
	return 0;
}

/* Open cases only: the closed ones are history, found by their number. */
static int put_case_page(const struct control *control, struct store_txn *txn, uint64_t after,
			 unsigned limit, struct json_writer *json, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct case_row row;
	unsigned count = 0;
	int found = case_table_scan(txn, after + 1, &scan, err);
	if (found < 0)
		return found;
	while (count < limit && (found = case_table_next(scan, &row, err)) == 0) {
		if (!row.open)
			continue;
		if (put_case(control, txn, &row, json, err) < 0)
			return err->code;
		after = row.id;
		count++;
	}
	json_array_end(json);
	json_key(json, "next");
	if (count == limit)
		json_unsigned(json, after);
	else
		json_null(json);
	return found == ERR_NOT_FOUND ? 0 : found;
}

int handle_cases_list(void *ctx, const struct http_request *request, struct http_response *response,
		      struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	uint64_t after = 0;
	unsigned limit = 0;
	if (take_number(request->query[0], "after", 0, 0, INT64_MAX, &after, err) < 0 ||
	    take_limit(request->query[1], &limit, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "case", NULL, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "cases");
	json_array_begin(&json);
	if (put_case_page(control, txn, after, limit, &json, err) < 0)
		return err->code;
	json_object_end(&json);
	return 0;
}

int handle_cases_get(void *ctx, const struct http_request *request, struct http_response *response,
		     struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct case_row row = { 0 };
	uint64_t id = 0;
	if (take_number(request->param[0], "case", 0, 1, INT64_MAX, &id, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "case", NULL, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0 ||
	    case_table_scan(txn, id, &scan, err) < 0)
		return err->code;
	int found = case_table_next(scan, &row, err);
	if (found == ERR_NOT_FOUND || (found == 0 && row.id != id))
		return not_found("case", err);
	struct json_writer json = json_writer_of(&response->body);
	return found < 0 ? found : put_case(control, txn, &row, &json, err);
}

/* ---- quarantine ---------------------------------------------------------------------------- */

/* A quarantined row is named by its key in the store: source number and index, in hex. */
enum {
	QUARANTINE_ID_BYTES = 2 + KEYRING_IDX_SIZE,
	QUARANTINE_ID_SIZE = 2 * QUARANTINE_ID_BYTES + 1
};

static void quarantine_id(const struct quarantine_row *row, char out[QUARANTINE_ID_SIZE])
{
	uint8_t bytes[QUARANTINE_ID_BYTES] = { (uint8_t)(row->source >> 8), (uint8_t)row->source };
	memcpy(bytes + 2, row->idx, KEYRING_IDX_SIZE);
	hex_encode(bytes, sizeof(bytes), out);
}

static int take_quarantine_id(const char *text, uint16_t *ret_source, uint8_t idx[KEYRING_IDX_SIZE],
			      struct err *err)
{
	uint8_t bytes[QUARANTINE_ID_BYTES];
	if (hex_decode(text, strlen(text), bytes, sizeof(bytes)) < 0)
		return err_set(err, ERR_INVALID, MSG_CONTROL_QUARANTINE_ID);
	*ret_source = (uint16_t)(bytes[0] << 8 | bytes[1]);
	memcpy(idx, bytes + 2, KEYRING_IDX_SIZE);
	return 0;
}

static void put_shape(struct json_writer *json, const char *key, struct blob text)
{
	struct buf shape = { 0 };
	mask_shape(text, &shape);
	json_member_blob(json, key, buf_blob(&shape));
	json->out->failed |= shape.failed;
	buf_finish(&shape);
}

static void put_reasons(struct json_writer *json, struct blob encoded)
{
	struct frame_list reasons = frame_list_stored(encoded);
	struct frame_reason reason;
	json_key(json, "reasons");
	json_array_begin(json);
	while (frame_list_reason(&reasons, &reason)) {
		char text[LANGUAGE_MAX][ERR_TEXT_SIZE];
		enum msg_id msg = reason_message(reason_by_name(reason.code));
		for (int i = 0; i < LANGUAGE_MAX; i++)
			(void)message_format((enum language)i, msg, ARG_LIST(), text[i],
					     ERR_TEXT_SIZE);
		json_object_begin(json);
		json_member_blob(json, "code", reason.code);
		json_member_blob(json, "column", reason.column);
		put_shape(json, "shape", reason.raw);
		json_member_text(json, "text", text[LANGUAGE_EN]);
		json_member_text(json, "text_vi", text[LANGUAGE_VI]);
		json_object_end(json);
	}
	json_array_end(json);
}

static void put_cells(struct json_writer *json, struct blob encoded)
{
	struct frame_list cells = frame_list_stored(encoded);
	struct frame_cell cell;
	json_key(json, "cells");
	json_array_begin(json);
	while (frame_list_cell(&cells, &cell)) {
		json_object_begin(json);
		json_member_blob(json, "column", cell.column);
		put_shape(json, "shape", cell.text);
		json_object_end(json);
	}
	json_array_end(json);
}

static const char *class_name(uint8_t class)
{
	return class == FRAME_CLASS_INVALID ? "invalid" : "needs_decision";
}

static int put_quarantined(const struct control *control, struct store_txn *txn,
			   const struct quarantine_row *row, bool with_cells,
			   struct json_writer *json, struct err *err)
{
	char id[QUARANTINE_ID_SIZE];
	struct quarantine_body body;
	struct buf plain = { 0 }, key = { 0 };
	int failed = quarantine_body(txn, row, &plain, &body, err);
	if (failed == 0) {
		quarantine_id(row, id);
		mask_identifier(body.key, &key);
		json_object_begin(json);
		if (with_cells)
			put_cells(json, body.cells);
		json_member_text(json, "class", class_name(row->class));
		json_member_blob(json, "file", body.file);
		json_member_text(json, "id", id);
		put_reasons(json, body.reasons);
		json_member_unsigned(json, "row", row->row);
		json_member_unsigned(json, "run", row->run);
		json_member_text(json, "source", source_name(control, row->source));
		json_member_blob(json, "source_key", buf_blob(&key));
		json_object_end(json);
	}
	buf_cleanse(&plain);
	buf_cleanse(&key);
	return failed;
}

struct quarantine_place {
	uint16_t source;
	const uint8_t *idx; /* NULL: from the source's first row */
	uint16_t only;      /* 0: every source */
	uint8_t idx_bytes[KEYRING_IDX_SIZE];
};

static int take_quarantine_place(const struct control *control, const struct http_request *request,
				 struct quarantine_place *ret_place, struct err *err)
{
	struct quarantine_place *place = ret_place;
	const char *after = request->query[0], *source = request->query[2];
	*place = (struct quarantine_place){ 0 };
	if (source != NULL) {
		place->only = dictionary_number(control->store, DICTIONARY_SOURCE, source);
		place->source = place->only;
		if (place->only == 0)
			return not_found("source", err);
	}
	if (after == NULL)
		return 0;
	if (take_quarantine_id(after, &place->source, place->idx_bytes, err) < 0)
		return err->code;
	place->idx = place->idx_bytes;
	return 0;
}

static int put_quarantine_page(const struct control *control, struct store_txn *txn,
			       const struct quarantine_place *place, unsigned limit,
			       struct json_writer *json, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct quarantine_row row;
	char last[QUARANTINE_ID_SIZE] = "";
	unsigned count = 0;
	int found = quarantine_scan(txn, place->source, place->idx, &scan, err);
	if (found < 0)
		return found;
	while (count < limit && (found = quarantine_next(scan, &row, err)) == 0) {
		if (place->only != 0 && row.source != place->only)
			break;
		if (place->idx != NULL && row.source == place->source &&
		    memcmp(row.idx, place->idx, KEYRING_IDX_SIZE) == 0)
			continue;
		if (put_quarantined(control, txn, &row, false, json, err) < 0)
			return err->code;
		quarantine_id(&row, last);
		count++;
	}
	json_array_end(json);
	json_key(json, "next");
	if (count == limit)
		json_text(json, last);
	else
		json_null(json);
	return found == ERR_NOT_FOUND ? 0 : found;
}

int handle_quarantine_list(void *ctx, const struct http_request *request,
			   struct http_response *response, struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct quarantine_place place;
	unsigned limit = 0;
	if (take_quarantine_place(control, request, &place, err) < 0 ||
	    take_limit(request->query[1], &limit, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "quarantine", NULL, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "rows");
	json_array_begin(&json);
	if (put_quarantine_page(control, txn, &place, limit, &json, err) < 0)
		return err->code;
	json_object_end(&json);
	return 0;
}

int handle_quarantine_get(void *ctx, const struct http_request *request,
			  struct http_response *response, struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct quarantine_row row;
	uint16_t source = 0;
	uint8_t idx[KEYRING_IDX_SIZE];
	if (take_quarantine_id(request->param[0], &source, idx, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "quarantine", NULL, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0)
		return err->code;
	int found = quarantine_find(txn, source, idx, &row, err);
	if (found == ERR_NOT_FOUND)
		return not_found("row", err);
	struct json_writer json = json_writer_of(&response->body);
	return found < 0 ? found : put_quarantined(control, txn, &row, true, &json, err);
}
