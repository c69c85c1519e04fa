#include "tests/support/state.h"

#include <linux/magic.h>
#include <lmdb.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "daemon/store/kv.h"

static struct state state;

static int make(void **unused)
{
	(void)unused;
	state_make(&state);
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	state_remove(&state);
	return 0;
}

/* The file system says what this says; 0: the truth. Stands in front of libc's own. */
static long told_file_system;

int statfs(const char *path, struct statfs *out)
{
	long result = syscall(SYS_statfs, path, out);
	if (result == 0 && told_file_system != 0)
		out->f_type = told_file_system;
	return (int)result;
}

static int open_code(enum kv_mode mode, uint64_t map_bytes, struct kv **ret_kv)
{
	const struct kv_options options = { .folder = state.dir,
					    .map_bytes = map_bytes,
					    .mode = mode };
	return kv_open(&options, ret_kv, &state_err);
}

static struct kv *opened(enum kv_mode mode)
{
	struct kv *kv = NULL;
	OK(open_code(mode, 0, &kv));
	return kv;
}

static struct kv_txn *begun(struct kv *kv, enum kv_mode mode)
{
	struct kv_txn *txn = NULL;
	OK(kv_begin(kv, mode, &txn, &state_err));
	return txn;
}

static void expect(struct kv *kv, enum kv_table table, const char *key, const char *value)
{
	struct kv_txn *txn = begun(kv, KV_READ);
	struct blob found;
	int error = kv_get(txn, table, blob_text(key), &found, &state_err);
	if (value == NULL) {
		FAILS(error, ERR_NOT_FOUND);
	} else {
		OK(error);
		assert_true(blob_equal(found, blob_text(value)));
	}
	kv_abort(txn);
}

/* ---- transactions ---- */

static void a_committed_row_is_there_after_a_new_open(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	OK(kv_put(txn, KV_PERSON, blob_text("a"), blob_text("1"), &state_err));
	OK(kv_append(txn, KV_PERSON, blob_text("b"), blob_text("2"), &state_err));
	OK(kv_commit(txn, &state_err));
	txn = begun(kv, KV_WRITE);
	OK(kv_put(txn, KV_PERSON, blob_text("c"), blob_text("3"), &state_err));
	OK(kv_del(txn, KV_PERSON, blob_text("a"), &state_err));
	kv_abort(txn);
	kv_close(kv);
	kv = opened(KV_WRITE);
	expect(kv, KV_PERSON, "a", "1");
	expect(kv, KV_PERSON, "b", "2");
	expect(kv, KV_PERSON, "c", NULL);
	expect(kv, KV_IMAGE, "a", NULL);
	kv_close(kv);
}

static void the_first_error_sticks_and_nothing_is_committed(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	static const uint8_t long_key[600];
	struct blob value;
	OK(kv_put(txn, KV_PERSON, blob_text("a"), blob_text("1"), &state_err));
	FAILS(kv_put(txn, KV_PERSON, blob_of(long_key, sizeof(long_key)), blob_text("2"), NULL),
	      ERR_INVALID);
	assert_true(kv_is_poisoned(txn));
	/* whatever comes next gives the first error, even what would be well by itself */
	FAILS(kv_put(txn, KV_PERSON, blob_text("b"), blob_text("2"), &state_err), ERR_INVALID);
	FAILS(kv_get(txn, KV_PERSON, blob_text("a"), &value, &state_err), ERR_INVALID);
	FAILS(kv_del(txn, KV_PERSON, blob_text("a"), &state_err), ERR_INVALID);
	FAILS(kv_poison(txn, ERR_IO, NULL), ERR_IO);
	memset(&state_err, 0, sizeof(state_err));
	FAILS(kv_commit(txn, &state_err), ERR_INVALID);
	assert_int_equal(state_err.code, ERR_INVALID);
	assert_non_null(strstr(state_err.text[LANGUAGE_EN], "person"));
	expect(kv, KV_PERSON, "a", NULL);
	kv_close(kv);
}

