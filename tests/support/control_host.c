/* Control host: the real control API over a real store, with an engine behind it that a test script steers.
 *
 *	control_host STATE_DIR SOCKET        serves until SIGTERM; prints "ready"
 *	control_host --routes                prints the table of routes as JSON
 *
 * The engine is a table of functions: what a run does follows from the name of its source (complete,
 * incomplete, held, failed, slow, busy), what a reader process does from the reason (see below). Every call
 * that must leave a leaf is a line in STATE_DIR/acts.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/hex.h"
#include "daemon/base/json_writer.h"
#include "daemon/control/control.h"
#include "daemon/control/engine_api.h"
#include "daemon/record/frame_list.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/record.h"
#include "daemon/store/audit_table.h"
#include "daemon/store/case_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/ident.h"
#include "daemon/store/image.h"
#include "daemon/store/member.h"
#include "daemon/store/quarantine.h"
#include "daemon/store/source_record.h"
#include "tests/support/schema_fixture.h"

static struct err err;

/* Whatever fails here is a fault of the test. */
static void ok(int result)
{
	if (result >= 0)
		return;
	(void)fprintf(stderr, "%s\n", err.text[LANGUAGE_EN]);
	exit(1);
}

/* ---- the engine ---------------------------------------------------------------------------- */

enum { RUNS_MAX = 2000, LOOKS_TO_END = 3 };

struct engine {
	FILE *acts;
	struct store *store;
	char store_id[UUID_TEXT_SIZE];
	struct fake_run {
		const char *name;
		unsigned looks; /* how often it was asked for */
		bool publishes;
	} runs[RUNS_MAX];
	uint32_t run_count;
};

static const char *const source_names[] = { "complete", "incomplete", "held",
					    "failed",   "slow",       "busy" };
enum { SOURCES = sizeof(source_names) / sizeof(source_names[0]) };

static void note(struct engine *engine, const struct peer *peer, const char *what)
{
	char actor[PEER_ACTOR_SIZE];
	peer_actor(peer, actor);
	(void)fprintf(engine->acts, "%s: %s\n", what, actor);
	(void)fflush(engine->acts);
}

static int status(void *ctx, struct engine_status *ret_status, struct err *ret_err)
{
	(void)ret_err;
	struct engine *engine = ctx;
	static struct engine_source sources[SOURCES];
	for (size_t i = 0; i < SOURCES; i++)
		sources[i] = (struct engine_source){ .name = source_names[i],
						     .connector = "file_drop",
						     .last_state = "",
						     .is_sink = i == SOURCES - 1 };
	sources[0].last_state = "COMPLETE";
	sources[0].last_run = 1;
	sources[0].last_complete_us = UINT64_C(1795000000000000);
	*ret_status = (struct engine_status){
		.store_id = engine->store_id,
		.started_us = UINT64_C(1795000000000000),
		.persons = 2,
		.source_records = 1234567,
		.sources = sources,
		.source_count = SOURCES,
	};
	return 0;
}

static int start(struct engine *engine, const char *name, bool publishes, uint32_t *ret_run)
{
	if (engine->run_count == RUNS_MAX)
		abort();
	engine->runs[engine->run_count] = (struct fake_run){ .name = name, .publishes = publishes };
	*ret_run = ++engine->run_count;
	return 0;
}

static int start_run(void *ctx, const struct peer *peer, const char *source, uint32_t *ret_run,
		     struct err *ret_err)
{
	note(ctx, peer, "run.begin");
	for (size_t i = 0; i < SOURCES; i++) {
		if (strcmp(source, source_names[i]) != 0)
			continue;
		if (strcmp(source, "busy") == 0)
			return err_set(ret_err, ERR_CONFLICT, MSG_FILE_OPEN, ARG_PATH("busy"),
				       ARG_ERRNO(EBUSY));
		return start(ctx, source_names[i], false, ret_run);
	}
	return err_set(ret_err, ERR_NOT_FOUND, MSG_CONTROL_NOT_FOUND, ARG_WORD("what", "source"));
}

static int start_publish(void *ctx, const struct peer *peer, uint32_t *ret_run, struct err *ret_err)
{
	(void)ret_err;
	note(ctx, peer, "publish.begin");
	return start(ctx, "complete", true, ret_run);
}

