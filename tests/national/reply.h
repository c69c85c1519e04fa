/* What goes back to the caller, and the problems of the contract. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;

enum problem {
	PROBLEM_MALFORMED,
	PROBLEM_UNAUTHENTICATED,
	PROBLEM_TOKEN_EXPIRED,
	PROBLEM_FORBIDDEN,
	PROBLEM_UNKNOWN_PATH,
	PROBLEM_UNKNOWN_PERSON,
	PROBLEM_UNKNOWN_BATCH,
	PROBLEM_METHOD,
	PROBLEM_FENCED,
	PROBLEM_IN_PROGRESS,
	PROBLEM_BATCH_REUSED,
	PROBLEM_RETIRED,
	PROBLEM_CURSOR_EXPIRED,
	PROBLEM_TOO_LARGE,
	PROBLEM_MEDIA_TYPE,
	PROBLEM_INVALID,
	PROBLEM_OTHER_PAYLOAD,
	PROBLEM_VERSION,
	PROBLEM_LIMITED,
	PROBLEM_INTERNAL,
	PROBLEM_UNAVAILABLE,
	PROBLEM_CONFLICT,
	PROBLEM_EXISTS,
	PROBLEM_NOT_APPLIED,
	PROBLEM_BUSY,
	PROBLEM_MAX,
};

enum delivery {
	DELIVER,
	DELIVER_NOTHING, /* the connection is closed instead */
	DELIVER_HALF,    /* the connection is closed in the middle of the body */
};

#define REPLY_HEADERS_MAX 4

struct reply {
	unsigned status;
	char *body; /* owned */
	size_t size;
	const char *media_type;
	enum delivery delivery;
	struct {
		const char *name;
		char value[192];
	} headers[REPLY_HEADERS_MAX];
	size_t header_count;
};

void reply_finish(struct reply *reply);

/** Replaces the body; `body` is the reply's from now on and must come from malloc. */
void reply_set(struct reply *reply, unsigned status, const char *media_type, char *body);

/** Prints and frees `value`. */
void reply_json(struct reply *reply, unsigned status, struct cJSON *value);

/** Adds a whole number digit by digit: cJSON's own numbers print 15 digits only. */
void add_integer(struct cJSON *object, const char *name, int64_t value);

void reply_header(struct reply *reply, const char *name, const char *value);

/** The problem as the whole answer. `errors` is a JSON array as text, or NULL. */
void reply_problem(struct reply *reply, enum problem problem, const char *errors);

/** The problem as an object, to put into an item's result. */
struct cJSON *problem_json(enum problem problem);

/** Finds a problem by the last part of its type, PROBLEM_MAX if there is none. */
enum problem problem_by_name(const char *name);

/** The problem that a bare status stands for, PROBLEM_MAX if the contract has none. */
enum problem problem_by_status(unsigned status);

/** Memory or the end: a test server has nothing better to do without memory. */
char *copy_text(const char *text);
