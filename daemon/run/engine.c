#include "daemon/run/engine.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>

#include "build_config.h"
#include "config/secret.h"
#include "daemon/audit/audit_log.h"
#include "daemon/base/file.h"
#include "daemon/base/hex.h"
#include "daemon/base/log.h"
#include "daemon/publish/publisher.h"
#include "daemon/reconcile/survivorship.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"
#include "daemon/run/worker.h"
#include "daemon/store/dictionary.h"

const struct actor actor_system = { .type = "system", .via = "timer" };

struct leaf_actor actor_leaf(const struct actor *actor)
{
	return (struct leaf_actor){ .type = actor->type,
				    .via = actor->via,
				    .uid = actor->uid,
				    .name = actor->name == NULL ? (struct blob){ 0 }
								: blob_text(actor->name) };
}

/* ---- opening ---- */

static int open_rules(struct engine *engine, struct err *err)
{
	schema_put_numbers(engine->base.schema, &engine->numbers);
	if (!buf_ok(&engine->numbers))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	const struct reconciler_options options = {
		.store = engine->base.store,
		.audit = engine->audit,
		.schema = engine->base.schema,
		.policy = engine->base.policy,
		.provinces = code_lists_get(engine->base.lists, "cccd-provinces"),
		.random = engine->options.random,
		.clock = engine->options.clock,
	};
	if (options.provinces == NULL)
		return err_set(err, ERR_CONFIG, MSG_NO_PROVINCES);
	if (reconciler_create(&options, &engine->reconciler, err) < 0)
		return err->code;
	/* Cells of all runs are hashed under one key, so that an unchanged row is known again. */
	const uint8_t *shared = keyring_shared_key(store_keyring(engine->base.store));
	return hkdf_sha256(blob_of(shared, SEAL_KEY_SIZE), (struct blob){ 0 },
			   blob_text("cell-hash"), engine->cell_key, sizeof(engine->cell_key), err);
}

static int open_publisher(struct engine *engine, struct err *err)
{
	const struct config *config = engine->options.config;
	if (config->publish.sink == NULL)
		return 0;
	for (size_t i = 0; i < config->source_count; i++) {
		const struct config_source *source = &config->sources[i];
		if (source->publish && source->record == CONFIG_RECORD_PERSON &&
		    engine->publish_source_count < ENGINE_SOURCES_MAX)
			engine->publish_sources[engine->publish_source_count++] = dictionary_number(
				engine->base.store, DICTIONARY_SOURCE, source->name);
	}
	const struct publisher_options options = {
		.store = engine->base.store,
		.audit = engine->audit,
		.schema = engine->base.schema,
		.inclusion = &config->publish.inclusion,
		.sink = config_sink(config, config->publish.sink),
		.sink_number = dictionary_number(engine->base.store, DICTIONARY_SOURCE,
						 config->publish.sink),
		.sources = engine->publish_sources,
		.source_count = engine->publish_source_count,
		.clock = engine->options.clock,
		.random = engine->options.random,
	};
	return publisher_create(&options, &engine->publisher, err);
}

/* ---- what a crash left ---- */

/* The name of the delivery comes back from the row's body; the rest of a file's marks from the row. */
static int restore_file(struct store_txn *txn, struct run *run, struct err *err)
{
	struct run_body body;
	struct buf plain = { 0 };
	int status = run_table_body(txn, &run->row, &plain, &body, err);
	if (status == 0 && body.file.len > 0) {
		struct run_file *file = &run->files[run->file_count++];
		buf_put(&file->name, body.file.data, body.file.len);
		memcpy(file->sha256, run->row.input, sizeof(file->sha256));
	}
	buf_cleanse(&plain);
	return status;
}

