/* The reading half of the contract: capabilities, batches, persons, changes. */
#include "tests/national/reply.h"
#include "tests/national/server.h"
#include "tests/national/store.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 200

static cJSON *array_of_text(const char *const *texts, int count)
{
	return cJSON_CreateStringArray(texts, count);
}

/* What the server last saw of the client: how a restored client store finds out. */
static void add_client(cJSON *object, struct store *store)
{
	char batch_id[65], checkpoint[129];
	int64_t epoch = store_number(store, "epoch");
	store_text(store, "lastBatchId", batch_id, sizeof(batch_id));
	store_text(store, "checkpoint", checkpoint, sizeof(checkpoint));
	if (batch_id[0] == '\0')
		return;
	cJSON *client = cJSON_AddObjectToObject(object, "client");
	cJSON *counts = store_counts(store);
	if (epoch > 0)
		add_integer(client, "epoch", epoch);
	cJSON_AddStringToObject(client, "lastBatchId", batch_id);
	cJSON_AddItemToObject(client, "lastSeq",
			      cJSON_DetachItemFromObjectCaseSensitive(counts, "lastSeq"));
	if (checkpoint[0] != '\0')
		cJSON_AddStringToObject(client, "auditCheckpoint", checkpoint);
	cJSON_Delete(counts);
}

void capabilities_answer(struct call *call)
{
	static const char *const VERSIONS[] = { "1.0" };
	static const char *const FEATURES[] = { "etag", "strict", "changes", "delete" };
	struct server *server = call->server;
	cJSON *body = cJSON_CreateObject();
	cJSON_AddItemToObject(body, "schemaVersions", array_of_text(VERSIONS, 1));
	cJSON_AddNumberToObject(body, "maxItems", (double)server->settings.max_items);
	cJSON_AddNumberToObject(body, "maxBytes", (double)server->settings.max_bytes);
	cJSON_AddItemToObject(body, "features", array_of_text(FEATURES, 4));
	pthread_mutex_lock(&server->lock);
	add_client(body, server->store);
	pthread_mutex_unlock(&server->lock);
	reply_json(call->reply, 200, body);
}

static bool is_working(const struct server *server, const char *batch_id)
{
	for (size_t i = 0; i < WORKING_MAX; i++)
		if (strcmp(server->working[i].batch_id, batch_id) == 0)
			return true;
	return false;
}

void get_batch_answer(struct call *call)
{
	struct server *server = call->server;
	pthread_mutex_lock(&server->lock);
	struct batch batch = store_batch_by_id(server->store, call->path_value);
	bool working = is_working(server, call->path_value);
	pthread_mutex_unlock(&server->lock);
	if (batch.found) {
		reply_set(call->reply, 200, "application/json", copy_text(batch.answer));
	} else if (working) {
		count(server, STAT_IN_PROGRESS);
		reply_problem(call->reply, PROBLEM_IN_PROGRESS, NULL);
	} else {
		count(server, STAT_UNKNOWN_BATCH);
		reply_problem(call->reply, PROBLEM_UNKNOWN_BATCH, NULL);
	}
	batch_finish(&batch);
}

void get_person_answer(struct call *call)
{
	struct server *server = call->server;
	pthread_mutex_lock(&server->lock);
	struct person person = store_person(server->store, call->path_value);
	pthread_mutex_unlock(&server->lock);
	char etag[32];
	snprintf(etag, sizeof(etag), "\"%lld\"", (long long)person.version);
	if (!person.found)
		reply_problem(call->reply, PROBLEM_UNKNOWN_PERSON, NULL);
	else if (person.retired)
		reply_problem(call->reply, PROBLEM_RETIRED, NULL);
	else
		reply_set(call->reply, 200, "application/json", copy_text(person.body));
	if (person.found)
		reply_header(call->reply, "ETag", etag);
	person_finish(&person);
}

static const char *query(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->request->query_count; i++)
		if (strcmp(call->request->query[i].name, name) == 0)
			return call->request->query[i].value;
	return NULL;
}

/* A cursor is "c" and a number that the feed has reached. */
static bool read_cursor(const char *cursor, int64_t newest, int64_t *ret_after)
{
	char *end = NULL;
	*ret_after = 0;
	if (cursor == NULL)
		return true;
	if (cursor[0] != 'c' || strspn(cursor + 1, "0123456789") != strlen(cursor + 1))
		return false;
	*ret_after = strtoll(cursor + 1, &end, 10);
	return cursor[1] != '\0' && *ret_after <= newest;
}

/* A number that add_integer put there. */
static int64_t number_of(const cJSON *object, const char *name)
{
	return strtoll(cJSON_GetObjectItemCaseSensitive(object, name)->valuestring, NULL, 10);
}

static cJSON *change_page(struct store *store, int64_t after, int limit)
{
	cJSON *changes = store_changes(store, after, limit + 1);
	bool more = cJSON_GetArraySize(changes) > limit;
	if (more)
		cJSON_DeleteItemFromArray(changes, limit);
	const cJSON *change;
	cJSON_ArrayForEach(change, changes)
		after = number_of(change, "seq");
	char cursor[32];
	snprintf(cursor, sizeof(cursor), "c%lld", (long long)after);
	cJSON *page = cJSON_CreateObject();
	cJSON_AddItemToObject(page, "changes", changes);
	cJSON_AddStringToObject(page, "nextCursor", cursor);
	cJSON_AddBoolToObject(page, "hasMore", more);
	return page;
}

void changes_answer(struct call *call)
{
	struct server *server = call->server;
	const char *limit = query(call, "limit");
	int64_t after;
	pthread_mutex_lock(&server->lock);
	cJSON *counts = store_counts(server->store);
	if (read_cursor(query(call, "cursor"), number_of(counts, "lastSeq"), &after))
		reply_json(
			call->reply, 200,
			change_page(server->store, after,
				    limit != NULL ? (int)strtol(limit, NULL, 10) : LIMIT_DEFAULT));
	else
		reply_problem(call->reply, PROBLEM_CURSOR_EXPIRED, NULL);
	cJSON_Delete(counts);
	pthread_mutex_unlock(&server->lock);
}
