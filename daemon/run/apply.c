#include "daemon/run/apply.h"

#include <stdio.h>

#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/reason.h"
#include "daemon/run/collect.h"
#include "daemon/run/session.h"
#include "daemon/store/quarantine.h"
#include "daemon/store/stage.h"

/* ---- rows that were accepted ---- */

static void count(struct run *run, const struct reconciled *done)
{
	run->row.counts.created += done->created;
	run->row.counts.changed += !done->created;
	run->row.counts.ended += done->ended;
	run->row.counts.cases += done->cases;
}

static int apply_row(struct applier *applier, struct store_txn *txn, struct run *run,
		     const struct stage_key *key, struct err *err)
{
	struct frame_row row;
	struct reconciled done;
	struct delivery delivery = run_delivery(run);
	if (frame_get_row(buf_blob(&applier->plain), &row, err) < 0)
		return err->code;
	int status = key->kind == STAGE_NEW
			     ? reconcile_new(applier->reconciler, txn, &delivery, &row, &done, err)
			     : reconcile_known(applier->reconciler, txn, &delivery, &row,
					       key->ordinal, &done, err);
	if (status < 0)
		return err_wrap(err, MSG_APPLYING_ROW, ARG_U("row", row.at.row),
				ARG_WORD("source", run->name));
	count(run, &done);
	return 0;
}

/* ---- rows that were not ---- */

struct rejection {
	struct quarantine_row row;
	struct quarantine_body body;
	struct buf lists; /* what `body` points into */
	const char *codes[REASON_MAX];
	size_t code_count;
};

static void add_codes(struct rejection *rejection, struct frame_list reasons)
{
	struct frame_reason reason;
	reason_set set = 0;
	while (frame_list_reason(&reasons, &reason))
		set |= reason_bit(reason_by_name(reason.code));
	for (int number = 1; number < REASON_MAX; number++)
		if ((set & reason_bit((enum reason)number)) != 0)
			rejection->codes[rejection->code_count++] =
				reason_name((enum reason)number);
	struct buf text = { .max = QUARANTINE_CODES_SIZE - 1 };
	reason_set_put(set, &text);
	memcpy(rejection->row.codes, text.data, text.len);
	buf_finish(&text);
}

static int fill_rejection(struct rejection *rejection, const struct run *run,
			  const struct frame_locator *at, struct blob source_key,
			  struct frame_list cells, struct frame_list reasons, struct err *err)
{
	add_codes(rejection, reasons);
	rejection->row.source = run->row.source;
	rejection->row.run = run->row.id;
	rejection->row.row = at->row;
	memcpy(rejection->row.interpretation, run->row.interpretation,
	       sizeof(rejection->row.interpretation));
	frame_list_store(&rejection->lists, &cells);
	size_t split = rejection->lists.len;
	frame_list_store(&rejection->lists, &reasons);
	if (!buf_ok(&rejection->lists))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	rejection->body = (struct quarantine_body){
		.file = at->file < run->file_count ? buf_blob(&run->files[at->file].name)
						   : (struct blob){ 0 },
		.key = source_key,
		.cells = blob_of(rejection->lists.data, split),
		.reasons = blob_of(rejection->lists.data + split, rejection->lists.len - split),
	};
	return 0;
}

/* True if the row lies in quarantine just as it came, from an earlier delivery of the same content. */
static int lies_there(struct store_txn *txn, const struct quarantine_row *row, bool *ret_lies,
		      struct err *err)
{
	struct quarantine_row old;
	int status = quarantine_find(txn, row->source, row->idx, &old, err);
	*ret_lies =
		status == 0 && old.row == row->row && strcmp(old.codes, row->codes) == 0 &&
		memcmp(old.cells_hash, row->cells_hash, sizeof(old.cells_hash)) == 0 &&
		memcmp(old.interpretation, row->interpretation, sizeof(old.interpretation)) == 0;
	return status == ERR_NOT_FOUND ? 0 : status;
}

static int put_rejection(struct applier *applier, struct store_txn *txn, const struct run *run,
			 const struct rejection *rejection, const struct frame_locator *at,
			 struct err *err)
{
	bool lies = false;
	if (lies_there(txn, &rejection->row, &lies, err) < 0)
		return err->code;
	if (lies)
		return 0;
	if (quarantine_put(txn, &rejection->row, &rejection->body, err) < 0)
		return err->code;
	struct leaf leaf = { .act = AUDIT_ACT_ROW_REJECT,
			     .run = run->row.id,
			     .source = { run->name, at->file, at->row, at->byte_offset },
			     .reasons = rejection->codes,
			     .reason_count = rejection->code_count };
	return audit_log_append(applier->audit, txn, &leaf, NULL, NULL, err);
}

