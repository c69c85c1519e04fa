#include "config/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_config.h"
#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"

/* ---- rows of trithucd.yaml ---- */

static const char *const level_names[] = { "err", "warning", "notice", "info", "debug", NULL };
static const int level_values[] = { LOG_LEVEL_ERR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE,
				    LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
static const char *const start_names[] = {
	[CONFIG_START_SPAWN] = "spawn", [CONFIG_START_SOCKETS] = "sockets", NULL
};

static const struct option_row control_rows[] = {
	OPTION_PATH("socket", struct config_control, socket,
		    .fallback = "/run/trithucd/control.sock", .help = MSG_HELP_CONTROL_SOCKET),
	OPTION_END,
};

static const struct option_row log_rows[] = {
	OPTION_ENUM("level", struct config_log, level, level_names, .fallback = "info",
		    .help = MSG_HELP_LOG_LEVEL),
	OPTION_END,
};

static const struct option_row keys_rows[] = {
	OPTION_SECRET("master", struct config_keys, master, .required = true,
		      .help = MSG_HELP_KEYS_MASTER),
	OPTION_END,
};

static const struct option_row workers_rows[] = {
	OPTION_INTEGER("max", struct config_workers, max, .fallback = "2", .min = 1, .max = 64,
		       .help = MSG_HELP_WORKERS_MAX),
	OPTION_ENUM("start", struct config_workers, start, start_names, .fallback = "spawn",
		    .help = MSG_HELP_WORKERS_START),
	OPTION_PATH("sockets", struct config_workers, sockets, .fallback = "/run/trithucd",
		    .help = MSG_HELP_WORKERS_SOCKETS),
	OPTION_PATH("program", struct config_workers, program,
		    .fallback = TRITHUC_LIBEXECDIR "/trithuc-connector",
		    .help = MSG_HELP_WORKERS_PROGRAM),
	OPTION_DURATION("deadline", struct config_workers, deadline_ms, .fallback = "30m",
			.min = 1000, .max = 86400000, .help = MSG_HELP_WORKERS_DEADLINE),
	OPTION_END,
};

static const struct option_row publish_rows[] = {
	OPTION_WORD("sink", struct config_publish, sink, .help = MSG_HELP_PUBLISH_SINK),
	OPTION_SECTION("inclusion", struct config_publish, inclusion, struct config_inclusion,
		       config_inclusion_rows, .help = MSG_HELP_INCLUSION),
	OPTION_END,
};

const struct option_row config_rows[] = {
	OPTION_INTEGER("version", struct config, version, .fallback = "1", .min = 1, .max = 1,
		       .help = MSG_HELP_VERSION),
	OPTION_PATH("state_dir", struct config, state_dir, .fallback = "/var/lib/trithucd",
		    .help = MSG_HELP_STATE_DIR),
	OPTION_PATH("schema", struct config, schema,
		    .fallback = TRITHUC_DATADIR "/schemas/person.schema.json",
		    .help = MSG_HELP_SCHEMA),
	OPTION_PATH("codelists", struct config, codelists, .fallback = TRITHUC_DATADIR "/codelists",
		    .help = MSG_HELP_CODELISTS),
	OPTION_SECTION("control", struct config, control, struct config_control, control_rows,
		       .help = MSG_HELP_CONTROL),
	OPTION_SECTION("log", struct config, log, struct config_log, log_rows,
		       .help = MSG_HELP_LOG),
	OPTION_SECTION("keys", struct config, keys, struct config_keys, keys_rows,
		       .help = MSG_HELP_KEYS),
	OPTION_SECTION("workers", struct config, workers, struct config_workers, workers_rows,
		       .help = MSG_HELP_WORKERS),
	OPTION_SECTION("publish", struct config, publish, struct config_publish, publish_rows,
		       .help = MSG_HELP_PUBLISH),
	OPTION_SECTION("survivorship", struct config, survivorship, struct config_survivorship,
		       config_survivorship_rows, .help = MSG_HELP_SURVIVORSHIP),
	OPTION_TEXTS("excluded_orgs", struct config, excluded_orgs, .help = MSG_HELP_EXCLUDED_ORGS),
	OPTION_END,
};

/* ---- loading ---- */

#define MAIN_FILE "trithucd.yaml"
#define FOLDER "connectors.d"

struct load {
	const char *dir;
	int dir_fd;
	struct connector_list connectors;
	struct diag *diag;
	struct config *config;
	const struct doc_node *root; /* of trithucd.yaml; NULL if it does not parse */
	struct diag_place main_place;
	bool partial; /* a file did not give its name: what asks for it is no error of its own */
	const struct doc_node *named[LIMIT_CONFIG_FILES]; /* the name of each source and sink */
	size_t named_count;
	struct buf all; /* canonical JSON of all files */
	struct json_writer json;
};

static char *join_path(struct diag *diag, const char *dir, const char *name)
{
	char *path = NULL;
	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		diag->failed = true;
		return NULL;
	}
	return path;
}