static void an_error_from_above_poisons_as_well(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	OK(kv_put(txn, KV_PERSON, blob_text("a"), blob_text("1"), &state_err));
	FAILS(kv_poison(txn, err_set(&state_err, ERR_CORRUPT, MSG_STORE_NAME), &state_err),
	      ERR_CORRUPT);
	FAILS(kv_commit(txn, &state_err), ERR_CORRUPT);
	assert_int_equal(state_err.msg, MSG_STORE_NAME);
	expect(kv, KV_PERSON, "a", NULL);
	kv_close(kv);
}

static void a_missing_row_is_an_answer_and_no_error(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	struct blob value;
	state_err.code = ERR_NONE_;
	FAILS(kv_get(txn, KV_PERSON, blob_text("a"), &value, &state_err), ERR_NOT_FOUND);
	FAILS(kv_del(txn, KV_PERSON, blob_text("a"), &state_err), ERR_NOT_FOUND);
	assert_int_equal(state_err.code, ERR_NONE_);
	assert_false(kv_is_poisoned(txn));
	OK(kv_commit(txn, &state_err));
	kv_close(kv);
}

/* ---- against a model: random operations, new opens, kills in the middle of a transaction ---- */

enum { MODEL_KEYS = 400, MODEL_TABLES = 3, VALUE_MAX = 5000 };
static const enum kv_table model_tables[MODEL_TABLES] = { KV_PERSON, KV_IDENT, KV_AUDIT };

/* A value is its number, repeated to a length that follows from it; 0 is no value. */
struct model {
	uint32_t values[MODEL_TABLES][MODEL_KEYS];
};

static struct blob model_value(uint32_t number, uint8_t out[VALUE_MAX])
{
	size_t len = 4 + number % (number % 16 == 0 ? VALUE_MAX - 4 : 300);
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(number >> (8 * (i % 4)));
	return blob_of(out, len);
}

static struct blob model_key(uint32_t number, uint8_t out[8])
{
	size_t len = 4 + number % 5;
	memset(out, 0, 8);
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(number >> (24 - 8 * i));
	return blob_of(out, len);
}

/* One random operation on the model, and on the store unless `txn` is NULL; the answers must agree. */
static void model_step(struct kv_txn *txn, struct model *model, const struct random_source *random)
{
	uint8_t key_bytes[8], value[VALUE_MAX];
	size_t table_index = (size_t)random_below(random, MODEL_TABLES);
	enum kv_table table = model_tables[table_index];
	uint32_t number = (uint32_t)random_below(random, MODEL_KEYS);
	uint32_t *slot = &model->values[table_index][number], before = *slot;
	struct blob key = model_key(number, key_bytes), found;
	uint64_t kind = random_below(random, 6);
	if (kind == 0)
		*slot = 0;
	else if (kind > 1)
		*slot = 1 + (uint32_t)random_below(random, UINT32_MAX - 1);
	if (txn == NULL)
		return;
	if (kind == 0) {
		FAILS(kv_del(txn, table, key, &state_err), before == 0 ? ERR_NOT_FOUND : 0);
	} else if (kind == 1) {
		FAILS(kv_get(txn, table, key, &found, &state_err), before == 0 ? ERR_NOT_FOUND : 0);
		assert_true(before == 0 || blob_equal(found, model_value(before, value)));
	} else if (kind == 2) {
		OK(kv_append(txn, table, key, model_value(*slot, value), &state_err));
	} else {
		OK(kv_put(txn, table, key, model_value(*slot, value), &state_err));
	}
}

