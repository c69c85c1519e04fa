/* Run: one execution of a source as the engine holds it, beside its row in the store.
 *
 * The row is the truth: whatever a restart needs stands there. In memory are only the worker, the seen bitmap
 * (a bit per ordinal of the source) and what is shown of the progress.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/base/err.h"
#include "daemon/reconcile/reconciler.h"
#include "daemon/run/run_state.h"
#include "daemon/store/run_table.h"

struct engine;
struct worker;

enum { RUN_FILES_MAX = 16 };

/* What applying does, in this order; kept in run_row.phase. */
enum run_phase {
	RUN_PHASE_KNOWN,      /* rows under keys that the source used before */
	RUN_PHASE_NEW,        /* rows under new keys */
	RUN_PHASE_REJECTS,    /* rows that were not accepted */
	RUN_PHASE_QUARANTINE, /* rows of earlier deliveries that are no longer rejected */
	RUN_PHASE_END,
	RUN_PHASE_SWEEP, /* ended; staged rows are being deleted */
	RUN_PHASE_DONE,
};

struct run {
	struct run *next;
	struct engine *engine; /* that runs it */
	struct run_row row;
	const char *name;                   /* of its source or sink */
	const struct config_source *source; /* NULL: it publishes */
	struct worker *worker;
	struct buf seen; /* COLLECTING: bits of ordinals met */
	struct run_file {
		struct buf name;
		uint64_t size;
		uint8_t sha256[SHA256_SIZE];
	} files[RUN_FILES_MAX];
	size_t file_count;
	uint64_t received;    /* rows that came */
	uint64_t done, total; /* progress */
	uint64_t duplicates;  /* quarantined here for their key */
	bool helloed, ended;  /* HELLO and END have come */
	struct err cause;     /* why it ended otherwise than COMPLETE */
	uint64_t retry_us;    /* boottime: not before */
	/* publishing: */
	uint64_t in_flight;       /* the batch that the worker has, 0 none */
	uint64_t lost;            /* a batch whose answer will not come, 0 none */
	unsigned worker_failures; /* in a row */
	bool swept, built;        /* these parts of the pass are done */
};

/** A row in memory for `row`, whose state is in the store. `name` must outlive it. */
struct run *run_create(const struct run_row *row, const char *name,
		       const struct config_source *source);
void run_destroy(struct run *run);

/** Move to `state`; asserts that the move is allowed. */
void run_move(struct run *run, enum run_state state);

/** What reconciling needs to know of the delivery. */
struct delivery run_delivery(const struct run *run);

DEFINE_CLEANUP(struct run, run_destroy);
