/* Persons: found by an identifier that came in the body, shown masked, exported with a reason. */
#include "daemon/base/limits.h"
#include "daemon/control/handlers.h"
#include "daemon/control/mask.h"
#include "daemon/reconcile/person_view.h"
#include "daemon/record/json.h"
#include "daemon/record/schema.h"
#include "daemon/store/batch_table.h"
#include "daemon/store/case_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/ident.h"
#include "daemon/store/image.h"

enum { CCCD_DIGITS = 12, CMND_DIGITS = 9 };

static void view_destroy(struct person_view **slot)
{
	if (*slot != NULL)
		person_view_finish(*slot);
	free(*slot);
}

static void put_uuid(struct json_writer *json, const uint8_t uuid[UUID_SIZE])
{
	char text[UUID_TEXT_SIZE];
	uuid_text(uuid, text);
	json_member_text(json, "uuid", text);
}

/* ---- find ---------------------------------------------------------------------------------- */

struct query {
	enum keyring_idx kind;
	const char *value;
	uint16_t source; /* of a source key */
};

static bool is_digits(const char *text, size_t len)
{
	return strspn(text, "0123456789") == len && text[len] == '\0';
}

static int take_query(const struct control *control, const struct http_request *request,
		      struct query *ret_query, struct err *err)
{
	static const char *const members[] = { "kind", "source", "value", NULL };
	const char *kind = NULL, *value = NULL, *source = NULL;
	struct query query = { 0 };
	if (take_only(request, members, err) < 0 ||
	    take_text(request, "kind", HTTP_TEXT_MAX, &kind, err) < 0 ||
	    take_text(request, "value", LIMIT_SOURCE_KEY_BYTES, &value, err) < 0 ||
	    json_get_text(request->json, "/source", JSON_OPTIONAL, &source, err) < 0)
		return err->code;

	query.value = value;
	if (strcmp(kind, "cccd") == 0 && is_digits(value, CCCD_DIGITS) && source == NULL)
		query.kind = KEYRING_IDX_CCCD;
	else if (strcmp(kind, "cmnd") == 0 && is_digits(value, CMND_DIGITS) && source == NULL)
		query.kind = KEYRING_IDX_CMND;
	else if (strcmp(kind, "source_key") == 0 && source != NULL)
		query.kind = KEYRING_IDX_SOURCE_KEY;
	else
		return err_set(err, ERR_INVALID, MSG_CONTROL_KIND);
	if (source != NULL)
		query.source = dictionary_number(control->store, DICTIONARY_SOURCE, source);
	if (source != NULL && query.source == 0)
		return not_found("source", err);
	*ret_query = query;
	return 0;
}

static int put_hit(const struct control *control, struct store_txn *txn, struct json_writer *json,
		   uint16_t source, uint32_t ordinal, struct err *err)
{
	struct source_record record;
	struct person person;
	if (source_record_get(txn, source, ordinal, &record, err) < 0 ||
	    person_get(txn, record.person, &person, err) < 0)
		return err->code;
	json_object_begin(json);
	json_member_bool(json, "ended", (record.flags & SOURCE_RECORD_ENDED) != 0);
	json_member_text(json, "source", source_name(control, source));
	put_uuid(json, person.uuid);
	json_object_end(json);
	return 0;
}

static int put_hits_of_number(const struct control *control, struct store_txn *txn,
			      const struct query *query, struct json_writer *json, struct err *err)
{
	uint8_t idx[KEYRING_IDX_SIZE];
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct ident ident;
	store_idx(control->store, query->kind, blob_text(query->value), idx);
	if (ident_scan(txn, (uint8_t)query->kind, idx, &scan, err) < 0)
		return err->code;
	int found;
	while ((found = ident_next(scan, &ident, err)) == 0)
		if (put_hit(control, txn, json, ident.source, ident.ordinal, err) < 0)
			return err->code;
	return found == ERR_NOT_FOUND ? 0 : found;
}