static void model_compare(struct kv *kv, const struct model *model)
{
	struct kv_txn *txn = begun(kv, KV_READ);
	uint8_t key[8], value[VALUE_MAX];
	for (size_t table = 0; table < MODEL_TABLES; table++) {
		struct kv_cursor *cursor;
		struct blob found_key, found;
		OK(kv_cursor_open(txn, model_tables[table], &cursor, &state_err));
		for (uint32_t number = 0; number < MODEL_KEYS; number++) {
			uint32_t expected = model->values[table][number];
			if (expected == 0)
				continue;
			OK(kv_cursor_next(cursor, &found_key, &found, &state_err));
			assert_true(blob_equal(found_key, model_key(number, key)));
			assert_true(blob_equal(found, model_value(expected, value)));
		}
		FAILS(kv_cursor_next(cursor, &found_key, &found, &state_err), ERR_NOT_FOUND);
		kv_cursor_close(cursor);
	}
	kv_abort(txn);
}

static void the_store_behaves_as_a_sorted_array(void **unused)
{
	(void)unused;
	uint64_t seed = state_seed(__func__);
	struct random_source random = random_seeded(&seed);
	static struct model committed, model;
	memset(&committed, 0, sizeof(committed));
	struct kv *kv = opened(KV_WRITE);
	for (int round = 0; round < (state_long() ? 2000 : 100); round++) {
		struct kv_txn *txn = begun(kv, KV_WRITE);
		model = committed;
		for (uint64_t steps = random_below(&random, 200); steps > 0; steps--)
			model_step(txn, &model, &random);
		if (random_below(&random, 4) == 0) {
			kv_abort(txn);
		} else {
			OK(kv_commit(txn, &state_err));
			committed = model;
		}
		if (round % 10 == 0) {
			kv_close(kv);
			kv = opened(KV_WRITE);
		}
		model_compare(kv, &committed);
	}
	kv_close(kv);
}

enum { CRASH_STEPS = 50 };

/* Commits transactions until it is killed; tells before each commit and after it. */
static void commit_for_ever(uint64_t seed, struct model *model, int told_to)
{
	struct random_source random = random_seeded(&seed);
	struct kv *kv = opened(KV_WRITE);
	for (;;) {
		struct kv_txn *txn = begun(kv, KV_WRITE);
		for (int i = 0; i < CRASH_STEPS; i++)
			model_step(txn, model, &random);
		if (write(told_to, "b", 1) != 1 || kv_commit(txn, NULL) < 0 ||
		    write(told_to, "e", 1) != 1)
			_exit(1);
	}
}

static void count_told(int fd, uint64_t *ret_begun, uint64_t *ret_ended)
{
	char event;
	*ret_begun = *ret_ended = 0;
	while (read(fd, &event, 1) == 1)
		*(event == 'b' ? ret_begun : ret_ended) += 1;
}

/* The last commit that was told to begin may have happened or not; all that were told to have ended did. */
static void a_kill_loses_no_commit_and_leaves_no_half_one(void **unused)
{
	(void)unused;
	uint64_t seed = state_seed(__func__);
	struct random_source random = random_seeded(&seed);
	static struct model model;
	memset(&model, 0, sizeof(model));
	struct kv *kv = opened(KV_WRITE);
	struct kv_stats before, after;
	OK(kv_stats(kv, &before, &state_err));
	kv_close(kv);
	for (int round = 0; round < (state_long() ? 500 : 30); round++) {
		int pipe_fds[2];
		uint64_t child_seed = random_below(&random, UINT64_MAX), begun_count, ended_count;
		assert_int_equal(pipe(pipe_fds), 0);
		pid_t child = fork();
		if (child == 0)
			commit_for_ever(child_seed, &model, pipe_fds[1]);
		(void)close(pipe_fds[1]);
		(void)usleep((useconds_t)random_below(&random, 30000));
		(void)kill(child, SIGKILL);
		assert_true(WIFSIGNALED(state_wait(child)));
		count_told(pipe_fds[0], &begun_count, &ended_count);
		(void)close(pipe_fds[0]);
		kv = opened(KV_WRITE);
		OK(kv_stats(kv, &after, &state_err));
		uint64_t done = after.last_txn - before.last_txn;
		assert_true(done >= ended_count && done <= begun_count);
		before = after;
		struct random_source replayed = random_seeded(&child_seed);
		for (uint64_t i = 0; i < done * CRASH_STEPS; i++)
			model_step(NULL, &model, &replayed);
		model_compare(kv, &model);
		kv_close(kv);
	}
}

