#include "tests/national/fault.h"

#include "tests/national/reply.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More than any client should be ready to read. */
#define BIG_BYTES (64u << 20)

static const struct {
	const char *name;
	enum fault_kind kind;
	bool applied;
} KINDS[] = {
	{ "drop_before", FAULT_DROP, false },
	{ "apply_then_drop", FAULT_DROP, true },
	{ "cut", FAULT_CUT, true },
	{ "slow", FAULT_SLOW, false },
	{ "garbage", FAULT_GARBAGE, false },
	{ "html200", FAULT_HTML200, false },
	{ "empty200", FAULT_EMPTY200, false },
	{ "error200", FAULT_ERROR200, false },
	{ "big", FAULT_BIG, true },
	{ "redirect", FAULT_REDIRECT, false },
	{ "expired_token", FAULT_EXPIRED_TOKEN, false },
	{ "wrong_ids", FAULT_WRONG_IDS, true },
	{ "missing_item", FAULT_MISSING_ITEM, true },
	{ "extra_item", FAULT_EXTRA_ITEM, true },
	{ "wrong_batch", FAULT_WRONG_BATCH, true },
	{ "accepted202", FAULT_ACCEPTED, true },
	{ "retry_items", FAULT_RETRY_ITEMS, false },
	{ "reject_items", FAULT_REJECT_ITEMS, false },
};

static bool set_kind(struct fault *fault, const char *name)
{
	char *end;
	unsigned long status = strtoul(name, &end, 10);
	if (*end == '\0' && status >= 400 && status <= 599) {
		fault->kind = FAULT_STATUS;
		fault->status = (unsigned)status;
		return true;
	}
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (strcmp(KINDS[i].name, name) == 0) {
			fault->kind = KINDS[i].kind;
			fault->applied = KINDS[i].applied;
			return true;
		}
	return false;
}

static void take_text(const cJSON *order, const char *name, char *field, size_t size)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(order, name));
	if (text != NULL)
		snprintf(field, size, "%s", text);
}

static void take_number(const cJSON *order, const char *name, long *field)
{
	const cJSON *number = cJSON_GetObjectItemCaseSensitive(order, name);
	if (cJSON_IsNumber(number))
		*field = (long)number->valuedouble;
}

static const char *unknown_key(const cJSON *order)
{
	static const char *const KEYS =
		" kind on after times ms match problem retry_after applied ";
	const cJSON *member;
	cJSON_ArrayForEach(member, order) {
		char word[32];
		snprintf(word, sizeof(word), " %.28s ", member->string);
		if (strstr(KEYS, word) == NULL)
			return member->string;
	}
	return NULL;
}

static const char *read_order(const cJSON *order, struct fault *ret_fault)
{
	struct fault fault = { .times = 1, .on = "batchUpsert" };
	take_text(order, "kind", fault.name, sizeof(fault.name));
	if (unknown_key(order) != NULL)
		return "unknown key";
	if (!set_kind(&fault, fault.name))
		return "unknown kind";
	take_text(order, "on", fault.on, sizeof(fault.on));
	take_text(order, "match", fault.match, sizeof(fault.match));
	take_text(order, "problem", fault.problem, sizeof(fault.problem));
	take_text(order, "retry_after", fault.retry_after, sizeof(fault.retry_after));
	take_number(order, "after", &fault.after);
	take_number(order, "times", &fault.times);
	take_number(order, "ms", &fault.ms);
	const cJSON *applied = cJSON_GetObjectItemCaseSensitive(order, "applied");
	if (cJSON_IsBool(applied))
		fault.applied = cJSON_IsTrue(applied);
	if (fault.problem[0] != '\0' && problem_by_name(fault.problem) == PROBLEM_MAX)
		return "unknown problem";
	*ret_fault = fault;
	return NULL;
}

bool faults_add(struct faults *faults, const struct cJSON *order, const char **ret_error)
{
	struct fault fault;
	*ret_error = read_order(order, &fault);
	if (*ret_error != NULL)
		return false;
	pthread_mutex_lock(&faults->lock);
	bool room = faults->count < FAULTS_MAX;
	if (room)
		faults->list[faults->count++] = fault;
	pthread_mutex_unlock(&faults->lock);
	*ret_error = room ? NULL : "too many faults";
	return room;
}

void faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	faults->count = 0;
	pthread_mutex_unlock(&faults->lock);
}

struct cJSON *faults_json(struct faults *faults)
{
	cJSON *list = cJSON_CreateArray();
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count; i++) {
		cJSON *one = cJSON_CreateObject();
		cJSON_AddStringToObject(one, "kind", faults->list[i].name);
		cJSON_AddStringToObject(one, "on", faults->list[i].on);
		cJSON_AddNumberToObject(one, "after", (double)faults->list[i].after);
		cJSON_AddNumberToObject(one, "times", (double)faults->list[i].times);
		cJSON_AddItemToArray(list, one);
	}
	pthread_mutex_unlock(&faults->lock);
	return list;
}

static bool fits(const struct fault *fault, const char *operation, const char *body)
{
	if (strcmp(fault->on, "any") != 0 && strcmp(fault->on, operation) != 0)
		return false;
	return fault->match[0] == '\0' || strstr(body, fault->match) != NULL;
}

static void remove_fault(struct faults *faults, size_t i)
{
	faults->count--;
	memmove(&faults->list[i], &faults->list[i + 1],
		(faults->count - i) * sizeof(faults->list[0]));
}

