#include "tests/national/reply.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_BASE "https://national.example/problems/"

/* A status stands for the first problem that has it. */
static const struct {
	const char *name;
	unsigned status;
	const char *title;
} PROBLEMS[PROBLEM_MAX] = {
	[PROBLEM_MALFORMED] = { "malformed", 400, "The request cannot be read" },
	[PROBLEM_UNAUTHENTICATED] = { "unauthenticated", 401, "No valid token" },
	[PROBLEM_TOKEN_EXPIRED] = { "token-expired", 401, "The token has expired" },
	[PROBLEM_FORBIDDEN] = { "forbidden", 403, "The token lacks the scope" },
	[PROBLEM_UNKNOWN_PATH] = { "unknown-path", 404, "No such path" },
	[PROBLEM_UNKNOWN_PERSON] = { "unknown-person", 404, "No such person" },
	[PROBLEM_UNKNOWN_BATCH] = { "unknown-batch", 404, "Nothing of this batch was applied" },
	[PROBLEM_METHOD] = { "method", 405, "The path has no such method" },
	[PROBLEM_FENCED] = { "fenced", 409, "A newer epoch of this client has been seen" },
	[PROBLEM_IN_PROGRESS] = { "in-progress", 409, "The same request is being worked on" },
	[PROBLEM_BATCH_REUSED] = { "batch-reused", 409, "This batch came under another key" },
	[PROBLEM_RETIRED] = { "retired", 410, "The person is retired" },
	[PROBLEM_CURSOR_EXPIRED] = { "cursor-expired", 410, "The cursor is not known" },
	[PROBLEM_TOO_LARGE] = { "too-large", 413, "Too many bytes or items" },
	[PROBLEM_MEDIA_TYPE] = { "media-type", 415, "The body is of another type" },
	[PROBLEM_INVALID] = { "invalid", 422, "The contract is broken" },
	[PROBLEM_OTHER_PAYLOAD] = { "other-payload", 422, "The key was used with other bytes" },
	[PROBLEM_VERSION] = { "version", 422, "This schema version is not served" },
	[PROBLEM_LIMITED] = { "limited", 429, "Too many requests" },
	[PROBLEM_INTERNAL] = { "internal", 500, "Internal error" },
	[PROBLEM_UNAVAILABLE] = { "unavailable", 503, "Not available at present" },
	[PROBLEM_CONFLICT] = { "conflict", 409, "The person has another version" },
	[PROBLEM_EXISTS] = { "exists", 409, "An identifier belongs to another person" },
	[PROBLEM_NOT_APPLIED] = { "not-applied", 409, "Another item of the strict batch failed" },
	[PROBLEM_BUSY] = { "busy", 503, "Try this item again later" },
};

char *copy_text(const char *text)
{
	char *copy = strdup(text);
	if (copy == NULL)
		abort();
	return copy;
}

void reply_finish(struct reply *reply)
{
	free(reply->body);
	*reply = (struct reply){ 0 };
}

void reply_set(struct reply *reply, unsigned status, const char *media_type, char *body)
{
	if (body == NULL)
		abort();
	free(reply->body);
	reply->status = status;
	reply->media_type = media_type;
	reply->body = body;
	reply->size = strlen(body);
}

void reply_json(struct reply *reply, unsigned status, struct cJSON *value)
{
	reply_set(reply, status, "application/json", cJSON_PrintUnformatted(value));
	cJSON_Delete(value);
}

void add_integer(struct cJSON *object, const char *name, int64_t value)
{
	char digits[24];
	snprintf(digits, sizeof(digits), "%lld", (long long)value);
	cJSON_AddRawToObject(object, name, digits);
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
	if (reply->header_count == REPLY_HEADERS_MAX)
		abort();
	reply->headers[reply->header_count].name = name;
	snprintf(reply->headers[reply->header_count].value,
		 sizeof(reply->headers[reply->header_count].value), "%s", value);
	reply->header_count++;
}

struct cJSON *problem_json(enum problem problem)
{
	char type[128];
	snprintf(type, sizeof(type), TYPE_BASE "%s", PROBLEMS[problem].name);
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "type", type);
	cJSON_AddStringToObject(object, "title", PROBLEMS[problem].title);
	cJSON_AddNumberToObject(object, "status", PROBLEMS[problem].status);
	return object;
}

/* A whole list of what is wrong with 200 items helps nobody. */
static cJSON *shortened(const char *errors)
{
	cJSON *list = cJSON_Parse(errors);
	while (cJSON_GetArraySize(list) > 100)
		cJSON_DeleteItemFromArray(list, 100);
	return list;
}

void reply_problem(struct reply *reply, enum problem problem, const char *errors)
{
	cJSON *object = problem_json(problem);
	if (errors != NULL)
		cJSON_AddItemToObject(object, "errors", shortened(errors));
	reply_json(reply, PROBLEMS[problem].status, object);
	reply->media_type = "application/problem+json";
	if (PROBLEMS[problem].status == 401)
		reply_header(reply, "WWW-Authenticate",
			     problem == PROBLEM_TOKEN_EXPIRED ? "Bearer error=\"invalid_token\""
							      : "Bearer");
}

enum problem problem_by_name(const char *name)
{
	unsigned i = 0;
	while (i < PROBLEM_MAX && strcmp(PROBLEMS[i].name, name) != 0)
		i++;
	return i;
}

enum problem problem_by_status(unsigned status)
{
	unsigned i = 0;
	while (i < PROBLEM_MAX && PROBLEMS[i].status != status)
		i++;
	return i;
}