/* ---- what is refused ---- */

static void fill(struct kv *kv, uint32_t from, uint32_t count)
{
	uint8_t key[8], value[VALUE_MAX];
	struct kv_txn *txn = begun(kv, KV_WRITE);
	for (uint32_t i = from; i < from + count; i++)
		OK(kv_put(txn, KV_PERSON, model_key(i, key), model_value(i + 1, value),
			  &state_err));
	OK(kv_commit(txn, &state_err));
}

static void a_cut_data_file_is_refused_at_any_size(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	fill(kv, 0, 3000);
	kv_close(kv);
	size_t size;
	uint8_t *bytes = state_slurp(state_in(&state, "data.mdb"), &size);
	assert_true(size > 100 * 4096);
	const size_t sizes[] = {
		size - 1, size - 4096,  size - 4097, size / 2, size / 2 + 100, 5 * 4096, 3 * 4096,
		2 * 4096, 2 * 4096 - 1, 4096 + 200,  4096,     4095,           100,      1
	};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		state_spit(state_in(&state, "data.mdb"), bytes, sizes[i]);
		kv = NULL;
		int error = open_code(KV_WRITE, 0, &kv);
		if (error != ERR_CORRUPT)
			fail_msg("%zu bytes of %zu: %s", sizes[i], size, state_code(error));
		struct stat status;
		assert_int_equal(stat(state.path, &status), 0);
		assert_int_equal(status.st_size, sizes[i]);
	}
	state_spit(state_in(&state, "data.mdb"), bytes, size);
	kv_close(opened(KV_WRITE));
	free(bytes);
}

/* LMDB counts pages that a transaction took and gave back at once, and never writes them: a large value
 * that comes and goes, while the transaction has free pages of earlier ones at hand.
 */
static void a_file_that_ends_in_free_pages_is_whole(void **unused)
{
	(void)unused;
	enum { LARGE = 400 * 4096 };
	uint8_t *large = calloc(1, LARGE);
	struct kv *kv = opened(KV_WRITE);
	for (int i = 0; i < 3; i++)
		fill(kv, 0, 500);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	OK(kv_put(txn, KV_IDENT, blob_text("small"), blob_text("1"), &state_err));
	OK(kv_put(txn, KV_IDENT, blob_text("large"), blob_of(large, LARGE), &state_err));
	OK(kv_del(txn, KV_IDENT, blob_text("large"), &state_err));
	OK(kv_commit(txn, &state_err));
	free(large);
	struct kv_stats stats;
	OK(kv_stats(kv, &stats, &state_err));
	kv_close(kv);
	struct stat status;
	assert_int_equal(stat(state_in(&state, "data.mdb"), &status), 0);
	assert_true((uint64_t)status.st_size + LARGE / 2 <
		    stats.used_bytes); /* else this case shows nothing */
	kv = opened(KV_WRITE);
	fill(kv, 500, 500);
	kv_close(kv);
}

static void remote_file_systems_are_refused(void **unused)
{
	(void)unused;
	static const long magics[] = { NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  (long)0xff534d42,
				       (long)0xfe534d42, FUSE_SUPER_MAGIC, V9FS_MAGIC };
	struct kv *kv = NULL;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		told_file_system = magics[i];
		int error = open_code(KV_WRITE, 0, &kv);
		told_file_system = 0;
		FAILS(error, ERR_CONFIG);
		assert_int_equal(access(state_in(&state, "data.mdb"), F_OK), -1);
	}
	kv_close(opened(KV_WRITE));
}

