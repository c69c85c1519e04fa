#include "daemon/api.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "daemon/audit/audit_log.h"
#include "daemon/control/peer.h"
#include "daemon/publish/publisher.h"
#include "daemon/run/reader.h"
#include "daemon/store/batch_table.h"
#include "daemon/store/case_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/person.h"
#include "daemon/store/source_record.h"

enum {
	DISK_FREE_MIN_MB = 512, /* below it pulling stops one day; RELIABILITY.md 2.1 */
	MAP_WARN_PERCENT = 70,
	YEAR_2024_S = 1704067200,
};

/* ---- runs as the API shows them ---- */

static void show_counts(const struct run_counts *from, struct engine_counts *to)
{
	*to = (struct engine_counts){
		.read = from->read,
		.accepted = from->accepted,
		.unchanged = from->unchanged,
		.quarantined = from->quarantined,
		.skipped_heading = from->skipped[FRAME_SKIP_HEADING],
		.skipped_total = from->skipped[FRAME_SKIP_TOTAL],
		.skipped_blank = from->skipped[FRAME_SKIP_BLANK],
		.skipped_duplicate = from->skipped[FRAME_SKIP_DUPLICATE],
		.skipped_out_of_scope = from->skipped[FRAME_SKIP_OUT_OF_SCOPE],
		.created = from->created,
		.changed = from->changed,
		.ended = from->ended,
		.cases = from->cases,
		.dirty = from->publish[PUBLISH_DIRTY],
		.batches = from->publish[PUBLISH_BATCHES],
		.sent = from->publish[PUBLISH_SENT],
		.acknowledged = from->publish[PUBLISH_ACKNOWLEDGED],
		.same_upstream = from->publish[PUBLISH_SAME_UPSTREAM],
		.conflicts = from->publish[PUBLISH_CONFLICTS],
		.held = from->publish[PUBLISH_HELD],
		.retry = from->publish[PUBLISH_RETRY],
		.unknown = from->publish[PUBLISH_UNKNOWN],
	};
	for (size_t kind = 0; kind < RUN_SKIP_KINDS; kind++)
		to->skipped += from->skipped[kind];
}

static void show_row(const struct api *api, const struct run_row *row, struct engine_run *shown)
{
	const char *name = dictionary_name(api->engine->base.store, DICTIONARY_SOURCE, row->source);
	*shown = (struct engine_run){
		.run = row->id,
		.name = name == NULL ? "?" : name,
		.state = run_state_name((enum run_state)row->state),
		.ended = run_state_is_end((enum run_state)row->state),
		.started_us = row->begun_us,
		.ended_us = row->ended_us,
		.completeness = run_completeness_name(row->completeness),
		.promised = row->counts.promised,
	};
	shown->kind = config_sink(api->engine->options.config, shown->name) != NULL
			      ? ENGINE_RUN_PUBLISH
			      : ENGINE_RUN_SOURCE;
	show_counts(&row->counts, &shown->counts);
}

/* Why an ended run ended as it did. Its code comes back from its state; the text is what was stored. */
static int show_problem(struct store_txn *txn, const struct run_row *row, struct engine_run *shown,
			struct err *err)
{
	CLEANUP(buf_cleanse) struct buf plain = { 0 };
	struct run_body body;
	if (!shown->ended || run_table_body(txn, row, &plain, &body, err) < 0)
		return shown->ended ? err->code : 0;
	if (body.problem_en.len == 0)
		return 0;
	shown->cause.code = row->problem == 0 ? ERR_INVALID : (enum err_code) - row->problem;
	shown->cause.msg = message_by_code(row->problem_message);
	const struct blob texts[LANGUAGE_MAX] = {
		[LANGUAGE_EN] = body.problem_en, [LANGUAGE_VI] = body.problem_vi
	};
	for (int language = 0; language < LANGUAGE_MAX; language++)
		(void)snprintf(shown->cause.text[language], ERR_TEXT_SIZE, "%.*s",
			       (int)texts[language].len, (const char *)texts[language].data);
	return 0;
}

