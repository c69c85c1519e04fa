/* POST /v1/persons/batch: fence, key, items, answer; all that is written is one transaction. */
#include "tests/national/reply.h"
#include "tests/national/server.h"
#include "tests/national/store.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum stat stat;
	bool failed; /* undoes a strict batch */
} STATUSES[] = {
	{ "created", STAT_CREATED, false },     { "updated", STAT_UPDATED, false },
	{ "unchanged", STAT_UNCHANGED, false }, { "retired", STAT_RETIRED, false },
	{ "conflict", STAT_CONFLICT, true },    { "invalid", STAT_INVALID, true },
	{ "rejected", STAT_REJECTED, true },    { "retry", STAT_RETRY, true },
};

/* One batch being worked on. */
struct work {
	struct call *call;
	struct store *store;
	cJSON *request, *errors, *results;
	const char *id;
	int64_t epoch;
	bool strict;
};

/* One item of it. */
struct item {
	const char *id, *op, *external_id, *if_match;
	char *body; /* canonical person, NULL for a retirement */
	char etag[32];
	struct person person;
};

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void set_etag(struct item *item)
{
	snprintf(item->etag, sizeof(item->etag), "\"%lld\"", (long long)item->person.version);
}

static cJSON *add_result(struct work *work, const struct item *item, const char *status)
{
	cJSON *result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "itemId", item->id);
	cJSON_AddStringToObject(result, "status", status);
	if (item->person.found) {
		cJSON_AddStringToObject(result, "upstreamId", item->person.upstream_id);
		cJSON_AddStringToObject(result, "etag", item->etag);
	}
	cJSON_AddItemToArray(work->results, result);
	return result;
}

static cJSON *refuse(struct work *work, const struct item *item, const char *status,
		     enum problem problem)
{
	cJSON *object = problem_json(problem);
	cJSON_AddItemToObject(add_result(work, item, status), "problem", object);
	return object;
}

/* Writes the next version and its line in the ledger. */
static void apply(struct work *work, struct item *item, const char *status)
{
	char hash[65];
	store_put_person(work->store, item->external_id, &item->person, work->id);
	item->person.found = true;
	set_etag(item);
	sha256_hex(item->person.body, strlen(item->person.body), hash);
	store_add_ledger(work->store, &(struct ledger_entry){ .batch_id = work->id,
							      .item_id = item->id,
							      .external_id = item->external_id,
							      .op = item->op,
							      .body_hash = hash,
							      .version = item->person.version,
							      .epoch = work->epoch });
	add_result(work, item, status);
}

static bool etag_differs(const struct item *item)
{
	return item->if_match != NULL && strcmp(item->if_match, item->etag) != 0;
}

static void retire(struct work *work, struct item *item)
{
	if (!item->person.found)
		refuse(work, item, "rejected", PROBLEM_UNKNOWN_PERSON);
	else if (item->person.retired)
		add_result(work, item, "unchanged");
	else if (etag_differs(item))
		refuse(work, item, "conflict", PROBLEM_CONFLICT);
	else {
		item->person.retired = true;
		apply(work, item, "retired");
	}
}

/* Case table of an upsert; equal = the same body and not retired.
 *   not there, no ifMatch        created, or `exists` if an identifier is another's
 *   not there, ifMatch           rejected
 *   there, equal                 unchanged, whatever ifMatch says
 *   retired, no ifMatch          created anew under the old id
 *   there, ifMatch of another    conflict
 *   there, no ifMatch            conflict: nothing is overwritten unseen
 *   there, ifMatch right         updated, or `exists` */
static void upsert(struct work *work, struct item *item)
{
	struct person *person = &item->person;
	char owner[65];
	bool live = person->found && !person->retired;
	if (!person->found && item->if_match != NULL) {
		refuse(work, item, "rejected", PROBLEM_UNKNOWN_PERSON);
	} else if (live && strcmp(person->body, item->body) == 0) {
		add_result(work, item, "unchanged");
	} else if (etag_differs(item) || (live && item->if_match == NULL)) {
		refuse(work, item, "conflict", PROBLEM_CONFLICT);
	} else if (store_identifier_owner(work->store, item->external_id, item->body, owner,
					  sizeof(owner))) {
		cJSON_AddStringToObject(refuse(work, item, "conflict", PROBLEM_EXISTS),
					"externalId", owner);
	} else {
		bool known = person->found && item->if_match != NULL;
		free(person->body);
		person->body = copy_text(item->body);
		person->retired = false;
		apply(work, item, known ? "updated" : "created");
	}
}

/* The errors of one item's person, pointers cut to begin at the item. NULL if there are none. */
static cJSON *errors_of_item(const struct work *work, int index)
{
	char prefix[32];
	int length = snprintf(prefix, sizeof(prefix), "/items/%d/", index);
	cJSON *found = NULL;
	const cJSON *error;
	cJSON_ArrayForEach(error, work->errors) {
		if (strncmp(text_of(error, "pointer"), prefix, (size_t)length) != 0)
			continue;
		if (found == NULL)
			found = cJSON_CreateArray();
		if (cJSON_GetArraySize(found) < 20)
			cJSON_AddItemToArray(found, cJSON_Duplicate(error, true));
	}
	return found;
}

