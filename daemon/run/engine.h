/* Engine: everything that the one process holds, and the turns of its work.
 *
 * It owns store, keys, log and rules, starts workers, feeds what they send into the session, and steps what is to be
 * applied or swept a little per turn of the loop, so that control answers come between.
 * A failure whose policy is STOP_DAEMON ends the loop with its exit code; all else ends a run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "daemon/audit/leaf.h"
#include "daemon/base/clock.h"
#include "daemon/base/log.h"
#include "daemon/base/random.h"
#include "daemon/run/apply.h"
#include "daemon/run/collect.h"
#include "daemon/run/foundation.h"
#include "daemon/run/session.h"
#include "daemon/run/worker.h"

struct audit_log;
struct engine;
struct publisher;
struct sd_event;
struct sd_event_source;

enum { ENGINE_SOURCES_MAX = 1024 };

struct engine_options {
	const struct config *config;
	struct connector_list connectors;
	struct sd_event *loop;
	const struct clock *clock;
	const struct random_source *random;
	const char *program; /* of this process: its readers are started from it */
	const char *config_dir;
	/* Connections of the control API that wait now; a long step is cut short for them. */
	unsigned (*waiting)(void *ctx);
	void *waiting_ctx;
};

struct engine {
	struct engine_options options;
	struct foundation base;
	struct audit_log *audit;
	struct reconciler *reconciler;
	struct publisher *publisher;                  /* NULL without a sink */
	uint16_t publish_sources[ENGINE_SOURCES_MAX]; /* what it may publish from */
	size_t publish_source_count;
	struct session session;
	struct collector collector;
	struct applier applier;
	struct run *runs; /* active: neither DONE nor HELD */
	struct sd_event_source *work, *commit_timer, *retry_timer;
	struct buf numbers; /* of fields, for the workers */
	uint8_t cell_key[FRAME_CELL_KEY_SIZE];
	uint64_t started_us; /* realtime */
	bool up;             /* created whole */
	bool failing;        /* a failure is being handled */
	uint64_t calm_us;    /* boottime: after a failure, no haste to commit before */
	int exit_code;
};

/* Who asks, for the leaf of what he asks. */
struct actor {
	const char *type, *via; /* as leaf.h has them */
	const char *name;
	uint32_t uid;
};
extern const struct actor actor_system;

/** Open the store and all that stands on it, take up what a crash left, write the leaf `start`.
 * Errors: those of store_open(), of the schema, of the audit log (ERR_CORRUPT: it does not verify).
 */
MUST_CHECK int engine_create(const struct engine_options *options, struct engine **ret_engine,
			     struct err *err);
/** Write `stop`, commit, close. Workers are ended. */
void engine_destroy(struct engine *engine);

/** Start the source's run. Errors: ERR_NOT_FOUND, ERR_CONFLICT (runs already), ERR_UNAVAILABLE (no worker). */
MUST_CHECK int engine_start_source(struct engine *engine, const struct actor *actor,
				   const char *source, uint32_t *ret_run, struct err *err);
/** Start publishing. Errors: ERR_NOT_FOUND (no sink), ERR_CONFLICT (runs already; regressed store). */
MUST_CHECK int engine_start_publish(struct engine *engine, const struct actor *actor,
				    uint32_t *ret_run, struct err *err);

/** The active run of this id, or NULL. */
struct run *engine_find_run(const struct engine *engine, uint32_t id);
struct run *engine_find_run_of(const struct engine *engine, const char *name);

/** One leaf by itself, committed before it returns. */
MUST_CHECK int engine_note(struct engine *engine, const struct leaf *leaf, struct err *err);
struct leaf_actor actor_leaf(const struct actor *actor);

DEFINE_CLEANUP(struct engine, engine_destroy);

/* ---- between the files of this folder ---- */

/** Make the sources of the loop that turn it. */
MUST_CHECK int engine_attach(struct engine *engine, struct err *err);
/** Something is to be done in the next turn. */
void engine_wake(struct engine *engine);
/** Something was put into the session: see that it is committed in time. */
void engine_touch(struct engine *engine);
/** The session's transaction failed: abort it, set runs back, or end the loop by the error's policy. */
void engine_session_failed(struct engine *engine, const struct err *err);
/** The run ends by `cause` in FAILED or INCOMPLETE. */
void engine_end_run(struct engine *engine, struct run *run, enum run_state state,
		    const struct err *cause);
/** Say in the log why it ended. */
void engine_log_cause(const struct run *run, enum log_level level);
/** Put a new run at work. */
void engine_add_run(struct engine *engine, struct run *run);
/** One turn of a publishing run. Returns true if there is more to do at once. */
bool publish_run_step(struct engine *engine, struct run *run);
/** The first frame of a worker must be a HELLO that we understand. */
MUST_CHECK int run_take_hello(struct run *run, const struct frame *frame, struct err *err);
/** Why a worker ended in failure, in its own words. */
void run_worker_failure(const struct frame_end *end, struct err *ret_cause);
/** What starting a worker for the run takes, but its callbacks. */
struct worker_options engine_worker_options(const struct engine *engine, struct run *run,
					    enum frame_role role);
/** The options that every worker gets, sent with its descriptors. */
MUST_CHECK int engine_send_begin(struct engine *engine, struct run *run,
				 const struct config_connector *connector, enum frame_role role,
				 struct err *err);