static int show_stored(struct api *api, struct store_txn *txn, uint32_t id,
		       struct engine_run *shown, struct err *err)
{
	struct run_row row;
	if (run_table_get(txn, id, &row, err) < 0)
		return err->code;
	show_row(api, &row, shown);
	return show_problem(txn, &row, shown, err);
}

/* An active run is ahead of its row. */
static int show_run(struct api *api, struct store_txn *txn, uint32_t id, struct engine_run *shown,
		    struct err *err)
{
	const struct run *run = engine_find_run(api->engine, id);
	if (run == NULL)
		return show_stored(api, txn, id, shown, err);
	show_row(api, &run->row, shown);
	shown->done = run->done;
	shown->total = run->total;
	shown->cause = run->cause;
	if (run->row.state == RUN_COLLECTING)
		shown->counts.read = run->received;
	return 0;
}

static int last_run(struct store_txn *txn, uint32_t *ret_last, struct err *err)
{
	int status = run_table_last(txn, ret_last, err);
	if (status == ERR_NOT_FOUND)
		*ret_last = 0;
	return status == ERR_NOT_FOUND ? 0 : status;
}

static int api_get_run(void *ctx, uint32_t id, struct engine_run *ret_run, struct err *err)
{
	struct api *api = ctx;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	uint32_t last = 0;
	if (engine_find_run(api->engine, id) != NULL)
		return show_run(api, NULL, id, ret_run, err);
	if (store_begin(api->engine->base.store, KV_READ, &txn, err) < 0 ||
	    last_run(txn, &last, err) < 0)
		return err->code;
	if (id == 0 || id > last)
		return err_set(err, ERR_NOT_FOUND, MSG_RUN_NOT_FOUND, ARG_U("run", id));
	return show_run(api, txn, id, ret_run, err);
}

static int api_list_runs(void *ctx, uint32_t before, unsigned limit, engine_run_fn *each,
			 void *each_ctx, struct err *err)
{
	struct api *api = ctx;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	uint32_t last = 0;
	if (store_begin(api->engine->base.store, KV_READ, &txn, err) < 0 ||
	    last_run(txn, &last, err) < 0)
		return err->code;
	uint32_t id = before > 0 && before <= last ? before - 1 : last;
	for (unsigned i = 0; i < limit && id > 0; i++, id--) {
		if (show_run(api, txn, id, &api->shown, err) < 0)
			return err->code;
		each(each_ctx, &api->shown);
	}
	return 0;
}

/* ---- status ---- */

struct last_of {
	struct api *api;
	size_t left; /* sources whose last run is not found yet */
};

static void note_last(struct api *api, const struct run_row *row)
{
	const char *name = dictionary_name(api->engine->base.store, DICTIONARY_SOURCE, row->source);
	const struct config *config = api->engine->options.config;
	for (size_t i = 0; name != NULL && i < config->source_count + config->sink_count; i++) {
		struct engine_source *source = &api->sources[i];
		if (strcmp(source->name, name) != 0)
			continue;
		if (source->last_run == 0) {
			source->last_run = row->id;
			source->last_state = run_state_name((enum run_state)row->state);
		}
		if (source->last_complete_us == 0 && row->state == RUN_COMPLETE)
			source->last_complete_us = row->ended_us;
	}
}

static void fill_source(struct api *api, size_t at, const char *name, const char *connector,
			bool is_sink)
{
	const struct run *run = engine_find_run_of(api->engine, name);
	api->sources[at] = (struct engine_source){ .name = name,
						   .is_sink = is_sink,
						   .connector = connector,
						   .running = run == NULL ? 0 : run->row.id,
						   .last_state = "" };
}

