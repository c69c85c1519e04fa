#include "daemon/store/kv.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <lmdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/err.h"

#define MAP_BYTES_DEFAULT (UINT64_C(64) << 30)
#define FULL_DISK_BYTES (UINT64_C(256) << 10) /* LMDB writes 64 pages at once (MDB_COMMIT_PAGES) */
enum { FREE_PAGES_DBI = 0 }; /* LMDB's own table: transaction -> list of free pages */

struct kv {
	MDB_env *env;
	enum kv_mode mode;
	unsigned open_txns;
	bool writing;
	bool present[KV_TABLE_MAX];
	MDB_dbi dbis[KV_TABLE_MAX];
};

struct kv_txn {
	struct kv *kv;
	MDB_txn *txn;
	enum kv_mode mode;
	unsigned cursors;
	uint64_t writes;
	int failed; /* the first error's code */
	struct err first;
};

struct kv_cursor {
	struct kv_txn *txn;
	MDB_cursor *cursor; /* NULL where the store lacks the table */
	uint64_t writes;    /* of the transaction when the cursor was placed */
	enum kv_table table;
};

static bool open_in_process; /* LMDB's locks belong to the process: a second open would drop them */

static const char *const names[KV_TABLE_MAX] = {
#define KV_TABLE_NAME_(id, name, number) [number] = #name,
	KV_TABLES(KV_TABLE_NAME_)
#undef KV_TABLE_NAME_
};

const char *kv_table_name(enum kv_table table)
{
	return table > 0 && table < KV_TABLE_MAX ? names[table] : "?";
}

/* ---- errors ---- */

static enum err_code code_of(int rc)
{
	switch (rc) {
	case MDB_MAP_FULL:
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case MDB_PANIC: /* a meta page could not be written: only a new open tells which state is on disk */
		return ERR_REOPEN;
	case MDB_READERS_FULL:
		return ERR_CONFLICT;
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
		return ERR_CORRUPT;
	case MDB_VERSION_MISMATCH:
		return ERR_FORMAT;
	case MDB_BAD_VALSIZE:
		return ERR_INVALID;
	case ENOENT:
		return ERR_NOT_FOUND;
	case ENOMEM:
		return ERR_NOMEM;
	case EACCES:
	case EPERM:
		return ERR_AUTH;
	default:
		return ERR_IO;
	}
}

static int engine_err(int rc, const char *action, struct err *err)
{
	return err_set(err, code_of(rc), MSG_STORE_ENGINE, ARG_WORD("action", action),
		       ARG_WORD("reason", mdb_strerror(rc)));
}

int kv_poison(struct kv_txn *txn, int code, const struct err *err)
{
	if (txn->mode == KV_READ || txn->failed != 0)
		return code;
	txn->failed = code;
	if (err != NULL)
		txn->first = *err;
	else
		(void)err_set(&txn->first, (enum err_code)code, MSG_STORE_POISONED);
	return code;
}

bool kv_is_poisoned(const struct kv_txn *txn)
{
	return txn->failed != 0;
}

static int txn_err(struct kv_txn *txn, int rc, const char *action, enum kv_table table,
		   struct err *err)
{
	struct err local;
	int code = err_set(&local, code_of(rc), MSG_STORE_TABLE, ARG_WORD("action", action),
			   ARG_WORD("table", kv_table_name(table)),
			   ARG_WORD("reason", mdb_strerror(rc)));
	if (err != NULL)
		*err = local;
	return kv_poison(txn, code, &local);
}

static int first_err(const struct kv_txn *txn, struct err *err)
{
	if (err != NULL)
		*err = txn->first;
	return txn->failed;
}

/* ---- open ---- */

/* Where mmap and locks do not hold together between machines or with a server of its own. */
static int refuse_remote(const char *folder, struct err *err)
{
	static const unsigned long remote[] = {
		NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  CIFS_SUPER_MAGIC,
		SMB2_SUPER_MAGIC, FUSE_SUPER_MAGIC, V9FS_MAGIC,
		AFS_SUPER_MAGIC,  CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC,
	};
	struct statfs status;
	if (statfs(folder, &status) < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, folder);
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		/* 32 bits are compared: f_type is a signed word on some machines */
		if ((uint32_t)status.f_type == (uint32_t)remote[i])
			return err_set(err, ERR_CONFIG, MSG_STORE_REMOTE, ARG_PATH(folder));
	}
	return 0;
}