static void end_as(const char *name, struct engine_run *run)
{
	static const struct {
		const char *name, *state;
		enum err_code code;
	} ends[] = {
		{ "complete", "COMPLETE", ERR_NONE_ },
		{ "incomplete", "INCOMPLETE", ERR_INVALID },
		{ "held", "HELD", ERR_CONFLICT },
		{ "failed", "FAILED", ERR_NO_SPACE },
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(ends[i].name, name) != 0)
			continue;
		run->state = ends[i].state;
		run->ended = true;
		run->ended_us = run->started_us + 1500000;
		if (ends[i].code != ERR_NONE_)
			(void)err_set(&run->cause, ends[i].code, MSG_FILE_WRITE, ARG_PATH("x"),
				      ARG_ERRNO(ENOSPC));
	}
}

static void show(const struct engine *engine, uint32_t number, struct engine_run *ret_run)
{
	const struct fake_run *fake = &engine->runs[number - 1];
	*ret_run = (struct engine_run){
		.run = number,
		.kind = fake->publishes ? ENGINE_RUN_PUBLISH : ENGINE_RUN_SOURCE,
		.name = fake->name,
		.state = fake->publishes ? "PUBLISHING" : "COLLECTING",
		.started_us = UINT64_C(1795000000000000),
		.done = 1000u * fake->looks,
		.total = 4000,
		.completeness = "",
		.counts = { .read = 1231,
			    .accepted = 1204,
			    .quarantined = 23,
			    .skipped = 4,
			    .acknowledged = 7 },
	};
	if (fake->looks >= LOOKS_TO_END)
		end_as(fake->name, ret_run);
}

static int get_run(void *ctx, uint32_t run, struct engine_run *ret_run, struct err *ret_err)
{
	struct engine *engine = ctx;
	if (run > engine->run_count)
		return err_set(ret_err, ERR_NOT_FOUND, MSG_CONTROL_NOT_FOUND,
			       ARG_WORD("what", "run"));
	engine->runs[run - 1].looks += engine->runs[run - 1].looks < LOOKS_TO_END;
	show(engine, run, ret_run);
	return 0;
}

static int list_runs(void *ctx, uint32_t before, unsigned limit, engine_run_fn *each,
		     void *each_ctx, struct err *ret_err)
{
	(void)ret_err;
	const struct engine *engine = ctx;
	uint32_t run = before == 0 || before > engine->run_count ? engine->run_count : before - 1;
	for (; run > 0 && limit > 0; run--, limit--) {
		struct engine_run view;
		show(engine, run, &view);
		each(each_ctx, &view);
	}
	return 0;
}

static int spawn(const char *script, struct engine_reader *ret_reader)
{
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		abort();
	*ret_reader = (struct engine_reader){ fds[0], (int)syscall(SYS_pidfd_open, child, 0) };
	return 0;
}

static int export_canonical(void *ctx, const struct peer *peer, const char *reason,
			    struct engine_reader *ret_reader, struct err *ret_err)
{
	(void)ret_err;
	note(ctx, peer, "export");
	if (strcmp(reason, "fail") == 0)
		return spawn("echo '{\"person\":1}'; exit 74", ret_reader);
	if (strcmp(reason, "large") == 0)
		return spawn("i=0; while [ $i -lt 20000 ]; do echo "
			     "'{\"person\":\"xxxxxxxxxxxxxxxxxxxxxxxxxx\"}'; "
			     "i=$((i+1)); done",
			     ret_reader);
	return spawn("echo '{\"person\":1}'; sleep 0.1; echo '{\"person\":2}'", ret_reader);
}

static int verify_audit(void *ctx, const struct peer *peer, struct engine_reader *ret_reader,
			struct err *ret_err)
{
	(void)ret_err;
	struct engine *engine = ctx;
	note(engine, peer, "verify.run");
	/* the log is found good, then bad, then the process dies */
	static unsigned calls;
	static const char *const scripts[] = {
		"sleep 0.1; printf "
		"'{\"first_bad\":null,\"ok\":true,\"problem\":null,\"problem_vi\":null,"
		"\"root\":\"%064d\",\"size\":3}' 0",
		"printf '{\"first_bad\":0,\"ok\":false,\"problem\":\"leaf 0 was "
		"edited\",\"problem_vi\":"
		"\"mục 0 đã bị sửa\",\"root\":\"%064d\",\"size\":3}' 0",
		"printf '{\"ok\":true'; kill -9 $$",
	};
	return spawn(scripts[calls++ % 3], ret_reader);
}

