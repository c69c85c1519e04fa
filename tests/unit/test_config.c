#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "tests/support/findings.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* ---- two connectors, as the programs would bring them ---- */

struct drop {
	char *folder;
	struct option_texts columns;
};

static const struct option_row drop_rows[] = {
	OPTION_PATH("folder", struct drop, folder, .required = true, .pass = "folder"),
	OPTION_TEXTS("columns", struct drop, columns),
	OPTION_END,
};

static void check_drop(const void *options, const struct doc_node *map, struct diag *diag)
{
	const struct drop *drop = options;
	if (drop->columns.count == 1)
		diag_error(diag, doc_place(doc_get(map, "columns")), MSG_CONFIG_CONDITION);
}

struct push {
	char *endpoint;
	struct secret_ref key;
};

static const struct option_row push_rows[] = {
	OPTION_URL("endpoint", struct push, endpoint, .required = true),
	OPTION_SECRET("key", struct push, key),
	OPTION_END,
};

static const struct connector_rows connectors[] = {
	{ .name = "drop", .rows = drop_rows, .size = sizeof(struct drop), .check = check_drop },
	{ .name = "push", .pushes = true, .rows = push_rows, .size = sizeof(struct push) },
};

/* ---- folders ---- */

struct folder {
	char path[64];
};

