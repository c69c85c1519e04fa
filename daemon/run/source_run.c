/* A pull from its start to the guard's verdict. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include "build_config.h"
#include "daemon/audit/audit_log.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/log.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"
#include "daemon/run/engine.h"
#include "daemon/run/guard.h"
#include "daemon/run/worker.h"
#include "daemon/store/dictionary.h"

/* ---- what a worker gets ---- */

struct grant {
	int fds[LIMIT_FRAME_FDS];
	size_t count;
	struct frame_list names;
	struct buf name_entries;
};

static void grant_finish(struct grant *grant)
{
	for (size_t i = 0; i < grant->count; i++)
		(void)close(grant->fds[i]);
	buf_finish(&grant->name_entries);
}

static int grant_fd(struct grant *grant, const char *name, int fd, struct err *err)
{
	if (grant->count == LIMIT_FRAME_FDS) {
		(void)close(fd);
		return err_set(err, ERR_CONFIG, MSG_WORKER_FRAME,
			       ARG_WORD("what", "more descriptors than may be sent"));
	}
	grant->fds[grant->count++] = fd;
	frame_list_add_text(&grant->names, &grant->name_entries, blob_text(name));
	return 0;
}

static int grant_path(struct grant *grant, const char *name, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, path);
	return grant_fd(grant, name, fd, err);
}

static int grant_passed(void *ctx, const struct option_passed *passed, struct err *err)
{
	if (passed->path != NULL)
		return grant_path(ctx, passed->name, passed->path, err);
	int fd;
	if (secret_open(passed->secret, &fd, err) < 0)
		return err->code;
	return grant_fd(ctx, passed->name, fd, err);
}

static void put_map(struct json_writer *json, const char *key, const struct option_map *map)
{
	json_key(json, key);
	json_object_begin(json);
	for (size_t i = 0; i < map->count; i++)
		json_member_text(json, map->pairs[i].key, map->pairs[i].value);
	json_object_end(json);
}

static void put_texts(struct json_writer *json, const char *key, const struct option_texts *texts)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < texts->count; i++)
		json_text(json, texts->items[i]);
	json_array_end(json);
}

/* What a connector needs of its source beyond its own options. */
static void put_source(struct json_writer *json, const struct config_source *source,
		       const struct option_texts *excluded_orgs)
{
	json_key(json, "source");
	json_object_begin(json);
	json_member_text(json, "as_of", source->as_of.constant);
	put_map(json, "code_lists", &source->code_lists);
	put_texts(json, "excluded_orgs", excluded_orgs);
	put_map(json, "lists", &source->lists);
	json_member_text(json, "record",
			 source->record == CONFIG_RECORD_STUDENT ? "student" : "person");
	if (source->whole.trailer != NULL)
		json_member_text(json, "trailer", source->whole.trailer);
	json_object_end(json);
}

static void put_sink(struct json_writer *json, const struct engine *engine)
{
	json_key(json, "sink");
	json_object_begin(json);
	char epoch[24];
	(void)snprintf(epoch, sizeof(epoch), "%" PRIu64, store_epoch(engine->base.store));
	json_member_text(json, "epoch", epoch);
	json_object_end(json);
}

static void put_options(struct buf *out, const struct engine *engine,
			const struct config_connector *connector,
			const struct config_source *source)
{
	struct json_writer json = json_writer_of(out);
	json_object_begin(&json);
	json_key(&json, "options");
	json_raw(&json, buf_blob(&connector->json));
	if (source != NULL)
		put_source(&json, source, &engine->options.config->excluded_orgs);
	else
		put_sink(&json, engine);
	json_object_end(&json);
}

