#include "ctl/run_view.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct view_column columns[] = {
	{ MSG_VIEW_RUN, "/run", VIEW_PLAIN_NUMBER },
	{ MSG_VIEW_NAME, "/name", VIEW_TEXT },
	{ MSG_VIEW_KIND, "/kind", VIEW_TEXT },
	{ MSG_VIEW_STATE, "/state", VIEW_STATE },
	{ MSG_VIEW_CAUSE, "/cause/text", VIEW_PAIR },
	{ MSG_VIEW_CODE, "/cause/code", VIEW_TEXT },
	{ MSG_VIEW_STARTED, "/started_at", VIEW_TIME },
	{ MSG_VIEW_ENDED, "/ended_at", VIEW_TIME },
	{ MSG_VIEW_COMPLETENESS, "/completeness", VIEW_TEXT },
	{ MSG_VIEW_PROMISED, "/promised", VIEW_NUMBER },
	{ MSG_VIEW_DONE, "/done", VIEW_NUMBER },
	{ MSG_VIEW_TOTAL, "/total", VIEW_NUMBER },
	/* of a source; what a run does not have is left out */
	{ MSG_VIEW_READ, "/counts/read", VIEW_NUMBER },
	{ MSG_VIEW_ACCEPTED, "/counts/accepted", VIEW_NUMBER },
	{ MSG_VIEW_UNCHANGED, "/counts/unchanged", VIEW_NUMBER },
	{ MSG_VIEW_QUARANTINED, "/counts/quarantined", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED, "/counts/skipped", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED_HEADING, "/counts/skipped_heading", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED_TOTAL, "/counts/skipped_total", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED_BLANK, "/counts/skipped_blank", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED_DUPLICATE, "/counts/skipped_duplicate", VIEW_NUMBER },
	{ MSG_VIEW_SKIPPED_OUT_OF_SCOPE, "/counts/skipped_out_of_scope", VIEW_NUMBER },
	{ MSG_VIEW_CREATED, "/counts/created", VIEW_NUMBER },
	{ MSG_VIEW_CHANGED, "/counts/changed", VIEW_NUMBER },
	{ MSG_VIEW_RECORDS_ENDED, "/counts/ended", VIEW_NUMBER },
	{ MSG_VIEW_ABSENT, "/counts/absent", VIEW_NUMBER },
	{ MSG_VIEW_CASES, "/counts/cases", VIEW_NUMBER },
	/* of publishing */
	{ MSG_VIEW_DIRTY, "/counts/dirty", VIEW_NUMBER },
	{ MSG_VIEW_BATCHES, "/counts/batches", VIEW_NUMBER },
	{ MSG_VIEW_SENT, "/counts/sent", VIEW_NUMBER },
	{ MSG_VIEW_ACKNOWLEDGED, "/counts/acknowledged", VIEW_NUMBER },
	{ MSG_VIEW_SAME_UPSTREAM, "/counts/same_upstream", VIEW_NUMBER },
	{ MSG_VIEW_CONFLICTS, "/counts/conflicts", VIEW_NUMBER },
	{ MSG_VIEW_HELD, "/counts/held", VIEW_NUMBER },
	{ MSG_VIEW_RETRY, "/counts/retry", VIEW_NUMBER },
	{ MSG_VIEW_UNKNOWN, "/counts/unknown", VIEW_NUMBER },
};

int run_view_show(const struct session *session, const struct answer *answer, struct err *err)
{
	int result = 0;
	if (ask_shows_json(session, answer, &result, err))
		return result;
	return view_object(session, answer->json, columns, COUNT_OF(columns), err);
}
