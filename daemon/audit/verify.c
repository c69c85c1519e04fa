#include "daemon/audit/verify.h"

#include "daemon/audit/leaf_view.h"

enum { BOOT_ID_SIZE = 64, STEP_LEAVES = 20000 };

struct verify {
	struct sha256 *sha;
	struct store_mark mark;
	struct audit_frontier stored;
	bool more;        /* leaves stand behind that size */
	struct tree tree; /* of the leaves found good */
	uint64_t mono_us;
	uint8_t boot_id[BOOT_ID_SIZE];
	size_t boot_id_len;
	bool done;
	struct verify_report report;
};

/* ---- one leaf ---- */

/* A new boot begins with a start; until then the clock that counts sleep cannot go back. */
static bool keeps_time(struct verify *verify, const struct leaf_view *view)
{
	struct blob boot = blob_of(verify->boot_id, verify->boot_id_len);
	if (view->act == AUDIT_ACT_START && !blob_equal(view->boot_id, boot)) {
		verify->boot_id_len =
			view->boot_id.len < BOOT_ID_SIZE ? view->boot_id.len : BOOT_ID_SIZE;
		if (verify->boot_id_len > 0)
			memcpy(verify->boot_id, view->boot_id.data, verify->boot_id_len);
	} else if (view->mono_us < verify->mono_us) {
		return false;
	}
	verify->mono_us = view->mono_us;
	return true;
}

static int check_leaf(struct verify *verify, uint64_t index, struct blob bytes, struct blob sealed,
		      struct err *reason)
{
	struct leaf_view view;
	if (index != verify->tree.size)
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_ORDER,
			       ARG_U("index", verify->tree.size));
	int error = leaf_view_read(bytes, &view, reason);
	if (error < 0)
		return err_wrap(reason, MSG_AUDIT_AT, ARG_U("index", index));
	if (view.seq != index)
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_ORDER, ARG_U("index", index));
	if (!leaf_view_seals(&view, verify->sha, sealed))
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_SEALED, ARG_U("index", index));
	if (!keeps_time(verify, &view))
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_TIME, ARG_U("index", index));
	return 0;
}

/* The root at the mark's size, when the walk comes by there. */
static int check_mark(struct verify *verify, struct err *reason)
{
	uint8_t root[TREE_HASH_SIZE];
	if (verify->mark.audit_size == 0 || verify->tree.size != verify->mark.audit_size)
		return 0;
	tree_root(&verify->tree, verify->sha, root);
	if (memcmp(root, verify->mark.audit_root, sizeof(root)) == 0)
		return 0;
	return err_set(reason, ERR_CORRUPT, MSG_AUDIT_MARK_ROOT,
		       ARG_U("size", verify->mark.audit_size));
}

static int take_leaf(struct verify *verify, uint64_t index, struct blob bytes, struct blob sealed,
		     struct err *reason)
{
	int error = check_leaf(verify, index, bytes, sealed, reason);
	if (error < 0)
		return error;
	uint8_t hash[TREE_HASH_SIZE];
	tree_leaf_hash(verify->sha, bytes, hash);
	tree_append(&verify->tree, verify->sha, hash);
	error = check_mark(verify, reason);
	if (error == 0)
		verify->report.verified = verify->tree.size;
	return error;
}

/* ---- the whole ---- */

/* A code of the log itself ends the walk as its answer; any other is an error of the store. */
static int answer(struct verify *verify, int code, struct err *err)
{
	if (code == 0)
		return 0;
	if (code != ERR_CORRUPT) {
		if (err != NULL)
			*err = verify->report.reason;
		return code;
	}
	verify->done = true;
	return 0;
}