struct fault faults_take(struct faults *faults, const char *operation, const char *body)
{
	struct fault taken = { 0 };
	pthread_mutex_lock(&faults->lock);
	for (size_t i = 0; i < faults->count && taken.kind == FAULT_NONE; i++) {
		struct fault *fault = &faults->list[i];
		if (!fits(fault, operation, body))
			continue;
		if (fault->after > 0) {
			fault->after--;
			continue;
		}
		taken = *fault;
		if (fault->times > 0 && --fault->times == 0)
			remove_fault(faults, i);
	}
	pthread_mutex_unlock(&faults->lock);
	return taken;
}

/* "date:30" is the HTTP date 30 seconds from now; anything else goes out as it stands. */
static void add_retry_after(struct reply *reply, const char *text)
{
	char date[64];
	if (text[0] == '\0')
		return;
	if (strncmp(text, "date:", 5) == 0) {
		time_t when = time(NULL) + strtol(text + 5, NULL, 10);
		struct tm tm;
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&when, &tm));
		text = date;
	}
	reply_header(reply, "Retry-After", text);
}

static void apply_status(const struct fault *fault, struct reply *reply)
{
	enum problem problem = fault->problem[0] != '\0' ? problem_by_name(fault->problem)
							 : problem_by_status(fault->status);
	if (problem != PROBLEM_MAX)
		reply_problem(reply, problem, NULL);
	else
		reply_set(reply, fault->status, "text/html",
			  copy_text("<html><body>gateway</body></html>"));
	reply->status = fault->status;
	add_retry_after(reply, fault->retry_after);
}

static char *big_body(void)
{
	char *body = malloc(BIG_BYTES + 1);
	if (body == NULL)
		abort();
	memset(body, ' ', BIG_BYTES);
	memcpy(body, "{}", 2);
	body[BIG_BYTES] = '\0';
	return body;
}

static void change_results(enum fault_kind kind, cJSON *answer)
{
	cJSON *results = cJSON_GetObjectItemCaseSensitive(answer, "results");
	cJSON *result;
	if (kind == FAULT_WRONG_BATCH)
		cJSON_ReplaceItemInObjectCaseSensitive(
			answer, "batchId", cJSON_CreateString("00000000-not-this-batch"));
	if (kind == FAULT_MISSING_ITEM)
		cJSON_DeleteItemFromArray(results, cJSON_GetArraySize(results) - 1);
	if (kind == FAULT_EXTRA_ITEM) {
		result = cJSON_CreateObject();
		cJSON_AddStringToObject(result, "itemId", "nobody-sent-this");
		cJSON_AddStringToObject(result, "status", "updated");
		cJSON_AddItemToArray(results, result);
	}
	if (kind == FAULT_WRONG_IDS)
		cJSON_ArrayForEach(result, results) {
			char id[80];
			snprintf(id, sizeof(id), "x%.70s",
				 cJSON_GetObjectItemCaseSensitive(result, "itemId")->valuestring);
			cJSON_ReplaceItemInObjectCaseSensitive(result, "itemId",
							       cJSON_CreateString(id));
		}
}

/* An answer that is no batch result, a problem say, stays as it is. */
static void mangle_results(enum fault_kind kind, struct reply *reply)
{
	if (reply->status != 200 || reply->body == NULL)
		return;
	cJSON *answer = cJSON_Parse(reply->body);
	change_results(kind, answer);
	reply_json(reply, 200, answer);
}

static void accept_only(struct reply *reply, const char *batch_id)
{
	char location[128];
	if (reply->status != 200 || batch_id == NULL)
		return;
	snprintf(location, sizeof(location), "/v1/batches/%s", batch_id);
	reply_set(reply, 202, "application/json", copy_text("{}"));
	reply_header(reply, "Location", location);
	reply_header(reply, "Retry-After", "1");
}

void fault_apply(const struct fault *fault, struct reply *reply, const char *batch_id)
{
	switch (fault->kind) {
	case FAULT_STATUS:
		apply_status(fault, reply);
		break;
	case FAULT_DROP:
		reply->delivery = DELIVER_NOTHING;
		break;
	case FAULT_CUT:
		reply->delivery = DELIVER_HALF;
		break;
	case FAULT_GARBAGE:
		reply_set(reply, 200, "application/json", copy_text("{\"batchId\":\"\xff\xfe]]"));
		break;
	case FAULT_HTML200:
		reply_set(reply, 200, "text/html",
			  copy_text("<html><h1>Please log in</h1></html>"));
		break;
	case FAULT_EMPTY200:
		reply_set(reply, 200, "application/json", copy_text(""));
		break;
	case FAULT_ERROR200:
		reply_set(
			reply, 200, "application/json",
			copy_text(
				"{\"error_code\":\"-1\",\"message\":\"gateway\",\"result\":null}"));
		break;
	case FAULT_BIG:
		reply_set(reply, 200, "application/json", big_body());
		break;
	case FAULT_REDIRECT:
		reply_set(reply, 302, "text/plain", copy_text(""));
		reply_header(reply, "Location", "https://127.0.0.1:1/elsewhere");
		break;
	case FAULT_EXPIRED_TOKEN:
		reply_problem(reply, PROBLEM_TOKEN_EXPIRED, NULL);
		break;
	case FAULT_ACCEPTED:
		accept_only(reply, batch_id);
		break;
	case FAULT_WRONG_IDS:
	case FAULT_MISSING_ITEM:
	case FAULT_EXTRA_ITEM:
	case FAULT_WRONG_BATCH:
		mangle_results(fault->kind, reply);
		break;
	case FAULT_NONE:
	case FAULT_SLOW:
	case FAULT_RETRY_ITEMS:
	case FAULT_REJECT_ITEMS:
		break;
	}
}
