/* Publisher: from dirty persons to acknowledged ones, every step in the caller's write transaction.
 *
 * Words.  desired: the projection of the golden record. sent: what upstream last acknowledged (image).
 *         delta: desired where it is not sent. endpoint: the sink as a whole, with its pause.
 *
 *	              publisher_attempt           publisher_answer
 *	  READY ----------------------------> SENT ---------------> ANSWERED
 *	    ^  ^           not sent            |  answer lost
 *	    |  +-------------------------------+------------> UNKNOWN
 *	    |                                                  |  ^  publisher_attempt (asks)
 *	    |    upstream does not know it                     v  |  answer lost again, item missing
 *	    +------------------------------------------------ SENT (asked) ----> ANSWERED
 *
 * Rules.  Commit, then the high-water mark, then the frame: what was sent is always known here.
 *         After an error the transaction is to be aborted and publisher_rewind() called.
 *         The body and key of a batch never change; a batch that is split is answered, its halves are new.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_policy.h"
#include "config/config_source.h"
#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/publish/publish_state.h"
#include "daemon/record/frame_push.h"

struct audit_log;
struct clock;
struct err;
struct publisher; /* opaque */
struct random_source;
struct schema;
struct store;
struct store_txn;

/* All of it outlives the publisher. */
struct publisher_options {
	struct store *store;
	struct audit_log *audit;
	const struct schema *schema; /* with the store's numbers */
	const struct config_inclusion *inclusion;
	const struct config_sink *sink;
	uint16_t sink_number;    /* in the source dictionary */
	const uint16_t *sources; /* numbers of those with `publish: true` and record type person */
	size_t source_count;
	const struct clock *clock;
	const struct random_source *random;
};

/** Errors: ERR_CONFIG (inclusion and schema do not fit), ERR_NOMEM. */
MUST_CHECK int publisher_create(const struct publisher_options *options,
				struct publisher **ret_publisher, struct err *err);
void publisher_destroy(struct publisher *publisher);

/** At start, before anything else: what was under way when the engine ended is UNKNOWN. */
MUST_CHECK int publisher_recover(struct publisher *publisher, struct store_txn *txn,
				 uint64_t *ret_batches, struct err *err);

/** Another inclusion rule, schema or list of sources than last time: mark every person dirty, `budget` of them per
 * call. `*ret_done` when there is nothing left to mark. Before building.
 */
MUST_CHECK int publisher_sweep(struct publisher *publisher, struct store_txn *txn, uint32_t budget,
			       bool *ret_done, struct err *err);

/** One pass goes through the dirty persons once, in order; this begins a new one (also after an abort). */
void publisher_rewind(struct publisher *publisher);
/** Look at up to `budget` dirty persons and write at most one batch, READY.
 * ret_batch  0: none.  ret_done  the pass is at its end; what is dirty now waits for the next one.
 */
MUST_CHECK int publisher_build(struct publisher *publisher, struct store_txn *txn, uint32_t budget,
			       uint64_t *ret_batch, bool *ret_done,
			       uint64_t counts[PUBLISH_COUNT_MAX], struct err *err);

/** The batch whose turn it is, `*ret_ask` if its outcome is to be asked; 0 if none is due.
 * ret_wait_us  then how long until one is; UINT64_MAX if no batch waits, or the endpoint is parked.
 * Errors: ERR_CONFLICT (the store is regressed: nothing may be pushed).
 */
MUST_CHECK int publisher_next(struct publisher *publisher, struct store_txn *txn,
			      uint64_t *ret_batch, bool *ret_ask, uint64_t *ret_wait_us,
			      struct err *err);
/** The intent to send (or ask). Errors: ERR_CONFLICT (regressed). */
MUST_CHECK int publisher_attempt(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
				 uint64_t counts[PUBLISH_COUNT_MAX], struct err *err);
/** Append its BATCH frame, to be sent once the attempt is committed and the mark written. Any transaction. */
MUST_CHECK int publisher_frame(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
			       struct buf *out, struct err *err);

/** What came back. Errors: ERR_PROTOCOL (no such batch is under way). */
MUST_CHECK int publisher_answer(struct publisher *publisher, struct store_txn *txn,
				const struct frame_answer *answer,
				uint64_t counts[PUBLISH_COUNT_MAX], struct err *err);
/** The worker ended without an answer for it. No error if the batch is not under way. */
MUST_CHECK int publisher_lost(struct publisher *publisher, struct store_txn *txn, uint64_t batch,
			      struct err *err);

/* The endpoint as it stands. */
struct publish_endpoint {
	enum publish_pause pause;
	uint64_t until_us;    /* realtime; UINT64_MAX: until publisher_resume() */
	uint32_t failures;    /* in a row */
	uint16_t http_status; /* of the answer that made it pause */
};

MUST_CHECK int publisher_endpoint(struct publisher *publisher, struct store_txn *txn,
				  struct publish_endpoint *ret_endpoint, struct err *err);
/** End a pause that only a person may end: an operator asked to publish. */
MUST_CHECK int publisher_resume(struct publisher *publisher, struct store_txn *txn,
				struct err *err);
/** Batches that are not answered, and items of them whose outcome is not known. */
MUST_CHECK int publisher_open(struct publisher *publisher, struct store_txn *txn,
			      uint64_t *ret_batches, uint64_t *ret_unknown, struct err *err);

DEFINE_CLEANUP(struct publisher, publisher_destroy);
