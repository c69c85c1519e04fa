#include "ctl/ask.h"

#include <stdio.h>
#include <string.h>

#include "ctl/client.h"

enum { PATH_SIZE = 400 };

void answer_finish(struct answer *answer)
{
	buf_cleanse(&answer->bytes);
	cJSON_Delete(answer->json);
	answer->json = NULL;
}

static int call(struct session *session, const struct client_request *request,
		struct answer *ret_answer, struct err *err)
{
	struct client *client = NULL;
	if (session_client(session, &client, err) < 0)
		return err->code;
	return client_call(client, request, &ret_answer->bytes, &ret_answer->json, err);
}

int ask_get(struct session *session, const char *path, struct answer *ret_answer, struct err *err)
{
	const struct client_request request = { .method = "GET", .path = path };
	return call(session, &request, ret_answer, err);
}

int ask_post(struct session *session, const char *path, const struct buf *body, bool slow,
	     struct answer *ret_answer, struct err *err)
{
	const struct client_request request = {
		.method = "POST",
		.path = path,
		.body = body == NULL ? blob_text("{}") : buf_blob(body),
		.slow = slow,
	};
	return call(session, &request, ret_answer, err);
}

bool ask_path(const char *base, const char *word, char *out, size_t size)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(word);
	return len > 0 && strspn(word, allowed) == len && strlen(base) + len < size &&
	       snprintf(out, size, "%s%s", base, word) > 0;
}

bool ask_shows_json(const struct session *session, const struct answer *answer, int *ret_result,
		    struct err *err)
{
	if (!session->json)
		return false;
	*ret_result = session_write(session, answer->bytes.data, answer->bytes.len, err);
	if (*ret_result == 0)
		*ret_result = session_write(session, "\n", 1, err);
	return true;
}

static int not_a_name(const struct session *session, const char *word)
{
	return complain(session, MSG_CTL_NAME, ARG_TEXT("word", word));
}

/* path?a=b&c=d of what was given; false if a value is no word of ours. */
static bool list_path(const struct session *session, const char *path, char *out, size_t size)
{
	const struct {
		const char *name, *value;
	} query[] = { { "after=", session->after },
		      { "limit=", session->limit },
		      { "source=", session->source } };
	const char *separator = "?";
	(void)snprintf(out, size, "%s", path);
	for (size_t i = 0; i < sizeof(query) / sizeof(query[0]); i++) {
		char so_far[PATH_SIZE + 16];
		if (query[i].value == NULL)
			continue;
		(void)snprintf(so_far, sizeof(so_far), "%s%s%s", out, separator, query[i].name);
		if (!ask_path(so_far, query[i].value, out, size))
			return false;
		separator = "&";
	}
	return true;
}

/* Where the next page begins, if there is one. */
static void say_more(const struct session *session, const cJSON *answer)
{
	char next[64];
	const struct view_column column = { .pointer = "/next", .form = VIEW_PLAIN_NUMBER };
	view_cell(session, answer, &column, next, sizeof(next));
	if (next[0] != '\0')
		say(session, MSG_CTL_MORE, ARG_WORD("after", next));
}

int ask_list(struct session *session, const struct ask_list *list, struct err *err)
{
	char path[PATH_SIZE];
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!list_path(session, list->path, path, sizeof(path)))
		return complain(session, MSG_CTL_PLACE);
	if (ask_get(session, path, &answer, err) < 0)
		return err->code;
	if (!ask_shows_json(session, &answer, &result, err))
		result = view_list(session, json_at(answer.json, list->member), list->columns,
				   list->count, err);
	if (result == 0 && !session->json)
		say_more(session, answer.json);
	return result;
}

int ask_object(struct session *session, const char *base, const char *word,
	       const struct view_column *columns, size_t count, struct err *err)
{
	char path[PATH_SIZE];
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!ask_path(base, word, path, sizeof(path)))
		return not_a_name(session, word);
	if (ask_get(session, path, &answer, err) < 0)
		return err->code;
	if (!ask_shows_json(session, &answer, &result, err))
		result = view_object(session, answer.json, columns, count, err);
	return result;
}
