/* Config source: what one file of connectors.d says, a source of rows or a sink of deltas.
 *
 * Who answers for the data, by which law and for what, from which code lists and as of when has no default:
 * without it a source does not load (DESIGN.md section 6).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/option.h"
#include "daemon/base/digest.h"

/* What a kind of connector wants to know; the caller gives a list, so that config/ knows no connector. */
struct connector_rows {
	const char *name; /* as in `connector: file_drop` */
	bool pushes;      /* a sink; else a source */
	const struct option_row *rows;
	size_t size;
	/* What rows cannot say; may be NULL. `map` is the `options:` of the file and may be NULL. */
	void (*check)(const void *options, const struct doc_node *map, struct diag *diag);
};

struct connector_list {
	const struct connector_rows *items;
	size_t count;
};

/* The connector of a source or sink with its own options. */
struct config_connector {
	const struct connector_rows *rows;
	void *options;             /* the struct of these rows */
	struct buf json;           /* the same as canonical JSON, for the worker */
	uint8_t hash[SHA256_SIZE]; /* of the whole file as canonical JSON */
};

enum config_record { CONFIG_RECORD_PERSON, CONFIG_RECORD_STUDENT };

struct config_as_of {   /* exactly one is set */
	char *constant; /* YYYY-MM-DD */
};

struct config_whole { /* exactly one is set */
	bool unproven;
	char *trailer; /* pattern with {count} */
};

struct config_source {
	char *name, *connector_name;
	unsigned record; /* enum config_record */
	char *owner, *legal_basis, *purpose;
	struct option_map code_lists; /* ethnic -> vn1979 */
	struct config_as_of as_of;
	struct config_whole whole;
	bool publish;
	struct option_map lists; /* degree -> some | whole; a list that is not named is `some` */
	const struct doc_node *options;
	struct config_connector connector;
};

struct config_sink {
	char *name, *connector_name;
	struct config_batch {
		int64_t max_items;
		uint64_t max_bytes;
	} batch;
	struct config_retry {
		uint64_t first_ms, max_ms;   /* exponential between the two, with full jitter */
		uint64_t retry_after_max_ms; /* the other side may ask for no more */
		uint64_t key_life_ms;        /* how long it remembers an idempotency key */
	} retry;
	const struct doc_node *options;
	struct config_connector connector;
};

/* The two kinds of file: {source: {…}} or {sink: {…}}. */
struct config_file {
	int64_t version;
	struct config_source *source;
	struct config_sink *sink;
};

extern const struct option_row config_file_rows[];
extern const struct option_row config_source_rows[];
extern const struct option_row config_sink_rows[];

/** Find the connector of a loaded source or sink, load and check its own options. */
void config_connector_load(struct config_connector *connector, const char *name, bool pushes,
			   const struct doc_node *section, struct connector_list list,
			   struct diag *diag);
void config_connector_finish(struct config_connector *connector);
