/* Engine api: what the control API may ask of the engine, and nothing else.
 *
 * Rules.  Main fills the struct; control/ calls it from the loop, so every call returns soon.
 *         Texts and arrays in a view are the engine's and live until the next call into it.
 *         Whatever acts or opens personal data names the peer, and its leaf is committed before the
 *         call returns 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/err.h"
#include "daemon/base/random.h"

struct peer;

enum engine_run_kind { ENGINE_RUN_SOURCE, ENGINE_RUN_PUBLISH };

/* Counts of a run: the members of struct engine_counts and the keys of its "counts" object. */
/* clang-format off */
#define ENGINE_SOURCE_COUNTS(X) \
	X(read) X(accepted) X(unchanged) X(quarantined) X(skipped) X(skipped_heading) X(skipped_total) \
	X(skipped_blank) X(skipped_duplicate) X(skipped_out_of_scope) X(created) X(changed) X(ended) \
	X(absent) X(cases)
#define ENGINE_PUBLISH_COUNTS(X) \
	X(dirty) X(batches) X(sent) X(acknowledged) X(same_upstream) X(conflicts) X(held) X(retry) X(unknown)
/* clang-format on */

struct engine_counts {
#define ENGINE_COUNT_(name) uint64_t name;
	ENGINE_SOURCE_COUNTS(ENGINE_COUNT_)
	ENGINE_PUBLISH_COUNTS(ENGINE_COUNT_)
#undef ENGINE_COUNT_
};

struct engine_run {
	uint32_t run;
	enum engine_run_kind kind;
	const char *name;  /* the source's or the sink's */
	const char *state; /* COLLECTING … COMPLETE, as DESIGN.md section 7 writes them */
	bool ended;        /* the state is one that it will not leave by itself */
	uint64_t started_us;
	uint64_t ended_us;        /* 0 while it runs */
	uint64_t done;            /* progress of the present state */
	uint64_t total;           /* 0 if not known */
	const char *completeness; /* "proven", "unproven", "failed" or "" while not known */
	uint64_t promised;        /* rows by trailer or heading; 0 if none */
	/* why it is HELD, INCOMPLETE or FAILED; code ERR_NONE_ otherwise */
	struct err cause;
	struct engine_counts counts;
};

struct engine_source {
	const char *name;
	bool is_sink;
	const char *connector;
	uint32_t running;          /* its run, 0 if none */
	uint32_t last_run;         /* 0 if it never ran */
	const char *last_state;    /* "" if it never ran */
	uint64_t last_complete_us; /* 0 if never */
	uint64_t next_us;          /* 0 without a schedule */
};

struct engine_status {
	const char *store_id; /* UUID text */
	uint64_t started_us;
	uint64_t persons, source_records, open_cases, quarantined, dirty, open_batches;
	uint64_t audit_size;
	uint8_t audit_root[32];
	const struct engine_source *sources;
	size_t source_count;
};

enum engine_verdict { ENGINE_CHECK_OK, ENGINE_CHECK_WARNING, ENGINE_CHECK_FAILED };

struct engine_check {
	const char *name; /* "disk", "clock", "socket": stable */
	enum engine_verdict verdict;
	const char *text[LANGUAGE_MAX];
};

/* A reader process: `trithucd --reader JOB`, its output and its pidfd; the caller owns both. */
struct engine_reader {
	int fd; /* non-blocking */
	int pidfd;
};

typedef void engine_run_fn(void *ctx, const struct engine_run *run);
typedef void engine_check_fn(void *ctx, const struct engine_check *check);

struct engine_api {
	void *ctx;

	int (*status)(void *ctx, struct engine_status *ret_status, struct err *err);
	/** Errors: ERR_NOT_FOUND (no such source), ERR_CONFLICT (it runs already, or it is a sink). */
	int (*start_run)(void *ctx, const struct peer *peer, const char *source, uint32_t *ret_run,
			 struct err *err);
	/** Errors: ERR_NOT_FOUND (no sink), ERR_CONFLICT (it runs already). */
	int (*start_publish)(void *ctx, const struct peer *peer, uint32_t *ret_run,
			     struct err *err);
	/** Of either kind. Errors: ERR_NOT_FOUND. */
	int (*get_run)(void *ctx, uint32_t run, struct engine_run *ret_run, struct err *err);
	/** Newest first, only those below `before` (0: from the newest), at most `limit`. */
	int (*list_runs)(void *ctx, uint32_t before, unsigned limit, engine_run_fn *each,
			 void *each_ctx, struct err *err);
	/** One line of canonical JSON per person, as invariant 8 compares them. Leaf `export`. */
	int (*export_canonical)(void *ctx, const struct peer *peer, const char *reason,
				struct engine_reader *ret_reader, struct err *err);
	/** One JSON object: see VerifyResult in schemas/control-api.openapi.yaml. Leaf `verify.run`. */
	int (*verify_audit)(void *ctx, const struct peer *peer, struct engine_reader *ret_reader,
			    struct err *err);
	/** Write the leaf `read.pii` before a handler shows what belongs to a person, masked or not.
	 * what  "find", "person", "quarantine", "case".  uuid  of the person, NULL if it is not one.
	 */
	int (*note_read)(void *ctx, const struct peer *peer, const char *what, const uint8_t *uuid,
			 struct err *err);
	int (*doctor)(void *ctx, engine_check_fn *each, void *each_ctx, struct err *err);

	/* Words for numbers that other layers keep in the store; "" for one that they do not know. */
	const char *(*case_kind)(uint8_t kind);
	const char *(*case_state)(uint8_t state);
	const char *(*image_state)(uint8_t state);
};
