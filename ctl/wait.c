#include "ctl/wait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/ask.h"
#include "ctl/run_view.h"
#include "daemon/base/clock.h"

enum { LOOK_MS = 500, LINE_EVERY_US = 10 * 1000000 };

/* What was last seen of a run. */
struct sight {
	const char *state, *error;
	uint64_t done, total;
	bool ended;
};

/* Since when the present state is watched, and when something was last said. */
struct watch {
	char state[32];
	uint64_t first_done, first_us, said_us;
};

int wait_exit_code(const char *state, const char *error)
{
	if (strcmp(state, "COMPLETE") == 0)
		return EXIT_OK;
	if (strcmp(state, "INCOMPLETE") == 0)
		return err_code_exit(ERR_INVALID);
	if (strcmp(state, "HELD") == 0 || strcmp(state, "SUPERSEDED") == 0)
		return err_code_exit(ERR_CONFLICT);
	for (int code = 1; code < ERR_MAX_; code++)
		if (strcmp(err_code_name((enum err_code) - code), error) == 0)
			return err_code_exit((enum err_code) - code);
	return EXIT_BUG;
}

struct wait_progress wait_progress_of(uint64_t first_done, uint64_t done, uint64_t total,
				      uint64_t elapsed_us)
{
	struct wait_progress progress = { .done = done, .total = total };
	if (done > first_done && elapsed_us > 0)
		progress.rate = (double)(done - first_done) * 1e6 / (double)elapsed_us;
	if (progress.rate > 0 && total > done)
		progress.left_s = (uint64_t)((double)(total - done) / progress.rate + 0.5);
	return progress;
}

static int look(struct session *session, const char *path, struct answer *answer,
		struct sight *ret_sight, struct err *err)
{
	struct sight sight = { .state = "", .error = "" };
	answer_finish(answer);
	if (ask_get(session, path, answer, err) < 0 ||
	    json_get_text(answer->json, "/state", JSON_REQUIRED, &sight.state, err) < 0 ||
	    json_get_text(answer->json, "/cause/error", JSON_OPTIONAL, &sight.error, err) < 0 ||
	    json_get_unsigned(answer->json, "/done", JSON_OPTIONAL, &sight.done, err) < 0 ||
	    json_get_unsigned(answer->json, "/total", JSON_OPTIONAL, &sight.total, err) < 0 ||
	    json_get_bool(answer->json, "/ended", JSON_REQUIRED, &sight.ended, err) < 0)
		return err->code;
	*ret_sight = sight;
	return 0;
}

static void time_left(uint64_t seconds, char *out, size_t size)
{
	(void)snprintf(out, size, "%" PRIu64 ":%02u:%02u", seconds / 3600,
		       (unsigned)(seconds / 60 % 60), (unsigned)(seconds % 60));
}

static void put_progress(const struct session *session, const char *state,
			 const struct wait_progress *progress)
{
	char text[256], left[32];
	bool whole = progress->total > 0 && progress->rate > 0;
	time_left(progress->left_s, left, sizeof(left));
	(void)message_format(session->language, whole ? MSG_CTL_PROGRESS : MSG_CTL_PROGRESS_OPEN,
			     ARG_LIST(ARG_WORD("state", state), ARG_U("done", progress->done),
				      ARG_U("total", progress->total),
				      ARG_U("rate", progress->rate), ARG_WORD("left", left)),
			     text, sizeof(text));
	/* On a terminal one line that is written over, else a line of its own. */
	(void)fprintf(stderr, session->err_is_terminal ? "\r\033[K%s" : "%s\n", text);
	(void)fflush(stderr);
}

static void tell(const struct session *session, struct watch *watch, const struct sight *sight)
{
	uint64_t now_us = clock_boottime_us(&clock_system);
	bool other_state = strcmp(watch->state, sight->state) != 0;
	if (other_state) {
		(void)snprintf(watch->state, sizeof(watch->state), "%s", sight->state);
		watch->first_done = sight->done;
		watch->first_us = now_us;
	}
	if (!session->err_is_terminal && now_us < watch->said_us + LINE_EVERY_US)
		return;
	const struct wait_progress progress = wait_progress_of(
		watch->first_done, sight->done, sight->total, now_us - watch->first_us);
	put_progress(session, sight->state, &progress);
	watch->said_us = now_us;
}

int wait_for_run(struct session *session, uint32_t run, struct err *err)
{
	char path[64];
	struct sight sight = { 0 };
	struct watch watch = { .said_us = clock_boottime_us(&clock_system) };
	CLEANUP(answer_finish) struct answer answer = { 0 };
	(void)snprintf(path, sizeof(path), "/v1/runs/%" PRIu32, run);
	for (;;) {
		if (look(session, path, &answer, &sight, err) < 0)
			return err->code;
		if (sight.ended)
			break;
		tell(session, &watch, &sight);
		const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
		(void)nanosleep(&pause, NULL);
	}
	if (session->err_is_terminal)
		(void)fputs("\r\033[K", stderr);
	int result = run_view_show(session, &answer, err);
	return result < 0 ? result : wait_exit_code(sight.state, sight.error);
}
