/* The turns of the loop: stepping runs, committing the session, and what a failure means. */
#include <systemd/sd-event.h>

#include "daemon/audit/audit_log.h"
#include "daemon/publish/publisher.h"
#include "daemon/run/engine.h"
#include "daemon/run/worker.h"
#include "daemon/store/store.h"

enum {
	STEP_ROWS = 300, /* of one turn: some 20 ms */
	SWEEP_ROWS = 1200,
	RETRY_AFTER_FAILURE_MS = 5000, /* a run that was set back waits so long */
};

static unsigned waiting(const struct engine *engine)
{
	return engine->options.waiting == NULL
		       ? 0
		       : engine->options.waiting(engine->options.waiting_ctx);
}

/* ---- committing ---- */

static void commit(struct engine *engine)
{
	struct err err = { 0 };
	if (session_commit(&engine->session, &err) < 0)
		engine_session_failed(engine, &err);
}

static void arm(sd_event_source *timer, uint64_t at_us)
{
	(void)sd_event_source_set_time(timer, at_us);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int on_commit_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	commit(userdata);
	engine_wake(userdata); /* for runs that may be forgotten now */
	return 0;
}

/* After a failure the next try is left to the timer: a full disk is not filled by haste. */
void engine_touch(struct engine *engine)
{
	const struct session *session = &engine->session;
	uint64_t due_us = session->begun_us + SESSION_AGE_MS * 1000u;
	bool calm = clock_boottime_us(engine->options.clock) >= engine->calm_us;
	if (session->txn == NULL)
		return;
	if ((calm || session->rows >= SESSION_ROWS) && session_is_due(session, waiting(engine) > 0))
		commit(engine);
	else
		arm(engine->commit_timer, due_us > engine->calm_us ? due_us : engine->calm_us);
}

void engine_wake(struct engine *engine)
{
	(void)sd_event_source_set_enabled(engine->work, SD_EVENT_ON);
}

/* ---- stepping ---- */

static bool may_step(const struct engine *engine, const struct run *run)
{
	return run->retry_us == 0 || clock_boottime_us(engine->options.clock) >= run->retry_us;
}

static int on_retry_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	engine_wake(userdata);
	return 0;
}

/* Runs that wait are woken by a timer of their own: that of the commits is set anew with every write. */
static void arm_retry(struct engine *engine)
{
	uint64_t next_us = UINT64_MAX;
	for (const struct run *run = engine->runs; run != NULL; run = run->next)
		if (!may_step(engine, run) && run->retry_us < next_us)
			next_us = run->retry_us;
	if (next_us != UINT64_MAX)
		arm(engine->retry_timer, next_us);
}

static void log_end(const struct run *run)
{
	const struct run_counts *counts = &run->row.counts;
	uint64_t skipped = 0;
	for (size_t i = 0; i < RUN_SKIP_KINDS; i++)
		skipped += counts->skipped[i];
	log_event(LOG_LEVEL_NOTICE, MSG_RUN_ENDED, ARG_U("run", run->row.id),
		  ARG_WORD("source", run->name),
		  ARG_WORD("state", run_state_name((enum run_state)run->row.state)),
		  ARG_U("read", counts->read), ARG_U("accepted", counts->accepted),
		  ARG_U("unchanged", counts->unchanged), ARG_U("quarantined", counts->quarantined),
		  ARG_U("skipped", skipped));
}

/* One piece of work of a run. Returns true if it has more to do at once. */
static bool step_run(struct engine *engine, struct run *run)
{
	struct err err = { 0 };
	int status;
	if (run->row.state == RUN_APPLYING) {
		status = apply_step(&engine->applier, run, STEP_ROWS, &err);
		if (status == APPLY_DONE)
			log_end(run);
	} else if (run->row.state == RUN_PUBLISHING) {
		return publish_run_step(engine, run);
	} else if (run->row.phase == RUN_PHASE_SWEEP) {
		status = apply_sweep(&engine->applier, run, SWEEP_ROWS, &err);
	} else {
		return false;
	}
	if (status >= 0)
		return true;
	engine_session_failed(engine, &err);
	/* Space comes back; of anything else the same rows would fail again, for ever. */
	if (run->row.state == RUN_APPLYING && status != ERR_NO_SPACE && engine->exit_code == 0)
		engine_end_run(engine, run, RUN_FAILED, &err);
	return false;
}

/* Ended and swept runs are forgotten once their last words are durable. */
static void drop_done(struct engine *engine)
{
	struct run **slot = &engine->runs;
	if (engine->session.txn != NULL)
		return;
	while (*slot != NULL) {
		struct run *run = *slot;
		if (run->row.phase != RUN_PHASE_DONE) {
			slot = &run->next;
			continue;
		}
		*slot = run->next;
		run_destroy(run);
	}
}