static int check_end(struct verify *verify, struct err *reason)
{
	struct tree stored;
	tree_root(&verify->tree, verify->sha, verify->report.root);
	int error = audit_frontier_tree(&verify->stored, verify->sha, &stored, reason);
	if (error < 0)
		return error;
	if (memcmp(verify->report.root, verify->stored.root, TREE_HASH_SIZE) != 0)
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_ROOT,
			       ARG_U("size", verify->stored.size));
	if (verify->more)
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_ORDER,
			       ARG_U("index", verify->stored.size));
	if (verify->mark.audit_size > verify->stored.size)
		return err_set(reason, ERR_CORRUPT, MSG_AUDIT_CUT,
			       ARG_U("size", verify->stored.size),
			       ARG_U("mark", verify->mark.audit_size));
	return 0;
}

static int find_more(struct store_txn *txn, uint64_t size, bool *ret_more, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint64_t index;
	struct blob bytes, sealed;
	int error = audit_table_scan(txn, size, &scan, err);
	if (error == 0)
		error = audit_table_next(scan, &index, &bytes, &sealed, err);
	*ret_more = error != ERR_NOT_FOUND; /* one that does not even read is one */
	return error == ERR_NOT_FOUND || error == ERR_CORRUPT ? 0 : error;
}

int verify_create(struct store_txn *txn, const struct store_mark *mark, struct verify **ret_verify,
		  struct err *err)
{
	CLEANUP(verify_destroyp) struct verify *verify = calloc(1, sizeof(*verify));
	if (verify == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	verify->mark = *mark;
	int error = sha256_create(&verify->sha, err);
	if (error == 0)
		error = audit_frontier_get(txn, &verify->stored, err);
	if (error == 0)
		error = find_more(txn, verify->stored.size, &verify->more, err);
	if (error < 0)
		return error;
	verify->report.size = verify->stored.size;
	*ret_verify = TAKE(verify);
	return 0;
}

void verify_destroy(struct verify *verify)
{
	if (verify == NULL)
		return;
	sha256_destroy(verify->sha);
	free(verify);
}

/* Leaves until `limit`, the end or the first failure. */
static int walk(struct verify *verify, struct store_txn *txn, size_t limit, struct err *reason)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	int error = audit_table_scan(txn, verify->tree.size, &scan, reason);
	for (size_t i = 0; error == 0 && i < limit && verify->tree.size < verify->stored.size;
	     i++) {
		uint64_t index;
		struct blob bytes, sealed;
		error = audit_table_next(scan, &index, &bytes, &sealed, reason);
		if (error == ERR_NOT_FOUND)
			return err_set(reason, ERR_CORRUPT, MSG_AUDIT_ORDER,
				       ARG_U("index", verify->tree.size));
		if (error == 0)
			error = take_leaf(verify, index, bytes, sealed, reason);
	}
	return error;
}

int verify_step(struct verify *verify, struct store_txn *txn, size_t limit, bool *ret_done,
		struct err *err)
{
	struct err *reason = &verify->report.reason;
	if (!verify->done) {
		int error = answer(verify, walk(verify, txn, limit, reason), err);
		if (error < 0)
			return error;
	}
	if (!verify->done && verify->tree.size == verify->stored.size) {
		int code = check_end(verify, reason);
		int error = answer(verify, code, err);
		if (error < 0)
			return error;
		verify->report.holds = code == 0;
		verify->done = true;
	}
	*ret_done = verify->done;
	return 0;
}

const struct verify_report *verify_report(const struct verify *verify)
{
	return &verify->report;
}

static int step_alone(struct verify *verify, struct store *store, bool *ret_done, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_READ, &txn, err);
	return error < 0 ? error : verify_step(verify, txn, STEP_LEAVES, ret_done, err);
}

static int create_alone(struct store *store, struct verify **ret_verify, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_READ, &txn, err);
	return error < 0 ? error : verify_create(txn, store_found_mark(store), ret_verify, err);
}

int verify_whole(struct store *store, struct verify_report *ret_report, struct err *err)
{
	CLEANUP(verify_destroyp) struct verify *verify = NULL;
	bool done = false;
	int error = create_alone(store, &verify, err);
	while (error == 0 && !done)
		error = step_alone(verify, store, &done, err);
	if (error < 0)
		return error;
	*ret_report = verify->report;
	return 0;
}
