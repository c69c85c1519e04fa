#include "daemon/store/store.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "daemon/base/err.h"
#include "daemon/keys/state_file.h"
#include "daemon/store/audit_table.h"
#include "daemon/store/dictionary_load.h"
#include "daemon/store/mark.h"
#include "daemon/store/row.h"
#include "daemon/store/run_table.h"

/* Names in meta. */
#define META_FORMAT "format"
#define META_ID "store-id"
#define META_EPOCH "epoch"
#define META_REGRESSED "regressed"

struct paths {
	char keys[STATE_PATH_MAX];
	char buckets[STATE_PATH_MAX];
	char store[STATE_PATH_MAX];
	char data[STATE_PATH_MAX];
	char mark_folder[STATE_PATH_MAX];
	char mark[STATE_PATH_MAX];
};

static int paths_of(const char *state_dir, struct paths *paths, struct err *err)
{
	const struct {
		char *path;
		const char *name;
	} parts[] = {
		{ paths->keys, "keys" },        { paths->buckets, "keys/buckets" },
		{ paths->store, "store" },      { paths->data, "store/data.mdb" },
		{ paths->mark_folder, "mark" }, { paths->mark, "mark/highwater" },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int error = state_path(state_dir, parts[i].name, parts[i].path, err);
		if (error < 0)
			return error;
	}
	return 0;
}

/* ---- one daemon ---- */