static void a_file_that_is_no_store_is_refused(void **unused)
{
	(void)unused;
	static const uint8_t zeros[4 * 4096];
	struct kv *kv = NULL;
	state_spit(state_in(&state, "data.mdb"), zeros, sizeof(zeros));
	FAILS(open_code(KV_WRITE, 0, &kv), ERR_CORRUPT);
	state_spit(state_in(&state, "data.mdb"), "name,birth\nsome text\n", 21);
	FAILS(open_code(KV_WRITE, 0, &kv), ERR_CORRUPT);
}

/* ---- upkeep ---- */

static void a_full_map_fails_the_transaction_and_grows(void **unused)
{
	(void)unused;
	uint8_t key[8], value[VALUE_MAX];
	struct kv *kv = NULL;
	OK(open_code(KV_WRITE, 1 << 20, &kv));
	fill(kv, 0, 100);
	int error = 0;
	struct kv_txn *txn = begun(kv, KV_WRITE);
	uint32_t rows = 100;
	for (; error == 0 && rows < 100000; rows++)
		error = kv_put(txn, KV_PERSON, model_key(rows, key), model_value(rows + 1, value),
			       &state_err);
	FAILS(error, ERR_NO_SPACE);
	FAILS(kv_commit(txn, &state_err), ERR_NO_SPACE);
	expect(kv, KV_PERSON, "none", NULL); /* the store stays in use */
	struct kv_stats before, after;
	OK(kv_stats(kv, &before, &state_err));
	assert_int_equal(before.rows[KV_PERSON], 100);
	OK(kv_grow(kv, &state_err));
	OK(kv_stats(kv, &after, &state_err));
	assert_int_equal(after.map_bytes, 2 * before.map_bytes);
	fill(kv, 100, rows - 100);
	kv_close(kv);
}

static void a_reader_process_notices_that_the_map_grew(void **unused)
{
	(void)unused;
	struct kv *kv = NULL;
	OK(open_code(KV_WRITE, 1 << 20, &kv));
	fill(kv, 0, 10);
	kv_close(kv);
	int to_reader[2], from_reader[2];
	assert_true(pipe(to_reader) == 0 && pipe(from_reader) == 0);
	pid_t reader = fork();
	if (reader == 0) {
		char byte;
		struct kv_stats stats;
		kv = opened(KV_READ);
		OK(kv_stats(kv, &stats, &state_err));
		if (write(from_reader[1], "r", 1) != 1 || read(to_reader[0], &byte, 1) != 1)
			_exit(1);
		OK(kv_stats(kv, &stats, &state_err));
		_exit(stats.rows[KV_PERSON] == 4010 ? 0 : 2);
	}
	char byte;
	assert_int_equal(read(from_reader[0], &byte, 1), 1);
	OK(open_code(KV_WRITE, 64 << 20, &kv));
	fill(kv, 10, 4000);
	assert_int_equal(write(to_reader[1], "g", 1), 1);
	int status = state_wait(reader);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	kv_close(kv);
	for (int i = 0; i < 2; i++) {
		(void)close(to_reader[i]);
		(void)close(from_reader[i]);
	}
}

static void a_killed_reader_is_found_and_its_pages_are_used_again(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	fill(kv, 0, 500);
	kv_close(kv);
	int from_reader[2];
	assert_int_equal(pipe(from_reader), 0);
	pid_t reader = fork();
	if (reader == 0) {
		(void)begun(opened(KV_READ), KV_READ);
		if (write(from_reader[1], "r", 1) == 1)
			(void)pause();
		_exit(1);
	}
	char byte;
	assert_int_equal(read(from_reader[0], &byte, 1), 1);
	kv = opened(KV_WRITE);
	unsigned freed = 99;
	OK(kv_check_readers(kv, &freed, &state_err));
	assert_int_equal(freed, 0);
	(void)kill(reader, SIGKILL);
	(void)state_wait(reader);
	OK(kv_check_readers(kv, &freed, &state_err));
	assert_int_equal(freed, 1);
	struct kv_stats before, after;
	OK(kv_stats(kv, &before, &state_err));
	for (int i = 0; i < 20; i++)
		fill(kv, 0, 500);
	OK(kv_stats(kv, &after, &state_err));
	assert_true(after.used_bytes < 4 * before.used_bytes);
	kv_close(kv);
	(void)close(from_reader[0]);
	(void)close(from_reader[1]);
}