static int apply_reject(struct applier *applier, struct store_txn *txn, struct run *run,
			const struct stage_key *key, struct err *err)
{
	struct frame_reject reject;
	struct rejection rejection = { 0 };
	if (frame_get_reject(buf_blob(&applier->plain), &reject, err) < 0)
		return err->code;
	memcpy(rejection.row.idx, key->idx, sizeof(rejection.row.idx));
	rejection.row.class = (uint8_t)reject.class;
	collect_reject_hash(applier->reconciler, &reject, rejection.row.cells_hash);
	int status = fill_rejection(&rejection, run, &reject.at, reject.source_key, reject.cells,
				    reject.reasons, err);
	if (status == 0)
		status = put_rejection(applier, txn, run, &rejection, &reject.at, err);
	buf_cleanse(&rejection.lists);
	return status;
}

static int apply_duplicate(struct applier *applier, struct store_txn *txn, struct run *run,
			   const struct stage_key *key, struct err *err)
{
	struct frame_row row;
	struct rejection rejection = { .row = { .class = FRAME_CLASS_INVALID } };
	struct frame_list reasons = { 0 };
	struct buf entries = { 0 };
	if (frame_get_row(buf_blob(&applier->plain), &row, err) < 0)
		return err->code;
	const struct frame_reason reason = { .code = blob_text(reason_name(REASON_DUPLICATE_KEY)) };
	frame_list_add_reason(&reasons, &entries, &reason);
	reasons.entries = buf_blob(&entries);
	memcpy(rejection.row.idx, key->idx, sizeof(rejection.row.idx));
	memcpy(rejection.row.cells_hash, row.cells_hash, sizeof(rejection.row.cells_hash));
	int status = buf_ok(&entries) ? fill_rejection(&rejection, run, &row.at, row.source_key,
						       row.cells, reasons, err)
				      : err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (status == 0)
		status = put_rejection(applier, txn, run, &rejection, &row.at, err);
	buf_finish(&entries);
	buf_cleanse(&rejection.lists);
	return status;
}

/* ---- phases ---- */

typedef int apply_key_fn(struct applier *applier, struct store_txn *txn, struct run *run,
			 const struct stage_key *key, struct err *err);

/* What a phase does with a staged key of each kind; NULL: nothing. */
static apply_key_fn *const handlers[RUN_PHASE_QUARANTINE][STAGE_KEPT + 1] = {
	[RUN_PHASE_KNOWN] = { [STAGE_KNOWN] = apply_row },
	[RUN_PHASE_NEW] = { [STAGE_NEW] = apply_row },
	[RUN_PHASE_REJECTS] = { [STAGE_REJECT] = apply_reject,
				[STAGE_DUPLICATE] = apply_duplicate },
};

static void next_phase(struct run *run)
{
	run->row.phase++;
	run->row.applied = 0;
	memset(run->row.position, 0, sizeof(run->row.position));
}

static int apply_key(struct applier *applier, struct store_txn *txn, struct run *run,
		     const struct stage_key *key, struct err *err)
{
	apply_key_fn *handler =
		key->kind <= STAGE_KEPT ? handlers[run->row.phase][key->kind] : NULL;
	if (handler == NULL)
		return 0;
	buf_reset(&applier->plain);
	if (stage_get(txn, &run->row, key->seq, &applier->plain, err) < 0)
		return err->code;
	applier->session->rows++;
	run->done++;
	return handler(applier, txn, run, key, err);
}

static int step_keys(struct applier *applier, struct store_txn *txn, struct run *run,
		     unsigned budget, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	const uint8_t *after = run->row.applied > 0 ? run->row.position : NULL;
	if (stage_key_scan(txn, run->row.id, after, &scan, err) < 0)
		return err->code;
	struct stage_key key;
	int status = 0;
	for (unsigned i = 0; i < budget && (status = stage_key_next(scan, &key, err)) == 0; i++) {
		if (apply_key(applier, txn, run, &key, err) < 0)
			return err->code;
		memcpy(run->row.position, key.idx, sizeof(key.idx));
		run->row.applied++;
	}
	if (status == ERR_NOT_FOUND) {
		next_phase(run);
		return 0;
	}
	return status;
}

