/* records find, get, export. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "daemon/base/limits.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- find: identifiers come by standard input, so that no process list or history shows them -- */

static const struct view_column hit_columns[] = {
	{ MSG_VIEW_PERSON, "/uuid", VIEW_TEXT },
	{ MSG_VIEW_SOURCE, "/source", VIEW_TEXT },
	{ MSG_VIEW_RECORD_ENDED, "/ended", VIEW_TEXT },
};

/* The kind of an identifier by its form; NULL if it is none. */
static const char *kind_of(const struct session *session, const char *text)
{
	size_t len = strlen(text);
	if (session->source != NULL)
		return len <= LIMIT_SOURCE_KEY_BYTES ? "source_key" : NULL;
	if (strspn(text, "0123456789") != len)
		return NULL;
	return len == 12 ? "cccd" : len == 9 ? "cmnd" : NULL;
}

static int find_one(struct session *session, const char *kind, const char *value, struct err *err)
{
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	CLEANUP(buf_cleanse) struct buf body = { 0 };
	struct json_writer json = json_writer_of(&body);
	json_object_begin(&json);
	json_member_text(&json, "kind", kind);
	if (session->source != NULL)
		json_member_text(&json, "source", session->source);
	json_member_text(&json, "value", value);
	json_object_end(&json);
	if (!buf_ok(&body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (ask_post(session, "/v1/records/find", &body, false, &answer, err) < 0)
		return err->code;
	if (ask_shows_json(session, &answer, &result, err))
		return result;
	return view_list(session, json_at(answer.json, "/records"), hit_columns,
			 COUNT_OF(hit_columns), err);
}

static void trim(char *line)
{
	size_t len = strlen(line);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
		line[--len] = '\0';
}

int verb_records_find(struct session *session, struct err *err)
{
	char line[LIMIT_SOURCE_KEY_BYTES + 3];
	unsigned number = 0, asked = 0;
	if (isatty(STDIN_FILENO))
		say(session, MSG_CTL_PROMPT);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		number++;
		trim(line);
		if (line[0] == '\0')
			continue;
		const char *kind = kind_of(session, line);
		if (kind == NULL)
			return err_set(err, ERR_INVALID, MSG_CTL_IDENTIFIER, ARG_U("line", number));
		if (find_one(session, kind, line, err) < 0)
			return err->code;
		asked++;
	}
	if (ferror(stdin))
		return err_set(err, ERR_IO, MSG_CTL_INPUT, ARG_ERRNO(errno));
	return asked > 0 ? EXIT_OK : err_set(err, ERR_NOT_FOUND, MSG_CTL_STDIN);
}

/* ---- get ----------------------------------------------------------------------------------- */

static const struct view_column person_columns[] = {
	{ MSG_VIEW_PERSON, "/uuid", VIEW_TEXT },
	{ MSG_VIEW_UPSTREAM_STATE, "/upstream/state", VIEW_STATE },
	{ MSG_VIEW_UPSTREAM_VERSION, "/upstream/version", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_DIRTY, "/upstream/dirty", VIEW_TEXT },
	{ MSG_VIEW_BATCH, "/upstream/batch", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_OPEN_CASES, "/open_cases", VIEW_LIST },
};
static const struct view_column golden_columns[] = {
	{ MSG_VIEW_FIELD, "/title", VIEW_PAIR },
	{ MSG_VIEW_ELEMENT, "/key", VIEW_TEXT },
	{ MSG_VIEW_VALUE, "/value", VIEW_TEXT },
	{ MSG_VIEW_SOURCES, "/sources", VIEW_LIST },
};
static const struct view_column link_columns[] = {
	{ MSG_VIEW_SOURCE, "/source", VIEW_TEXT },
	{ MSG_VIEW_SOURCE_KEY, "/source_key", VIEW_TEXT },
	{ MSG_VIEW_AS_OF, "/as_of", VIEW_TEXT },
	{ MSG_VIEW_RECORD_ENDED, "/ended", VIEW_TEXT },
	{ MSG_VIEW_HOW, "/how", VIEW_TEXT },
	{ MSG_VIEW_RULE, "/rule", VIEW_TEXT },
	{ MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
};

static int show_person(const struct session *session, const cJSON *person, struct err *err)
{
	if (view_object(session, person, person_columns, COUNT_OF(person_columns), err) < 0 ||
	    session_write(session, "\n", 1, err) < 0 ||
	    view_list(session, json_at(person, "/golden"), golden_columns, COUNT_OF(golden_columns),
		      err) < 0 ||
	    session_write(session, "\n", 1, err) < 0)
		return err->code;
	return view_list(session, json_at(person, "/links"), link_columns, COUNT_OF(link_columns),
			 err);
}

int verb_records_get(struct session *session, struct err *err)
{
	char path[128];
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!ask_path("/v1/records/", session->args[0], path, sizeof(path)))
		return complain(session, MSG_CTL_NAME, ARG_TEXT("word", session->args[0]));
	if (ask_get(session, path, &answer, err) < 0)
		return err->code;
	if (ask_shows_json(session, &answer, &result, err))
		return result;
	return show_person(session, answer.json, err);
}

/* ---- export -------------------------------------------------------------------------------- */

int verb_records_export(struct session *session, struct err *err)
{
	struct client *client = NULL;
	CLEANUP(buf_finish) struct buf body = { 0 };
	if (!session->canonical)
		return complain(session, MSG_CTL_CANONICAL);
	if (session->reason == NULL || session->reason[0] == '\0')
		return complain(session, MSG_CTL_REASON);
	struct json_writer json = json_writer_of(&body);
	json_object_begin(&json);
	json_member_text(&json, "reason", session->reason);
	json_object_end(&json);
	if (!buf_ok(&body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (session_client(session, &client, err) < 0)
		return err->code;
	const struct client_request request = { .method = "POST",
						.path = "/v1/exports/canonical",
						.body = buf_blob(&body),
						.slow = true };
	return client_stream(client, &request, STDOUT_FILENO, err);
}
