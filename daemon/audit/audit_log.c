#include "daemon/audit/audit_log.h"

#include <assert.h>

#include "daemon/audit/leaf_view.h"
#include "daemon/audit/leaf_writer.h"
#include "daemon/base/err.h"

struct audit_log {
	struct clock clock;
	struct random_source random;
	struct sha256 *sha;
	struct leaf_writer *writer;
	struct buf sealed;
	struct audit_head head;
	struct tree tree;      /* as the open transaction has it */
	struct store_txn *txn; /* of begin; NULL between transactions */
	bool appended;
};

/* ---- the frontier as the store keeps it ---- */

int audit_frontier_tree(const struct audit_frontier *frontier, struct sha256 *sha,
			struct tree *ret_tree, struct err *err)
{
	struct tree tree = { .size = frontier->size };
	size_t next = 0;
	for (unsigned level = TREE_LEVELS; level-- > 0;)
		if ((frontier->size >> level & 1) != 0)
			memcpy(tree.peaks[level], frontier->peaks[next++], TREE_HASH_SIZE);
	uint8_t root[TREE_HASH_SIZE];
	tree_root(&tree, sha, root);
	if (memcmp(root, frontier->root, sizeof(root)) != 0)
		return err_set(err, ERR_CORRUPT, MSG_AUDIT_FRONTIER);
	*ret_tree = tree;
	return 0;
}

static int put_frontier(struct audit_log *log, struct audit_head *ret_head, struct err *err)
{
	struct audit_frontier frontier = { .size = log->tree.size };
	for (unsigned level = TREE_LEVELS; level-- > 0;)
		if ((frontier.size >> level & 1) != 0)
			memcpy(frontier.peaks[frontier.peak_count++], log->tree.peaks[level],
			       TREE_HASH_SIZE);
	tree_root(&log->tree, log->sha, frontier.root);
	ret_head->size = frontier.size;
	memcpy(ret_head->root, frontier.root, sizeof(ret_head->root));
	return audit_frontier_put(log->txn, &frontier, err);
}

/* ---- life ---- */

/* Nothing may stand behind the frontier, and before its end the leaf that says so. */
static int check_last_leaf(struct store_txn *txn, uint64_t size, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint64_t index = 0, count = 0;
	struct blob bytes, sealed;
	int error = audit_table_scan(txn, size == 0 ? 0 : size - 1, &scan, err);
	if (error < 0)
		return error;
	while ((error = audit_table_next(scan, &index, &bytes, &sealed, err)) == 0) {
		struct leaf_view view;
		error = leaf_view_read(bytes, &view, err);
		if (error < 0)
			return err_wrap(err, MSG_AUDIT_AT, ARG_U("index", index));
		count++;
		if (view.seq != index || index + 1 != size)
			return err_set(err, ERR_CORRUPT, MSG_AUDIT_ORDER, ARG_U("index", index));
	}
	if (error != ERR_NOT_FOUND)
		return error;
	if (count != (size > 0))
		return err_set(err, ERR_CORRUPT, MSG_AUDIT_ORDER, ARG_U("index", size - 1));
	return 0;
}

static int load(struct audit_log *log, struct store_txn *txn, struct err *err)
{
	struct audit_frontier frontier;
	int error = audit_frontier_get(txn, &frontier, err);
	if (error == 0)
		error = audit_frontier_tree(&frontier, log->sha, &log->tree, err);
	if (error < 0)
		return error;
	log->head.size = frontier.size;
	memcpy(log->head.root, frontier.root, sizeof(log->head.root));
	return 0;
}

int audit_log_open(struct store *store, const struct clock *clock,
		   const struct random_source *random, struct audit_log **ret_log, struct err *err)
{
	CLEANUP(audit_log_closep) struct audit_log *log = calloc(1, sizeof(*log));
	if (log == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	log->clock = *clock;
	log->random = *random;
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = sha256_create(&log->sha, err);
	if (error == 0)
		error = leaf_writer_create(&log->writer, err);
	if (error == 0)
		error = store_begin(store, KV_READ, &txn, err);
	if (error == 0)
		error = load(log, txn, err);
	if (error == 0)
		error = check_last_leaf(txn, log->head.size, err);
	if (error < 0)
		return error;
	*ret_log = TAKE(log);
	return 0;
}

void audit_log_close(struct audit_log *log)
{
	if (log == NULL)
		return;
	sha256_destroy(log->sha);
	leaf_writer_destroy(log->writer);
	buf_finish(&log->sealed);
	free(log);
}

const struct audit_head *audit_log_head(const struct audit_log *log)
{
	return &log->head;
}

/* ---- a transaction ---- */

int audit_log_begin(struct audit_log *log, struct store_txn *txn, struct err *err)
{
	log->txn = NULL;
	log->appended = false;
	int error = load(log, txn, err);
	if (error < 0)
		return store_poison(txn, error, err);
	log->txn = txn;
	return 0;
}

/* The private part first: the leaf carries the hash of its sealed bytes. */
static int seal_payload(struct audit_log *log, const struct leaf *leaf, const struct person *owner,
			struct err *err)
{
	uint8_t salt[LEAF_SALT_SIZE];
	struct blob payload;
	random_fill(&log->random, salt, sizeof(salt));
	int error = leaf_write_payload(log->writer, leaf, salt, &payload, err);
	buf_reset(&log->sealed);
	if (error < 0 || payload.len == 0)
		return error;
	assert(owner != NULL || leaf->field_count == 0); /* a shared key is none for records */
	return audit_table_seal(log->txn, owner, log->tree.size, payload, &log->sealed, err);
}

static int append(struct audit_log *log, const struct leaf *leaf, const struct person *owner,
		  struct err *err)
{
	struct leaf_stamp stamp = { .seq = log->tree.size,
				    .realtime_us = clock_realtime_us(&log->clock),
				    .boottime_us = clock_boottime_us(&log->clock) };
	struct blob bytes;
	int error = seal_payload(log, leaf, owner, err);
	if (error < 0)
		return error;
	random_fill(&log->random, stamp.id, sizeof(stamp.id));
	error = leaf_write(log->writer, leaf, &stamp, buf_blob(&log->sealed), &bytes, err);
	if (error < 0)
		return error;
	error = audit_table_append(log->txn, stamp.seq, bytes, buf_blob(&log->sealed), err);
	if (error < 0)
		return error;
	uint8_t hash[TREE_HASH_SIZE];
	tree_leaf_hash(log->sha, bytes, hash);
	tree_append(&log->tree, log->sha, hash);
	return 0;
}

int audit_log_append(struct audit_log *log, struct store_txn *txn, const struct leaf *leaf,
		     const struct person *owner, uint64_t *ret_index, struct err *err)
{
	assert(log->txn == txn);
	struct err local = { 0 };
	log->appended = true;
	int error = append(log, leaf, owner, &local);
	if (error < 0) {
		if (err != NULL)
			*err = local;
		return store_poison(txn, error, &local);
	}
	if (ret_index != NULL)
		*ret_index = log->tree.size - 1;
	return 0;
}

int audit_log_commit(struct audit_log *log, struct store_txn *txn, struct err *err)
{
	assert(log->txn == txn);
	struct audit_head head = log->head;
	if (log->appended) /* its failure is the transaction's, with which the commit refuses */
		(void)put_frontier(log, &head, NULL);
	log->txn = NULL;
	int error = store_commit(txn, err);
	if (error == 0)
		log->head = head;
	return error;
}
