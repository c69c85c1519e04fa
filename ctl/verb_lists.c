/* review, quarantine, audit. */
#include "ctl/ask.h"
#include "ctl/command.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- review -------------------------------------------------------------------------------- */

static const struct view_column case_columns[] = {
	{ MSG_VIEW_CASE, "/case", VIEW_PLAIN_NUMBER }, { MSG_VIEW_KIND, "/kind", VIEW_TEXT },
	{ MSG_VIEW_STATE, "/state", VIEW_STATE },      { MSG_VIEW_RULE, "/rule", VIEW_TEXT },
	{ MSG_VIEW_OPENED, "/opened_at", VIEW_TIME },  { MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_PERSONS, "/persons", VIEW_LIST },
};
static const struct view_column case_record_columns[] = {
	{ MSG_VIEW_SOURCE, "/source", VIEW_TEXT },
	{ MSG_VIEW_SOURCE_KEY, "/source_key", VIEW_TEXT },
	{ MSG_VIEW_RECORD_ENDED, "/ended", VIEW_TEXT },
};

int verb_review_list(struct session *session, struct err *err)
{
	static const struct ask_list list = { "/v1/cases", "/cases", case_columns,
					      COUNT_OF(case_columns) };
	return ask_list(session, &list, err);
}

/* One thing with the list that belongs to it. */
struct part {
	const char *base, *member;
	const struct view_column *columns, *member_columns;
	size_t count, member_count;
};

static int show(struct session *session, const struct part *part, struct err *err)
{
	char path[256];
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!ask_path(part->base, session->args[0], path, sizeof(path)))
		return complain(session, MSG_CTL_NAME, ARG_TEXT("word", session->args[0]));
	if (ask_get(session, path, &answer, err) < 0)
		return err->code;
	if (ask_shows_json(session, &answer, &result, err))
		return result;
	if (view_object(session, answer.json, part->columns, part->count, err) < 0 ||
	    session_write(session, "\n", 1, err) < 0)
		return err->code;
	return view_list(session, json_at(answer.json, part->member), part->member_columns,
			 part->member_count, err);
}

int verb_review_show(struct session *session, struct err *err)
{
	static const struct part part = {
		"/v1/cases/",           "/records",
		case_columns,           case_record_columns,
		COUNT_OF(case_columns), COUNT_OF(case_record_columns),
	};
	return show(session, &part, err);
}

/* ---- quarantine ---------------------------------------------------------------------------- */

static const struct view_column row_columns[] = {
	{ MSG_VIEW_ID, "/id", VIEW_TEXT },
	{ MSG_VIEW_SOURCE, "/source", VIEW_TEXT },
	{ MSG_VIEW_FILE, "/file", VIEW_TEXT },
	{ MSG_VIEW_ROW, "/row", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_SOURCE_KEY, "/source_key", VIEW_TEXT },
	{ MSG_VIEW_CLASS, "/class", VIEW_STATE },
	{ MSG_VIEW_CODE, "/reasons/0/code", VIEW_TEXT },
	{ MSG_VIEW_COLUMN, "/reasons/0/column", VIEW_TEXT },
	{ MSG_VIEW_SHAPE, "/reasons/0/shape", VIEW_TEXT },
	{ MSG_VIEW_TEXT, "/reasons/0/text", VIEW_PAIR },
};
static const struct view_column row_head_columns[] = {
	{ MSG_VIEW_ID, "/id", VIEW_TEXT },
	{ MSG_VIEW_SOURCE, "/source", VIEW_TEXT },
	{ MSG_VIEW_FILE, "/file", VIEW_TEXT },
	{ MSG_VIEW_ROW, "/row", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_SOURCE_KEY, "/source_key", VIEW_TEXT },
	{ MSG_VIEW_CLASS, "/class", VIEW_STATE },
	{ MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
};
static const struct view_column reason_columns[] = {
	{ MSG_VIEW_CODE, "/code", VIEW_TEXT },
	{ MSG_VIEW_COLUMN, "/column", VIEW_TEXT },
	{ MSG_VIEW_SHAPE, "/shape", VIEW_TEXT },
	{ MSG_VIEW_TEXT, "/text", VIEW_PAIR },
};

int verb_quarantine_list(struct session *session, struct err *err)
{
	static const struct ask_list list = { "/v1/quarantine", "/rows", row_columns,
					      COUNT_OF(row_columns) };
	return ask_list(session, &list, err);
}

int verb_quarantine_show(struct session *session, struct err *err)
{
	static const struct part part = {
		"/v1/quarantine/",          "/reasons",
		row_head_columns,           reason_columns,
		COUNT_OF(row_head_columns), COUNT_OF(reason_columns),
	};
	return show(session, &part, err);
}

/* ---- audit --------------------------------------------------------------------------------- */

static const struct view_column leaf_columns[] = {
	{ MSG_VIEW_INDEX, "/seq", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_TIME, "/ts", VIEW_TIME },
	{ MSG_VIEW_ACT, "/act", VIEW_TEXT },
	{ MSG_VIEW_ACTOR, "/actor/name", VIEW_TEXT },
	{ MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_SOURCE, "/src/source", VIEW_TEXT },
	{ MSG_VIEW_ROW, "/src/row", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_STATE, "/state", VIEW_STATE },
};

int verb_audit_list(struct session *session, struct err *err)
{
	static const struct ask_list list = { "/v1/audit", "/leaves", leaf_columns,
					      COUNT_OF(leaf_columns) };
	return ask_list(session, &list, err);
}

/* A leaf is shown as it stands, byte for byte: its hash is over these bytes. */
int verb_audit_show(struct session *session, struct err *err)
{
	char path[128];
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (!ask_path("/v1/audit/", session->args[0], path, sizeof(path)))
		return complain(session, MSG_CTL_NAME, ARG_TEXT("word", session->args[0]));
	if (ask_get(session, path, &answer, err) < 0 ||
	    session_write(session, answer.bytes.data, answer.bytes.len, err) < 0)
		return err->code;
	return session_write(session, "\n", 1, err);
}

static const struct view_column verify_columns[] = {
	{ MSG_VIEW_VERIFIES, "/ok", VIEW_TEXT },
	{ MSG_VIEW_AUDIT_SIZE, "/size", VIEW_NUMBER },
	{ MSG_VIEW_AUDIT_ROOT, "/root", VIEW_TEXT },
	{ MSG_VIEW_FIRST_BAD, "/first_bad", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_TEXT, "/problem", VIEW_PAIR },
};

int verb_audit_verify(struct session *session, struct err *err)
{
	bool ok = false;
	int result = 0;
	CLEANUP(answer_finish) struct answer answer = { 0 };
	if (ask_post(session, "/v1/audit/verify", NULL, true, &answer, err) < 0 ||
	    json_get_bool(answer.json, "/ok", JSON_REQUIRED, &ok, err) < 0)
		return err->code;
	if (!ask_shows_json(session, &answer, &result, err))
		result = view_object(session, answer.json, verify_columns, COUNT_OF(verify_columns),
				     err);
	return result < 0 ? result : ok ? EXIT_OK : EXIT_FINDINGS;
}