/* The folder itself is locked: a file in it could be deleted, and a second daemon would lock the next one. */
static int take_lock(const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? err_set(err, ERR_BUSY, MSG_STORE_BUSY, ARG_PATH(path))
					    : err_set_errno(err, errno, MSG_FILE_OPEN, path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* ---- the files together ---- */

/* Creation goes keys, data, mark. A crash between leaves the first of them, and a repetition goes on; a
 * later one without an earlier one is a loss, and must not be papered over by a fresh file.
 */
static int refuse_missing(const struct paths *paths, struct err *err)
{
	bool keys = state_file_exists(paths->buckets), data = state_file_exists(paths->data);
	bool mark = state_file_exists(paths->mark);
	if (!keys && (data || mark))
		return err_set(err, ERR_NOT_FOUND, MSG_STORE_PART_MISSING,
			       ARG_PATH(paths->buckets));
	if (!data && mark)
		return err_set(err, ERR_NOT_FOUND, MSG_STORE_PART_MISSING, ARG_PATH(paths->data));
	return 0;
}

static int make_folders(const struct paths *paths, struct err *err)
{
	int error = state_folder_ensure(paths->keys, err);
	if (error == 0)
		error = state_folder_ensure(paths->store, err);
	if (error == 0)
		error = state_folder_ensure(paths->mark_folder, err);
	return error;
}

static int open_keys(struct store *store, const struct store_options *options,
		     const struct paths *paths, struct err *err)
{
	enum keyring_mode mode = KEYRING_OPEN;
	if (options->read_only)
		mode = KEYRING_READ_ONLY;
	else if (!state_file_exists(paths->buckets))
		mode = KEYRING_CREATE;
	int error = keyring_open(options->state_dir, options->master, options->random, mode,
				 &store->keyring, err);
	return error < 0 ? error : sealer_create(options->random, &store->sealer, err);
}

static int open_data(struct store *store, const struct store_options *options,
		     const struct paths *paths, struct err *err)
{
	const struct kv_options kv = { .folder = paths->store,
				       .map_bytes = options->map_bytes,
				       .mode = options->read_only ? KV_READ : KV_WRITE };
	return kv_open(&kv, &store->kv, err);
}

/* ---- meta ---- */

static int meta_number(struct store_txn *txn, const char *name, uint64_t *ret_number,
		       struct err *err)
{
	struct blob bytes;
	int error = store_meta_find(txn, name, &bytes, err);
	if (error < 0)
		return error;
	struct reader reader = reader_of(bytes);
	*ret_number = reader_u64(&reader);
	return 0;
}

static int meta_put_number(struct store_txn *txn, const char *name, uint64_t number,
			   struct err *err)
{
	uint8_t bytes[8];
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
	return store_meta_put(txn, name, blob_of(bytes, sizeof(bytes)), err);
}

/* What is not there yet has format 0: a store whose creation a crash cut short. */
static int check_format(struct store_txn *txn, uint64_t *ret_format, struct err *err)
{
	uint64_t format = 0;
	int error = meta_number(txn, META_FORMAT, &format, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	if (format > STORE_FORMAT)
		return err_set(err, ERR_FORMAT, MSG_STORE_FORMAT, ARG_U("format", format),
			       ARG_U("known", STORE_FORMAT));
	*ret_format = format;
	return 0;
}

static int check_identity(struct store_txn *txn, const struct paths *paths, struct err *err)
{
	struct blob id;
	int error = store_meta_find(txn, META_ID, &id, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	if (error == ERR_NOT_FOUND || !blob_equal(id, blob_of(store_id(txn->store), STORE_ID_SIZE)))
		return err_set(err, ERR_CORRUPT, MSG_STORE_OTHER_KEYS, ARG_PATH(paths->data));
	return meta_number(txn, META_EPOCH, &txn->store->epoch, err);
}

static int check_meta(struct store *store, const struct paths *paths, uint64_t *ret_format,
		      struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_READ, &txn, err);
	if (error == 0)
		error = check_format(txn, ret_format, err);
	if (error == 0 && *ret_format != 0)
		error = check_identity(txn, paths, err);
	return error;
}

static int found_store(struct store *store, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_WRITE, &txn, err);
	if (error == 0)
		error = meta_put_number(txn, META_FORMAT, STORE_FORMAT, err);
	if (error == 0)
		error = store_meta_put(txn, META_ID, blob_of(store_id(store), STORE_ID_SIZE), err);
	if (error == 0)
		error = meta_put_number(txn, META_EPOCH, 0, err);
	return error < 0 ? error : store_commit(TAKE(txn), err);
}

/* ---- the mark ---- */

static int state_now(struct store_txn *txn, struct store_mark *ret_mark, struct err *err)
{
	struct audit_frontier frontier;
	int error = audit_frontier_get(txn, &frontier, err);
	if (error < 0)
		return error;
	memcpy(ret_mark->store_id, store_id(txn->store), STORE_ID_SIZE);
	ret_mark->epoch = txn->store->epoch;
	ret_mark->audit_size = frontier.size;
	memcpy(ret_mark->audit_root, frontier.root, SHA256_SIZE);
	return 0;
}

/* A store that never started may lack its mark; any other without one has lost it, and is not trusted. */
static int compare_mark(struct store_txn *txn, const struct store_mark *now, bool *ret_ahead,
			struct err *err)
{
	struct store *store = txn->store;
	struct blob flag;
	int error = store_meta_find(txn, META_REGRESSED, &flag, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	bool flagged = error == 0;
	error = mark_read(store->mark_path, &store->mark, err);
	if (error < 0 && error != ERR_NOT_FOUND)
		return error;
	if (error == ERR_NOT_FOUND) {
		store->mark = *now;
		*ret_ahead = flagged || now->epoch > 0;
		return 0;
	}
	*ret_ahead = flagged || mark_is_ahead(&store->mark, now);
	return 0;
}

/* Epoch and flag in one transaction: once seen, a regression stays, even where epoch and log catch up. */
static int start_epoch(struct store *store, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct store_mark now = { 0 };
	int error = store_begin(store, KV_WRITE, &txn, err);
	if (error == 0)
		error = state_now(txn, &now, err);
	if (error == 0)
		error = compare_mark(txn, &now, &store->regressed, err);
	/* The end of creation. Before epoch 1 is committed: from then on a missing mark is a lost one. */
	if (error == 0 && !store->regressed && !state_file_exists(store->mark_path))
		error = mark_write(store->mark_path, &now, err);
	if (error == 0 && store->regressed)
		error = store_meta_put(txn, META_REGRESSED, blob_of(NULL, 0), err);
	if (error == 0)
		error = meta_put_number(txn, META_EPOCH, store->epoch + 1, err);
	if (error == 0)
		error = store_commit(TAKE(txn), err);
	if (error == 0)
		store->epoch++;
	return error;
}

static int look_at_mark(struct store *store, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	struct store_mark now;
	int error = store_begin(store, KV_READ, &txn, err);
	if (error == 0)
		error = state_now(txn, &now, err);
	return error < 0 ? error : compare_mark(txn, &now, &store->regressed, err);
}

int store_mark_write(struct store *store, uint64_t audit_size,
		     const uint8_t audit_root[SHA256_SIZE], struct err *err)
{
	assert(!store->read_only);
	if (store->regressed)
		return err_set(err, ERR_CONFLICT, MSG_STORE_MARK_AHEAD);
	struct store_mark mark = { .epoch = store->epoch, .audit_size = audit_size };
	memcpy(mark.store_id, store_id(store), STORE_ID_SIZE);
	memcpy(mark.audit_root, audit_root, SHA256_SIZE);
	return mark_write(store->mark_path, &mark, err);
}

/* ---- open and close ---- */

/* Keys of runs that ended, or never were committed, while a crash kept them in the key file. */
static int sweep_run_keys(struct store *store, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	int error = store_begin(store, KV_READ, &txn, err);
	uint32_t bucket = KEYRING_BUCKET_RUNS;
	while (error == 0 && keyring_next_bucket(store->keyring, bucket, &bucket)) {
		struct run_row run = { 0 };
		error = run_table_get(txn, bucket & ~KEYRING_BUCKET_RUNS, &run, err);
		if (error == ERR_NOT_FOUND || (error == 0 && !run.has_key))
			error = keyring_bucket_drop(store->keyring, bucket, err);
		bucket++;
	}
	return error;
}

static int open_for_daemon(struct store *store, const struct store_options *options,
			   const struct paths *paths, struct err *err)
{
	int error = take_lock(options->state_dir, &store->lock_fd, err);
	if (error == 0)
		error = refuse_missing(paths, err);
	if (error == 0)
		error = make_folders(paths, err);
	if (error == 0)
		error = open_keys(store, options, paths, err);
	if (error == 0)
		error = open_data(store, options, paths, err);
	uint64_t format = 0;
	if (error == 0)
		error = check_meta(store, paths, &format, err);
	if (error == 0 && format == 0 && state_file_exists(paths->mark))
		error = err_set(err, ERR_CORRUPT, MSG_STORE_PART_MISSING, ARG_PATH(paths->data));
	if (error == 0 && format == 0)
		error = found_store(store, err);
	if (error == 0)
		error = start_epoch(store, err);
	return error < 0 ? error : sweep_run_keys(store, err);
}

static int open_for_reader(struct store *store, const struct store_options *options,
			   const struct paths *paths, struct err *err)
{
	uint64_t format = 0;
	int error = open_keys(store, options, paths, err);
	if (error == 0)
		error = open_data(store, options, paths, err);
	if (error == 0)
		error = check_meta(store, paths, &format, err);
	if (error == 0 && format == 0)
		error = err_set(err, ERR_NOT_FOUND, MSG_STORE_PART_MISSING, ARG_PATH(paths->data));
	return error < 0 ? error : look_at_mark(store, err);
}

int store_open(const struct store_options *options, struct store **ret_store, struct err *err)
{
	CLEANUP(store_closep) struct store *store = calloc(1, sizeof(*store));
	CLEANUP(freep) struct paths *paths = calloc(1, sizeof(*paths));
	if (store == NULL || paths == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	store->lock_fd = -1;
	store->random = *options->random;
	store->read_only = options->read_only;
	int error = paths_of(options->state_dir, paths, err);
	if (error < 0)
		return error;
	memcpy(store->mark_path, paths->mark, sizeof(store->mark_path));
	error = options->read_only ? open_for_reader(store, options, paths, err)
				   : open_for_daemon(store, options, paths, err);
	if (error == 0)
		error = dictionary_load(store, err);
	if (error < 0)
		return error;
	*ret_store = TAKE(store);
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	dictionary_unload(store);
	kv_close(store->kv);
	sealer_destroy(store->sealer);
	keyring_close(store->keyring);
	close_fdp(&store->lock_fd); /* last: until here the folder is ours */
	free(store);
}

const uint8_t *store_id(const struct store *store)
{
	return keyring_id(store->keyring);
}

uint64_t store_epoch(const struct store *store)
{
	return store->epoch;
}

bool store_is_regressed(const struct store *store)
{
	return store->regressed;
}

struct kv *store_kv(struct store *store)
{
	return store->kv;
}

struct keyring *store_keyring(struct store *store)
{
	return store->keyring;
}

const struct store_mark *store_found_mark(const struct store *store)
{
	return &store->mark;
}

void store_idx(struct store *store, enum keyring_idx kind, struct blob text,
	       uint8_t out[KEYRING_IDX_SIZE])
{
	keyring_idx(store->keyring, kind, &text, 1, out);
}
