/* Faults on demand: what the admin interface ordered, taken by the requests that they fit.
 *
 * A fault strikes instead of the work, or with `applied` after the work, so that the client cannot tell.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct cJSON;
struct reply;

#define FAULTS_MAX 32

enum fault_kind {
	FAULT_NONE,
	FAULT_STATUS, /* any error status */
	FAULT_DROP,
	FAULT_CUT,
	FAULT_SLOW,
	FAULT_GARBAGE,
	FAULT_HTML200,
	FAULT_EMPTY200,
	FAULT_ERROR200,
	FAULT_BIG,
	FAULT_REDIRECT,
	FAULT_EXPIRED_TOKEN,
	FAULT_WRONG_IDS,
	FAULT_MISSING_ITEM,
	FAULT_EXTRA_ITEM,
	FAULT_WRONG_BATCH,
	FAULT_ACCEPTED,
	FAULT_RETRY_ITEMS,
	FAULT_REJECT_ITEMS,
};

struct fault {
	enum fault_kind kind;
	bool applied;
	unsigned status;
	long after,
		times; /* passes over so many fitting requests, then strikes so often; -1 for ever */
	long ms;
	char name[24], on[24], match[80], problem[32], retry_after[64];
};

struct faults {
	pthread_mutex_t lock;
	struct fault list[FAULTS_MAX];
	size_t count;
};

/** Orders a fault from the JSON of the admin interface. False with a line of text if it makes no sense. */
bool faults_add(struct faults *faults, const struct cJSON *order, const char **ret_error);
void faults_clear(struct faults *faults);
struct cJSON *faults_json(struct faults *faults);

/** Takes the fault that strikes this request; its kind is FAULT_NONE if there is none. */
struct fault faults_take(struct faults *faults, const char *operation, const char *body);

/** Turns the reply into what the fault says. `batch_id` may be NULL. */
void fault_apply(const struct fault *fault, struct reply *reply, const char *batch_id);
