/* Publisher struct: the inside of the publisher, for the files that make it up.
 *
 *	publisher.c		life, sweep, what is left open
 *	publisher_build.c	dirty persons into batches
 *	publisher_send.c	whose turn it is, the intent to send, what became unknown
 *	publisher_answer.c	what came back
 *	publisher_settle.c	what came back for one item
 *	endpoint.c		the pause of the whole endpoint
 */
#pragma once

#include "daemon/audit/leaf.h"
#include "daemon/publish/eligibility.h"
#include "daemon/publish/endpoint.h"
#include "daemon/publish/projection.h"
#include "daemon/publish/publisher.h"
#include "daemon/store/batch_table.h"
#include "daemon/store/image.h"

enum { PUBLISH_KEY_HEX_SIZE = 2 * UUID_SIZE + 1, META_NAME_SIZE = 48 };

struct publisher {
	struct publisher_options options;
	struct inclusion *inclusion;
	struct projection *projection;
	struct inclusion_result judged;
	uint8_t interpretation[SHA256_SIZE]; /* of what decides who is published, and how */
	uint32_t cursor;                     /* the next dirty person of the pass */
	/* scratch, used again; personal data, overwritten at the end */
	struct buf golden, desired, sent, item, items, body;
};

/** "publish/7/WHAT" for sink 7. */
void publisher_meta_name(const struct publisher *publisher, const char *what,
			 char out[META_NAME_SIZE]);

/** The smallest id of a batch that may be unanswered: all walks begin there. */
MUST_CHECK int publisher_first_open(struct publisher *publisher, struct store_txn *txn,
				    uint64_t *ret_id, struct err *err);
MUST_CHECK int publisher_put_first_open(struct publisher *publisher, struct store_txn *txn,
					uint64_t id, struct err *err);

MUST_CHECK int publisher_put_endpoint(struct publisher *publisher, struct store_txn *txn,
				      const struct publish_endpoint *endpoint, struct err *err);

/* ---- publisher_build.c ---- */

/** One item as it stands in a body. */
struct publish_item {
	uint32_t person;
	uint64_t version;
	uint8_t id[UUID_SIZE];
	struct blob json;
};

/** Write a batch of these items, READY, with its leaf. */
MUST_CHECK int publisher_write_batch(struct publisher *publisher, struct store_txn *txn,
				     const struct publish_item *items, size_t count,
				     uint64_t *ret_batch, struct err *err);

/* ---- publisher_send.c ---- */

/** Outcome unknown: all open items too, not before a backoff (or what upstream asked), with a leaf.
 * `answer` may be NULL: none came.
 */
MUST_CHECK int publisher_make_unknown(struct publisher *publisher, struct store_txn *txn,
				      struct batch_row *row, const struct frame_answer *answer,
				      struct err *err);

/** The leaf of an event of a batch; `outcome` may be NULL. */
MUST_CHECK int publisher_note(struct publisher *publisher, struct store_txn *txn,
			      enum audit_act act, const struct batch_row *row, const char *outcome,
			      const struct frame_answer *answer, struct err *err);
/** What such a leaf says of upstream; `batch_key` is scratch that must stay. */
struct leaf_upstream publisher_upstream(const struct publisher *publisher,
					const struct batch_row *row, const char *outcome,
					const struct frame_answer *answer,
					char batch_key[PUBLISH_KEY_HEX_SIZE]);
extern const struct leaf_actor publisher_actor;

/* ---- publisher_settle.c ---- */

/* One answer being taken in. */
struct taking {
	struct publisher *publisher;
	struct store_txn *txn;
	const struct frame_answer *answer;
	struct batch_row *row;
	bool asked; /* it was asked, not sent: "not sent" then leaves it unknown */
	uint64_t now_us;
	uint64_t *counts;
	struct blob items[BATCH_ITEMS_MAX]; /* as they stand in the body */
};

/** Read the items of the batch's body into taking->items. */
MUST_CHECK int publisher_open_items(struct taking *taking, struct err *err);
/** Settle one item; the row is written by the caller, once for all. */
MUST_CHECK int publisher_settle_item(struct taking *taking, size_t index,
				     const struct frame_result *result, struct err *err);
/** Settle whatever the answer has results for. */
MUST_CHECK int publisher_settle_results(struct taking *taking, struct err *err);
