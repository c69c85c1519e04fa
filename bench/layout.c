/* Which layout of the tables takes a first load fastest: rows per second for each, and the file's size.
 *
 *	layout FOLDER [ROWS]
 *
 * Writes ROWS (1,000,000) new persons into an empty store per layout, in transactions of 10,000, with the
 * sizes, seals, sums and durability of the real store, and does nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/keys/keyring.h"
#include "daemon/store/kv.h"
#include "daemon/store/value.h"

enum { ROWS_DEFAULT = 1000000, BATCH_ROWS = 10000, SOURCE = 1 };

/* Bytes of a usual row of the Home Affairs export. */
enum {
	HEAD_RECORD = 53,
	BODY_RECORD = 420,
	HEAD_PERSON = 77,
	BODY_PERSON = 320,
	LEAF = 330,
	PAYLOAD = 120
};

static const struct layout {
	const char *name;
	bool by_hmac; /* source_record keyed by the index of the source key; there is no record_key then */
	bool arrival;    /* rows come in the file's order, not in the order of their keys */
	bool no_indexes; /* without ident and uuid */
	bool sorted;     /* ident and uuid sorted within the transaction */
} layouts[] = {
	{ .name = "ordinals, rows in key order" },
	{ .name = "the same, ident and uuid sorted per transaction", .sorted = true },
	{ .name = "ordinals, rows as they arrive", .arrival = true },
	{ .name = "source_record by HMAC, in key order", .by_hmac = true },
	{ .name = "source_record by HMAC, as they arrive", .by_hmac = true, .arrival = true },
	{ .name = "ordinals, without ident and uuid", .no_indexes = true },
};

struct bench {
	const struct layout *layout;
	struct kv *kv;
	struct kv_txn *txn;
	struct keyring *keyring;
	struct sealer *sealer;
	uint64_t rows;
	struct buf value;
	struct err err;
};

static void check(const struct bench *bench, int error)
{
	if (error == 0)
		return;
	(void)fprintf(stderr, "layout: %s\n", bench->err.text[LANGUAGE_EN]);
	exit(1);
}

static const uint8_t filler[1024];

static void put(struct bench *bench, enum kv_table table, const struct value_key *key, size_t head,
		const uint8_t *dek, size_t body, bool in_order)
{
	const struct seal_place place = { .table = (uint8_t)table,
					  .version = 1,
					  .key = value_key_blob(key) };
	buf_reset(&bench->value);
	value_encode(table, place.key, blob_of(filler, head), &bench->value);
	if (dek != NULL)
		check(bench, seal_put(bench->sealer, SEAL_OWN, dek, &place, blob_of(filler, body),
				      &bench->value, &bench->err));
	check(bench, in_order ? kv_append(bench->txn, table, place.key, buf_blob(&bench->value),
					  &bench->err)
			      : kv_put(bench->txn, table, place.key, buf_blob(&bench->value),
				       &bench->err));
}

/* The index of row i's source key: even over its range, and rising with i where rows come in key order. */
static void source_idx(const struct bench *bench, uint64_t i, uint8_t out[KEYRING_IDX_SIZE])
{
	const struct blob text = blob_of(&i, sizeof(i));
	keyring_idx(bench->keyring, KEYRING_IDX_SOURCE_KEY, &text, 1, out);
	if (bench->layout->arrival)
		return;
	uint64_t place = UINT64_MAX / bench->rows * i;
	for (int at = 0; at < 8; at++)
		out[at] = (uint8_t)(place >> (56 - 8 * at));
}

struct index_keys {
	struct value_key at[BATCH_ROWS];
	size_t count;
};

static int compare_keys(const void *a, const void *b)
{
	return blob_compare(value_key_blob(a), value_key_blob(b));
}

static void put_indexes(struct bench *bench, enum kv_table table, struct index_keys *keys)
{
	if (bench->layout->sorted)
		qsort(keys->at, keys->count, sizeof(keys->at[0]), compare_keys);
	for (size_t i = 0; i < keys->count; i++)
		put(bench, table, &keys->at[i], table == KV_UUID ? 4 : 1, NULL, 0, false);
	keys->count = 0;
}

static struct index_keys idents, uuids;

static void remember_indexes(struct bench *bench, uint64_t i)
{
	const struct blob number = blob_of(&i, sizeof(i));
	uint8_t idx[KEYRING_IDX_SIZE], uuid[UUID_SIZE];
	struct value_key *ident = &idents.at[idents.count++], *by_uuid = &uuids.at[uuids.count++];
	keyring_idx(bench->keyring, KEYRING_IDX_CCCD, &number, 1, idx);
	ident->len = by_uuid->len = 0;
	value_key_u8(ident, KEYRING_IDX_CCCD);
	value_key_bytes(ident, idx, sizeof(idx));
	value_key_u16(ident, SOURCE);
	value_key_u32(ident, (uint32_t)i);
	random_uuid(&random_system, uuid);
	value_key_bytes(by_uuid, uuid, sizeof(uuid));
}

