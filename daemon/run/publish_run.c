/* A publishing run: batches are built, sent one after the other through one worker, and settled.
 *
 * Each turn does the first of these that is due:
 *	1. settle a batch whose answer will not come;
 *	2. after a new rule or schema, mark whom it may concern;
 *	3. send the batch whose turn it is: intent committed, high-water mark written, then the frame;
 *	4. build another batch of the pass;
 *	5. wait for a batch that is due soon, or end.
 */
#include "daemon/audit/audit_log.h"
#include "daemon/base/log.h"
#include "daemon/publish/publisher.h"
#include "daemon/run/engine.h"
#include "daemon/run/worker.h"
#include "daemon/store/dictionary.h"

enum {
	BUILD_PERSONS = 300, /* looked at per turn */
	SWEEP_PERSONS = 2000,
	WAIT_MAX_MS = 60000, /* a batch due later is left to the next run */
	WORKER_FAILURES_MAX = 3,
};

_Static_assert((int)PUBLISH_COUNT_MAX == (int)RUN_PUBLISH_COUNTS,
	       "the store keeps what the publish layer counts");

static void end_publishing(struct engine *engine, struct run *run)
{
	struct err err = { 0 };
	worker_destroy(TAKE(run->worker));
	run_move(run, RUN_COMPLETE);
	const uint64_t *counts = run->row.counts.publish;
	log_event(LOG_LEVEL_NOTICE, MSG_PUBLISH_ENDED, ARG_U("run", run->row.id),
		  ARG_WORD("sink", run->name), ARG_U("sent", counts[PUBLISH_SENT]),
		  ARG_U("acknowledged", counts[PUBLISH_ACKNOWLEDGED]),
		  ARG_U("conflicts", counts[PUBLISH_CONFLICTS]),
		  ARG_U("held", counts[PUBLISH_HELD]));
	if (apply_end_run(&engine->applier, run, &err) < 0)
		engine_session_failed(engine, &err);
	engine_touch(engine);
	engine_wake(engine);
}

/* ---- the worker ---- */

static int take_answer(struct engine *engine, struct run *run, const struct frame *frame,
		       struct err *err)
{
	struct frame_answer answer;
	struct store_txn *txn;
	if (frame->type != FRAME_ANSWER)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a frame of another course"));
	if (frame_get_answer(frame->body, &answer, err) < 0)
		return err->code;
	if (answer.batch != run->in_flight)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "an answer for another batch"));
	if (session_txn(&engine->session, &txn, err) < 0 ||
	    publisher_answer(engine->publisher, txn, &answer, run->row.counts.publish, err) < 0 ||
	    run_table_put(txn, &run->row, NULL, err) < 0) {
		engine_session_failed(engine, err);
		return 0;
	}
	run->in_flight = 0;
	run->worker_failures = 0;
	run->done = run->row.counts.publish[PUBLISH_ACKNOWLEDGED];
	engine_touch(engine);
	engine_wake(engine);
	return 0;
}

/* It was not told to finish: it could not go on, and says why. */
static int take_end(const struct frame *frame, struct err *err)
{
	struct frame_end end;
	if (frame_get_end(frame->body, &end, err) < 0)
		return err->code;
	if (end.status == FRAME_END_OK)
		return err_set(err, ERR_UNAVAILABLE, MSG_WORKER_ENDED);
	run_worker_failure(&end, err);
	return err->code;
}

static int on_frame(void *ctx, const struct frame *frame, struct err *err)
{
	struct run *run = ctx;
	if (run->engine->exit_code != 0)
		return 0; /* its outcome is asked for after the next start */
	if (!run->helloed)
		return run_take_hello(run, frame, err);
	return frame->type == FRAME_END ? take_end(frame, err)
					: take_answer(run->engine, run, frame, err);
}

/* The worker is gone: what it had is settled in the next turn. */
static void lose_worker(struct run *run, const struct err *cause)
{
	log_err(LOG_LEVEL_WARNING, MSG_WORKER_LOST, cause);
	worker_destroy(TAKE(run->worker));
	run->lost = run->in_flight;
	run->in_flight = 0;
	run->worker_failures++;
	engine_wake(run->engine);
}

static void on_end(void *ctx, const struct err *cause)
{
	struct err ended = { 0 };
	if (cause == NULL)
		(void)err_set(&ended, ERR_UNAVAILABLE, MSG_WORKER_ENDED);
	lose_worker(ctx, cause == NULL ? &ended : cause);
}

