/* Connector: THE contract. A connector turns one kind of source into rows, or delivers batches to one kind of sink.
 *
 * It runs alone in a sandboxed worker, one process per run; it may block, and stays plain sequential code. It never
 * sees the store. All it may use comes in by the environment: nothing global, so that a test can hand in its own.
 * Memory is the caller's unless stated. Every call returns 0 or a code of err.h.
 * HINT: to add one, write a folder with its code, its option rows and its README, a line in registry.c and one in
 *       registry_rows.c, and a meson line.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/option.h"
#include "daemon/base/cleanup.h"
#include "daemon/record/frame_control.h"
#include "daemon/record/frame_push.h"

struct clock;
struct code_lists;
struct connector; /* each has its own */
struct err;
struct frame_sink;
struct random_source;
struct schema;
struct source_options;

enum connector_capability {
	CONNECTOR_PULLS = 1,    /* gives rows */
	CONNECTOR_PUSHES = 2,   /* takes batches */
	CONNECTOR_SNAPSHOT = 4, /* one delivery is the whole list */
};

struct connector_fd {
	const char *name; /* "folder", "secret:auth.client_secret" */
	int fd;
};

struct connector_env {
	const char *source; /* name of the source or sink, for messages */
	const struct clock *clock;
	const struct random_source *random;
	uint64_t deadline_us;           /* boottime: past it the engine ends the process */
	const struct connector_fd *fds; /* stay open until close() has returned */
	size_t fd_count;

	/* for pulls */
	const struct schema *schema;
	const struct code_lists *code_lists;
	const struct source_options *source_options;
	uint8_t cell_key[FRAME_CELL_KEY_SIZE];

	/* for pushes: the `sink` member of BEGIN */
	const struct doc_node *sink;
};

/* How a pull ends when nothing failed: what was promised and what was there. Never by silence. */
struct pull_end {
	enum frame_completeness completeness;
	uint64_t promised, counted;
};

struct connector_ops {
	const char *name;              /* as written in the YAML */
	unsigned capabilities;         /* bits of enum connector_capability */
	enum frame_role role;          /* the sandbox in which it runs */
	const struct option_row *rows; /* its options, and the struct that they fill */
	size_t options_size;

	/** `options` outlives the connector. */
	int (*open)(const struct connector_env *env, const void *options,
		    struct connector **ret_connector, struct err *err);
	/** Tell all rows to `sink`. */
	int (*pull)(struct connector *connector, struct frame_sink *sink, struct pull_end *ret_end,
		    struct err *err);
	/** Deliver or ask for one batch and tell the answer to `sink`: exactly one, whatever came of it. */
	int (*push)(struct connector *connector, const struct frame_batch *batch,
		    struct frame_sink *sink, struct err *err);
	void (*close)(struct connector *connector); /* accepts NULL */
};

/** The defaults of a slot that a connector does not offer: ERR_PROTOCOL. */
int connector_cannot_pull(struct connector *connector, struct frame_sink *sink,
			  struct pull_end *ret_end, struct err *err);
int connector_cannot_push(struct connector *connector, const struct frame_batch *batch,
			  struct frame_sink *sink, struct err *err);

/** The descriptor of that name, or -1. It stays the host's. */
int connector_fd(const struct connector_env *env, const char *name);
