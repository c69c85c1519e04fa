/* status, doctor, version. */
#include <stdio.h>
#include <string.h>

#include "build_config.h"
#include "ctl/ask.h"
#include "ctl/command.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct view_column status_columns[] = {
	{ MSG_VIEW_VERSION, "/version", VIEW_TEXT },
	{ MSG_VIEW_STORE, "/store_id", VIEW_TEXT },
	{ MSG_VIEW_SINCE, "/started_at", VIEW_TIME },
	{ MSG_VIEW_ROLES, "/roles", VIEW_TEXT },
	{ MSG_VIEW_PERSONS, "/counts/persons", VIEW_NUMBER },
	{ MSG_VIEW_SOURCE_RECORDS, "/counts/source_records", VIEW_NUMBER },
	{ MSG_VIEW_QUARANTINED, "/counts/quarantined", VIEW_NUMBER },
	{ MSG_VIEW_OPEN_CASES, "/counts/open_cases", VIEW_NUMBER },
	{ MSG_VIEW_DIRTY, "/counts/dirty", VIEW_NUMBER },
	{ MSG_VIEW_OPEN_BATCHES, "/counts/open_batches", VIEW_NUMBER },
	{ MSG_VIEW_AUDIT_SIZE, "/audit/size", VIEW_NUMBER },
	{ MSG_VIEW_AUDIT_ROOT, "/audit/root", VIEW_TEXT },
};

static const struct view_column source_columns[] = {
	{ MSG_VIEW_NAME, "/name", VIEW_TEXT },
	{ MSG_VIEW_KIND, "/kind", VIEW_TEXT },
	{ MSG_VIEW_CONNECTOR, "/connector", VIEW_TEXT },
	{ MSG_VIEW_RUNNING, "/running", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_LAST_RUN, "/last_run", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_STATE, "/last_state", VIEW_STATE },
	{ MSG_VIEW_LAST_COMPLETE, "/last_complete_at", VIEW_TIME },
	{ MSG_VIEW_NEXT, "/next_at", VIEW_TIME },
};

int verb_status(struct session *session, struct err *err)
{
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (ask_get(session, "/v1/status", &answer, err) < 0)
		return err->code;
	if (ask_shows_json(session, &answer, &result, err))
		return result;
	if (view_object(session, answer.json, status_columns, COUNT_OF(status_columns), err) < 0 ||
	    session_write(session, "\n", 1, err) < 0)
		return err->code;
	return view_list(session, json_at(answer.json, "/sources"), source_columns,
			 COUNT_OF(source_columns), err);
}

static const struct view_column check_columns[] = {
	{ MSG_VIEW_CHECK, "/name", VIEW_TEXT },
	{ MSG_VIEW_VERDICT, "/verdict", VIEW_STATE },
	{ MSG_VIEW_TEXT, "/text", VIEW_PAIR },
};

static bool any_failed(const cJSON *checks)
{
	const cJSON *check;
	cJSON_ArrayForEach(check, checks) {
		const char *verdict = "";
		if (json_get_text(check, "/verdict", JSON_OPTIONAL, &verdict, NULL) < 0 ||
		    strcmp(verdict, "failed") == 0)
			return true;
	}
	return false;
}

int verb_doctor(struct session *session, struct err *err)
{
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (ask_get(session, "/v1/doctor", &answer, err) < 0)
		return err->code;
	const cJSON *checks = json_at(answer.json, "/checks");
	if (!ask_shows_json(session, &answer, &result, err))
		result = view_list(session, checks, check_columns, COUNT_OF(check_columns), err);
	if (result < 0)
		return result;
	return any_failed(checks) ? EXIT_FINDINGS : EXIT_OK;
}

int verb_version(struct session *session, struct err *err)
{
	char text[64];
	int len = session->json
			  ? snprintf(text, sizeof(text), "{\"version\":\"%s\"}\n", TRITHUC_VERSION)
			  : snprintf(text, sizeof(text), "%s %s\n", "trithucctl", TRITHUC_VERSION);
	return session_write(session, text, (size_t)len, err);
}