static int need_worker(struct engine *engine, struct run *run, struct err *err)
{
	const struct config *config = engine->options.config;
	struct worker_options options = engine_worker_options(engine, run, FRAME_ROLE_HTTP);
	options.on_frame = on_frame;
	options.on_end = on_end;
	if (run->worker != NULL)
		return 0;
	run->helloed = false;
	if (worker_start(engine->options.loop, &options, &run->worker, err) < 0)
		return err->code;
	return engine_send_begin(engine, run, &config_sink(config, run->name)->connector,
				 FRAME_ROLE_HTTP, err);
}

/* ---- the parts of a turn ---- */

enum turn {
	TURN_NOTHING,
	TURN_MORE,
	TURN_WAITS,
	TURN_NO_WORKER, /* none starts; what is in the session stands */
};

static int settle_lost(struct engine *engine, struct run *run, struct store_txn *txn,
		       struct err *err)
{
	if (run->lost == 0)
		return TURN_NOTHING;
	if (publisher_lost(engine->publisher, txn, run->lost, err) < 0)
		return err->code;
	run->lost = 0;
	return TURN_MORE;
}

static int sweep(struct engine *engine, struct run *run, struct store_txn *txn, struct err *err)
{
	if (run->swept)
		return TURN_NOTHING;
	if (publisher_sweep(engine->publisher, txn, SWEEP_PERSONS, &run->swept, err) < 0)
		return err->code;
	return TURN_MORE;
}

/* The intent is durable and marked before the first byte leaves (RELIABILITY.md, rules 2 and 3). */
static int send_batch(struct engine *engine, struct run *run, struct store_txn *txn, uint64_t batch,
		      struct err *err)
{
	CLEANUP(buf_cleanse) struct buf frames = { 0 };
	if (need_worker(engine, run, err) < 0)
		return TURN_NO_WORKER;
	if (publisher_attempt(engine->publisher, txn, batch, run->row.counts.publish, err) < 0 ||
	    publisher_frame(engine->publisher, txn, batch, &frames, err) < 0 ||
	    run_table_put(txn, &run->row, NULL, err) < 0 ||
	    session_commit(&engine->session, err) < 0)
		return err->code;
	run->in_flight = batch; /* from here on it counts as under way */
	const struct audit_head *head = audit_log_head(engine->audit);
	if (store_mark_write(engine->base.store, head->size, head->root, err) < 0)
		return err->code;
	if (worker_send(run->worker, buf_blob(&frames), NULL, 0, err) < 0) {
		lose_worker(run, err);
		return TURN_MORE;
	}
	return TURN_WAITS;
}

static int build(struct engine *engine, struct run *run, struct store_txn *txn, struct err *err)
{
	uint64_t batch = 0;
	if (run->built)
		return TURN_NOTHING;
	if (publisher_build(engine->publisher, txn, BUILD_PERSONS, &batch, &run->built,
			    run->row.counts.publish, err) < 0)
		return err->code;
	run->total = run->row.counts.publish[PUBLISH_DIRTY];
	return TURN_MORE;
}

static int finish(struct engine *engine, struct run *run, struct store_txn *txn, uint64_t wait_us,
		  struct err *err)
{
	struct publish_endpoint endpoint = { 0 };
	uint64_t open = 0, unknown = 0;
	if (wait_us <= WAIT_MAX_MS * UINT64_C(1000)) {
		run->retry_us = clock_boottime_us(engine->options.clock) + wait_us;
		return TURN_WAITS;
	}
	if (publisher_open(engine->publisher, txn, &open, &unknown, err) < 0 ||
	    publisher_endpoint(engine->publisher, txn, &endpoint, err) < 0)
		return err->code;
	run->row.counts.publish[PUBLISH_UNKNOWN] = unknown;
	if (open == 0) {
		end_publishing(engine, run);
		return TURN_MORE;
	}
	struct err later = { 0 };
	(void)err_set(&later, endpoint.pause == PAUSE_THROTTLED ? ERR_THROTTLED : ERR_UNAVAILABLE,
		      MSG_PUBLISH_LATER, ARG_U("open", open),
		      ARG_WORD("pause", publish_pause_name(endpoint.pause)));
	engine_end_run(engine, run, RUN_FAILED, &later);
	return TURN_MORE;
}