static void folder_write(const struct folder *folder, const char *name, const char *text)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void folder_init(struct folder *folder)
{
	char path[256];
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/test_config.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	(void)snprintf(path, sizeof(path), "%s/connectors.d", folder->path);
	assert_int_equal(mkdir(path, 0700), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static void folder_finish(struct folder *folder)
{
	assert_int_equal(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static struct config *load(const struct folder *folder, struct diag *diag, struct err *err)
{
	struct config *config = NULL;
	struct connector_list list = { connectors, COUNT(connectors) };
	int r = config_load(folder->path, list, diag, &config, err);
	assert_int_equal(r == 0, config != NULL);
	assert_int_equal(r, diag->errors > 0 ? ERR_CONFIG : 0);
	return config;
}

#define MAIN \
	"keys: {master: {credential: master}}\n" \
	"publish:\n" \
	"  sink: quoc-gia\n" \
	"  inclusion:\n" \
	"    version: \"2026-1\"\n" \
	"    any_of:\n" \
	"      - {code: DEG, field: \"degree[].level\", at_least: dai-hoc}\n" \
	"      - {code: TITLE, field: academic_title.name, one_of: [GS, PGS]}\n" \
	"      - {code: RND, field: rnd.role, present: true}\n" \
	"survivorship:\n" \
	"  sources: [noi-vu, cao-dang]\n" \
	"  overrides:\n" \
	"    - {fields: [contact.phone, degree], sources: [cao-dang]}\n" \
	"excluded_orgs: [Công an, Quân đội]\n"

#define SOURCE(name) \
	"source:\n" \
	"  name: " name "\n" \
	"  connector: drop\n" \
	"  record: person\n" \
	"  owner: Sở Nội vụ\n" \
	"  legal_basis: Kế hoạch của tỉnh\n" \
	"  purpose: thống kê đội ngũ trí thức\n" \
	"  code_lists: {ethnic: vn1979}\n" \
	"  as_of: {constant: 2026-09-30}\n"
#define REST \
	"  whole: unproven\n" \
	"  options: {folder: /srv/drop}\n"

#define SINK \
	"sink:\n" \
	"  name: quoc-gia\n" \
	"  connector: push\n" \
	"  batch: {max_items: 50, max_bytes: 256KiB}\n" \
	"  options:\n" \
	"    endpoint: https://gateway.example/nstd\n" \
	"    key: {credential: national-key}\n"

static void write_sound(const struct folder *folder)
{
	folder_write(folder, "trithucd.yaml", MAIN);
	folder_write(folder, "connectors.d/10-noi-vu.yaml",
		     SOURCE("noi-vu") "  whole: {trailer: \"Tổng cộng: {count} người\"}\n"
				      "  publish: true\n"
				      "  lists: {degree: some, training: whole}\n"
				      "  options: {folder: /srv/drop, columns: [a, b]}\n");
	folder_write(folder, "connectors.d/20-cao-dang.yaml", SOURCE("cao-dang") REST);
	folder_write(folder, "connectors.d/90-quoc-gia.yaml", SINK);
}

static void a_sound_folder_is_one_value(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	write_sound(&folder);
	struct diag diag = { 0 };
	CLEANUP(config_destroyp) struct config *config = load(&folder, &diag, NULL);
	assert_true(findings_are("sound", &diag, true, ""));
	assert_string_equal(config->state_dir, "/var/lib/trithucd");
	assert_string_equal(config->control.socket, "/run/trithucd/control.sock");
	assert_int_equal(config_log_level(config), LOG_LEVEL_INFO);
	assert_int_equal(config->workers.max, 2);
	assert_int_equal(config->workers.start, CONFIG_START_SPAWN);
	assert_int_equal(config->workers.deadline_ms, 1800000);
	assert_string_equal(config->keys.master.name, "master");
	assert_int_equal(config->excluded_orgs.count, 2);
	assert_int_equal(config->publish.inclusion.any_of_count, 3);
	assert_string_equal(config->publish.inclusion.any_of[0].at_least, "dai-hoc");
	assert_int_equal(config->publish.inclusion.any_of[1].one_of.count, 2);
	assert_true(config->publish.inclusion.any_of[2].present);
	assert_int_equal(config->survivorship.override_count, 1);
	assert_string_equal(config->survivorship.overrides[0].fields.items[1], "degree");

	assert_int_equal(config->source_count, 2);
	const struct config_source *source = config_source(config, "noi-vu");
	assert_ptr_equal(source, &config->sources[0]); /* byte order of file names */
	assert_int_equal(source->record, CONFIG_RECORD_PERSON);
	assert_string_equal(source->code_lists.pairs[0].value, "vn1979");
	assert_string_equal(source->as_of.constant, "2026-09-30");
	assert_string_equal(source->whole.trailer, "Tổng cộng: {count} người");
	assert_false(source->whole.unproven);
	assert_true(source->publish);
	assert_string_equal(source->lists.pairs[0].value, "some");
	const struct drop *drop = source->connector.options;
	assert_string_equal(drop->folder, "/srv/drop");
	assert_true(blob_equal(buf_blob(&source->connector.json),
			       blob_text("{\"columns\":[\"a\",\"b\"],\"folder\":\"/srv/drop\"}")));
	const struct config_source *other = config_source(config, "cao-dang");
	assert_true(other->whole.unproven);
	assert_false(other->publish);

	const struct config_sink *sink = config_sink(config, "quoc-gia");
	assert_int_equal(sink->batch.max_items, 50);
	assert_int_equal(sink->batch.max_bytes, 262144);
	assert_int_equal(sink->retry.first_ms, 1000);
	assert_string_equal(((const struct push *)sink->connector.options)->key.name,
			    "national-key");
	assert_null(config_source(config, "quoc-gia"));
	assert_null(config_sink(config, "noi-vu"));
	diag_finish(&diag);
	folder_finish(&folder);
}

static void a_folder_without_connectors_is_sound(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/connectors.d", folder.path);
	assert_int_equal(rmdir(path), 0);
	folder_write(&folder, "trithucd.yaml", "version: 1\nkeys: {master: {file: /k}}\n");
	struct diag diag = { 0 };
	CLEANUP(config_destroyp) struct config *config = load(&folder, &diag, NULL);
	assert_true(findings_are("minimal", &diag, true, ""));
	assert_int_equal(config->source_count, 0);
	assert_null(config->publish.sink);
	diag_finish(&diag);
	folder_finish(&folder);
}

/* ---- broken folders: one file is replaced in a sound folder ---- */

struct broken {
	const char *name, *file, *text, *expected;
};

static void check_broken(const struct broken *rows, size_t count)
{
	size_t wrong = 0;
	for (size_t i = 0; i < count; i++) {
		struct folder folder;
		folder_init(&folder);
		write_sound(&folder);
		folder_write(&folder, rows[i].file, rows[i].text);
		struct diag diag = { 0 };
		struct config *config = load(&folder, &diag, NULL);
		wrong += !findings_are(rows[i].name, &diag, true, rows[i].expected);
		config_destroy(config);
		diag_finish(&diag);
		folder_finish(&folder);
	}
	assert_int_equal(wrong, 0);
}

static void a_broken_main_file_is_found_with_place_and_code(void **state)
{
	(void)state;
#define F "trithucd.yaml"
#define KEYS "keys: {master: {credential: m}}\n"
#define ORDER "survivorship: {sources: [noi-vu, cao-dang]}\n"
	static const struct broken rows[] = {
		{ "no keys", F, ORDER, F ":1:1 E1243" },
		{ "master key in clear", F, "keys: {master: 00112233}\n" ORDER, F ":1:16 E1250" },
		{ "unknown section", F, KEYS ORDER "worker: {max: 2}\n", F ":3:1 E1203" },
		{ "unknown key below", F, KEYS ORDER "workers: {mx: 2}\n", F ":3:11 E1242" },
		{ "no workers at all", F, KEYS ORDER "workers: {max: 0}\n", F ":3:16 E1247" },
		{ "unknown way to start", F, KEYS ORDER "workers: {start: fork}\n",
		  F ":3:18 E1246" },
		{ "deadline without unit", F, KEYS ORDER "workers: {deadline: 30}\n",
		  F ":3:21 E1259" },
		{ "relative state folder", F, KEYS ORDER "state_dir: state\n", F ":3:12 E1254" },
		{ "unknown level", F, KEYS ORDER "log: {level: verbose}\n", F ":3:14 E1246" },
		{ "version of the future", F, KEYS ORDER "version: 2\n", F ":3:10 E1247" },
		{ "sink that is not there", F,
		  KEYS ORDER "publish: {sink: q, inclusion: {version: a, any_of: "
			     "[{code: A, field: b, present: true}]}}\n",
		  F ":3:17 E1284" },
		{ "no inclusion", F, KEYS ORDER "publish: {sink: quoc-gia}\n",
		  F ":3:10 E1243, " F ":3:10 E1243" },
		{ "inclusion without version", F,
		  KEYS ORDER "publish: {sink: quoc-gia, inclusion: {any_of: [{code: A, field: b, "
			     "present: true}]}}\n",
		  F ":3:38 E1243" },
		{ "condition without a test", F,
		  KEYS ORDER "publish: {sink: quoc-gia, inclusion: {version: a, any_of: [{code: A, "
			     "field: b}]}}\n",
		  F ":3:60 E1285" },
		{ "condition with two tests", F,
		  KEYS ORDER
		  "publish:\n  sink: quoc-gia\n  inclusion:\n    version: a\n    any_of:\n"
		  "      - {code: A, field: b, present: true, at_least: c}\n",
		  F ":8:9 E1285" },
		{ "condition without a field", F,
		  KEYS ORDER
		  "publish:\n  sink: quoc-gia\n  inclusion:\n    version: a\n    any_of:\n"
		  "      - {code: A, present: true}\n",
		  F ":8:9 E1243" },
		{ "present that is false", F,
		  KEYS ORDER
		  "publish:\n  sink: quoc-gia\n  inclusion:\n    version: a\n    any_of:\n"
		  "      - {code: A, field: b, present: false}\n",
		  F ":8:38 E1286" },
		{ "code twice", F,
		  KEYS ORDER
		  "publish:\n  sink: quoc-gia\n  inclusion:\n    version: a\n    any_of:\n"
		  "      - {code: A, field: b, present: true}\n"
		  "    none_of:\n      - {code: A, field: c, present: true}\n",
		  F ":10:16 E1287" },
		{ "no order of sources", F, KEYS, F ":1:1 E1290, " F ":1:1 E1290" },
		{ "source that has no rank", F, KEYS "survivorship: {sources: [noi-vu]}\n",
		  F ":2:25 E1290" },
		{ "rank for nobody", F,
		  KEYS "survivorship: {sources: [noi-vu, cao-dang, so-y-te]}\n", F ":2:44 E1288" },
		{ "rank twice", F, KEYS "survivorship: {sources: [noi-vu, cao-dang, noi-vu]}\n",
		  F ":2:44 E1289" },
		{ "override for nobody", F,
		  KEYS "survivorship:\n  sources: [noi-vu, cao-dang]\n  overrides:\n"
		       "    - {fields: [contact], sources: [so-y-te]}\n",
		  F ":5:37 E1288" },
		{ "override without fields", F,
		  KEYS "survivorship:\n  sources: [noi-vu, cao-dang]\n  overrides:\n    - "
		       "{sources: [noi-vu]}\n",
		  F ":5:7 E1243" },
		{ "a list", F, "- a\n", F ":1:1 E1240" },
		{ "not YAML", F, "a: b: c\n", F ":1:5 E1230" },
		{ "nothing", F, "", F " E1216" },
	};
	check_broken(rows, COUNT(rows));
}

static void a_broken_connector_file_is_found_with_place_and_code(void **state)
{
	(void)state;
#undef F
#define F "20-cao-dang.yaml"
#define PATH "connectors.d/" F
#define HEAD "source:\n  name: cao-dang\n  connector: drop\n  record: person\n"
#define DUTY "  owner: a\n  legal_basis: b\n  purpose: c\n"
#define LISTS "  code_lists: {ethnic: vn1979}\n"
#define AS_OF "  as_of: {constant: 2026-09-30}\n"
	static const struct broken rows[] = {
		{ "nothing that a source must say", PATH, "source: {name: cao-dang}\n",
		  F ":1:9 E1243, " F ":1:9 E1243, " F ":1:9 E1243, " F ":1:9 E1243, " F
		    ":1:9 E1243, " F ":1:9 E1243, " F ":1:9 E1243, " F ":1:9 E1243" },
		{ "no owner", PATH, HEAD "  legal_basis: b\n  purpose: c\n" LISTS AS_OF REST,
		  F ":2:3 E1243" },
		{ "no legal basis", PATH, HEAD "  owner: a\n  purpose: c\n" LISTS AS_OF REST,
		  F ":2:3 E1243" },
		{ "no purpose", PATH, HEAD "  owner: a\n  legal_basis: b\n" LISTS AS_OF REST,
		  F ":2:3 E1243" },
		{ "no code lists", PATH, HEAD DUTY AS_OF REST, F ":2:3 E1243" },
		{ "empty code lists", PATH, HEAD DUTY "  code_lists: {}\n" AS_OF REST,
		  F ":8:15 E1247" },
		{ "no as_of", PATH, HEAD DUTY LISTS REST, F ":2:3 E1243" },
		{ "owner without a value", PATH,
		  HEAD "  owner:\n  legal_basis: b\n  purpose: c\n" LISTS AS_OF REST,
		  F ":5:9 E1244" },
		{ "as_of of no kind", PATH, HEAD DUTY LISTS "  as_of: today\n" REST,
		  F ":9:10 E1266" },
		{ "as_of that does not exist", PATH,
		  HEAD DUTY LISTS "  as_of: {constant: 2026-09-31}\n" REST, F ":9:21 E1256" },
		{ "whole by assertion", PATH,
		  HEAD DUTY LISTS AS_OF "  whole: true\n  options: {folder: /a}\n",
		  F ":10:10 E1266" },
		{ "no word on wholeness", PATH, HEAD DUTY LISTS AS_OF "  options: {folder: /a}\n",
		  F ":2:3 E1243" },
		{ "list that is neither", PATH,
		  HEAD DUTY LISTS AS_OF REST "  lists: {degree: most}\n", F ":12:19 E1246" },
		{ "publish by yes", PATH, HEAD DUTY LISTS AS_OF REST "  publish: yes\n",
		  F ":12:12 E1257" },
		{ "unknown record", PATH,
		  "source:\n  name: cao-dang\n  connector: drop\n  record: people\n" DUTY LISTS
			  AS_OF REST,
		  F ":4:11 E1246" },
		{ "name with a capital", PATH,
		  "source:\n  name: Cao-dang\n  connector: drop\n  record: person\n" DUTY LISTS
			  AS_OF REST,
		  F ":2:9 E1253" }, /* and nothing about who asks for it */
		{ "name of manual values", PATH, SOURCE("thu-cong") REST,
		  F ":2:9 E1281, trithucd.yaml:11:12 E1290, trithucd.yaml:11:21 E1288, "
		    "trithucd.yaml:13:51 E1288" },
		{ "name that is taken", PATH, SOURCE("noi-vu") REST,
		  F ":2:9 E1280, trithucd.yaml:11:21 E1288, trithucd.yaml:13:51 E1288" },
		{ "name of the sink", PATH, SOURCE("quoc-gia") REST,
		  "90-quoc-gia.yaml:2:9 E1280, trithucd.yaml:11:12 E1290, trithucd.yaml:11:21 "
		  "E1288, trithucd.yaml:13:51 E1288" },
		{ "unknown connector", PATH,
		  "source:\n  name: cao-dang\n  connector: dorp\n  record: person\n" DUTY LISTS
			  AS_OF REST,
		  F ":3:14 E1276" },
		{ "a sink's connector", PATH,
		  "source:\n  name: cao-dang\n  connector: push\n  record: person\n" DUTY LISTS
			  AS_OF REST,
		  F ":3:14 E1278" },
		{ "unknown option of the connector", PATH,
		  HEAD DUTY LISTS AS_OF "  whole: unproven\n  options: {folder: /a, colums: [a]}\n",
		  F ":11:25 E1203" },
		{ "missing option of the connector", PATH,
		  HEAD DUTY LISTS AS_OF "  whole: unproven\n", F ":2:3 E1243" },
		{ "empty options", PATH, HEAD DUTY LISTS AS_OF "  whole: unproven\n  options: {}\n",
		  F ":11:12 E1243" },
		{ "options without a value", PATH,
		  HEAD DUTY LISTS AS_OF "  whole: unproven\n  options:\n", F ":11:11 E1244" },
		{ "what the connector itself refuses", PATH,
		  HEAD DUTY LISTS AS_OF
		  "  whole: unproven\n  options: {folder: /a, columns: [a]}\n",
		  F ":11:34 E1285" },
		{ "neither source nor sink", PATH, "version: 1\n", F ":1:1 E1279" },
		{ "both", PATH,
		  SOURCE("cao-dang") REST
		  "sink: {name: b, connector: push, options: {endpoint: https://a}}\n",
		  F ":1:1 E1279" },
		{ "not YAML", PATH, "source: [\n",
		  F ":2:1 E1234" }, /* and nothing about the name that is missing now */
		{ "sink that retries backwards", "connectors.d/90-quoc-gia.yaml",
		  SINK "  retry: {first: 1m, max: 30s}\n", "90-quoc-gia.yaml:2:3 E1282" },
		{ "batch without bounds", "connectors.d/90-quoc-gia.yaml",
		  "sink: {name: quoc-gia, connector: push, batch: {max_items: 0, max_bytes: 1GiB}, "
		  "options: {endpoint: "
		  "https://a}}\n",
		  "90-quoc-gia.yaml:1:60 E1247, 90-quoc-gia.yaml:1:74 E1247" },
		{ "a source's connector", "connectors.d/90-quoc-gia.yaml",
		  "sink: {name: quoc-gia, connector: drop}\n", "90-quoc-gia.yaml:1:35 E1277" },
		{ "secret in clear", "connectors.d/90-quoc-gia.yaml",
		  "sink:\n  name: quoc-gia\n  connector: push\n  options: {endpoint: https://a, "
		  "key: hunter2}\n",
		  "90-quoc-gia.yaml:4:39 E1250" },
		{ "other ending", "connectors.d/30-x.yml", "a: 1\n",
		  "30-x.yml E1213" }, /* a warning */
		{ "file name with a blank", "connectors.d/30 x.yaml", SOURCE("x") REST,
		  "30 x.yaml E1212" },
	};
	check_broken(rows, COUNT(rows));
}

static void all_errors_of_all_files_are_found_in_one_pass(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	folder_write(&folder, "trithucd.yaml", "keys: {master: x}\nlog: {level: loud}\nlog: {}\n");
	folder_write(&folder, "connectors.d/10-a.yaml",
		     SOURCE("a") "  whole: unproven\n  options: {folder: a}\n");
	folder_write(&folder, "connectors.d/20-b.yaml", "source: &s {}\n");
	struct diag diag = { 0 };
	struct err err = { 0 };
	assert_null(load(&folder, &diag, &err));
	assert_true(findings_are(
		"all", &diag, true,
		"10-a.yaml:11:21 E1254, 20-b.yaml:1:9 E1221, trithucd.yaml:3:1 E1229"));
	assert_non_null(
		strstr(err.text[LANGUAGE_EN], "3 errors in the configuration; the first: "));
	diag_finish(&diag);
	folder_finish(&folder);
}

static void what_others_can_change_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *path, *expected;
	} rows[] = {
		{ "", "%s E1211" },
		{ "/connectors.d", "connectors.d E1211" },
		{ "/trithucd.yaml", "trithucd.yaml E1211" },
		{ "/connectors.d/10-noi-vu.yaml", "10-noi-vu.yaml E1211" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct folder folder;
		folder_init(&folder);
		write_sound(&folder);
		char path[128], expected[128];
		(void)snprintf(path, sizeof(path), "%s%s", folder.path, rows[i].path);
		(void)snprintf(expected, sizeof(expected), i == 0 ? "%s E1211" : "%s",
			       i == 0 ? strrchr(folder.path, '/') + 1 : rows[i].expected);
		assert_int_equal(chmod(path, 0777), 0);
		struct diag diag = { 0 };
		assert_null(load(&folder, &diag, NULL));
		assert_true(findings_are(path, &diag, true, expected));
		diag_finish(&diag);
		folder_finish(&folder);
	}
}

static void a_folder_that_is_not_there_is_one_error(void **state)
{
	(void)state;
	struct folder folder = { "/tmp/there-is-no-such-folder" };
	struct diag diag = { 0 };
	assert_null(load(&folder, &diag, NULL));
	assert_true(findings_are("none", &diag, true, "there-is-no-such-folder E1208"));
	diag_finish(&diag);
}

static void the_number_of_files_is_bounded(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	folder_write(&folder, "trithucd.yaml", "keys: {master: {file: /k}}\n");
	for (int i = 0; i < LIMIT_CONFIG_FILES; i++) {
		char name[64];
		(void)snprintf(name, sizeof(name), "connectors.d/%03d.yaml", i);
		folder_write(&folder, name, "version: 1\n");
	}
	struct diag diag = { 0 };
	assert_null(load(&folder, &diag, NULL));
	/* each holds nothing, one is too many, and no source is missing from the order */
	assert_int_equal(diag.errors, LIMIT_CONFIG_FILES);
	diag_finish(&diag);
	folder_finish(&folder);
}

/* ---- hashes ---- */

static void hash_of(const struct folder *folder, uint8_t out[SHA256_SIZE])
{
	struct diag diag = { 0 };
	CLEANUP(config_destroyp) struct config *config = load(folder, &diag, NULL);
	assert_non_null(config);
	memcpy(out, config->hash, SHA256_SIZE);
	diag_finish(&diag);
}

static void the_hash_follows_the_meaning_not_the_writing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *file, *text;
		bool same;
	} rows[] = {
		{ "another order of sources", "trithucd.yaml",
		  KEYS "survivorship: {sources: [cao-dang, noi-vu]}\n", false },
		{ "another folder", "connectors.d/20-cao-dang.yaml",
		  SOURCE("cao-dang") "  whole: unproven\n  options: {folder: /srv/other}\n",
		  false },
		{ "another style", "connectors.d/20-cao-dang.yaml",
		  "# the college\n" SOURCE("'cao-dang'") "  options:\n    folder: \"/srv/drop\"\n  "
							 "whole: unproven\n",
		  true },
	};
	struct folder folder;
	folder_init(&folder);
	write_sound(&folder);
	uint8_t first[SHA256_SIZE], again[SHA256_SIZE];
	hash_of(&folder, first);
	hash_of(&folder, again);
	assert_memory_equal(first, again, SHA256_SIZE);
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_sound(&folder);
		folder_write(&folder, rows[i].file, rows[i].text);
		hash_of(&folder, again);
		if ((memcmp(first, again, SHA256_SIZE) == 0) != rows[i].same)
			fail_msg("%s", rows[i].name);
	}
	folder_finish(&folder);
}