static void put_record(struct bench *bench, uint64_t i, const uint8_t *dek)
{
	struct value_key by_idx = { .len = 0 }, by_ordinal = { .len = 0 };
	uint8_t idx[KEYRING_IDX_SIZE];
	source_idx(bench, i, idx);
	value_key_u16(&by_idx, SOURCE);
	value_key_bytes(&by_idx, idx, sizeof(idx));
	value_key_u16(&by_ordinal, SOURCE);
	value_key_u32(&by_ordinal, (uint32_t)i);
	if (bench->layout->by_hmac) {
		put(bench, KV_SOURCE_RECORD, &by_idx, HEAD_RECORD + 4, dek, BODY_RECORD, false);
		return;
	}
	put(bench, KV_SOURCE_RECORD, &by_ordinal, HEAD_RECORD, dek, BODY_RECORD, true);
	put(bench, KV_RECORD_KEY, &by_idx, 4, NULL, 0, false);
}

static void put_row(struct bench *bench, uint64_t i)
{
	struct value_key person = { .len = 0 }, member = { .len = 0 }, leaf = { .len = 0 };
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	const uint8_t *dek;
	uint32_t bucket = keyring_bucket_of_person((uint32_t)i);
	check(bench, keyring_dek_create(bench->keyring, bucket, i, wrapped, &bench->err));
	check(bench, keyring_dek(bench->keyring, bucket, i, wrapped, &dek, &bench->err));
	put_record(bench, i, dek);
	value_key_u32(&person, (uint32_t)i);
	put(bench, KV_PERSON, &person, HEAD_PERSON, dek, BODY_PERSON, true);
	member = person;
	value_key_u16(&member, SOURCE);
	value_key_u32(&member, (uint32_t)i);
	put(bench, KV_MEMBER, &member, 14, NULL, 0, true);
	put(bench, KV_DIRTY, &person, 0, NULL, 0, true);
	value_key_u64(&leaf, i);
	put(bench, KV_AUDIT, &leaf, LEAF, dek, PAYLOAD, true);
	if (!bench->layout->no_indexes)
		remember_indexes(bench, i);
}

static void load(struct bench *bench)
{
	for (uint64_t i = 1; i <= bench->rows;) {
		check(bench, kv_begin(bench->kv, KV_WRITE, &bench->txn, &bench->err));
		for (int in_batch = 0; in_batch < BATCH_ROWS && i <= bench->rows; in_batch++, i++)
			put_row(bench, i);
		put_indexes(bench, KV_IDENT, &idents);
		put_indexes(bench, KV_UUID, &uuids);
		check(bench, kv_commit(bench->txn, &bench->err));
	}
}

static void run(const char *folder, const struct layout *layout, uint64_t rows)
{
	static const uint8_t master[KEYRING_MASTER_SIZE];
	struct bench bench = { .layout = layout, .rows = rows };
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/keys", folder);
	(void)mkdir(path, 0700);
	(void)snprintf(path, sizeof(path), "%s/keys/buckets", folder);
	(void)unlink(path);
	check(&bench, keyring_open(folder, master, &random_system, KEYRING_CREATE, &bench.keyring,
				   &bench.err));
	check(&bench, sealer_create(&random_system, &bench.sealer, &bench.err));
	const struct kv_options options = { .folder = folder, .mode = KV_WRITE };
	check(&bench, kv_open(&options, &bench.kv, &bench.err));
	uint64_t begun_us = clock_boottime_us(&clock_system);
	clock_t begun = clock();
	load(&bench);
	double busy = (double)(clock() - begun) / CLOCKS_PER_SEC;
	double seconds = (double)(clock_boottime_us(&clock_system) - begun_us) / 1e6;
	struct kv_stats stats;
	check(&bench, kv_stats(bench.kv, &stats, &bench.err));
	(void)printf("%-50s %6.0f rows/s, %5.1f us of processor and %4.0f bytes per row\n",
		     layout->name, (double)rows / seconds, busy / (double)rows * 1e6,
		     (double)stats.used_bytes / (double)rows);
	(void)fflush(stdout);
	kv_close(bench.kv);
	keyring_close(bench.keyring);
	sealer_destroy(bench.sealer);
	buf_finish(&bench.value);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/data.mdb", folder);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/lock.mdb", folder);
	(void)unlink(path);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		(void)fprintf(stderr, "layout FOLDER [ROWS]\n");
		return 64;
	}
	uint64_t rows = argc > 2 ? strtoull(argv[2], NULL, 10) : ROWS_DEFAULT;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		run(argv[1], &layouts[i], rows);
	return 0;
}