static int turn(struct engine *engine, struct run *run, struct err *err)
{
	struct store_txn *txn;
	uint64_t batch = 0, wait_us = UINT64_MAX;
	bool ask = false;
	run->retry_us = 0;
	if (session_txn(&engine->session, &txn, err) < 0)
		return err->code;
	int status = settle_lost(engine, run, txn, err);
	if (status == TURN_NOTHING)
		status = sweep(engine, run, txn, err);
	if (status != TURN_NOTHING)
		return status;
	if (publisher_next(engine->publisher, txn, &batch, &ask, &wait_us, err) < 0)
		return err->code;
	if (batch != 0)
		return send_batch(engine, run, txn, batch, err);
	status = build(engine, run, txn, err);
	return status != TURN_NOTHING ? status : finish(engine, run, txn, wait_us, err);
}

bool publish_run_step(struct engine *engine, struct run *run)
{
	struct err err = { 0 };
	if (run->in_flight != 0)
		return false;
	if (run->worker_failures >= WORKER_FAILURES_MAX && run->lost == 0) {
		(void)err_set(&err, ERR_UNAVAILABLE, MSG_PUBLISH_WORKERS,
			      ARG_U("count", run->worker_failures));
		engine_end_run(engine, run, RUN_FAILED, &err);
		return true;
	}
	int status = turn(engine, run, &err);
	if (status == TURN_NO_WORKER) {
		engine_end_run(engine, run, RUN_FAILED, &err);
		return true;
	}
	if (status >= 0)
		return status == TURN_MORE;
	engine_session_failed(engine, &err); /* which begins the pass anew */
	if (run->row.state == RUN_PUBLISHING && status != ERR_NO_SPACE && engine->exit_code == 0)
		engine_end_run(engine, run, RUN_FAILED, &err);
	return false;
}

/* ---- starting ---- */

static int leaf_begin(struct engine *engine, struct store_txn *txn, const struct run *run,
		      const struct actor *actor, struct err *err)
{
	const struct leaf_actor who = actor_leaf(actor);
	const struct leaf leaf = { .act = AUDIT_ACT_RUN_BEGIN,
				   .actor = &who,
				   .run = run->row.id,
				   .source = { .name = run->name },
				   .config_sha256 = engine->options.config->hash };
	return audit_log_append(engine->audit, txn, &leaf, NULL, NULL, err);
}

int engine_start_publish(struct engine *engine, const struct actor *actor, uint32_t *ret_run,
			 struct err *err)
{
	const char *sink = engine->options.config->publish.sink;
	if (engine->publisher == NULL)
		return err_set(err, ERR_NOT_FOUND, MSG_NO_SINK);
	if (store_is_regressed(engine->base.store))
		return err_set(err, ERR_CONFLICT, MSG_PUBLISH_REGRESSED);
	const struct run *running = engine_find_run_of(engine, sink);
	if (running != NULL)
		return err_set(err, ERR_CONFLICT, MSG_RUN_IS_RUNNING, ARG_WORD("source", sink),
			       ARG_U("run", running->row.id));
	struct run_row row = { .source = dictionary_number(engine->base.store, DICTIONARY_SOURCE,
							   sink),
			       .state = RUN_PUBLISHING,
			       .begun_us = clock_realtime_us(engine->options.clock) };
	CLEANUP(run_destroyp) struct run *run = run_create(&row, sink, NULL);
	struct store_txn *txn;
	if (run == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	uint64_t batches = 0; /* that a run which failed left under way */
	publisher_rewind(engine->publisher);
	if (session_txn(&engine->session, &txn, err) < 0 ||
	    run_table_create(txn, &run->row, NULL, err) < 0 ||
	    leaf_begin(engine, txn, run, actor, err) < 0 ||
	    publisher_resume(engine->publisher, txn, err) < 0 ||
	    publisher_recover(engine->publisher, txn, &batches, err) < 0 ||
	    session_commit(&engine->session, err) < 0) {
		engine_session_failed(engine, err);
		return err->code;
	}
	*ret_run = run->row.id;
	log_event(LOG_LEVEL_INFO, MSG_RUN_STARTED, ARG_U("run", run->row.id),
		  ARG_WORD("source", run->name));
	engine_add_run(engine, TAKE(run));
	engine_wake(engine);
	return 0;
}