static void a_reader_changes_nothing_and_creates_nothing(void **unused)
{
	(void)unused;
	struct kv *kv = NULL;
	FAILS(open_code(KV_READ, 0, &kv), ERR_NOT_FOUND);
	kv = opened(KV_WRITE);
	fill(kv, 0, 10);
	kv_close(kv);
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	state_hash(state_in(&state, "data.mdb"), before);
	kv = opened(KV_READ);
	struct kv_stats stats;
	OK(kv_stats(kv, &stats, &state_err));
	assert_int_equal(stats.rows[KV_PERSON], 10);
	kv_close(kv);
	state_hash(state_in(&state, "data.mdb"), after);
	assert_memory_equal(before, after, sizeof(before));
}

static void no_descriptor_of_the_store_reaches_a_worker(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	int checked = 0;
	for (int fd = 3; fd < 64; fd++) {
		char link[64], path[512];
		(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		ssize_t len = readlink(link, path, sizeof(path) - 1);
		if (len < 0)
			continue;
		path[len] = '\0';
		if (strstr(path, state.dir) == NULL)
			continue;
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		checked++;
	}
	assert_true(checked >= 2);
	kv_close(kv);
}

/* ---- cursors ---- */

static void a_cursor_seeks_and_goes_both_ways(void **unused)
{
	(void)unused;
	struct kv *kv = opened(KV_WRITE);
	struct kv_txn *txn = begun(kv, KV_WRITE);
	for (const char *key = "bdfh"; *key != '\0'; key++)
		OK(kv_put(txn, KV_META, blob_of(key, 1), blob_of(key, 1), &state_err));
	struct kv_cursor *cursor;
	struct blob key, value;
	OK(kv_cursor_open(txn, KV_META, &cursor, &state_err));
	OK(kv_cursor_prev(cursor, &key, &value, &state_err));
	assert_int_equal(key.data[0], 'h');
	OK(kv_cursor_seek(cursor, blob_text("c"), &key, &value, &state_err));
	assert_int_equal(key.data[0], 'd');
	OK(kv_cursor_next(cursor, &key, &value, &state_err));
	assert_int_equal(key.data[0], 'f');
	OK(kv_cursor_prev(cursor, &key, &value, &state_err));
	OK(kv_cursor_prev(cursor, &key, &value, &state_err));
	assert_int_equal(key.data[0], 'b');
	FAILS(kv_cursor_prev(cursor, &key, &value, &state_err), ERR_NOT_FOUND);
	FAILS(kv_cursor_seek(cursor, blob_text("i"), &key, &value, &state_err), ERR_NOT_FOUND);
	kv_cursor_close(cursor);
	OK(kv_commit(txn, &state_err));
	kv_close(kv);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_committed_row_is_there_after_a_new_open),
		CASE(the_first_error_sticks_and_nothing_is_committed),
		CASE(an_error_from_above_poisons_as_well),
		CASE(a_missing_row_is_an_answer_and_no_error),
		CASE(the_store_behaves_as_a_sorted_array),
		CASE(a_kill_loses_no_commit_and_leaves_no_half_one),
		CASE(a_cut_data_file_is_refused_at_any_size),
		CASE(a_file_that_ends_in_free_pages_is_whole),
		CASE(remote_file_systems_are_refused),
		CASE(a_file_that_is_no_store_is_refused),
		CASE(a_full_map_fails_the_transaction_and_grows),
		CASE(a_reader_process_notices_that_the_map_grew),
		CASE(a_killed_reader_is_found_and_its_pages_are_used_again),
		CASE(a_reader_changes_nothing_and_creates_nothing),
		CASE(no_descriptor_of_the_store_reaches_a_worker),
		CASE(a_cursor_seeks_and_goes_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