static int send_begin(struct engine *engine, struct run *run,
		      const struct config_connector *connector, enum frame_role role,
		      struct grant *grant, struct buf *options, struct buf *out, struct err *err)
{
	const struct config *config = engine->options.config;
	if (grant_path(grant, "schema", config->schema, err) < 0 ||
	    grant_path(grant, "codelists", config->codelists, err) < 0 ||
	    option_each_passed(connector->rows->rows, connector->options, grant_passed, grant,
			       err) < 0)
		return err->code;
	grant->names.entries = buf_blob(&grant->name_entries);
	put_options(options, engine, connector, run->source);
	struct frame_begin begin = {
		.role = role,
		.connector = blob_text(connector->rows->name),
		.source = blob_text(run->name),
		.run = run->row.id,
		.deadline_ms = config->workers.deadline_ms,
		.options = buf_blob(options),
		.numbers = buf_blob(&engine->numbers),
		.fd_names = grant->names,
	};
	memcpy(begin.interpretation, run->row.interpretation, sizeof(begin.interpretation));
	memcpy(begin.cell_key, engine->cell_key, sizeof(begin.cell_key));
	size_t at = frame_open(out, FRAME_BEGIN);
	frame_put_begin(out, &begin);
	frame_close(out, at);
	if (!buf_ok(out) || !buf_ok(options) || !buf_ok(&grant->name_entries))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return worker_send(run->worker, buf_blob(out), grant->fds, grant->count, err);
}

struct worker_options engine_worker_options(const struct engine *engine, struct run *run,
					    enum frame_role role)
{
	const struct config_workers *workers = &engine->options.config->workers;
	return (struct worker_options){
		.program = workers->start == CONFIG_START_SPAWN ? workers->program : NULL,
		.sockets_dir = workers->sockets,
		.role = role,
		.deadline_ms = workers->deadline_ms,
		.ctx = run,
	};
}

int engine_send_begin(struct engine *engine, struct run *run,
		      const struct config_connector *connector, enum frame_role role,
		      struct err *err)
{
	struct grant grant = { 0 };
	struct buf options = { 0 }, out = { 0 };
	int status = send_begin(engine, run, connector, role, &grant, &options, &out, err);
	grant_finish(&grant);
	buf_finish(&options);
	buf_cleanse(&out); /* the key of cells */
	return status;
}

/* ---- END: what the guard makes of it ---- */

static void fail(struct engine *engine, struct run *run, const struct err *cause)
{
	engine_end_run(engine, run, RUN_FAILED, cause);
}

/* The worker's own words are foreign: shown escaped and cut, behind a message of ours. */
void run_worker_failure(const struct frame_end *end, struct err *ret_cause)
{
	enum err_code code = end->error > 0 && end->error < ERR_MAX_ ? (enum err_code) - end->error
								     : ERR_PROTOCOL;
	char name[16] = { 0 };
	memcpy(name, end->message_code.data,
	       end->message_code.len < sizeof(name) - 1 ? end->message_code.len : sizeof(name) - 1);
	(void)err_set(ret_cause, code, MSG_RUN_WORKER_SAYS, ARG_TEXT("code", name));
	const struct blob texts[LANGUAGE_MAX] = {
		[LANGUAGE_EN] = end->message_en, [LANGUAGE_VI] = end->message_vi
	};
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		struct arg text = ARG_TEXTN("text", texts[language].data, texts[language].len);
		size_t len = strlen(ret_cause->text[language]);
		ret_cause->text[language][len++] = ' ';
		(void)arg_render(&text, ret_cause->text[language] + len, ERR_TEXT_SIZE - len);
	}
}

/* Everything is there and may be applied: from here on a crash goes on, not back. */
static void begin_applying(struct engine *engine, struct run *run)
{
	struct err err = { 0 };
	struct store_txn *txn;
	run_move(run, RUN_APPLYING);
	run->row.phase = RUN_PHASE_KNOWN;
	run->done = 0;
	run->total = run->row.staged;
	struct run_body body = { 0 };
	if (run->file_count > 0) {
		body.file = buf_blob(&run->files[0].name);
		memcpy(run->row.input, run->files[0].sha256, sizeof(run->row.input));
	}
	if (session_txn(&engine->session, &txn, &err) < 0 ||
	    run_table_put(txn, &run->row, &body, &err) < 0) {
		engine_session_failed(engine, &err);
		return;
	}
	engine_touch(engine);
	engine_wake(engine);
}

