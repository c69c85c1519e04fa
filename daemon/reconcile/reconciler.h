/* Reconciler: puts one accepted row into the store: whom it belongs to, what changes, and the leaf that says so.
 *
 * The rules are pure functions (identity.h, golden.h); here is only what gathers their facts and does
 * what they say, inside the caller's write transaction: state and leaf commit together (invariant 1).
 * After a failure the transaction is to be aborted.
 */
#pragma once

#include <stdint.h>

#include "daemon/reconcile/person_view.h"
#include "daemon/record/frame_pull.h"

struct audit_log;
struct clock;
struct code_list;
struct random_source;
struct reconciler; /* opaque */
struct schema;
struct survivorship;

/* All of it outlives the reconciler. */
struct reconciler_options {
	struct store *store;
	struct audit_log *audit;
	const struct schema *schema; /* with the store's numbers */
	const struct survivorship *policy;
	const struct code_list *provinces; /* of CCCDs (rule ID3) */
	const struct random_source *random;
	const struct clock *clock;
};

MUST_CHECK int reconciler_create(const struct reconciler_options *options,
				 struct reconciler **ret_reconciler, struct err *err);
void reconciler_destroy(struct reconciler *reconciler);

/* What is the same for all rows of one delivery. */
struct delivery {
	uint32_t run;
	uint16_t source;
	const char *source_name;
	uint8_t interpretation[8];
	struct blob as_of;
};

/* What one row did, for the counts of its run. */
struct reconciled {
	bool created; /* a new source record; else another version of one */
	bool ended;   /* the former owner of its key ended */
	unsigned cases;
};

/** A row under a key that the source never used. Errors: ERR_CORRUPT, ERR_NO_SPACE, ERR_IO, ERR_NOMEM, ERR_INVALID. */
MUST_CHECK int reconcile_new(struct reconciler *reconciler, struct store_txn *txn,
			     const struct delivery *delivery, const struct frame_row *row,
			     struct reconciled *ret_done, struct err *err);

/** A row under a known key, `ordinal` being in force behind it. */
MUST_CHECK int reconcile_known(struct reconciler *reconciler, struct store_txn *txn,
			       const struct delivery *delivery, const struct frame_row *row,
			       uint32_t ordinal, struct reconciled *ret_done, struct err *err);

/** Keyed hash, by which versions of a record or of a quarantined row are told apart without opening them. */
void reconciler_hash(struct reconciler *reconciler, const struct blob *parts, size_t count,
		     uint8_t out[RECORD_HASH_SIZE]);

/** The golden record of a person made from scratch, appended to `out`: what a rebuild must find equal. */
MUST_CHECK int reconciler_golden(struct reconciler *reconciler, const struct person_view *view,
				 struct buf *out, struct err *err);

DEFINE_CLEANUP(struct reconciler, reconciler_destroy);
