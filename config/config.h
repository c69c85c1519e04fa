/* Config: trithucd.yaml and connectors.d/NAME.yaml as one immutable value.
 *
 * It is built whole or not at all, before the store is opened; a reload builds a second one and swaps.
 * All errors of all files are found in one pass (DESIGN.md, invariant 11).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/config_policy.h"
#include "config/config_source.h"

struct err;

enum config_start { CONFIG_START_SPAWN, CONFIG_START_SOCKETS };

struct config {
	int64_t version;
	char *state_dir;
	char *schema;    /* person.schema.json */
	char *codelists; /* folder */
	struct config_control {
		char *socket;
	} control;
	struct config_log {
		unsigned level; /* see config_log_level() */
	} log;
	struct config_keys {
		struct secret_ref master;
	} keys;
	struct config_workers {
		int64_t max;
		unsigned start; /* enum config_start */
		char *sockets;  /* folder of worker-ROLE.sock */
		char *program;  /* to spawn */
		uint64_t deadline_ms;
	} workers;
	struct config_publish {
		char *sink; /* NULL: nothing is published */
		struct config_inclusion inclusion;
	} publish;
	struct config_survivorship survivorship;
	struct option_texts excluded_orgs;

	struct config_source *sources; /* in byte order of their file names, like the sinks */
	size_t source_count;
	struct config_sink *sinks;
	size_t sink_count;
	uint8_t hash[SHA256_SIZE]; /* over the canonical JSON of all files */
	struct doc **docs;
	size_t doc_count;
};

/* The rows of trithucd.yaml; those of a file of connectors.d are config_file_rows. */
extern const struct option_row config_rows[];

/** Load and check the folder. `connectors` must outlive the config.
 * Errors: ERR_CONFIG with everything in `diag`, ERR_NOMEM.
 */
MUST_CHECK int config_load(const char *dir, struct connector_list connectors, struct diag *diag,
			   struct config **ret_config, struct err *err);
void config_destroy(struct config *config);
DEFINE_CLEANUP(struct config, config_destroy);

/** By name; NULL if there is none. */
const struct config_source *config_source(const struct config *config, const char *name);
const struct config_sink *config_sink(const struct config *config, const char *name);

/** `log: {level: …}` as enum log_level. */
int config_log_level(const struct config *config);