static int put_hits_of_key(const struct control *control, struct store_txn *txn,
			   const struct query *query, struct json_writer *json, struct err *err)
{
	uint8_t idx[KEYRING_IDX_SIZE];
	uint32_t ordinal = 0;
	source_key_idx(control->store, query->source, blob_text(query->value), idx);
	int found = source_record_find(txn, query->source, idx, &ordinal, err);
	if (found == ERR_NOT_FOUND)
		return 0;
	return found < 0 ? found : put_hit(control, txn, json, query->source, ordinal, err);
}

int handle_records_find(void *ctx, const struct http_request *request,
			struct http_response *response, struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct query query = { 0 };
	if (take_query(control, request, &query, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "find", NULL, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0)
		return err->code;

	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "records");
	json_array_begin(&json);
	int failed = query.kind == KEYRING_IDX_SOURCE_KEY
			     ? put_hits_of_key(control, txn, &query, &json, err)
			     : put_hits_of_number(control, txn, &query, &json, err);
	json_array_end(&json);
	json_object_end(&json);
	return failed;
}

/* ---- get ----------------------------------------------------------------------------------- */

/* A source says a golden value if one of its facts of that field has it; lists pair by value. */
static bool says(const struct person_view_item *item, const struct fact *golden)
{
	struct record record;
	struct fact fact;
	if (record_open(item->body.record, &record, NULL) < 0)
		return false;
	struct record_iter iter = record_iterate(&record);
	while (record_next(&iter, &fact))
		if (fact.field == golden->field && blob_equal(fact.value, golden->value))
			return true;
	return false;
}

static void put_sources_of(const struct control *control, const struct person_view *view,
			   const struct fact *golden, struct json_writer *json)
{
	json_key(json, "sources");
	json_array_begin(json);
	for (size_t i = 0; i < view->count; i++)
		if (says(&view->items[i], golden))
			json_text(json, source_name(control, view->items[i].member.source));
	json_array_end(json);
}

static void put_fact(const struct control *control, const struct person_view *view,
		     const struct fact *fact, struct json_writer *json)
{
	const struct schema_field *field = schema_field_by_number(control->schema, fact->field);
	if (field == NULL)
		return; /* of an older schema: nothing says how to mask it */
	struct buf key = { 0 }, value = { 0 };
	mask_element_key(field, fact->key, &key);
	mask_value(field, fact->value, &value);
	json_object_begin(json);
	json_member_text(json, "field", field->path);
	json_member_blob(json, "key", buf_blob(&key));
	put_sources_of(control, view, fact, json);
	json_member_text(json, "title", field->title[LANGUAGE_EN]);
	json_member_text(json, "title_vi", field->title[LANGUAGE_VI]);
	json_member_blob(json, "value", buf_blob(&value));
	json_object_end(json);
	json->out->failed |= key.failed || value.failed;
	buf_cleanse(&key);
	buf_cleanse(&value);
}

static int put_golden(const struct control *control, const struct person_view *view,
		      struct json_writer *json, struct err *err)
{
	struct record golden;
	struct fact fact;
	json_key(json, "golden");
	json_array_begin(json);
	if (view->body.golden.len > 0) {
		if (record_open(view->body.golden, &golden, err) < 0)
			return err->code;
		struct record_iter iter = record_iterate(&golden);
		while (record_next(&iter, &fact))
			put_fact(control, view, &fact, json);
	}
	json_array_end(json);
	return 0;
}

static const char *how_name(uint8_t how)
{
	static const char *const names[] = {
		[MEMBER_NEW] = "new",
		[MEMBER_EXACT] = "exact",
		[MEMBER_AUTO] = "auto",
		[MEMBER_MANUAL] = "manual",
	};
	return how >= MEMBER_NEW && how <= MEMBER_MANUAL ? names[how] : "?";
}

static void put_link(const struct control *control, const struct person_view_item *item,
		     struct json_writer *json)
{
	struct buf key = { 0 };
	mask_identifier(item->body.key, &key);
	json_object_begin(json);
	json_member_unsigned(json, "absent", item->record.absent);
	json_member_blob(json, "as_of", item->body.as_of);
	json_member_bool(json, "ended", (item->record.flags & SOURCE_RECORD_ENDED) != 0);
	json_member_text(json, "how", how_name(item->member.how));
	json_member_unsigned(json, "incarnation", item->record.incarnation);
	json_member_unsigned(json, "linked_in_run", item->member.run);
	json_member_text(json, "rule", link_rule_name((enum link_rule)item->member.rule));
	json_member_unsigned(json, "run", item->record.run);
	json_key(json, "score");
	json_signed(json, item->member.score);
	json_member_text(json, "source", source_name(control, item->member.source));
	json_member_blob(json, "source_key", buf_blob(&key));
	json_object_end(json);
	json->out->failed |= key.failed;
	buf_cleanse(&key);
}