/* The newest runs say enough: a source that did not run in STATUS_RUNS runs shows as never. */
static int fill_sources(struct api *api, struct store_txn *txn, struct err *err)
{
	enum { STATUS_RUNS = 500 };
	const struct config *config = api->engine->options.config;
	uint32_t last = 0;
	for (size_t i = 0; i < config->source_count; i++)
		fill_source(api, i, config->sources[i].name, config->sources[i].connector_name,
			    false);
	for (size_t i = 0; i < config->sink_count; i++)
		fill_source(api, config->source_count + i, config->sinks[i].name,
			    config->sinks[i].connector_name, true);
	if (last_run(txn, &last, err) < 0)
		return err->code;
	for (uint32_t id = last; id > 0 && last - id < STATUS_RUNS; id--) {
		struct run_row row;
		if (run_table_get(txn, id, &row, err) < 0)
			return err->code;
		note_last(api, &row);
	}
	return 0;
}

static int count_cases(struct store_txn *txn, uint64_t *ret_open, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct case_row row;
	int status = case_table_scan(txn, 1, &scan, err);
	*ret_open = 0;
	while (status == 0 && (status = case_table_next(scan, &row, err)) == 0)
		*ret_open += row.open;
	return status == ERR_NOT_FOUND ? 0 : status;
}

static int api_status(void *ctx, struct engine_status *ret_status, struct err *err)
{
	struct api *api = ctx;
	struct engine *engine = api->engine;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct kv_stats stats = { 0 };
	uint64_t open_cases = 0, open_batches = 0, unknown = 0;
	if (kv_stats(store_kv(engine->base.store), &stats, err) < 0 ||
	    store_begin(engine->base.store, KV_READ, &txn, err) < 0 ||
	    fill_sources(api, txn, err) < 0 || count_cases(txn, &open_cases, err) < 0)
		return err->code;
	if (engine->publisher != NULL &&
	    publisher_open(engine->publisher, txn, &open_batches, &unknown, err) < 0)
		return err->code;
	const struct audit_head *head = audit_log_head(engine->audit);
	*ret_status = (struct engine_status){
		.store_id = api->store_id,
		.started_us = engine->started_us,
		.persons = stats.rows[KV_PERSON],
		.source_records = stats.rows[KV_SOURCE_RECORD],
		.open_cases = open_cases,
		.quarantined = stats.rows[KV_QUARANTINE],
		.dirty = stats.rows[KV_DIRTY],
		.open_batches = open_batches,
		.audit_size = head->size,
		.sources = api->sources,
		.source_count =
			engine->options.config->source_count + engine->options.config->sink_count,
	};
	memcpy(ret_status->audit_root, head->root, sizeof(ret_status->audit_root));
	return 0;
}

/* ---- acts ---- */

static struct actor actor_of(const struct peer *peer, char text[PEER_ACTOR_SIZE])
{
	peer_actor(peer, text);
	return (struct actor){
		.type = "operator", .via = "socket", .name = text, .uid = peer->uid
	};
}

static int api_start_run(void *ctx, const struct peer *peer, const char *source, uint32_t *ret_run,
			 struct err *err)
{
	struct api *api = ctx;
	char text[PEER_ACTOR_SIZE];
	const struct actor actor = actor_of(peer, text);
	if (config_sink(api->engine->options.config, source) != NULL)
		return err_set(err, ERR_CONFLICT, MSG_RUN_IS_SINK, ARG_WORD("sink", source));
	return engine_start_source(api->engine, &actor, source, ret_run, err);
}

static int api_start_publish(void *ctx, const struct peer *peer, uint32_t *ret_run, struct err *err)
{
	struct api *api = ctx;
	char text[PEER_ACTOR_SIZE];
	const struct actor actor = actor_of(peer, text);
	return engine_start_publish(api->engine, &actor, ret_run, err);
}

/* A leaf of somebody who reads; `subject` may be NULL. */
static int note(struct api *api, enum audit_act act, const struct peer *peer,
		const uint8_t *subject, const char *what, struct err *err)
{
	char text[PEER_ACTOR_SIZE];
	const struct actor actor = actor_of(peer, text);
	const struct leaf_actor who = actor_leaf(&actor);
	const struct leaf leaf = { .act = act, .actor = &who, .subject = subject, .state = what };
	return engine_note(api->engine, &leaf, err);
}

