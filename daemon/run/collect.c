#include "daemon/run/collect.h"

#include "daemon/keys/keyring.h"
#include "daemon/record/schema.h"
#include "daemon/record/validate.h"
#include "daemon/run/session.h"
#include "daemon/store/quarantine.h"
#include "daemon/store/stage.h"

/* ---- the bitmap ---- */

int collect_begin(struct collector *collector, struct run *run, struct err *err)
{
	struct store_txn *txn;
	uint32_t count = 0;
	if (session_txn(collector->session, &txn, err) < 0 ||
	    source_record_count(txn, run->row.source, &count, err) < 0)
		return err->code;
	buf_reset(&run->seen);
	size_t bytes = (size_t)count / 8 + 1;
	void *bits = buf_grow(&run->seen, bytes);
	if (bits == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	memset(bits, 0, bytes);
	return 0;
}

static bool is_seen(const struct run *run, uint32_t ordinal)
{
	return (run->seen.data[ordinal / 8] & 1u << ordinal % 8) != 0;
}

static void mark_seen(struct run *run, uint32_t ordinal)
{
	run->seen.data[ordinal / 8] |= (uint8_t)(1u << ordinal % 8);
}

/* ---- staging ---- */

/* Stage the bytes of a frame under `key`, whose kind and ordinal are set. */
static int stage_body(struct store_txn *txn, struct run *run, struct stage_key *key,
		      struct blob body, struct err *err)
{
	key->seq = run->row.staged;
	if (stage_append(txn, &run->row, body, err) < 0)
		return err->code;
	return stage_key_put(txn, run->row.id, key, err);
}

static void count_read(struct collector *collector, struct run *run)
{
	run->row.counts.read = ++run->received;
	collector->session->rows++;
}

static void count_duplicate(struct run *run)
{
	run->duplicates++;
	run->row.counts.quarantined++;
}

void collect_locator_idx(struct store *store, uint16_t source, const struct frame_locator *at,
			 uint8_t out[KEYRING_IDX_SIZE])
{
	uint8_t place[12] = { (uint8_t)(source >> 8), (uint8_t)source, (uint8_t)(at->file >> 8),
			      (uint8_t)at->file };
	for (int i = 0; i < 8; i++)
		place[4 + i] = (uint8_t)(at->row >> (56 - 8 * i));
	store_idx(store, KEYRING_IDX_LOCATOR, blob_of(place, sizeof(place)), out);
}

/* An earlier row was as the store has `record`, so nothing is staged of it; now its key stands twice. What it said
 * is what the store has; only where it stood is no longer known (row 0).
 */
static int stage_kept(struct collector *collector, struct store_txn *txn, struct run *run,
		      const struct source_record *record, struct stage_key *key, struct err *err)
{
	struct source_record_body stored;
	struct frame_row earlier = { .at = { .row = 0 } };
	CLEANUP(buf_cleanse) struct buf body = { 0 };
	if (source_record_body(txn, record, &collector->scratch, &stored, err) < 0 ||
	    record_open(stored.record, &earlier.record, err) < 0)
		return err->code;
	earlier.source_key = stored.key;
	memcpy(earlier.cells_hash, record->cells_hash, sizeof(earlier.cells_hash));
	earlier.cells = frame_list_stored(stored.cells);
	frame_put_row(&body, &earlier);
	if (!buf_ok(&body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	run->row.counts.unchanged--;
	count_duplicate(run);
	key->kind = STAGE_DUPLICATE;
	return stage_body(txn, run, key, buf_blob(&body), err);
}

/* The row in hand stands under a key that an earlier row used, with other cells: it is staged by its place. */
static int stage_by_place(struct collector *collector, struct store_txn *txn, struct run *run,
			  const struct frame_locator *at, enum stage_kind kind, struct blob body,
			  struct err *err)
{
	struct stage_key key = { .kind = (uint8_t)kind };
	collect_locator_idx(collector->session->store, run->row.source, at, key.idx);
	count_duplicate(run);
	return stage_body(txn, run, &key, body, err);
}

/* The earlier row under `key` was staged: is it the same as the one in hand? */
static int is_same_as_staged(struct collector *collector, struct store_txn *txn, struct run *run,
			     const struct stage_key *key, const struct frame_row *row,
			     bool *ret_same, struct err *err)
{
	struct frame_row earlier;
	buf_reset(&collector->scratch);
	*ret_same = false;
	if (key->kind != STAGE_NEW && key->kind != STAGE_KNOWN)
		return 0;
	if (stage_get(txn, &run->row, key->seq, &collector->scratch, err) < 0 ||
	    frame_get_row(buf_blob(&collector->scratch), &earlier, err) < 0)
		return err->code;
	*ret_same = memcmp(earlier.cells_hash, row->cells_hash, sizeof(row->cells_hash)) == 0;
	return 0;
}

static int meet_staged(struct collector *collector, struct store_txn *txn, struct run *run,
		       struct stage_key *key, const struct frame_row *row, struct blob body,
		       struct err *err)
{
	bool same = false;
	if (is_same_as_staged(collector, txn, run, key, row, &same, err) < 0)
		return err->code;
	if (same) {
		run->row.counts.unchanged++;
		return 0;
	}
	if (key->kind == STAGE_NEW || key->kind == STAGE_KNOWN) {
		key->kind = STAGE_DUPLICATE;
		run->row.counts.accepted--;
		count_duplicate(run);
		if (stage_key_put(txn, run->row.id, key, err) < 0)
			return err->code;
	}
	return stage_by_place(collector, txn, run, &row->at, STAGE_DUPLICATE, body, err);
}

/* ---- a row that the worker accepted ---- */

/* The worker has validated it; a worker that is broken or taken over has not. */
static int check_row(const struct collector *collector, const struct run *run,
		     const struct frame_row *row, struct err *err)
{
	struct finding finding;
	enum record_type type = run->source != NULL && run->source->record == CONFIG_RECORD_STUDENT
					? RECORD_STUDENT
					: RECORD_PERSON;
	if (row->record.type != type)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a record of another type"));
	if (row->source_key.len == 0)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a row without a key"));
	if (validate_record(collector->schema, &row->record, &finding, 1) > 0)
		return err_set(
			err, ERR_PROTOCOL, MSG_ROW_FIELD_TYPE,
			ARG_WORD("field", finding.field == NULL ? "?" : finding.field->path));
	return 0;
}

/* An ordinal was met before but nothing is staged: the earlier row was as the store has it. */
static int meet_unchanged(struct collector *collector, struct store_txn *txn, struct run *run,
			  const struct source_record *record, struct stage_key *key,
			  const struct frame_row *row, struct blob body, struct err *err)
{
	if (memcmp(record->cells_hash, row->cells_hash, sizeof(row->cells_hash)) == 0) {
		run->row.counts.unchanged++;
		return 0;
	}
	if (stage_kept(collector, txn, run, record, key, err) < 0)
		return err->code;
	return stage_by_place(collector, txn, run, &row->at, STAGE_DUPLICATE, body, err);
}

static int collect_known(struct collector *collector, struct store_txn *txn, struct run *run,
			 struct stage_key *key, const struct frame_row *row, struct blob body,
			 struct err *err)
{
	struct source_record record;
	struct delivery delivery = run_delivery(run);
	if (source_record_get(txn, run->row.source, key->ordinal, &record, err) < 0)
		return err->code;
	if (is_seen(run, key->ordinal))
		return meet_unchanged(collector, txn, run, &record, key, row, body, err);
	mark_seen(run, key->ordinal);
	bool same_reading =
		memcmp(record.interpretation, delivery.interpretation,
		       sizeof(record.interpretation)) == 0 &&
		memcmp(record.cells_hash, row->cells_hash, sizeof(record.cells_hash)) == 0;
	if (same_reading && (record.flags & SOURCE_RECORD_ENDED) == 0) {
		run->row.counts.unchanged++;
		return 0;
	}
	run->row.counts.accepted++;
	key->kind = STAGE_KNOWN;
	return stage_body(txn, run, key, body, err);
}

static int collect_row(struct collector *collector, struct run *run, struct blob body,
		       struct err *err)
{
	struct store_txn *txn;
	struct frame_row row;
	struct stage_key key = { 0 };
	if (frame_get_row(body, &row, err) < 0 || check_row(collector, run, &row, err) < 0 ||
	    session_txn(collector->session, &txn, err) < 0)
		return err->code;
	source_key_idx(collector->session->store, run->row.source, row.source_key, key.idx);
	int status = stage_key_find(txn, run->row.id, key.idx, &key, err);
	if (status == 0)
		return meet_staged(collector, txn, run, &key, &row, body, err);
	if (status != ERR_NOT_FOUND)
		return status;
	status = source_record_find(txn, run->row.source, key.idx, &key.ordinal, err);
	if (status == 0)
		return collect_known(collector, txn, run, &key, &row, body, err);
	if (status != ERR_NOT_FOUND)
		return status;
	run->row.counts.accepted++;
	key.kind = STAGE_NEW;
	return stage_body(txn, run, &key, body, err);
}

/* ---- a row that it did not accept ---- */

void collect_reject_hash(struct reconciler *reconciler, const struct frame_reject *reject,
			 uint8_t out[RECORD_HASH_SIZE])
{
	const struct blob parts[] = { reject->source_key, reject->reasons.entries,
				      reject->cells.entries };
	reconciler_hash(reconciler, parts, sizeof(parts) / sizeof(parts[0]), out);
}

/* True if the row lies in quarantine just as it came. */
static int is_kept(struct collector *collector, struct store_txn *txn, struct run *run,
		   const uint8_t idx[KEYRING_IDX_SIZE], const struct frame_reject *reject,
		   bool *ret_kept, struct err *err)
{
	struct quarantine_row old;
	uint8_t hash[RECORD_HASH_SIZE];
	struct delivery delivery = run_delivery(run);
	collect_reject_hash(collector->reconciler, reject, hash);
	int status = quarantine_find(txn, run->row.source, idx, &old, err);
	*ret_kept = false;
	if (status == ERR_NOT_FOUND)
		return 0;
	if (status < 0)
		return status;
	*ret_kept = old.row == reject->at.row && memcmp(old.cells_hash, hash, sizeof(hash)) == 0 &&
		    memcmp(old.interpretation, delivery.interpretation,
			   sizeof(old.interpretation)) == 0;
	return 0;
}

/* Nothing is staged under the key. Its record must not look absent because this version of it is bad; and if a row
 * of this delivery was as the record is, the key stands twice: *ret_twice.
 */
static int meet_record(struct collector *collector, struct store_txn *txn, struct run *run,
		       const uint8_t idx[KEYRING_IDX_SIZE], bool *ret_twice, struct err *err)
{
	struct stage_key key = { 0 };
	struct source_record record;
	memcpy(key.idx, idx, sizeof(key.idx));
	int status = source_record_find(txn, run->row.source, idx, &key.ordinal, err);
	*ret_twice = status == 0 && is_seen(run, key.ordinal);
	if (status < 0)
		return status == ERR_NOT_FOUND ? 0 : status;
	mark_seen(run, key.ordinal);
	if (!*ret_twice)
		return 0;
	if (source_record_get(txn, run->row.source, key.ordinal, &record, err) < 0)
		return err->code;
	return stage_kept(collector, txn, run, &record, &key, err);
}

/* An accepted row under the same key loses its place; the rejected one is then known by where it stood. */
static int meet_accepted(struct collector *collector, struct store_txn *txn, struct run *run,
			 const struct frame_locator *at, uint8_t idx[KEYRING_IDX_SIZE],
			 struct err *err)
{
	struct stage_key earlier = { 0 };
	bool twice = true;
	int status = stage_key_find(txn, run->row.id, idx, &earlier, err);
	if (status == ERR_NOT_FOUND)
		status = meet_record(collector, txn, run, idx, &twice, err);
	if (status < 0 || !twice)
		return status;
	if (earlier.kind == STAGE_NEW || earlier.kind == STAGE_KNOWN) {
		earlier.kind = STAGE_DUPLICATE;
		run->row.counts.accepted--;
		count_duplicate(run);
		if (stage_key_put(txn, run->row.id, &earlier, err) < 0)
			return err->code;
	}
	collect_locator_idx(collector->session->store, run->row.source, at, idx);
	return 0;
}

static int collect_reject(struct collector *collector, struct run *run, struct blob body,
			  struct err *err)
{
	struct store_txn *txn;
	struct frame_reject reject;
	struct stage_key key = { 0 };
	struct store *store = collector->session->store;
	bool kept = false;
	if (frame_get_reject(body, &reject, err) < 0 ||
	    session_txn(collector->session, &txn, err) < 0)
		return err->code;
	run->row.counts.quarantined++;
	if (reject.source_key.len > 0) {
		source_key_idx(store, run->row.source, reject.source_key, key.idx);
		if (meet_accepted(collector, txn, run, &reject.at, key.idx, err) < 0)
			return err->code;
	} else {
		collect_locator_idx(store, run->row.source, &reject.at, key.idx);
	}
	if (is_kept(collector, txn, run, key.idx, &reject, &kept, err) < 0)
		return err->code;
	key.kind = kept ? STAGE_KEPT : STAGE_REJECT;
	return kept ? stage_key_put(txn, run->row.id, &key, err)
		    : stage_body(txn, run, &key, body, err);
}

/* ---- the rest ---- */

static int collect_file(struct run *run, struct blob body, struct err *err)
{
	struct frame_file file;
	if (frame_get_file(body, &file, err) < 0)
		return err->code;
	if (run->file_count == RUN_FILES_MAX)
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a file too many"));
	struct run_file *seen = &run->files[run->file_count++];
	buf_put(&seen->name, file.name.data, file.name.len);
	seen->size = file.size_bytes;
	memcpy(seen->sha256, file.sha256, sizeof(seen->sha256));
	return buf_ok(&seen->name) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

static int collect_skip(struct run *run, struct blob body, struct err *err)
{
	struct frame_skip skip;
	if (frame_get_skip(body, &skip, err) < 0)
		return err->code;
	run->row.counts.skipped[skip.kind]++;
	return 0;
}

static int collect_progress(struct run *run, struct blob body, struct err *err)
{
	struct frame_progress progress;
	if (frame_get_progress(body, &progress, err) < 0)
		return err->code;
	run->done = progress.done;
	run->total = progress.total;
	return 0;
}

int collect_frame(struct collector *collector, struct run *run, const struct frame *frame,
		  struct err *err)
{
	switch (frame->type) {
	case FRAME_ROW:
		count_read(collector, run);
		return collect_row(collector, run, frame->body, err);
	case FRAME_REJECT:
		count_read(collector, run);
		return collect_reject(collector, run, frame->body, err);
	case FRAME_SKIP:
		count_read(collector, run);
		return collect_skip(run, frame->body, err);
	case FRAME_FILE:
		return collect_file(run, frame->body, err);
	case FRAME_PROGRESS:
		return collect_progress(run, frame->body, err);
	default:
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "a frame of another course"));
	}
}

void collector_finish(struct collector *collector)
{
	buf_cleanse(&collector->scratch);
}