/* In a child: are all pages from `first` to `last` in the list of free pages? Any crash says no. */
static bool all_free(const char *folder, size_t first, size_t last)
{
	MDB_env *env;
	MDB_txn *txn;
	MDB_cursor *cursor;
	MDB_val key, value;
	if (mdb_env_create(&env) != 0 ||
	    mdb_env_open(env, folder, MDB_RDONLY | MDB_NOLOCK, 0) != 0 ||
	    mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) != 0 ||
	    mdb_cursor_open(txn, FREE_PAGES_DBI, &cursor) != 0)
		return false;
	bool *seen = calloc(last - first + 1, sizeof(*seen));
	size_t missing = last - first + 1;
	while (seen != NULL && mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
		const size_t *list = value.mv_data; /* count, then page numbers */
		for (size_t i = 1; i <= list[0]; i++) {
			if (list[i] < first || list[i] > last || seen[list[i] - first])
				continue;
			seen[list[i] - first] = true;
			missing--;
		}
	}
	return missing == 0;
}

/* The child may die of what it reads: at once, without a handler of ours and without a core file. */
static void die_quietly(void)
{
	static const int fatal[] = { SIGBUS, SIGSEGV, SIGABRT, SIGFPE, SIGILL };
	const struct rlimit none = { 0 };
	(void)setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		(void)signal(fatal[i], SIG_DFL);
}

