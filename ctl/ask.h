/* Ask: what the verbs share: a request, its JSON, and its form on stdout. */
#pragma once

#include <stddef.h>

#include "ctl/session.h"
#include "ctl/view.h"
#include "daemon/base/bytes.h"
#include "daemon/base/json_writer.h"
#include "daemon/record/json.h"

struct answer {
	struct buf bytes; /* as the daemon wrote them */
	cJSON *json;
};

void answer_finish(struct answer *answer);

/** GET a path made of `format` and one word of the user's.
 * Errors: those of client_call(); ERR_INVALID if the word has characters that no name of ours has.
 */
MUST_CHECK int ask_get(struct session *session, const char *path, struct answer *ret_answer,
		       struct err *err);
/** POST a JSON object; `body` NULL: the empty one. */
MUST_CHECK int ask_post(struct session *session, const char *path, const struct buf *body,
			bool slow, struct answer *ret_answer, struct err *err);

/** "/v1/runs/" and the word, checked: [A-Za-z0-9._-] only. Returns false if it is none. */
bool ask_path(const char *base, const char *word, char *out, size_t size);

/** With --json the answer as it is, and true; else false. */
bool ask_shows_json(const struct session *session, const struct answer *answer, int *ret_result,
		    struct err *err);

/* A list with its page: --after and --limit go out, "more" goes to stderr. */
struct ask_list {
	const char *path;   /* "/v1/cases" */
	const char *member; /* "/cases" */
	const struct view_column *columns;
	size_t count;
};
MUST_CHECK int ask_list(struct session *session, const struct ask_list *list, struct err *err);

/** One object at base/word, shown by columns. */
MUST_CHECK int ask_object(struct session *session, const char *base, const char *word,
			  const struct view_column *columns, size_t count, struct err *err);