static int take_up(struct engine *engine, struct store_txn *txn, const struct run_row *row,
		   struct err *err)
{
	const char *name = dictionary_name(engine->base.store, DICTIONARY_SOURCE, row->source);
	const struct config_source *source =
		name == NULL ? NULL : config_source(engine->options.config, name);
	struct run *run = run_create(row, name == NULL ? "?" : name, source);
	if (run == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	engine_add_run(engine, run);
	if (restore_file(txn, run, err) < 0)
		return err->code;
	if (row->state == RUN_APPLYING)
		log_event(LOG_LEVEL_NOTICE, MSG_RUN_RESUMED, ARG_U("run", row->id),
			  ARG_WORD("source", run->name));
	if (row->state != RUN_COLLECTING && row->state != RUN_GUARDING &&
	    row->state != RUN_PUBLISHING)
		return 0;
	/* Not by engine_end_run(), which may commit: the walk of recover() stands on this transaction. */
	(void)err_set(&run->cause, ERR_CANCELLED, MSG_RUN_INTERRUPTED);
	run_move(run, RUN_FAILED);
	engine_log_cause(run, LOG_LEVEL_ERR);
	return apply_end_run(&engine->applier, run, err);
}

static int recover(struct engine *engine, struct err *err)
{
	struct store_txn *txn;
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	if (session_txn(&engine->session, &txn, err) < 0 || run_table_scan(txn, 1, &scan, err) < 0)
		return err->code;
	struct run_row row;
	int status;
	while ((status = run_table_next(scan, &row, err)) == 0) {
		if (row.phase == RUN_PHASE_DONE || row.state == RUN_HELD)
			continue;
		if (take_up(engine, txn, &row, err) < 0)
			return err->code;
	}
	if (status != ERR_NOT_FOUND)
		return status;
	uint64_t batches = 0;
	return engine->publisher == NULL ? 0
					 : publisher_recover(engine->publisher, txn, &batches, err);
}

static int leaf_start(struct engine *engine, struct err *err)
{
	struct store_txn *txn;
	struct utsname host = { 0 };
	sd_id128_t boot = SD_ID128_NULL;
	char boot_text[SD_ID128_STRING_MAX];
	(void)uname(&host);
	(void)sd_id128_get_boot(&boot);
	const struct leaf_process process = { .name = "trithucd",
					      .version = TRITHUC_VERSION,
					      .build_id = TRITHUC_VERSION,
					      .boot_id = sd_id128_to_string(boot, boot_text),
					      .host = blob_text(host.nodename) };
	struct leaf leaf = { .act = AUDIT_ACT_START,
			     .process = &process,
			     .config_sha256 = engine->options.config->hash };
	if (session_txn(&engine->session, &txn, err) < 0)
		return err->code;
	return audit_log_append(engine->audit, txn, &leaf, NULL, NULL, err);
}

int engine_create(const struct engine_options *options, struct engine **ret_engine, struct err *err)
{
	CLEANUP(engine_destroyp) struct engine *engine = calloc(1, sizeof(*engine));
	if (engine == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	engine->options = *options;
	engine->started_us = clock_realtime_us(options->clock);
	if (foundation_open(options->config, FOUNDATION_WRITE, options->random, &engine->base,
			    err) < 0 ||
	    audit_log_open(engine->base.store, options->clock, options->random, &engine->audit,
			   err) < 0 ||
	    open_rules(engine, err) < 0 || open_publisher(engine, err) < 0)
		return err->code;
	engine->session = (struct session){ .store = engine->base.store,
					    .audit = engine->audit,
					    .clock = options->clock };
	engine->collector = (struct collector){ .session = &engine->session,
						.reconciler = engine->reconciler,
						.schema = engine->base.schema };
	engine->applier = (struct applier){ .session = &engine->session,
					    .reconciler = engine->reconciler,
					    .audit = engine->audit };
	if (engine_attach(engine, err) < 0 || leaf_start(engine, err) < 0 ||
	    recover(engine, err) < 0 || session_commit(&engine->session, err) < 0)
		return err->code;
	log_event(LOG_LEVEL_NOTICE, MSG_ENGINE_STARTED,
		  ARG_HEX("store", store_id(engine->base.store), STORE_ID_SIZE),
		  ARG_U("epoch", store_epoch(engine->base.store)),
		  ARG_U("size", audit_log_head(engine->audit)->size));
	engine_wake(engine);
	engine->up = true;
	*ret_engine = TAKE(engine);
	return 0;
}

static void leaf_stop(struct engine *engine)
{
	struct err err = { 0 };
	const struct leaf leaf = { .act = AUDIT_ACT_STOP };
	if (engine->exit_code == 0 && engine_note(engine, &leaf, &err) < 0)
		log_err(LOG_LEVEL_WARNING, MSG_SESSION_FAILED, &err);
}

void engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	/* Only an engine that came up has something to say at its end, and something to commit. */
	if (engine->up)
		leaf_stop(engine);
	while (engine->runs != NULL) {
		struct run *run = engine->runs;
		engine->runs = run->next;
		run_destroy(run);
	}
	session_abort(&engine->session);
	(void)sd_event_source_disable_unref(engine->work);
	(void)sd_event_source_disable_unref(engine->commit_timer);
	(void)sd_event_source_disable_unref(engine->retry_timer);
	collector_finish(&engine->collector);
	applier_finish(&engine->applier);
	publisher_destroy(engine->publisher);
	reconciler_destroy(engine->reconciler);
	audit_log_close(engine->audit);
	foundation_close(&engine->base);
	buf_finish(&engine->numbers);
	explicit_bzero(engine->cell_key, sizeof(engine->cell_key));
	free(engine);
}

int engine_note(struct engine *engine, const struct leaf *leaf, struct err *err)
{
	struct store_txn *txn;
	if (session_txn(&engine->session, &txn, err) < 0 ||
	    audit_log_append(engine->audit, txn, leaf, NULL, NULL, err) < 0 ||
	    session_commit(&engine->session, err) < 0) {
		engine_session_failed(engine, err);
		return err->code;
	}
	return 0;
}
