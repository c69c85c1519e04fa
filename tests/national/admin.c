/* The admin port: what a test orders, and what it may look at. No part of the contract. */
#include "tests/national/reply.h"
#include "tests/national/server.h"
#include "tests/national/store.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_LIMIT 10000

static void fail(struct reply *reply, unsigned status, const char *text)
{
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "error", text);
	reply_json(reply, status, body);
}

static void order_fault(struct server *server, const cJSON *order, struct reply *reply)
{
	const char *error;
	if (faults_add(&server->faults, order, &error))
		reply_json(reply, 200, faults_json(&server->faults));
	else
		fail(reply, 400, error);
}

static void show_stats(struct server *server, struct reply *reply)
{
	cJSON *stats = stats_json(server);
	pthread_mutex_lock(&server->lock);
	cJSON *counts = store_counts(server->store);
	add_integer(counts, "epoch", store_number(server->store, "epoch"));
	pthread_mutex_unlock(&server->lock);
	cJSON_AddItemToObject(stats, "store", counts);
	reply_json(reply, 200, stats);
}

static const char *query(const struct contract_request *request, const char *name,
			 const char *otherwise)
{
	for (size_t i = 0; i < request->query_count; i++)
		if (strcmp(request->query[i].name, name) == 0 && request->query[i].value != NULL)
			return request->query[i].value;
	return otherwise;
}

/* Pages of ADMIN_LIMIT; the next one begins after the last seq or externalId. */
static void show_rows(struct server *server, const struct contract_request *request, bool ledger,
		      struct reply *reply)
{
	const char *after = query(request, "after", ledger ? "0" : "");
	cJSON *body = cJSON_CreateObject();
	pthread_mutex_lock(&server->lock);
	cJSON *rows = ledger ? store_ledger(server->store, strtoll(after, NULL, 10), ADMIN_LIMIT)
			     : store_persons(server->store, after, ADMIN_LIMIT);
	pthread_mutex_unlock(&server->lock);
	cJSON_AddBoolToObject(body, "hasMore", cJSON_GetArraySize(rows) == ADMIN_LIMIT);
	cJSON_AddItemToObject(body, ledger ? "entries" : "persons", rows);
	reply_json(reply, 200, body);
}

/* The person with the members of `set` replaced and those named in `remove` taken away. */
static char *edited_body(const char *body, const cJSON *order)
{
	cJSON *person = cJSON_Parse(body);
	const cJSON *member;
	cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(order, "set")) {
		cJSON_DeleteItemFromObjectCaseSensitive(person, member->string);
		cJSON_AddItemToObject(person, member->string, cJSON_Duplicate(member, true));
	}
	cJSON_ArrayForEach(member, cJSON_GetObjectItemCaseSensitive(order, "remove"))
		if (cJSON_IsString(member))
			cJSON_DeleteItemFromObjectCaseSensitive(person, member->valuestring);
	char *text = cJSON_PrintUnformatted(person);
	cJSON_Delete(person);
	return text;
}

/* Takes the canonical form of `text` into the person, if the contract allows it. */
static bool take_body(struct server *server, struct person *person, const char *text)
{
	struct contract_result checked;
	bool kept =
		contract_check_schema(server->contract, "Person", text, &checked) == CONTRACT_OK;
	if (kept) {
		free(person->body);
		person->body = copy_text(checked.body);
	}
	contract_result_finish(&checked);
	return kept;
}

static void show_version(struct reply *reply, int64_t version)
{
	char etag[32];
	snprintf(etag, sizeof(etag), "\"%lld\"", (long long)version);
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "etag", etag);
	reply_json(reply, 200, body);
}

/* As somebody at the national system would: no batch, a new version, an entry in the feed. */
static void edit_person(struct server *server, const cJSON *order, struct reply *reply)
{
	const char *id =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(order, "externalId"));
	pthread_mutex_lock(&server->lock);
	struct person person = store_person(server->store, id != NULL ? id : "");
	char *text = person.found ? edited_body(person.body, order) : NULL;
	if (!person.found) {
		fail(reply, 404, "no such person");
	} else if (!take_body(server, &person, text)) {
		fail(reply, 422, "the person would break the contract");
	} else {
		person.retired = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(order, "retire"));
		store_begin(server->store);
		store_put_person(server->store, id, &person, NULL);
		if (store_commit(server->store))
			show_version(reply, person.version);
		else
			fail(reply, 500, "store");
	}
	pthread_mutex_unlock(&server->lock);
	cJSON_free(text);
	person_finish(&person);
}

void admin_answer(struct server *server, const char *method, const char *path,
		  const struct contract_request *request, struct reply *reply)
{
	char route[64];
	cJSON *order = cJSON_ParseWithLength(request->body, request->body_size);
	snprintf(route, sizeof(route), "%s %s", method, path);
	if (strcmp(route, "POST /faults") == 0)
		order_fault(server, order, reply);
	else if (strcmp(route, "POST /persons/edit") == 0)
		edit_person(server, order, reply);
	else if (strcmp(route, "GET /faults") == 0)
		reply_json(reply, 200, faults_json(&server->faults));
	else if (strcmp(route, "GET /stats") == 0)
		show_stats(server, reply);
	else if (strcmp(route, "GET /ledger") == 0)
		show_rows(server, request, true, reply);
	else if (strcmp(route, "GET /persons") == 0)
		show_rows(server, request, false, reply);
	else if (strcmp(route, "DELETE /faults") == 0) {
		faults_clear(&server->faults);
		reply_json(reply, 200, faults_json(&server->faults));
	} else {
		fail(reply, 404, "no such route");
	}
	cJSON_Delete(order);
}