/* The examples name connectors that this layer does not know; all else must hold. */
static void the_example_of_the_main_file_is_sound(void **state)
{
	(void)state;
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/config/examples", getenv("SOURCE_ROOT"));
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	struct diag diag = { 0 };
	CLEANUP(doc_destroyp)
	struct doc *doc = doc_load(fd, "trithucd.yaml", "trithucd.yaml", &diag);
	assert_true(findings_are("example", &diag, true, ""));
	assert_string_equal(doc_get(doc_get(doc_root(doc), "publish"), "sink")->text, "quoc-gia");
	diag_finish(&diag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_folder_is_one_value),
		cmocka_unit_test(a_folder_without_connectors_is_sound),
		cmocka_unit_test(a_broken_main_file_is_found_with_place_and_code),
		cmocka_unit_test(a_broken_connector_file_is_found_with_place_and_code),
		cmocka_unit_test(all_errors_of_all_files_are_found_in_one_pass),
		cmocka_unit_test(what_others_can_change_is_refused),
		cmocka_unit_test(a_folder_that_is_not_there_is_one_error),
		cmocka_unit_test(the_number_of_files_is_bounded),
		cmocka_unit_test(the_hash_follows_the_meaning_not_the_writing),
		cmocka_unit_test(the_example_of_the_main_file_is_sound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