static void judge(struct engine *engine, struct run *run, const struct frame_end *end)
{
	run->row.counts.promised = end->promised;
	run->row.completeness = (uint8_t)end->completeness;
	run_move(run, RUN_GUARDING);
	const struct guard_facts facts = {
		.completeness = end->completeness,
		.must_prove = run->source->whole.trailer != NULL,
		.promised = end->promised,
		.counted = end->counted,
		.rows_said = end->read,
		.rows_received = run->received,
	};
	struct guard_decision decision = guard_judge(&facts);
	if (decision.verdict == GUARD_APPLY) {
		begin_applying(engine, run);
		return;
	}
	struct err cause = { 0 };
	(void)err_set(&cause, decision.verdict == GUARD_BROKEN ? ERR_PROTOCOL : ERR_INVALID,
		      decision.why, ARG_U("promised", facts.promised),
		      ARG_U("counted", facts.counted), ARG_U("said", facts.rows_said),
		      ARG_U("received", facts.rows_received));
	engine_end_run(engine, run, decision.verdict == GUARD_BROKEN ? RUN_FAILED : RUN_INCOMPLETE,
		       &cause);
}

static int take_end(struct engine *engine, struct run *run, struct blob body, struct err *err)
{
	struct frame_end end;
	if (frame_get_end(body, &end, err) < 0)
		return err->code;
	/* Only numbers and the text of `cause` live on: the frame's bytes go with the worker. */
	struct err cause = { 0 };
	if (end.status != FRAME_END_OK)
		run_worker_failure(&end, &cause);
	run->ended = true;
	worker_destroy(TAKE(run->worker));
	if (end.status == FRAME_END_OK)
		judge(engine, run, &end);
	else
		fail(engine, run, &cause);
	return 0;
}

/* ---- the worker's callbacks ---- */

int run_take_hello(struct run *run, const struct frame *frame, struct err *err)
{
	struct frame_hello hello;
	if (frame->type != FRAME_HELLO)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a frame before HELLO"));
	if (frame_get_hello(frame->body, &hello, err) < 0)
		return err->code;
	if (hello.protocol != FRAME_PROTOCOL)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "another protocol version"));
	run->helloed = true;
	return 0;
}

static int on_frame(void *ctx, const struct frame *frame, struct err *err)
{
	struct run *run = ctx;
	struct engine *engine = run->engine;
	if (engine->exit_code != 0)
		return 0; /* what is still to come would stand on rows that are gone */
	if (!run->helloed)
		return run_take_hello(run, frame, err);
	if (frame->type == FRAME_END)
		return take_end(engine, run, frame->body, err);
	int status = collect_frame(&engine->collector, run, frame, err);
	if (status < 0 && status != ERR_PROTOCOL) {
		engine_session_failed(engine, err);
		return 0;
	}
	if (status == 0)
		engine_touch(engine);
	return status;
}

static void on_end(void *ctx, const struct err *cause)
{
	struct run *run = ctx;
	struct err ended = { 0 };
	if (cause != NULL)
		ended = *cause;
	else
		(void)err_set(&ended, ERR_UNAVAILABLE, MSG_WORKER_ENDED);
	fail(run->engine, run, &ended);
}

/* ---- starting ---- */

/* Everything that turns the same bytes into a record; as_of only bounds dates and is none of it. */
static void interpretation(const struct engine *engine, const struct config_source *source,
			   uint8_t out[SHA256_SIZE])
{
	struct buf text = { 0 };
	struct json_writer json = json_writer_of(&text);
	json_object_begin(&json);
	put_map(&json, "code_lists", &source->code_lists);
	put_texts(&json, "excluded_orgs", &engine->options.config->excluded_orgs);
	json_member_hex(&json, "code_lists_hash", engine->base.lists_hash, SHA256_SIZE);
	put_map(&json, "lists", &source->lists);
	json_key(&json, "options");
	json_raw(&json, buf_blob(&source->connector.json));
	json_member_unsigned(&json, "record", source->record);
	json_member_hex(&json, "schema", schema_hash(engine->base.schema), SHA256_SIZE);
	json_member_text(&json, "version", TRITHUC_VERSION);
	json_object_end(&json);
	sha256(text.data, text.len, out);
	buf_finish(&text);
}