static int start_reader(struct api *api, const char *job, struct engine_reader *ret_reader,
			struct err *err)
{
	const struct engine_options *options = &api->engine->options;
	return reader_start(options->program, options->config_dir, job, &ret_reader->fd,
			    &ret_reader->pidfd, err);
}

static int api_export(void *ctx, const struct peer *peer, const char *reason,
		      struct engine_reader *ret_reader, struct err *err)
{
	struct api *api = ctx;
	char text[PEER_ACTOR_SIZE];
	const struct actor actor = actor_of(peer, text);
	const struct leaf_actor who = actor_leaf(&actor);
	const struct leaf_private given = { .name = "reason", .text = blob_text(reason) };
	const struct leaf leaf = {
		.act = AUDIT_ACT_EXPORT, .actor = &who, .privates = &given, .private_count = 1
	};
	if (engine_note(api->engine, &leaf, err) < 0)
		return err->code;
	return start_reader(api, "export", ret_reader, err);
}

static int api_verify(void *ctx, const struct peer *peer, struct engine_reader *ret_reader,
		      struct err *err)
{
	struct api *api = ctx;
	if (note(api, AUDIT_ACT_VERIFY_RUN, peer, NULL, NULL, err) < 0)
		return err->code;
	return start_reader(api, "verify", ret_reader, err);
}

static int subject_of(struct api *api, const uint8_t *uuid, uint8_t ret_subject[LEAF_SUBJECT_SIZE],
		      struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	CLEANUP(buf_cleanse) struct buf plain = { 0 };
	uint32_t ordinal;
	struct person person;
	struct person_body body;
	if (store_begin(api->engine->base.store, KV_READ, &txn, err) < 0)
		return err->code;
	int status = person_find_uuid(txn, uuid, &ordinal, err);
	if (status == ERR_NOT_FOUND)
		return err_set(err, ERR_NOT_FOUND, MSG_PERSON_NOT_FOUND);
	if (status < 0 || person_get(txn, ordinal, &person, err) < 0 ||
	    person_body(txn, &person, &plain, &body, err) < 0)
		return err->code;
	memcpy(ret_subject, body.subj, LEAF_SUBJECT_SIZE);
	return 0;
}

static int api_note_read(void *ctx, const struct peer *peer, const char *what, const uint8_t *uuid,
			 struct err *err)
{
	struct api *api = ctx;
	uint8_t subject[LEAF_SUBJECT_SIZE];
	if (uuid != NULL && subject_of(api, uuid, subject, err) < 0)
		return err->code;
	return note(api, AUDIT_ACT_READ_PII, peer, uuid == NULL ? NULL : subject, what, err);
}

/* ---- doctor ---- */

struct finding_sink {
	engine_check_fn *each;
	void *ctx;
};

static void report(const struct finding_sink *sink, const char *name, enum engine_verdict verdict,
		   enum msg_id msg, const struct arg *args)
{
	char texts[LANGUAGE_MAX][ERR_TEXT_SIZE];
	struct engine_check check = { .name = name, .verdict = verdict };
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		(void)message_format((enum language)language, msg, args, texts[language],
				     sizeof(texts[language]));
		check.text[language] = texts[language];
	}
	sink->each(sink->ctx, &check);
}

static void check_disk(const struct api *api, const struct finding_sink *sink)
{
	struct statvfs fs;
	if (statvfs(api->engine->options.config->state_dir, &fs) < 0) {
		report(sink, "disk", ENGINE_CHECK_FAILED, MSG_DOCTOR_DISK_UNKNOWN,
		       ARG_LIST(ARG_ERRNO(errno)));
		return;
	}
	uint64_t free_mb = (uint64_t)fs.f_bavail * fs.f_frsize / (1024 * 1024);
	report(sink, "disk", free_mb < DISK_FREE_MIN_MB ? ENGINE_CHECK_FAILED : ENGINE_CHECK_OK,
	       MSG_DOCTOR_DISK, ARG_LIST(ARG_U("free", free_mb), ARG_U("least", DISK_FREE_MIN_MB)));
}