static void work_item(struct work *work, const cJSON *entry, int index)
{
	struct item item = { .id = text_of(entry, "itemId"),
			     .op = text_of(entry, "op"),
			     .external_id = text_of(entry, "externalId"),
			     .if_match = text_of(entry, "ifMatch") };
	const cJSON *person = cJSON_GetObjectItemCaseSensitive(entry, "person");
	item.body = person != NULL ? cJSON_PrintUnformatted(person) : NULL;
	item.person = store_person(work->store, item.external_id);
	set_etag(&item);
	cJSON *errors = errors_of_item(work, index);
	if (errors != NULL)
		cJSON_AddItemToObject(refuse(work, &item, "invalid", PROBLEM_INVALID), "errors",
				      errors);
	else if (work->call->fault.kind == FAULT_RETRY_ITEMS)
		refuse(work, &item, "retry", PROBLEM_BUSY);
	else if (work->call->fault.kind == FAULT_REJECT_ITEMS)
		refuse(work, &item, "rejected", PROBLEM_INVALID);
	else if (strcmp(item.op, "retire") == 0)
		retire(work, &item);
	else
		upsert(work, &item);
	person_finish(&item.person);
	cJSON_free(item.body);
}

static size_t status_index(const cJSON *result)
{
	size_t i = 0;
	while (strcmp(STATUSES[i].name, text_of(result, "status")) != 0)
		i++;
	return i;
}

/* A strict batch in which one item failed leaves nothing behind. */
static void undo_if_strict(struct work *work)
{
	bool failed = false;
	cJSON *result;
	cJSON_ArrayForEach(result, work->results)
		failed = failed || STATUSES[status_index(result)].failed;
	if (!work->strict || !failed)
		return;
	store_undo_to_savepoint(work->store);
	cJSON_ArrayForEach(result, work->results) {
		if (STATUSES[status_index(result)].failed)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(result, "etag");
		cJSON_DeleteItemFromObjectCaseSensitive(result, "upstreamId");
		cJSON_ReplaceItemInObjectCaseSensitive(result, "status",
						       cJSON_CreateString("rejected"));
		cJSON_AddItemToObject(result, "problem", problem_json(PROBLEM_NOT_APPLIED));
	}
}

static void remember(struct work *work, const char *checkpoint)
{
	store_set_text(work->store, "lastBatchId", work->id);
	if (checkpoint != NULL)
		store_set_text(work->store, "checkpoint", checkpoint);
}

static char *print_answer(const struct work *work)
{
	cJSON *answer = cJSON_CreateObject();
	cJSON_AddStringToObject(answer, "batchId", work->id);
	cJSON_AddItemReferenceToObject(answer, "results", work->results);
	char *text = cJSON_PrintUnformatted(answer);
	cJSON_Delete(answer);
	return text;
}

/* Applies, keeps the answer under the key and commits: all of it or nothing. */
static void process(struct work *work, const char *key, const char *body_hash)
{
	struct batch batch = { 0 };
	const char *checkpoint = call_header(work->call, "Audit-Checkpoint");
	const cJSON *entry;
	int index = 0;
	snprintf(batch.id, sizeof(batch.id), "%s", work->id);
	snprintf(batch.key, sizeof(batch.key), "%s", key);
	snprintf(batch.body_hash, sizeof(batch.body_hash), "%s", body_hash);
	store_begin(work->store);
	store_savepoint(work->store);
	cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(work->request, "items"))
		work_item(work, entry, index++);
	undo_if_strict(work);
	remember(work, checkpoint);
	batch.answer = print_answer(work);
	store_add_batch(work->store, &batch, work->epoch, checkpoint);
	if (store_commit(work->store)) {
		count(work->call->server, STAT_BATCHES);
		cJSON *result;
		cJSON_ArrayForEach(result, work->results)
			count(work->call->server, STATUSES[status_index(result)].stat);
		reply_set(work->call->reply, 200, "application/json", copy_text(batch.answer));
	} else {
		reply_problem(work->call->reply, PROBLEM_INTERNAL, NULL);
	}
	batch_finish(&batch);
}

static bool working_add(struct server *server, const char *key, const char *batch_id)
{
	size_t free_slot = WORKING_MAX;
	for (size_t i = 0; i < WORKING_MAX; i++) {
		if (strcmp(server->working[i].key, key) == 0 ||
		    strcmp(server->working[i].batch_id, batch_id) == 0)
			return false;
		if (server->working[i].key[0] == '\0')
			free_slot = i;
	}
	if (free_slot == WORKING_MAX)
		abort(); /* more threads than the connection limit allows */
	snprintf(server->working[free_slot].key, sizeof(server->working[0].key), "%s", key);
	snprintf(server->working[free_slot].batch_id, sizeof(server->working[0].batch_id), "%s",
		 batch_id);
	return true;
}