/* Loads one file of the folder; the config owns the doc. NULL with a finding. */
static const struct doc *load_doc(struct load *load, const char *name)
{
	CLEANUP(freep) char *shown = join_path(load->diag, load->dir, name);
	struct config *config = load->config;
	CLEANUP(doc_destroyp)
	struct doc *doc = shown == NULL ? NULL : doc_load(load->dir_fd, name, shown, load->diag);
	if (doc == NULL)
		return NULL;
	json_key(&load->json, name);
	struct buf text = { 0 };
	doc_json(doc_root(doc), &text);
	json_raw(&load->json, buf_blob(&text));
	load->diag->failed |= !buf_ok(&text);
	buf_finish(&text);
	config->docs[config->doc_count++] = doc;
	return TAKE(doc);
}

static void *append(struct load *load, void *items, size_t count, size_t size)
{
	void *grown = reallocarray(items, count + 1, size);
	if (grown == NULL)
		load->diag->failed = true;
	return grown;
}

static const char *const reserved = "thu-cong"; /* manual values (DESIGN.md section 2) */

static void check_name(struct load *load, const struct doc_node *section)
{
	const struct doc_node *name = doc_get(section, "name");
	if (name == NULL || name->kind != DOC_SCALAR)
		return;
	if (strcmp(name->text, reserved) == 0)
		diag_error(load->diag, doc_place(name), MSG_CONFIG_NAME_RESERVED,
			   ARG_WORD("name", reserved));
	for (size_t i = 0; i < load->named_count; i++) {
		const struct doc_node *other = load->named[i];
		if (strcmp(other->text, name->text) == 0)
			diag_error(load->diag, doc_place(name), MSG_CONFIG_NAME_TWICE,
				   ARG_TEXT("name", name->text), ARG_PATH(doc_name(other->doc)),
				   ARG_U("line", other->line));
	}
	load->named[load->named_count++] = name;
}

static void take_source(struct load *load, struct config_file *file, const struct doc_node *section)
{
	struct config *config = load->config;
	struct config_source *sources =
		append(load, config->sources, config->source_count, sizeof(*sources));
	if (sources == NULL)
		return;
	config->sources = sources;
	struct config_source *source = &sources[config->source_count++];
	*source = *file->source; /* what it owns moves */
	free(file->source);
	file->source = NULL;
	check_name(load, section);
	config_connector_load(&source->connector, source->connector_name, false, section,
			      load->connectors, load->diag);
}

static void take_sink(struct load *load, struct config_file *file, const struct doc_node *section)
{
	struct config *config = load->config;
	struct config_sink *sinks = append(load, config->sinks, config->sink_count, sizeof(*sinks));
	if (sinks == NULL)
		return;
	config->sinks = sinks;
	struct config_sink *sink = &sinks[config->sink_count++];
	*sink = *file->sink;
	free(file->sink);
	file->sink = NULL;
	check_name(load, section);
	if (sink->retry.max_ms < sink->retry.first_ms)
		diag_error(load->diag, doc_place(section), MSG_CONFIG_RETRY_ORDER);
	config_connector_load(&sink->connector, sink->connector_name, true, section,
			      load->connectors, load->diag);
}

static void hash_node(const struct doc_node *node, struct diag *diag, uint8_t out[SHA256_SIZE])
{
	struct buf text = { 0 };
	doc_json(node, &text);
	diag->failed |= !buf_ok(&text);
	sha256(text.data, text.len, out);
	buf_finish(&text);
}

