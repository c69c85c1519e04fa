/* run, runs, publish. */
#include <stdint.h>

#include "ctl/ask.h"
#include "ctl/command.h"
#include "ctl/run_view.h"
#include "ctl/wait.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct view_column runs_columns[] = {
	{ MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_NAME, "/name", VIEW_TEXT },
	{ MSG_VIEW_KIND, "/kind", VIEW_TEXT },
	{ MSG_VIEW_STATE, "/state", VIEW_STATE },
	{ MSG_VIEW_STARTED, "/started_at", VIEW_TIME },
	{ MSG_VIEW_ENDED, "/ended_at", VIEW_TIME },
	{ MSG_VIEW_READ, "/counts/read", VIEW_NUMBER },
	{ MSG_VIEW_ACCEPTED, "/counts/accepted", VIEW_NUMBER },
	{ MSG_VIEW_QUARANTINED, "/counts/quarantined", VIEW_NUMBER },
	{ MSG_VIEW_ACKNOWLEDGED, "/counts/acknowledged", VIEW_NUMBER },
	{ MSG_VIEW_CODE, "/cause/code", VIEW_TEXT },
};

/* Start, then say so or wait. */
static int start(struct session *session, const char *path, const struct buf *body, struct err *err)
{
	uint64_t run = 0;
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (ask_post(session, path, body, false, &answer, err) < 0 ||
	    json_get_unsigned(answer.json, "/run", JSON_REQUIRED, &run, err) < 0)
		return err->code;
	if (session->wait)
		return wait_for_run(session, (uint32_t)run, err);
	if (ask_shows_json(session, &answer, &result, err))
		return result;
	say(session, MSG_CTL_STARTED, ARG_U("run", run));
	return EXIT_OK;
}

int verb_run(struct session *session, struct err *err)
{
	CLEANUP(buf_finish) struct buf body = { 0 };
	struct json_writer json = json_writer_of(&body);
	json_object_begin(&json);
	json_member_text(&json, "source", session->args[0]);
	json_object_end(&json);
	if (!buf_ok(&body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return start(session, "/v1/runs", &body, err);
}

int verb_publish(struct session *session, struct err *err)
{
	return start(session, "/v1/publish", NULL, err);
}

static int show_run(struct session *session, const char *run, struct err *err)
{
	char path[128];
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!ask_path("/v1/runs/", run, path, sizeof(path)))
		return complain(session, MSG_CTL_NAME, ARG_TEXT("word", run));
	if (ask_get(session, path, &answer, err) < 0)
		return err->code;
	return run_view_show(session, &answer, err);
}

int verb_runs(struct session *session, struct err *err)
{
	static const struct ask_list list = { "/v1/runs", "/runs", runs_columns,
					      COUNT_OF(runs_columns) };
	return session->arg_count == 0 ? ask_list(session, &list, err)
				       : show_run(session, session->args[0], err);
}