static void working_remove(struct server *server, const char *key)
{
	for (size_t i = 0; i < WORKING_MAX; i++)
		if (strcmp(server->working[i].key, key) == 0)
			memset(&server->working[i], 0, sizeof(server->working[i]));
}

static void refuse_call(struct call *call, enum problem problem, enum stat stat)
{
	count(call->server, stat);
	reply_problem(call->reply, problem, NULL);
}

/* False if a newer epoch was seen. A newer one counts from this request on, whatever becomes of it. */
static bool passes_the_fence(struct work *work)
{
	int64_t highest = store_number(work->store, "epoch");
	if (work->epoch > highest) {
		store_begin(work->store);
		store_set_number(work->store, "epoch", work->epoch);
		return store_commit(work->store);
	}
	return work->epoch == 0 || work->epoch == highest;
}

/* Answers without working where the epoch, the key or the id say so. The lock is held. */
static bool answered_already(struct work *work, const char *key, const char *body_hash)
{
	struct call *call = work->call;
	struct batch by_key = store_batch_by_key(work->store, key);
	struct batch by_id = store_batch_by_id(work->store, work->id);
	bool answered = true;
	if (!passes_the_fence(work)) {
		refuse_call(call, PROBLEM_FENCED, STAT_FENCED);
	} else if (by_key.found && strcmp(by_key.body_hash, body_hash) != 0) {
		refuse_call(call, PROBLEM_OTHER_PAYLOAD, STAT_OTHER_PAYLOAD);
	} else if (by_key.found) {
		count(call->server, STAT_REPLAYS);
		reply_set(call->reply, 200, "application/json", copy_text(by_key.answer));
	} else if (by_id.found) {
		refuse_call(call, PROBLEM_BATCH_REUSED, STAT_BATCH_REUSED);
	} else if (!working_add(call->server, key, work->id)) {
		refuse_call(call, PROBLEM_IN_PROGRESS, STAT_IN_PROGRESS);
	} else {
		answered = false;
	}
	batch_finish(&by_key);
	batch_finish(&by_id);
	return answered;
}

static void run(struct work *work)
{
	struct call *call = work->call;
	struct server *server = call->server;
	const char *key = call_header(call, "Idempotency-Key");
	char body_hash[65];
	sha256_hex(call->request->body, call->request->body_size, body_hash);
	pthread_mutex_lock(&server->lock);
	if (!answered_already(work, key, body_hash)) {
		if (call->fault.kind == FAULT_SLOW && !call->fault.applied) {
			pthread_mutex_unlock(&server->lock);
			server_sleep(server, call->fault.ms);
			pthread_mutex_lock(&server->lock);
		}
		process(work, key, body_hash);
		working_remove(server, key);
	}
	pthread_mutex_unlock(&server->lock);
}

static bool has_double_item(const cJSON *items)
{
	const cJSON *one, *other;
	cJSON_ArrayForEach(one, items)
		for (other = one->next; other != NULL; other = other->next)
			if (strcmp(text_of(one, "itemId"), text_of(other, "itemId")) == 0)
				return true;
	return false;
}

/* What the contract says in words, not in its schemas. */
static bool keeps_the_words(struct call *call, const cJSON *request)
{
	const cJSON *items = cJSON_GetObjectItemCaseSensitive(request, "items");
	const char *version = call_header(call, "Schema-Version");
	enum problem problem = PROBLEM_MAX;
	const char *errors = NULL;
	if (version != NULL && strcmp(version, "1.0") != 0)
		problem = PROBLEM_VERSION;
	else if (cJSON_GetArraySize(items) > call->server->settings.max_items)
		problem = PROBLEM_TOO_LARGE;
	else if (has_double_item(items)) {
		problem = PROBLEM_INVALID;
		errors = "[{\"pointer\":\"/items\",\"detail\":\"an itemId stands twice\"}]";
	}
	if (problem == PROBLEM_MAX)
		return true;
	count(call->server, STAT_VIOLATIONS);
	reply_problem(call->reply, problem, errors);
	return false;
}

void batch_answer(struct call *call)
{
	struct work work = { .call = call,
			     .store = call->server->store,
			     .request = cJSON_Parse(call->checked.body),
			     .errors = cJSON_Parse(call->checked.errors),
			     .results = cJSON_CreateArray() };
	const char *epoch = call_header(call, "Client-Epoch");
	const char *prefer = call_header(call, "Prefer");
	work.epoch = epoch != NULL ? strtoll(epoch, NULL, 10) : 0;
	work.strict = prefer != NULL && strstr(prefer, "handling=strict") != NULL;
	work.id = text_of(work.request, "batchId");
	snprintf(call->batch_id, sizeof(call->batch_id), "%s", work.id);
	if (keeps_the_words(call, work.request))
		run(&work);
	cJSON_Delete(work.request);
	cJSON_Delete(work.errors);
	cJSON_Delete(work.results);
}