static void load_connector_file(struct load *load, const char *name)
{
	const struct doc *doc = load_doc(load, name);
	if (doc == NULL) {
		load->partial = true;
		return;
	}
	const struct doc_node *root = doc_root(doc);
	struct config_file file = { 0 };
	option_load(config_file_rows, root, doc_place(root), load->diag, &file);
	if (root->kind == DOC_MAP && (file.source == NULL) == (file.sink == NULL) &&
	    !load->diag->failed)
		diag_error(load->diag, doc_place(root), MSG_CONFIG_SOURCE_OR_SINK);
	load->partial |= file.source == NULL ? file.sink == NULL || file.sink->name == NULL
					     : file.source->name == NULL;
	if (file.source != NULL)
		hash_node(root, load->diag, file.source->connector.hash);
	if (file.sink != NULL)
		hash_node(root, load->diag, file.sink->connector.hash);
	if (file.source != NULL)
		take_source(load, &file, doc_get(root, "source"));
	if (file.sink != NULL)
		take_sink(load, &file, doc_get(root, "sink"));
	option_finish(config_file_rows, &file);
}

/* ---- the folder ---- */

static bool is_made_of(const char *text, const char *marks)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr(marks, *text) == NULL)
			return false;
	return true;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_entry(struct load *load, const char *entry)
{
	char name[sizeof(FOLDER) + 1 + NAME_MAX];
	(void)snprintf(name, sizeof(name), FOLDER "/%s", entry);
	CLEANUP(freep) char *shown = join_path(load->diag, load->dir, name);
	if (shown == NULL)
		return;
	struct diag_place file = { .file = shown };
	const char *ending = strrchr(entry, '.');
	if (ending == NULL || strcmp(ending, ".yaml") != 0)
		diag_warning(load->diag, file, MSG_CONFIG_NOT_YAML);
	else if (!is_made_of(entry, "._-"))
		diag_error(load->diag, file, MSG_CONFIG_FILE_NAME);
	else if (load->config->doc_count == LIMIT_CONFIG_FILES - 1)
		diag_error(load->diag, file, MSG_CONFIG_FILES, ARG_U("limit", LIMIT_CONFIG_FILES));
	else
		load_connector_file(load, name);
}

/* Who can rename files in a folder can replace them. */
static bool folder_is_safe(struct load *load, int fd, const char *shown)
{
	struct stat st;
	struct diag_place place = { .file = shown };
	if (fstat(fd, &st) < 0) {
		diag_error(load->diag, place, MSG_CONFIG_UNREADABLE, ARG_ERRNO(errno));
		return false;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid())
		diag_error(load->diag, place, MSG_CONFIG_OWNER, ARG_U("uid", st.st_uid));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		diag_error(load->diag, place, MSG_CONFIG_WRITABLE);
	return true;
}