static bool tail_is_free(const char *folder, size_t first, size_t last)
{
	pid_t child = fork();
	if (child == 0) {
		die_quietly();
		_exit(all_free(folder, first, last) ? 0 : 1);
	}
	int status;
	pid_t ended;
	do {
		ended = child < 0 ? child : waitpid(child, &status, 0);
	} while (ended < 0 && child > 0 && errno == EINTR);
	return ended == child && child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A page that the file lacks is SIGBUS when it is read, so the size is checked before the first
 * transaction. A file may rightly end early: pages that a transaction took and gave back at once are
 * counted but never written. They stand in the list of free pages, which is read where a crash harms nobody.
 */
static int check_size(MDB_env *env, const char *folder, struct err *err)
{
	MDB_envinfo info;
	MDB_stat meta;
	struct stat file;
	int fd = -1;
	int rc = mdb_env_get_fd(env, &fd);
	if (rc == 0)
		rc = mdb_env_info(env, &info);
	if (rc == 0)
		rc = mdb_env_stat(env, &meta);
	if (rc != 0)
		return engine_err(rc, "open", err);
	if (fstat(fd, &file) < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, folder);
	(void)fcntl(fd, F_SETFD,
		    FD_CLOEXEC); /* LMDB 0.9.24 leaves the data file open to children */
	size_t there = (size_t)file.st_size / meta.ms_psize;
	if (there > info.me_last_pgno || tail_is_free(folder, there, info.me_last_pgno))
		return 0;
	return err_set(err, ERR_CORRUPT, MSG_STORE_TRUNCATED, ARG_PATH(folder),
		       ARG_U("bytes", file.st_size),
		       ARG_U("expected", (info.me_last_pgno + 1) * meta.ms_psize));
}

static int open_env(struct kv *kv, const struct kv_options *options, struct err *err)
{
	unsigned flags = MDB_NOTLS | (options->mode == KV_READ ? MDB_RDONLY : 0u);
	int rc = mdb_env_create(&kv->env);
	if (rc == 0)
		rc = mdb_env_set_maxdbs(kv->env, KV_TABLE_MAX);
	if (rc == 0 &&
	    options->mode == KV_WRITE) /* a reader takes the size that the file carries */
		rc = mdb_env_set_mapsize(kv->env, options->map_bytes == 0 ? MAP_BYTES_DEFAULT
									  : options->map_bytes);
	if (rc == 0)
		rc = mdb_env_open(kv->env, options->folder, flags, 0600);
	if (rc != 0)
		return engine_err(rc, "open", err);
	return check_size(kv->env, options->folder, err);
}

/* Handles of the tables that are there; a store without `meta` is new, and gets all of them at once. */
static int open_tables(struct kv *kv, struct err *err)
{
	bool create = false;
	for (int pass = 0; pass < 2; pass++) {
		MDB_txn *txn;
		int rc = mdb_txn_begin(kv->env, NULL, create ? 0 : MDB_RDONLY, &txn);
		for (int i = 1; rc == 0 && i < KV_TABLE_MAX; i++) {
			rc = mdb_dbi_open(txn, names[i], create ? MDB_CREATE : 0, &kv->dbis[i]);
			kv->present[i] = rc == 0;
			rc = rc == MDB_NOTFOUND ? 0 : rc;
		}
		if (rc == 0)
			rc = mdb_txn_commit(txn); /* keeps the handles */
		if (rc != 0)
			return engine_err(rc, "open", err);
		if (kv->present[KV_META] || kv->mode == KV_READ)
			break;
		create = true;
	}
	return 0;
}

int kv_open(const struct kv_options *options, struct kv **ret_kv, struct err *err)
{
	assert(!open_in_process);
	CLEANUP(kv_closep) struct kv *kv = calloc(1, sizeof(*kv));
	if (kv == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	open_in_process = true;
	kv->mode = options->mode;
	int error = refuse_remote(options->folder, err);
	if (error == 0)
		error = open_env(kv, options, err);
	if (error == 0)
		error = kv_check_readers(kv, NULL, err);
	if (error == 0)
		error = open_tables(kv, err);
	if (error < 0)
		return error;
	*ret_kv = TAKE(kv);
	return 0;
}

void kv_close(struct kv *kv)
{
	if (kv == NULL)
		return;
	assert(kv->open_txns == 0);
	if (kv->env != NULL)
		mdb_env_close(kv->env);
	open_in_process = false;
	free(kv);
}

/* ---- transactions ---- */

static int begin(struct kv *kv, enum kv_mode mode, MDB_txn **ret_txn)
{
	unsigned flags = mode == KV_READ ? MDB_RDONLY : 0;
	int rc = mdb_txn_begin(kv->env, NULL, flags, ret_txn);
	if (rc == MDB_MAP_RESIZED &&
	    kv->open_txns == 0) { /* grown by the daemon: take over its size */
		rc = mdb_env_set_mapsize(kv->env, 0);
		return rc != 0 ? rc : mdb_txn_begin(kv->env, NULL, flags, ret_txn);
	}
	if (rc == MDB_READERS_FULL) { /* perhaps of dead ones */
		int freed;
		rc = mdb_reader_check(kv->env, &freed);
		return rc != 0 ? rc : mdb_txn_begin(kv->env, NULL, flags, ret_txn);
	}
	return rc;
}

int kv_begin(struct kv *kv, enum kv_mode mode, struct kv_txn **ret_txn, struct err *err)
{
	assert(mode == KV_READ || (kv->mode == KV_WRITE && !kv->writing));
	struct kv_txn *txn = calloc(1, sizeof(*txn));
	if (txn == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int rc = begin(kv, mode, &txn->txn);
	if (rc != 0) {
		free(txn);
		return engine_err(rc, "begin", err);
	}
	txn->kv = kv;
	txn->mode = mode;
	kv->open_txns++;
	kv->writing = kv->writing || mode == KV_WRITE;
	*ret_txn = txn;
	return 0;
}

static void end(struct kv_txn *txn)
{
	txn->kv->open_txns--;
	if (txn->mode == KV_WRITE)
		txn->kv->writing = false;
	free(txn);
}

/* A write of which the file system took only a part is EIO to LMDB (mdb_page_flush), and on a full disk that is the
 * usual end of a commit. Nothing of it is in force: it is a lack of room, to be waited for, and no broken disk.
 */
static int commit_reason(const struct kv *kv, int rc)
{
	struct statfs disk;
	int fd;
	if (rc != EIO || mdb_env_get_fd(kv->env, &fd) != 0 || fstatfs(fd, &disk) < 0)
		return rc;
	return (uint64_t)disk.f_bavail * (uint64_t)disk.f_bsize < FULL_DISK_BYTES ? ENOSPC : EIO;
}

int kv_commit(struct kv_txn *txn, struct err *err)
{
	assert(txn->cursors == 0);
	int error = 0;
	if (txn->failed != 0) {
		error = first_err(txn, err);
		mdb_txn_abort(txn->txn);
	} else {
		int rc = mdb_txn_commit(txn->txn);
		if (rc != 0)
			error = engine_err(commit_reason(txn->kv, rc), "commit", err);
	}
	end(txn);
	return error;
}

void kv_abort(struct kv_txn *txn)
{
	if (txn == NULL)
		return;
	assert(txn->cursors == 0);
	mdb_txn_abort(txn->txn);
	end(txn);
}

/* ---- rows ---- */

static MDB_val val_of(struct blob blob)
{
	return (MDB_val){ .mv_data = (void *)(uintptr_t)blob.data, .mv_size = blob.len };
}

static struct blob blob_of_val(MDB_val val)
{
	return blob_of(val.mv_data, val.mv_size);
}

int kv_get(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob *ret_value,
	   struct err *err)
{
	if (txn->failed != 0)
		return first_err(txn, err);
	if (!txn->kv->present[table])
		return ERR_NOT_FOUND;
	MDB_val key_val = val_of(key), value;
	int rc = mdb_get(txn->txn, txn->kv->dbis[table], &key_val, &value);
	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (rc != 0)
		return txn_err(txn, rc, "read", table, err);
	*ret_value = blob_of_val(value);
	return 0;
}

static int put(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob value,
	       unsigned flags, struct err *err)
{
	assert(txn->mode == KV_WRITE);
	if (txn->failed != 0)
		return first_err(txn, err);
	if (!txn->kv->present[table])
		return txn_err(txn, MDB_INVALID, "write", table, err);
	MDB_val key_val = val_of(key), value_val = val_of(value);
	txn->writes++;
	int rc = mdb_put(txn->txn, txn->kv->dbis[table], &key_val, &value_val, flags);
	if (rc == MDB_KEYEXIST && flags == MDB_APPEND) /* not the last: nothing was changed yet */
		rc = mdb_put(txn->txn, txn->kv->dbis[table], &key_val, &value_val, 0);
	return rc == 0 ? 0 : txn_err(txn, rc, "write", table, err);
}

int kv_put(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob value,
	   struct err *err)
{
	return put(txn, table, key, value, 0, err);
}

int kv_append(struct kv_txn *txn, enum kv_table table, struct blob key, struct blob value,
	      struct err *err)
{
	return put(txn, table, key, value, MDB_APPEND, err);
}

int kv_del(struct kv_txn *txn, enum kv_table table, struct blob key, struct err *err)
{
	assert(txn->mode == KV_WRITE);
	if (txn->failed != 0)
		return first_err(txn, err);
	if (!txn->kv->present[table])
		return ERR_NOT_FOUND;
	MDB_val key_val = val_of(key);
	txn->writes++;
	int rc = mdb_del(txn->txn, txn->kv->dbis[table], &key_val, NULL);
	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	return rc == 0 ? 0 : txn_err(txn, rc, "delete", table, err);
}

/* ---- cursors ---- */

int kv_cursor_open(struct kv_txn *txn, enum kv_table table, struct kv_cursor **ret_cursor,
		   struct err *err)
{
	if (txn->failed != 0)
		return first_err(txn, err);
	struct kv_cursor *cursor = calloc(1, sizeof(*cursor));
	if (cursor == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int rc = txn->kv->present[table]
			 ? mdb_cursor_open(txn->txn, txn->kv->dbis[table], &cursor->cursor)
			 : 0;
	if (rc != 0) {
		free(cursor);
		return txn_err(txn, rc, "read", table, err);
	}
	cursor->txn = txn;
	cursor->table = table;
	cursor->writes = txn->writes;
	txn->cursors++;
	*ret_cursor = cursor;
	return 0;
}

void kv_cursor_close(struct kv_cursor *cursor)
{
	if (cursor == NULL)
		return;
	if (cursor->cursor != NULL)
		mdb_cursor_close(cursor->cursor);
	cursor->txn->cursors--;
	free(cursor);
}

static int move(struct kv_cursor *cursor, MDB_cursor_op op, MDB_val key, struct blob *ret_key,
		struct blob *ret_value, struct err *err)
{
	if (cursor->txn->failed != 0)
		return first_err(cursor->txn, err);
	if (cursor->cursor == NULL)
		return ERR_NOT_FOUND;
	MDB_val value;
	/* A neighbour of what? LMDB would know, another engine need not: the header asks for a seek. */
	assert(op == MDB_SET_RANGE || cursor->writes == cursor->txn->writes);
	cursor->writes = cursor->txn->writes;
	int rc = mdb_cursor_get(cursor->cursor, &key, &value, op);
	if (rc == MDB_NOTFOUND)
		return ERR_NOT_FOUND;
	if (rc != 0)
		return txn_err(cursor->txn, rc, "read", cursor->table, err);
	*ret_key = blob_of_val(key);
	*ret_value = blob_of_val(value);
	return 0;
}

int kv_cursor_seek(struct kv_cursor *cursor, struct blob key, struct blob *ret_key,
		   struct blob *ret_value, struct err *err)
{
	return move(cursor, MDB_SET_RANGE, val_of(key), ret_key, ret_value, err);
}

int kv_cursor_next(struct kv_cursor *cursor, struct blob *ret_key, struct blob *ret_value,
		   struct err *err)
{
	return move(cursor, MDB_NEXT, (MDB_val){ 0 }, ret_key, ret_value, err);
}

int kv_cursor_prev(struct kv_cursor *cursor, struct blob *ret_key, struct blob *ret_value,
		   struct err *err)
{
	return move(cursor, MDB_PREV, (MDB_val){ 0 }, ret_key, ret_value, err);
}

/* ---- upkeep ---- */

int kv_stats(struct kv *kv, struct kv_stats *ret_stats, struct err *err)
{
	CLEANUP(kv_abortp) struct kv_txn *txn = NULL;
	int error = kv_begin(kv, KV_READ, &txn, err);
	if (error < 0)
		return error;
	MDB_envinfo info;
	MDB_stat stat = { 0 };
	struct kv_stats stats = { 0 };
	int rc = mdb_env_info(kv->env, &info);
	for (int i = 1; rc == 0 && i < KV_TABLE_MAX; i++) {
		if (!kv->present[i])
			continue;
		rc = mdb_stat(txn->txn, kv->dbis[i], &stat);
		stats.rows[i] = stat.ms_entries;
	}
	if (rc != 0)
		return engine_err(rc, "read", err);
	stats.map_bytes = info.me_mapsize;
	stats.used_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
	stats.last_txn = info.me_last_txnid;
	*ret_stats = stats;
	return 0;
}

int kv_grow(struct kv *kv, struct err *err)
{
	/* LMDB would move the map under an open transaction and still answer 0. */
	assert(kv->open_txns == 0);
	MDB_envinfo info;
	int rc = mdb_env_info(kv->env, &info);
	if (rc == 0)
		rc = mdb_env_set_mapsize(kv->env, info.me_mapsize * 2);
	return rc == 0 ? 0 : engine_err(rc, "grow", err);
}

int kv_check_readers(struct kv *kv, unsigned *ret_freed, struct err *err)
{
	int freed = 0;
	int rc = mdb_reader_check(kv->env, &freed);
	if (rc != 0)
		return engine_err(rc, "check", err);
	if (ret_freed != NULL)
		*ret_freed = (unsigned)freed;
	return 0;
}