static int on_work(sd_event_source *source, void *userdata)
{
	struct engine *engine = userdata;
	bool more = false;
	for (struct run *run = engine->runs; run != NULL; run = run->next) {
		if (!may_step(engine, run))
			continue;
		if (!step_run(engine, run))
			continue;
		more = true;
		break; /* one step a turn; the list is walked from its newest */
	}
	engine_touch(engine);
	drop_done(engine);
	arm_retry(engine);
	if (!more)
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

int engine_attach(struct engine *engine, struct err *err)
{
	int status = sd_event_add_defer(engine->options.loop, &engine->work, on_work, engine);
	if (status >= 0)
		status = sd_event_source_set_priority(
			engine->work, SD_EVENT_PRIORITY_IDLE); /* after sockets and timers */
	if (status >= 0)
		status = sd_event_add_time(engine->options.loop, &engine->commit_timer,
					   CLOCK_BOOTTIME, 0, 1000, on_commit_timer, engine);
	if (status >= 0)
		status = sd_event_add_time(engine->options.loop, &engine->retry_timer,
					   CLOCK_BOOTTIME, 0, 1000, on_retry_timer, engine);
	if (status >= 0)
		status = sd_event_source_set_enabled(engine->commit_timer, SD_EVENT_OFF);
	if (status >= 0)
		status = sd_event_source_set_enabled(engine->retry_timer, SD_EVENT_OFF);
	return status < 0 ? err_set(err, ERR_NOMEM, MSG_NOMEM) : 0;
}

/* ---- failure ---- */

/* What the pass built or marked may be gone with the transaction: it begins anew. */
static void restart_pass(struct engine *engine, struct run *run)
{
	publisher_rewind(engine->publisher);
	run->swept = run->built = false;
	if (run->worker == NULL)
		return;
	worker_destroy(TAKE(run->worker)); /* whatever it answers could not be kept */
	run->lost = run->in_flight;
	run->in_flight = 0;
}

/* Set a run back to what the store says of it; true if it can go on from there. */
static bool reload(struct engine *engine, struct run *run)
{
	struct err err = { 0 };
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct run_row row;
	if (store_begin(engine->base.store, KV_READ, &txn, &err) < 0 ||
	    run_table_get(txn, run->row.id, &row, &err) < 0)
		return false;
	run->row = row;
	run->received = 0; /* with its counts, should it end here */
	if (row.state == RUN_PUBLISHING)
		restart_pass(engine, run);
	run->retry_us = clock_boottime_us(engine->options.clock) + RETRY_AFTER_FAILURE_MS * 1000u;
	return row.state != RUN_COLLECTING && row.state != RUN_GUARDING;
}

void engine_session_failed(struct engine *engine, const struct err *err)
{
	session_abort(&engine->session);
	if (engine->exit_code != 0)
		return; /* the loop is ending, by what failed first */
	log_err(LOG_LEVEL_ERR, MSG_SESSION_FAILED, err);
	/* A failure while one is being handled: not even the words about it can be written. */
	if (engine->failing || err_code_policy(err->code) == ERR_POLICY_STOP_DAEMON) {
		engine->exit_code = err_code_exit(err->code);
		(void)sd_event_exit(engine->options.loop, engine->exit_code);
		return;
	}
	engine->failing = true;
	engine->calm_us = clock_boottime_us(engine->options.clock) + RETRY_AFTER_FAILURE_MS * 1000u;
	for (struct run *run = engine->runs; run != NULL; run = run->next)
		if (!reload(engine, run) && !run_state_is_end((enum run_state)run->row.state))
			engine_end_run(engine, run, RUN_FAILED, err);
	engine->failing = false;
	engine_wake(engine);
}

void engine_log_cause(const struct run *run, enum log_level level)
{
	log_event(level, MSG_RUN_ENDED_BY, ARG_U("run", run->row.id), ARG_WORD("source", run->name),
		  ARG_WORD("state", run_state_name((enum run_state)run->row.state)),
		  ARG_WORD("err", run->cause.text[LANGUAGE_EN]),
		  ARG_WORD("err_code", message_code(run->cause.msg)));
}

void engine_end_run(struct engine *engine, struct run *run, enum run_state state,
		    const struct err *cause)
{
	struct err err = { 0 };
	worker_destroy(TAKE(run->worker));
	run->cause = *cause;
	run_move(run, state);
	engine_log_cause(run, state == RUN_INCOMPLETE ? LOG_LEVEL_WARNING : LOG_LEVEL_ERR);
	if (apply_end_run(&engine->applier, run, &err) < 0)
		engine_session_failed(engine, &err);
	engine_touch(engine);
	engine_wake(engine);
}

void engine_add_run(struct engine *engine, struct run *run)
{
	run->engine = engine;
	run->next = engine->runs;
	engine->runs = run;
}

struct run *engine_find_run(const struct engine *engine, uint32_t id)
{
	struct run *run = engine->runs;
	while (run != NULL && run->row.id != id)
		run = run->next;
	return run;
}

struct run *engine_find_run_of(const struct engine *engine, const char *name)
{
	struct run *run = engine->runs;
	while (run != NULL && (run->row.phase >= RUN_PHASE_SWEEP || strcmp(run->name, name) != 0))
		run = run->next;
	return run;
}
