/* The audit log: its leaves as they stand, and a verification by a process of its own. */
#include "daemon/control/handlers.h"
#include "daemon/store/audit_table.h"

/* A leaf is canonical JSON without personal data; it goes out byte for byte, so that its hash holds. */
static int put_page(struct store_txn *txn, uint64_t from, unsigned limit, struct json_writer *json,
		    struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct blob leaf, sealed;
	uint64_t index = 0;
	unsigned count = 0;
	int found = audit_table_scan(txn, from, &scan, err);
	if (found < 0)
		return found;
	while (count < limit &&
	       (found = audit_table_next(scan, &index, &leaf, &sealed, err)) == 0) {
		json_raw(json, leaf);
		count++;
	}
	json_array_end(json);
	json_key(json, "next");
	if (count == limit)
		json_unsigned(json, index);
	else
		json_null(json);
	return found == ERR_NOT_FOUND ? 0 : found;
}

int handle_audit_list(void *ctx, const struct http_request *request, struct http_response *response,
		      struct err *err)
{
	const struct control *control = ctx;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct audit_frontier frontier;
	uint64_t after = 0;
	unsigned limit = 0;
	if (take_number(request->query[0], "after", 0, 0, INT64_MAX, &after, err) < 0 ||
	    take_limit(request->query[1], &limit, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0 ||
	    audit_frontier_get(txn, &frontier, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "leaves");
	json_array_begin(&json);
	if (put_page(txn, request->query[0] == NULL ? 0 : after + 1, limit, &json, err) < 0)
		return err->code;
	json_member_hex(&json, "root", frontier.root, sizeof(frontier.root));
	json_member_unsigned(&json, "size", frontier.size);
	json_object_end(&json);
	return 0;
}

int handle_audit_get(void *ctx, const struct http_request *request, struct http_response *response,
		     struct err *err)
{
	const struct control *control = ctx;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct audit_frontier frontier;
	struct blob leaf, sealed;
	uint64_t index = 0;
	if (take_number(request->param[0], "index", 0, 0, INT64_MAX, &index, err) < 0 ||
	    store_begin(control->store, KV_READ, &txn, err) < 0 ||
	    audit_frontier_get(txn, &frontier, err) < 0)
		return err->code;
	if (index >= frontier.size)
		return not_found("leaf", err);
	if (audit_table_get(txn, index, &leaf, &sealed, err) < 0)
		return err->code;
	buf_put(&response->body, leaf.data, leaf.len);
	return 0;
}

int handle_audit_verify(void *ctx, const struct http_request *request,
			struct http_response *response, struct err *err)
{
	static const char *const members[] = { NULL };
	const struct engine_api *engine = ((const struct control *)ctx)->engine;
	struct engine_reader reader = { .fd = -1, .pidfd = -1 };
	if (take_only(request, members, err) < 0 ||
	    engine->verify_audit(engine->ctx, request->peer, &reader, err) < 0)
		return err->code;
	return answer_reader(response, &reader, "application/json");
}
