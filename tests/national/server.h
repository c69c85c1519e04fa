/* The server: what all requests share, and one request on its way.
 *
 * Words.  public: the TLS port of the contract.  admin: the plain port on which a test orders faults and reads
 *         the ledger.  call: one public request after it was routed.
 * Requests run on threads of their own; `lock` guards the store and the list of keys being worked on.
 */
#pragma once

#include "tests/national/fault.h"
#include "tests/national/validate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct cJSON;
struct reply;
struct store;

#define TOKENS_MAX 64
#define WORKING_MAX 64

enum stat {
	STAT_REQUESTS,
	STAT_TOKENS,
	STAT_VIOLATIONS, /* requests that broke the contract in any way */
	STAT_UNAUTHENTICATED,
	STAT_BATCHES,
	STAT_REPLAYS,
	STAT_FENCED,
	STAT_OTHER_PAYLOAD,
	STAT_IN_PROGRESS,
	STAT_BATCH_REUSED,
	STAT_UNKNOWN_BATCH,
	STAT_FAULTS,
	STAT_CREATED,
	STAT_UPDATED,
	STAT_UNCHANGED,
	STAT_RETIRED,
	STAT_CONFLICT,
	STAT_INVALID,
	STAT_REJECTED,
	STAT_RETRY,
	STAT_MAX,
};

struct token {
	char text[65];
	int64_t expires_ms; /* CLOCK_MONOTONIC */
	bool can_write, can_read;
};

struct settings {
	char client_id[128], secret[512];
	long token_ttl_s, max_items, max_bytes;
};

struct server {
	struct settings settings;
	struct contract *contract;
	struct store *store;
	struct faults faults;
	pthread_mutex_t lock;
	struct token tokens[TOKENS_MAX];
	size_t next_token;
	struct {
		char key[129], batch_id[65];
	} working[WORKING_MAX];
	atomic_long stats[STAT_MAX];
	atomic_bool stopping;
};

struct call {
	struct server *server;
	const struct contract_request *request;
	const char *authorization; /* or NULL */
	const char *path_value;    /* or NULL */
	enum contract_verdict verdict;
	struct contract_result checked;
	struct fault fault;
	char batch_id[65]; /* filled by the batch handler */
	struct reply *reply;
};

void count(struct server *server, enum stat stat);

/** Stats by name, for the admin interface. */
struct cJSON *stats_json(struct server *server);

/** A request header's value by its name without case, NULL if it is absent. */
const char *call_header(const struct call *call, const char *name);

/** Sleeps, but not beyond the server's end. */
void server_sleep(struct server *server, long ms);

int64_t now_ms(void);

/** Answers one request on the public port. */
void server_answer(struct server *server, const char *method, const char *path,
		   struct contract_request *request, bool too_large, struct reply *reply);

/** Answers one request on the admin port. */
void admin_answer(struct server *server, const char *method, const char *path,
		  const struct contract_request *request, struct reply *reply);

/* token.c */
void token_answer(struct call *call);
/** Whether the caller may; else the reply says why not. */
bool token_allows(struct call *call, bool write);
void token_forget(struct server *server, const char *authorization);

/* batch.c */
void batch_answer(struct call *call);

/* read.c */
void capabilities_answer(struct call *call);
void get_batch_answer(struct call *call);
void get_person_answer(struct call *call);
void changes_answer(struct call *call);
