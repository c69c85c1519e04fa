#include "tests/national/server.h"

#include "tests/national/reply.h"
#include "tests/national/store.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum access { ACCESS_FREE, ACCESS_READ, ACCESS_WRITE };

static const struct {
	const char *operation;
	enum access access;
	void (*answer)(struct call *call);
} HANDLERS[] = {
	{ "getToken", ACCESS_FREE, token_answer },
	{ "getCapabilities", ACCESS_READ, capabilities_answer },
	{ "batchUpsert", ACCESS_WRITE, batch_answer },
	{ "getBatch", ACCESS_READ, get_batch_answer },
	{ "getPerson", ACCESS_READ, get_person_answer },
	{ "listChanges", ACCESS_READ, changes_answer },
};

static const char *const STAT_NAMES[STAT_MAX] = {
	[STAT_REQUESTS] = "requests",
	[STAT_TOKENS] = "tokens",
	[STAT_VIOLATIONS] = "violations",
	[STAT_UNAUTHENTICATED] = "unauthenticated",
	[STAT_BATCHES] = "batchesApplied",
	[STAT_REPLAYS] = "replays",
	[STAT_FENCED] = "fenced",
	[STAT_OTHER_PAYLOAD] = "otherPayload",
	[STAT_IN_PROGRESS] = "inProgress",
	[STAT_BATCH_REUSED] = "batchReused",
	[STAT_UNKNOWN_BATCH] = "unknownBatch",
	[STAT_FAULTS] = "faults",
	[STAT_CREATED] = "created",
	[STAT_UPDATED] = "updated",
	[STAT_UNCHANGED] = "unchanged",
	[STAT_RETIRED] = "retiredItems",
	[STAT_CONFLICT] = "conflict",
	[STAT_INVALID] = "invalid",
	[STAT_REJECTED] = "rejected",
	[STAT_RETRY] = "retry",
};

void count(struct server *server, enum stat stat)
{
	atomic_fetch_add(&server->stats[stat], 1);
}

struct cJSON *stats_json(struct server *server)
{
	cJSON *object = cJSON_CreateObject();
	for (size_t i = 0; i < STAT_MAX; i++)
		cJSON_AddNumberToObject(object, STAT_NAMES[i],
					(double)atomic_load(&server->stats[i]));
	return object;
}

const char *call_header(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->request->header_count; i++)
		if (strcasecmp(call->request->headers[i].name, name) == 0)
			return call->request->headers[i].value;
	return NULL;
}

int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void server_sleep(struct server *server, long ms)
{
	int64_t end = now_ms() + ms;
	while (now_ms() < end && !atomic_load(&server->stopping))
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

/* True if the verdict leaves something to do; else the reply says why not. */
static bool keeps_the_contract(struct call *call)
{
	if (call->verdict == CONTRACT_OK)
		return true;
	count(call->server, STAT_VIOLATIONS);
	switch (call->verdict) {
	case CONTRACT_OK:
	case CONTRACT_PERSONS:
		return true;
	case CONTRACT_INVALID:
		reply_problem(call->reply, PROBLEM_INVALID, call->checked.errors);
		return false;
	case CONTRACT_MALFORMED:
		reply_problem(call->reply, PROBLEM_MALFORMED, call->checked.errors);
		return false;
	case CONTRACT_MEDIA_TYPE:
		reply_problem(call->reply, PROBLEM_MEDIA_TYPE, NULL);
		return false;
	}
	return false;
}

/* Every request is held against the contract, also one that is going to be refused for another reason. */
static void work(struct call *call, const struct operation *operation, size_t handler)
{
	call->verdict =
		contract_check(call->server->contract, operation, call->request, &call->checked);
	if (HANDLERS[handler].access == ACCESS_FREE) {
		if (call->verdict != CONTRACT_OK)
			count(call->server, STAT_VIOLATIONS);
		HANDLERS[handler].answer(call);
	} else if (token_allows(call, HANDLERS[handler].access == ACCESS_WRITE) &&
		   keeps_the_contract(call)) {
		HANDLERS[handler].answer(call);
	}
	contract_result_finish(&call->checked);
}

/* Kinds that only change how the items are worked on, or when. */
static bool works_inside(const struct fault *fault)
{
	return fault->kind == FAULT_SLOW || fault->kind == FAULT_RETRY_ITEMS ||
	       fault->kind == FAULT_REJECT_ITEMS;
}

static void answer(struct call *call, const struct operation *operation, size_t handler)
{
	struct fault *fault = &call->fault;
	*fault = faults_take(&call->server->faults, operation_id(operation), call->request->body);
	if (fault->kind != FAULT_NONE)
		count(call->server, STAT_FAULTS);
	if (fault->kind == FAULT_EXPIRED_TOKEN)
		token_forget(call->server, call->authorization);
	if (fault->kind == FAULT_NONE || fault->applied || works_inside(fault))
		work(call, operation, handler);
	/* a slow batch has slept already, with its key marked as being worked on */
	if (fault->kind == FAULT_SLOW &&
	    (fault->applied || HANDLERS[handler].answer != batch_answer))
		server_sleep(call->server, fault->ms);
	fault_apply(fault, call->reply, call->batch_id[0] != '\0' ? call->batch_id : NULL);
}

void server_answer(struct server *server, const char *method, const char *path,
		   struct contract_request *request, bool too_large, struct reply *reply)
{
	struct call call = { .server = server, .request = request, .reply = reply };
	int path_known;
	const struct operation *operation =
		contract_route(server->contract, method, path, &call.path_value, &path_known);
	count(server, STAT_REQUESTS);
	if (operation == NULL || too_large) {
		count(server, STAT_VIOLATIONS);
		reply_problem(reply,
			      too_large    ? PROBLEM_TOO_LARGE
			      : path_known ? PROBLEM_METHOD
					   : PROBLEM_UNKNOWN_PATH,
			      NULL);
		return;
	}
	size_t handler = 0;
	while (strcmp(HANDLERS[handler].operation, operation_id(operation)) != 0)
		handler++;
	request->path_value = call.path_value;
	call.authorization = call_header(&call, "Authorization");
	answer(&call, operation, handler);
}