static int note_read(void *ctx, const struct peer *peer, const char *what, const uint8_t *uuid,
		     struct err *ret_err)
{
	(void)uuid;
	(void)ret_err;
	note(ctx, peer, what);
	return 0;
}

static int doctor(void *ctx, engine_check_fn *each, void *each_ctx, struct err *ret_err)
{
	(void)ret_err;
	const struct engine *engine = ctx;
	const struct engine_check disk = { "disk",
					   ENGINE_CHECK_OK,
					   { "41 GiB are free", "còn trống 41 GiB" } };
	const struct engine_check clock = { "clock",
					    ENGINE_CHECK_FAILED,
					    { "off by 90 s", "lệch 90 giây" } };
	each(each_ctx, &disk);
	if (engine->run_count > 0)
		each(each_ctx, &clock);
	return 0;
}

static const char *case_kind(uint8_t kind)
{
	return kind == 1 ? "cccd_conflict" : "";
}

static const char *case_state(uint8_t state)
{
	return state == 1 ? "open" : "";
}

static const char *image_state(uint8_t state)
{
	return state == 1 ? "acknowledged" : "";
}

/* ---- the store ----------------------------------------------------------------------------- */

/* Nobody's: numbers out of any range that is given out, and names made of the words for them. */
#define CCCD_OF_TEST "000085000345"
#define NAME_OF_TEST "Nguyễn Thử Nghiệm"
#define KEY_OF_TEST "CB-THU-00017"

static int number_of(void *ctx, const char *path, uint16_t *ret_number, struct err *ret_err)
{
	(void)ret_err;
	*ret_number = dictionary_number(ctx, DICTIONARY_FIELD, path);
	return 0;
}

static void number_fields(struct store *store, struct schema *schema)
{
	static const char *paths[1024];
	size_t count = schema_field_count(schema);
	for (size_t i = 0; i < count; i++)
		paths[i] = schema_field_at(schema, i)->path;
	ok(dictionary_ensure(store, DICTIONARY_FIELD, paths, count, NULL, &err));
	ok(dictionary_ensure(store, DICTIONARY_SOURCE, source_names, SOURCES, NULL, &err));
	ok(schema_set_numbers(schema, number_of, store, &err));
}

static void make_record(const struct schema *schema, const char *name, struct buf *out)
{
	const struct {
		const char *path, *key, *value;
	} facts[] = {
		{ "identity.full_name", "", name },
		{ "identity.birth_date", "", "1985-02-17" },
		{ "identity.cccd", "", CCCD_OF_TEST },
		{ "identity.ethnic", "", "01" },
		{ "contact.email", "", "thu@example.org" },
		{ "degree[].level", "thac-si/2015", "thac-si" },
		{ "degree[].year", "thac-si/2015", "2015" },
	};
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	ok(record_builder_create(&builder, &err));
	record_builder_begin(builder, RECORD_PERSON);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		record_builder_add(builder, schema_field_by_path(schema, facts[i].path)->number,
				   blob_text(facts[i].key), blob_text(facts[i].value));
	ok(record_builder_encode(builder, out, &err));
}

static uint32_t put_source_record(struct store_txn *txn, const struct person *owner,
				  uint16_t source, const char *key, struct blob encoding)
{
	struct source_record record = {
		.source = source, .person = owner->ordinal, .incarnation = 1, .run = 1
	};
	const struct source_record_body body = { .key = blob_text(key),
						 .record = encoding,
						 .as_of = blob_text("2026-10-31") };
	ok(source_record_create(txn, owner, &record, &body, &err));
	const struct member member = { .person = owner->ordinal,
				       .source = source,
				       .ordinal = record.ordinal,
				       .how = MEMBER_EXACT,
				       .live = true,
				       .rule = 2,
				       .run = 1 };
	ok(member_put(txn, &member, &err));
	return record.ordinal;
}