/* Rows of earlier deliveries stay in quarantine only while this one rejects them too. */
static int step_quarantine(struct store_txn *txn, struct run *run, unsigned budget, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	if (quarantine_scan(txn, run->row.source, run->row.applied > 0 ? run->row.position : NULL,
			    &scan, err) < 0)
		return err->code;
	struct quarantine_row row;
	int status = 0;
	for (unsigned i = 0; i < budget && (status = quarantine_next(scan, &row, err)) == 0;) {
		struct stage_key key;
		if (row.source != run->row.source) {
			status = ERR_NOT_FOUND;
			break;
		}
		if (run->row.applied > 0 &&
		    memcmp(row.idx, run->row.position, sizeof(row.idx)) == 0)
			continue; /* where the last step ended: the scan begins with it */
		i++;
		int staged = stage_key_find(txn, run->row.id, row.idx, &key, err);
		if (staged < 0 && staged != ERR_NOT_FOUND)
			return staged;
		bool stays = staged == 0 && key.kind >= STAGE_REJECT;
		if (!stays && quarantine_delete(txn, row.source, row.idx, err) < 0)
			return err->code;
		memcpy(run->row.position, row.idx, sizeof(row.idx));
		run->row.applied++;
	}
	if (status == ERR_NOT_FOUND) {
		next_phase(run);
		return 0;
	}
	return status;
}

/* ---- the end of a run ---- */

static int leaf_end(struct applier *applier, struct store_txn *txn, const struct run *run,
		    struct err *err)
{
	const struct run_counts *counts = &run->row.counts;
	const struct leaf_count list[] = {
		{ "accepted", counts->accepted }, { "cases", counts->cases },
		{ "changed", counts->changed },   { "created", counts->created },
		{ "ended", counts->ended },       { "quarantined", counts->quarantined },
		{ "read", counts->read },         { "unchanged", counts->unchanged },
	};
	struct leaf_file files[RUN_FILES_MAX];
	for (size_t i = 0; i < run->file_count; i++)
		files[i] = (struct leaf_file){ buf_blob(&run->files[i].name), run->files[i].size,
					       run->files[i].sha256 };
	const char *known = run_completeness_name(run->row.completeness);
	const char *whole[] = { known[0] == '\0' ? "unknown" : known };
	struct leaf leaf = {
		.act = AUDIT_ACT_RUN_END,
		.run = run->row.id,
		.state = run_state_name((enum run_state)run->row.state),
		.source = { .name = run->name },
		.files = files,
		.file_count = run->file_count,
		.counts = list,
		.count_count = sizeof(list) / sizeof(list[0]),
		.reasons = whole,
		.reason_count = 1,
		.err_class = run->cause.code == 0 ? NULL : err_code_name(run->cause.code),
		.err_code = run->cause.code == 0 ? NULL : message_code(run->cause.msg),
	};
	return audit_log_append(applier->audit, txn, &leaf, NULL, NULL, err);
}

int apply_end_run(struct applier *applier, struct run *run, struct err *err)
{
	struct store_txn *txn;
	if (session_txn(applier->session, &txn, err) < 0)
		return err->code;
	applier->session->urgent = true;
	run->row.phase = RUN_PHASE_SWEEP;
	run->row.ended_us = clock_realtime_us(applier->session->clock);
	struct run_body body = { 0 };
	if (run->file_count > 0)
		body.file = buf_blob(&run->files[0].name);
	if (run->cause.code != 0) {
		run->row.problem = (uint8_t)-run->cause.code;
		(void)snprintf(run->row.problem_message, sizeof(run->row.problem_message), "%s",
			       message_code(run->cause.msg));
		body.problem_en = blob_text(run->cause.text[LANGUAGE_EN]);
		body.problem_vi = blob_text(run->cause.text[LANGUAGE_VI]);
	}
	if (leaf_end(applier, txn, run, err) < 0 || run_table_put(txn, &run->row, &body, err) < 0)
		return err->code;
	return run->row.has_key ? run_table_destroy_key(txn, &run->row, err) : 0;
}

int apply_step(struct applier *applier, struct run *run, unsigned budget, struct err *err)
{
	struct store_txn *txn;
	if (session_txn(applier->session, &txn, err) < 0)
		return err->code;
	int status;
	if (run->row.phase < RUN_PHASE_QUARANTINE)
		status = step_keys(applier, txn, run, budget, err);
	else
		status = step_quarantine(txn, run, budget, err);
	if (status < 0)
		return status;
	if (run->row.phase < RUN_PHASE_END)
		return run_table_put(txn, &run->row, NULL, err) < 0 ? err->code : APPLY_MORE;
	run_move(run, RUN_COMPLETE);
	return apply_end_run(applier, run, err) < 0 ? err->code : APPLY_DONE;
}

int apply_sweep(struct applier *applier, struct run *run, unsigned budget, struct err *err)
{
	struct store_txn *txn;
	bool more = false;
	if (session_txn(applier->session, &txn, err) < 0 ||
	    stage_delete(txn, run->row.id, budget, &more, err) < 0)
		return err->code;
	applier->session->rows += budget / 4; /* a deletion costs about a quarter of a row */
	if (more)
		return APPLY_MORE;
	run->row.phase = RUN_PHASE_DONE;
	return run_table_put(txn, &run->row, NULL, err) < 0 ? err->code : APPLY_DONE;
}

void applier_finish(struct applier *applier)
{
	buf_cleanse(&applier->plain);
}