static int check_store(struct api *api, const struct finding_sink *sink, struct err *err)
{
	struct store *store = api->engine->base.store;
	struct kv_stats stats = { 0 };
	if (kv_stats(store_kv(store), &stats, err) < 0)
		return err->code;
	uint64_t percent = stats.map_bytes == 0 ? 0 : stats.used_bytes * 100 / stats.map_bytes;
	report(sink, "map", percent >= MAP_WARN_PERCENT ? ENGINE_CHECK_WARNING : ENGINE_CHECK_OK,
	       MSG_DOCTOR_MAP, ARG_LIST(ARG_U("percent", percent)));
	report(sink, "mark", store_is_regressed(store) ? ENGINE_CHECK_FAILED : ENGINE_CHECK_OK,
	       store_is_regressed(store) ? MSG_PUBLISH_REGRESSED : MSG_DOCTOR_MARK, ARG_LIST());
	bool locked = keyring_is_locked(store_keyring(store));
	report(sink, "keys", locked ? ENGINE_CHECK_OK : ENGINE_CHECK_WARNING,
	       locked ? MSG_DOCTOR_KEYS_LOCKED : MSG_DOCTOR_KEYS_SWAP, ARG_LIST());
	return 0;
}

static void check_worker(const struct api *api, const struct finding_sink *sink)
{
	const struct config *config = api->engine->options.config;
	bool spawns = config->workers.start == CONFIG_START_SPAWN;
	const char *path = spawns ? config->workers.program : config->workers.sockets;
	bool good = access(path, spawns ? X_OK : R_OK | X_OK) == 0;
	report(sink, "workers", good ? ENGINE_CHECK_OK : ENGINE_CHECK_FAILED,
	       good ? MSG_DOCTOR_WORKERS : MSG_DOCTOR_NO_WORKERS, ARG_LIST(ARG_PATH(path)));
}

static int api_doctor(void *ctx, engine_check_fn *each, void *each_ctx, struct err *err)
{
	struct api *api = ctx;
	const struct finding_sink sink = { each, each_ctx };
	check_disk(api, &sink);
	bool clock = clock_realtime_us(api->engine->options.clock) / 1000000 > YEAR_2024_S;
	report(&sink, "clock", clock ? ENGINE_CHECK_OK : ENGINE_CHECK_FAILED,
	       clock ? MSG_DOCTOR_CLOCK : MSG_DOCTOR_CLOCK_BEHIND, ARG_LIST());
	check_worker(api, &sink);
	return check_store(api, &sink, err);
}

/* ---- words ---- */

static const char *case_kind(uint8_t kind)
{
	return link_rule_name((enum link_rule)kind);
}

/* ---- life ---- */

int api_init(struct api *api, struct engine *engine, struct err *err)
{
	const struct config *config = engine->options.config;
	*api = (struct api){
		.engine = engine,
		.vtable = {
			.ctx = api,
			.status = api_status,
			.start_run = api_start_run,
			.start_publish = api_start_publish,
			.get_run = api_get_run,
			.list_runs = api_list_runs,
			.export_canonical = api_export,
			.verify_audit = api_verify,
			.note_read = api_note_read,
			.doctor = api_doctor,
			.case_kind = case_kind,
			.case_state = case_state_name,
			.image_state = image_state_name,
		},
	};
	uuid_text(store_id(engine->base.store), api->store_id);
	api->sources = calloc(config->source_count + config->sink_count + 1, sizeof(*api->sources));
	return api->sources == NULL ? err_set(err, ERR_NOMEM, MSG_NOMEM) : 0;
}

void api_finish(struct api *api)
{
	free(api->sources);
	api->sources = NULL;
}