static int put_cases(struct store_txn *txn, uint32_t person, struct json_writer *json,
		     struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint64_t id;
	int found;
	json_key(json, "open_cases");
	json_array_begin(json);
	if (case_of_scan(txn, person, &scan, err) < 0)
		return err->code;
	while ((found = case_of_next(scan, &id, err)) == 0)
		json_unsigned(json, id);
	json_array_end(json);
	return found == ERR_NOT_FOUND ? 0 : found;
}

/* How far upstream knows the person: what was last sent, whether more is due, and what is under way. */
static int put_upstream(const struct control *control, struct store_txn *txn,
			const struct person *person, struct json_writer *json, struct err *err)
{
	struct image image = { 0 };
	uint64_t batch = 0;
	int sent = image_find(txn, person, NULL, &image, NULL, err);
	int open = batch_of_find(txn, person->ordinal, &batch, err);
	int dirty = person_find_dirty(txn, person->ordinal, err);
	if ((sent < 0 && sent != ERR_NOT_FOUND) || (open < 0 && open != ERR_NOT_FOUND) ||
	    (dirty < 0 && dirty != ERR_NOT_FOUND))
		return err->code;
	json_key(json, "upstream");
	json_object_begin(json);
	put_number_or_null(json, "batch", open == 0 ? batch : 0);
	json_member_bool(json, "dirty", dirty == 0);
	json_member_text(json, "state", sent == 0 ? control->engine->image_state(image.state) : "");
	put_number_or_null(json, "version", sent == 0 ? image.version : 0);
	json_object_end(json);
	return 0;
}

static int put_person(const struct control *control, struct store_txn *txn,
		      const struct person_view *view, struct json_writer *json, struct err *err)
{
	json_object_begin(json);
	if (put_golden(control, view, json, err) < 0)
		return err->code;
	json_key(json, "links");
	json_array_begin(json);
	for (size_t i = 0; i < view->count; i++)
		put_link(control, &view->items[i], json);
	json_array_end(json);
	if (put_cases(txn, view->person.ordinal, json, err) < 0 ||
	    put_upstream(control, txn, &view->person, json, err) < 0)
		return err->code;
	put_uuid(json, view->person.uuid);
	json_object_end(json);
	return 0;
}

int handle_records_get(void *ctx, const struct http_request *request,
		       struct http_response *response, struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	uint8_t uuid[UUID_SIZE];
	uint32_t ordinal = 0;
	CLEANUP(view_destroy) struct person_view *view = calloc(1, sizeof(*view));
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	if (view == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (take_uuid(request->param[0], "uuid", uuid, err) < 0 ||
	    engine->note_read(engine->ctx, request->peer, "person", uuid, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0)
		return err->code;
	int found = person_find_uuid(txn, uuid, &ordinal, err);
	if (found == ERR_NOT_FOUND)
		return not_found("person", err);
	if (found < 0 || person_view_load(txn, ordinal, view, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	return put_person(control, txn, view, &json, err);
}

int handle_exports_canonical(void *ctx, const struct http_request *request,
			     struct http_response *response, struct err *err)
{
	static const char *const members[] = { "reason", NULL };
	const struct engine_api *engine = ((const struct control *)ctx)->engine;
	const char *reason = NULL;
	struct engine_reader reader = { .fd = -1, .pidfd = -1 };
	if (take_only(request, members, err) < 0 ||
	    take_text(request, "reason", LIMIT_REASON_BYTES, &reason, err) < 0 ||
	    engine->export_canonical(engine->ctx, request->peer, reason, &reader, err) < 0)
		return err->code;
	return answer_reader(response, &reader, "application/x-ndjson");
}