static struct person put_person(struct store_txn *txn, const struct schema *schema,
				const char *name, const char *key, uint32_t *ret_ordinal)
{
	struct person person;
	struct buf encoding = { 0 };
	make_record(schema, name, &encoding);
	const struct person_body body = { .golden = buf_blob(&encoding) };
	ok(person_new(txn, &person, &err));
	ok(person_put(txn, &person, &body, &err));
	*ret_ordinal = put_source_record(txn, &person, 1, key, buf_blob(&encoding));
	buf_finish(&encoding);
	return person;
}

static void put_ident(struct store_txn *txn, struct store *store, uint32_t ordinal)
{
	struct ident ident = {
		.kind = KEYRING_IDX_CCCD, .source = 1, .ordinal = ordinal, .grade = 2
	};
	store_idx(store, KEYRING_IDX_CCCD, blob_text(CCCD_OF_TEST), ident.idx);
	ok(ident_put(txn, &ident, &err));
}

static void put_image(struct store_txn *txn, const struct person *person)
{
	const struct image image = { .person = person->ordinal, .version = 3, .state = 1 };
	const struct image_body body = { .projection = blob_text("{}") };
	ok(image_put(txn, person, &image, &body, &err));
}

static void put_case(struct store_txn *txn, const struct person *person, uint32_t ordinal,
		     bool open)
{
	struct case_row row = { .kind = 1,
				.state = 1,
				.open = open,
				.rule = 4,
				.run = 1,
				.opened_us = UINT64_C(1795000000000000),
				.person_count = 1,
				.record_count = 1,
				.persons = { person->ordinal },
				.records = { { 1, ordinal } } };
	ok(case_table_create(txn, &row, &err));
}

static void put_quarantined(struct store_txn *txn, struct store *store, uint16_t source,
			    unsigned number)
{
	char key[32];
	struct buf reason_bytes = { 0 }, cell_bytes = { 0 }, reasons = { 0 }, cells = { 0 };
	struct frame_list reason_list = { 0 }, cell_list = { 0 };
	const struct frame_reason reason = { blob_text("date_invalid"), blob_text("Ngày sinh"),
					     blob_text("31/2/85") };
	const struct frame_cell cell = { blob_text("Họ và tên"), blob_text(NAME_OF_TEST) };
	frame_list_add_reason(&reason_list, &reason_bytes, &reason);
	frame_list_add_cell(&cell_list, &cell_bytes, &cell);
	buf_put_u32(&reasons, reason_list.count);
	buf_put(&reasons, reason_bytes.data, reason_bytes.len);
	buf_put_u32(&cells, cell_list.count);
	buf_put(&cells, cell_bytes.data, cell_bytes.len);

	(void)snprintf(key, sizeof(key), "CB-THU-1%04u", number);
	struct quarantine_row row = {
		.source = source, .run = 1, .row = number, .class = FRAME_CLASS_INVALID
	};
	source_key_idx(store, source, blob_text(key), row.idx);
	const struct quarantine_body body = { blob_text("danh-sach.csv"), blob_text(key),
					      buf_blob(&cells), buf_blob(&reasons) };
	ok(quarantine_put(txn, &row, &body, &err));
	buf_finish(&reason_bytes);
	buf_finish(&cell_bytes);
	buf_finish(&reasons);
	buf_finish(&cells);
}

static void put_leaves(struct store_txn *txn)
{
	struct audit_frontier frontier = { .size = 3 };
	for (unsigned i = 0; i < frontier.size; i++) {
		char leaf[160];
		(void)snprintf(leaf, sizeof(leaf),
			       "{\"act\":\"run.begin\",\"run\":1,\"seq\":%u,\"ts\":\"2026-11-24T08:"
			       "00:00.00%uZ\"}",
			       i, i);
		ok(audit_table_append(txn, i, blob_text(leaf), (struct blob){ 0 }, &err));
	}
	ok(audit_frontier_put(txn, &frontier, &err));
}