static void load_folder(struct load *load)
{
	CLEANUP(freep) char *shown = join_path(load->diag, load->dir, FOLDER);
	CLEANUP(close_fdp)
	int fd = openat(load->dir_fd, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (shown == NULL || (fd < 0 && errno == ENOENT))
		return; /* a daemon without sources may run: the first one comes by reload */
	if (fd < 0) {
		diag_error(load->diag, (struct diag_place){ .file = shown }, MSG_CONFIG_UNREADABLE,
			   ARG_ERRNO(errno));
		return;
	}
	struct dirent **entries = NULL;
	int count = folder_is_safe(load, fd, shown)
			    ? scandirat(fd, ".", &entries, visible, byte_order)
			    : 0;
	if (count < 0)
		diag_error(load->diag, (struct diag_place){ .file = shown }, MSG_CONFIG_UNREADABLE,
			   ARG_ERRNO(errno));
	for (int i = 0; i < count; i++) {
		load_entry(load, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* ---- what holds between the parts ---- */

static void check_publish(struct load *load)
{
	const struct config *config = load->config;
	if (config->publish.sink == NULL)
		return;
	const struct doc_node *publish = doc_get(load->root, "publish");
	const struct doc_node *inclusion = doc_get(publish, "inclusion");
	struct diag_place where = doc_place(inclusion != NULL ? inclusion : publish);
	config_inclusion_check(inclusion, where, load->diag);
	if (config_sink(config, config->publish.sink) == NULL && !load->partial)
		diag_error(load->diag, doc_place(doc_get(publish, "sink")), MSG_CONFIG_UNKNOWN_SINK,
			   ARG_TEXT("name", config->publish.sink));
}

static void check_survivorship(struct load *load)
{
	const struct config *config = load->config;
	const char *names[LIMIT_CONFIG_FILES];
	size_t count = 0;
	for (size_t i = 0; i < config->source_count; i++)
		if (config->sources[i].name != NULL)
			names[count++] = config->sources[i].name;
	const struct option_texts sources = { (char **)(uintptr_t)names, count };
	const struct doc_node *node = doc_get(load->root, "survivorship");
	config_survivorship_check(&config->survivorship, node,
				  node != NULL ? doc_place(node) : load->main_place, &sources,
				  load->diag);
}

static void load_main(struct load *load, const struct doc *doc)
{
	if (doc == NULL)
		return;
	load->root = doc_root(doc);
	load->main_place = doc_place(load->root);
	option_load(config_rows, load->root, load->main_place, load->diag, load->config);
	if (load->root->kind != DOC_MAP)
		return;
	check_publish(load);
	if (!load->partial)
		check_survivorship(load);
}

static int open_folder(struct load *load)
{
	struct diag_place place = { .file = load->dir };
	int fd = open(load->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		diag_error(load->diag, place, MSG_CONFIG_UNREADABLE, ARG_ERRNO(errno));
	else
		(void)folder_is_safe(load, fd, load->dir);
	return fd;
}

static void load_all(struct load *load)
{
	CLEANUP(close_fdp) int fd = open_folder(load);
	if (fd < 0)
		return;
	load->dir_fd = fd;
	load->json = json_writer_of(&load->all);
	json_object_begin(&load->json);
	load_folder(load); /* "connectors.d/…" comes before "trithucd.yaml" in byte order, too */
	load_main(load, load_doc(load, MAIN_FILE));
	json_object_end(&load->json);
	load->diag->failed |= !buf_ok(&load->all);
	sha256(load->all.data, load->all.len, load->config->hash);
	buf_finish(&load->all);
}

int config_load(const char *dir, struct connector_list connectors, struct diag *diag,
		struct config **ret_config, struct err *err)
{
	CLEANUP(config_destroyp) struct config *config = calloc(1, sizeof(*config));
	if (config != NULL)
		config->docs = calloc(LIMIT_CONFIG_FILES, sizeof(struct doc *));
	if (config == NULL || config->docs == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	struct load load = { .dir = dir, .connectors = connectors, .diag = diag, .config = config };
	load_all(&load);
	int r = diag_result(diag, err);
	if (r < 0)
		return r;
	*ret_config = TAKE(config);
	return 0;
}

void config_destroy(struct config *config)
{
	if (config == NULL)
		return;
	option_finish(config_rows, config);
	for (size_t i = 0; i < config->source_count; i++) {
		config_connector_finish(&config->sources[i].connector);
		option_finish(config_source_rows, &config->sources[i]);
	}
	for (size_t i = 0; i < config->sink_count; i++) {
		config_connector_finish(&config->sinks[i].connector);
		option_finish(config_sink_rows, &config->sinks[i]);
	}
	for (size_t i = 0; i < config->doc_count; i++)
		doc_destroy(config->docs[i]);
	free(config->sources);
	free(config->sinks);
	free(config->docs);
	free(config);
}

const struct config_source *config_source(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->source_count; i++)
		if (config->sources[i].name != NULL && strcmp(config->sources[i].name, name) == 0)
			return &config->sources[i];
	return NULL;
}

const struct config_sink *config_sink(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->sink_count; i++)
		if (config->sinks[i].name != NULL && strcmp(config->sinks[i].name, name) == 0)
			return &config->sinks[i];
	return NULL;
}

int config_log_level(const struct config *config)
{
	return level_values[config->log.level];
}