static int leaf_begin(struct engine *engine, struct store_txn *txn, const struct run *run,
		      const struct actor *actor, struct err *err)
{
	const struct leaf_actor who = actor_leaf(actor);
	/* Owner, legal basis, purpose and as_of of the delivery are what the hash of the source's file binds. */
	const struct leaf_hash hashes[] = { { "interpretation", run->row.interpretation },
					    { "source_config", run->source->connector.hash } };
	const struct leaf leaf = { .act = AUDIT_ACT_RUN_BEGIN,
				   .actor = &who,
				   .run = run->row.id,
				   .source = { .name = run->name },
				   .config_sha256 = engine->options.config->hash,
				   .hashes = hashes,
				   .hash_count = sizeof(hashes) / sizeof(hashes[0]) };
	return audit_log_append(engine->audit, txn, &leaf, NULL, NULL, err);
}

static int start_worker(struct engine *engine, struct run *run, struct err *err)
{
	struct worker_options options = engine_worker_options(engine, run, FRAME_ROLE_FILE);
	options.on_frame = on_frame;
	options.on_end = on_end;
	if (collect_begin(&engine->collector, run, err) < 0 ||
	    worker_start(engine->options.loop, &options, &run->worker, err) < 0)
		return err->code;
	return engine_send_begin(engine, run, &run->source->connector, FRAME_ROLE_FILE, err);
}

static int check_start(struct engine *engine, const char *name,
		       const struct config_source **ret_source, struct err *err)
{
	const struct config_source *source = config_source(engine->options.config, name);
	const struct run *running = engine_find_run_of(engine, name);
	int64_t workers = 0;
	for (const struct run *run = engine->runs; run != NULL; run = run->next)
		workers += run->worker != NULL;
	if (source == NULL)
		return err_set(err, ERR_NOT_FOUND, MSG_RUN_NO_SOURCE, ARG_TEXT("source", name));
	if (running != NULL)
		return err_set(err, ERR_CONFLICT, MSG_RUN_IS_RUNNING,
			       ARG_WORD("source", source->name), ARG_U("run", running->row.id));
	if (workers >= engine->options.config->workers.max)
		return err_set(err, ERR_CONFLICT, MSG_RUN_BUSY);
	*ret_source = source;
	return 0;
}

int engine_start_source(struct engine *engine, const struct actor *actor, const char *name,
			uint32_t *ret_run, struct err *err)
{
	const struct config_source *source = NULL;
	if (check_start(engine, name, &source, err) < 0)
		return err->code;
	struct run_row row = { .source = dictionary_number(engine->base.store, DICTIONARY_SOURCE,
							   name),
			       .state = RUN_COLLECTING,
			       .begun_us = clock_realtime_us(engine->options.clock) };
	CLEANUP(run_destroyp) struct run *run = run_create(&row, source->name, source);
	struct store_txn *txn;
	if (run == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	interpretation(engine, source, run->row.interpretation);
	if (session_txn(&engine->session, &txn, err) < 0 ||
	    run_table_create(txn, &run->row, NULL, err) < 0 ||
	    leaf_begin(engine, txn, run, actor, err) < 0 ||
	    session_commit(&engine->session, err) < 0) {
		engine_session_failed(engine, err);
		return err->code;
	}
	*ret_run = run->row.id;
	log_event(LOG_LEVEL_INFO, MSG_RUN_STARTED, ARG_U("run", run->row.id),
		  ARG_WORD("source", run->name));
	struct run *started = TAKE(run);
	engine_add_run(engine, started);
	struct err cause = { 0 };
	if (start_worker(engine, started, &cause) < 0)
		fail(engine, started, &cause);
	engine_touch(engine);
	return 0;
}
