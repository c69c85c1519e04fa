/* Publish state: the numbers that the publish layer keeps in the store, and their names for people and leaves. */
#pragma once

#include <stdint.h>

enum batch_state {
	BATCH_READY = 1,
	BATCH_SENT,
	BATCH_ASKED,
	BATCH_ANSWERED,
	BATCH_UNKNOWN,
	BATCH_STATE_MAX
};

enum item_state {
	ITEM_WAITING = 1,
	ITEM_ACCEPTED,
	ITEM_UNCHANGED,
	ITEM_CONFLICT,
	ITEM_HELD,
	ITEM_RETRY,
	ITEM_UNKNOWN,
	ITEM_SPLIT, /* goes on in a half of its batch */
	ITEM_STATE_MAX,
};

/* What the image of a person is. CONFLICT and HELD: upstream refused what stands in image_body.held; the
 * person is left alone until desired is something else.
 */
enum image_state { IMAGE_SENT = 1, IMAGE_CONFLICT, IMAGE_HELD, IMAGE_STATE_MAX };

/* Added to the caller's array; the order of ENGINE_PUBLISH_COUNTS. `unknown` is left to publisher_open(). */
enum publish_count {
	PUBLISH_DIRTY,
	PUBLISH_BATCHES,
	PUBLISH_SENT,
	PUBLISH_ACKNOWLEDGED,
	PUBLISH_SAME_UPSTREAM,
	PUBLISH_CONFLICTS,
	PUBLISH_HELD,
	PUBLISH_RETRY,
	PUBLISH_UNKNOWN,
	PUBLISH_COUNT_MAX,
};

enum publish_pause {
	PAUSE_NONE,
	PAUSE_THROTTLED,     /* 429, 503: it asked for patience */
	PAUSE_FAILING,       /* too many failures in a row */
	PAUSE_REFUSED,       /* 401, 403, 404 and the like: until publisher_resume() */
	PAUSE_FENCED,        /* a newer epoch of us was seen: likewise */
	PAUSE_OTHER_PAYLOAD, /* our key stands there with other bytes: likewise */
	PAUSE_MAX,
};

/* Names; "" for a number that is none. BATCH_ASKED reads "SENT": for people it is the same. */
const char *batch_state_name(uint8_t state);
const char *item_state_name(uint8_t state);
const char *image_state_name(uint8_t state);
const char *publish_pause_name(enum publish_pause pause);
