/* Collect: takes the frames of a pull, tells what changed from what did not, and stages what did.
 *
 * Nothing that was collected has any effect before the guard has seen all of it. A row that is as it was costs a
 * look-up and a bit; another is staged under the run's own key.
 *
 * The same key twice in one delivery (DOMAIN.md, rule HR2): equal cells count as unchanged, else both rows are
 * quarantined as duplicate_key, whichever of them came first.
 */
#pragma once

#include "daemon/run/run.h"

struct keyring;
struct schema;

/* Kinds of a staged key; they are stored. */
enum stage_kind {
	STAGE_NEW = 1,   /* a row under a new key */
	STAGE_KNOWN = 2, /* a row under a known key, changed or read under another interpretation */
	STAGE_REJECT = 3,    /* a row that the worker did not accept */
	STAGE_DUPLICATE = 4, /* a row that it accepted, but its key stands twice */
	STAGE_KEPT = 5,      /* rejected as before: the quarantined row stays; nothing is staged */
};

struct collector {
	struct session *session;
	struct reconciler *reconciler;
	const struct schema *schema;
	struct buf scratch; /* of the row in hand */
};

/** Ready the run for its first row: the bitmap has the size of its source. */
MUST_CHECK int collect_begin(struct collector *collector, struct run *run, struct err *err);

/** One frame of a pull but HELLO and END.
 * Errors: ERR_PROTOCOL (out of turn, or a row that its schema refuses: the worker is broken), and the store's.
 */
MUST_CHECK int collect_frame(struct collector *collector, struct run *run,
			     const struct frame *frame, struct err *err);

/** Index of a row that has no key of its own: where it stood. */
void collect_locator_idx(struct store *store, uint16_t source, const struct frame_locator *at,
			 uint8_t out[KEYRING_IDX_SIZE]);

/** What tells two versions of a rejected row apart. */
void collect_reject_hash(struct reconciler *reconciler, const struct frame_reject *reject,
			 uint8_t out[RECORD_HASH_SIZE]);

void collector_finish(struct collector *collector);