static void fill(struct store *store, const struct schema *schema)
{
	struct store_txn *txn = NULL;
	uint32_t first, second;
	ok(store_begin(store, KV_WRITE, &txn, &err));
	struct person known = put_person(txn, schema, NAME_OF_TEST, KEY_OF_TEST, &first);
	struct person doubted = put_person(txn, schema, NAME_OF_TEST, "CB-THU-00018", &second);
	(void)put_source_record(txn, &known, 2, "GV-THU-0042", (struct blob){ 0 });
	put_ident(txn, store, first);
	put_image(txn, &known);
	ok(person_mark_dirty(txn, doubted.ordinal, &err));
	put_case(txn, &doubted, second, true);
	put_case(txn, &doubted, second, false);
	for (unsigned i = 0; i < 3; i++)
		put_quarantined(txn, store, (uint16_t)(1 + i / 2), 100 + i);
	put_leaves(txn);
	ok(store_commit(txn, &err));
}

/* ---- main ---------------------------------------------------------------------------------- */

static void print_routes(void)
{
	size_t count;
	const struct control_route *routes = control_routes(&count);
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	json_array_begin(&json);
	for (size_t i = 0; i < count; i++) {
		char roles[PEER_ROLES_SIZE];
		peer_roles_text(routes[i].roles, roles);
		json_object_begin(&json);
		json_member_text(&json, "method", routes[i].method);
		json_member_text(&json, "path", routes[i].path);
		json_key(&json, "query");
		json_array_begin(&json);
		for (int q = 0; q < HTTP_QUERY_MAX && routes[i].query[q] != NULL; q++)
			json_text(&json, routes[i].query[q]);
		json_array_end(&json);
		json_member_text(&json, "roles", roles);
		json_member_bool(&json, "takes_body", routes[i].takes_body);
		json_object_end(&json);
	}
	json_array_end(&json);
	(void)printf("%.*s\n", (int)out.len, (const char *)out.data);
	buf_finish(&out);
}

static int on_term(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
	(void)info;
	(void)ctx;
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static void serve(const char *path, const struct control *control)
{
	sd_event *loop = NULL;
	CLEANUP(http_server_destroyp) struct http_server *server = NULL;
	sigset_t term;
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	if (sd_event_new(&loop) < 0 || sd_event_add_signal(loop, NULL, SIGTERM, on_term, NULL) < 0)
		abort();
	struct http_options options = { .ctx = (void *)control,
					.clock = &clock_system,
					.self_uid = geteuid() };
	options.routes = control_routes(&options.route_count);
	peer_groups_load(&options.groups);
	ok(http_listen(path, "trithuc", &options.listen_fd, &err));
	ok(http_server_create(loop, &options, &server, &err));
	(void)printf("ready\n");
	(void)fflush(stdout);
	(void)sd_event_loop(loop);
	http_server_destroy(TAKE(server));
	(void)sd_event_unref(loop);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--routes") == 0) {
		print_routes();
		return 0;
	}
	if (argc != 3)
		return 64;
	static const uint8_t master[KEYRING_MASTER_SIZE] = "a master key that our tests use.";
	static struct engine engine;
	char acts[512];
	CLEANUP(store_closep) struct store *store = NULL;
	CLEANUP(code_lists_destroyp) struct code_lists *lists = source_code_lists();
	CLEANUP(schema_destroyp) struct schema *schema = source_schema(lists);
	const struct store_options options = { .state_dir = argv[1],
					       .master = master,
					       .random = &random_system };
	ok(store_open(&options, &store, &err));
	number_fields(store, schema);
	fill(store, schema);

	(void)snprintf(acts, sizeof(acts), "%s/acts", argv[1]);
	engine.acts = fopen(acts, "ae");
	engine.store = store;
	uuid_text(store_id(store), engine.store_id);
	const struct engine_api api = {
		.ctx = &engine,
		.status = status,
		.start_run = start_run,
		.start_publish = start_publish,
		.get_run = get_run,
		.list_runs = list_runs,
		.export_canonical = export_canonical,
		.verify_audit = verify_audit,
		.note_read = note_read,
		.doctor = doctor,
		.case_kind = case_kind,
		.case_state = case_state,
		.image_state = image_state,
	};
	const struct control control = {
		.engine = &api, .store = store, .schema = schema, .clock = &clock_system
	};
	serve(argv[2], &control);
	(void)fclose(engine.acts);
	return 0;
}
