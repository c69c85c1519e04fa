#include "daemon/keys/keyring.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/keys/bucket_file.h"
#include "daemon/keys/locked.h"
#include "daemon/keys/state_file.h"

enum {
	CACHE_SLOTS = 256, /* a slice of applying meets each person's key a few times in a row */
	FILE_MAX = BUCKET_FILE_HEADER_SIZE + LIMIT_KEY_BUCKETS * BUCKET_FILE_ENTRY_SIZE + 4,
};

struct entry {
	uint32_t bucket;
	uint8_t wrapped[BUCKET_FILE_WRAPPED_SIZE];
	uint8_t kek[SEAL_KEY_SIZE];
};

/* Sorted by bucket; of two entries of one bucket the newer first. */
struct entries {
	struct entry *at;
	uint32_t count;
	size_t bytes;
};

struct slot {
	bool used;
	uint32_t bucket;
	uint64_t ordinal;
	uint8_t wrapped[KEYRING_WRAPPED_SIZE];
	uint8_t dek[SEAL_KEY_SIZE];
};

/* Lies in locked memory as a whole. */
struct keyring {
	char path[STATE_PATH_MAX];
	enum keyring_mode mode;
	bool locked;
	struct random_source random;
	struct sealer *sealer;
	struct hmac *idx;
	struct hmac *tombstone;
	uint8_t wrap[SEAL_KEY_SIZE];
	uint8_t shared[SEAL_KEY_SIZE];
	uint8_t id[KEYRING_ID_SIZE];
	uint8_t check[BUCKET_FILE_CHECK_SIZE];
	struct entries entries;
	struct slot cache[CACHE_SLOTS];
};

static_assert((int)KEYRING_ID_SIZE == (int)BUCKET_FILE_ID_SIZE, "one id");

/* ---- entries ---- */

static int entries_alloc(struct keyring *keyring, uint32_t count, struct entries *ret_entries,
			 struct err *err)
{
	bool locked;
	size_t bytes = (count == 0 ? 1 : count) * sizeof(struct entry);
	struct entry *at = locked_alloc(bytes, &locked);
	if (at == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	keyring->locked = keyring->locked && locked;
	*ret_entries = (struct entries){ .at = at, .bytes = bytes };
	return 0;
}

static void entries_free(struct entries *entries)
{
	locked_free(entries->at, entries->bytes);
	*entries = (struct entries){ 0 };
}

/* The first entry of a bucket >= `bucket`, or the end. */
static uint32_t entries_find(const struct entries *entries, uint32_t bucket)
{
	uint32_t low = 0, high = entries->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (entries->at[middle].bucket < bucket)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t entries_of(const struct entries *entries, uint32_t bucket, uint32_t *ret_first)
{
	uint32_t first = entries_find(entries, bucket), count = 0;
	while (first + count < entries->count && entries->at[first + count].bucket == bucket)
		count++;
	*ret_first = first;
	return count;
}

static void entries_add(struct entries *to, const struct entry *from, uint32_t count)
{
	if (count > 0)
		memcpy(to->at + to->count, from, count * sizeof(*from));
	to->count += count;
}

/* ---- wrapping a KEK: XAES-256-GCM under "wrap", bound to the bucket ---- */

static struct blob kek_place(uint32_t bucket, uint8_t out[7])
{
	const uint8_t place[7] = { 'k',
				   'e',
				   'k',
				   (uint8_t)(bucket >> 24),
				   (uint8_t)(bucket >> 16),
				   (uint8_t)(bucket >> 8),
				   (uint8_t)bucket };
	memcpy(out, place, sizeof(place));
	return blob_of(out, sizeof(place));
}

static int entry_create(struct keyring *keyring, uint32_t bucket, struct entry *out,
			struct err *err)
{
	uint8_t place[7];
	out->bucket = bucket;
	random_fill(&keyring->random, out->kek, sizeof(out->kek));
	random_fill(&keyring->random, out->wrapped, SEAL_WIDE_NONCE_SIZE);
	return seal_raw(keyring->sealer, SEAL_SHARED, keyring->wrap, out->wrapped,
			kek_place(bucket, place), blob_of(out->kek, sizeof(out->kek)),
			out->wrapped + SEAL_WIDE_NONCE_SIZE, err);
}

static int entry_unwrap(struct keyring *keyring, struct entry *entry, struct err *err)
{
	uint8_t place[7];
	struct blob sealed =
		blob_of(entry->wrapped + SEAL_WIDE_NONCE_SIZE, SEAL_KEY_SIZE + SEAL_TAG_SIZE);
	int error = seal_raw_open(keyring->sealer, SEAL_SHARED, keyring->wrap, entry->wrapped,
				  kek_place(entry->bucket, place), sealed, entry->kek, err);
	return error == ERR_CORRUPT ? err_set(err, ERR_CORRUPT, MSG_KEYS_DAMAGED) : error;
}

/* ---- the file ---- */

static int save(struct keyring *keyring, const struct entries *entries, struct err *err)
{
	CLEANUP(buf_finish) struct buf bytes = { 0 };
	bucket_file_put_header(&bytes, keyring->id, keyring->check, entries->count);
	for (uint32_t i = 0; i < entries->count; i++)
		bucket_file_put_entry(&bytes, entries->at[i].bucket, entries->at[i].wrapped);
	bucket_file_put_end(&bytes);
	if (!buf_ok(&bytes))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return state_file_replace(keyring->path, buf_blob(&bytes), err);
}

static struct blob check_place(const struct keyring *keyring, uint8_t out[5 + KEYRING_ID_SIZE])
{
	memcpy(out, "check", 5);
	memcpy(out + 5, keyring->id, KEYRING_ID_SIZE);
	return blob_of(out, 5 + KEYRING_ID_SIZE);
}

static int create_file(struct keyring *keyring, struct err *err)
{
	uint8_t place[5 + KEYRING_ID_SIZE];
	if (state_file_exists(keyring->path)) /* never over keys that something may lie under */
		return err_set(err, ERR_CONFLICT, MSG_FILE_WRITE, ARG_PATH(keyring->path),
			       ARG_ERRNO(EEXIST));
	random_fill(&keyring->random, keyring->id, sizeof(keyring->id));
	random_fill(&keyring->random, keyring->check, SEAL_WIDE_NONCE_SIZE);
	int error = seal_raw(keyring->sealer, SEAL_SHARED, keyring->wrap, keyring->check,
			     check_place(keyring, place), blob_of(NULL, 0),
			     keyring->check + SEAL_WIDE_NONCE_SIZE, err);
	if (error < 0)
		return error;
	return save(keyring, &keyring->entries, err);
}

static int check_master(struct keyring *keyring, struct err *err)
{
	uint8_t place[5 + KEYRING_ID_SIZE], nothing;
	int error = seal_raw_open(keyring->sealer, SEAL_SHARED, keyring->wrap, keyring->check,
				  check_place(keyring, place),
				  blob_of(keyring->check + SEAL_WIDE_NONCE_SIZE, SEAL_TAG_SIZE),
				  &nothing, err);
	if (error == ERR_CORRUPT)
		return err_set(err, ERR_AUTH, MSG_KEYS_MASTER, ARG_PATH(keyring->path));
	return error;
}

static int load_entries(struct keyring *keyring, const struct bucket_file *file,
			struct entries *entries, struct err *err)
{
	for (; entries->count < file->count; entries->count++) {
		struct entry *entry = &entries->at[entries->count];
		entry->bucket = bucket_file_bucket(file, entries->count);
		memcpy(entry->wrapped, bucket_file_wrapped(file, entries->count),
		       sizeof(entry->wrapped));
		int error = entry_unwrap(keyring, entry, err);
		if (error < 0)
			return error;
	}
	return 0;
}

static int load(struct keyring *keyring, struct err *err)
{
	CLEANUP(buf_finish) struct buf bytes = { 0 };
	struct bucket_file file;
	int error = state_file_read(keyring->path, FILE_MAX, &bytes, err);
	if (error == 0)
		error = bucket_file_decode(buf_blob(&bytes), &file, err);
	if (error < 0)
		return err_wrap(err, MSG_KEYS_FILE, ARG_PATH(keyring->path)), error;
	memcpy(keyring->id, file.id, sizeof(keyring->id));
	memcpy(keyring->check, file.check, sizeof(keyring->check));
	error = check_master(keyring, err);
	if (error < 0)
		return error;
	CLEANUP(entries_free) struct entries entries = { 0 };
	error = entries_alloc(keyring, file.count, &entries, err);
	if (error == 0)
		error = load_entries(keyring, &file, &entries, err);
	if (error < 0)
		return error;
	struct entries old = keyring->entries;
	keyring->entries = entries;
	entries = old;
	return 0;
}

/* ---- life ---- */

static int derive(struct blob master, const char *label, uint8_t out[SEAL_KEY_SIZE],
		  struct err *err)
{
	return hkdf_sha256(master, blob_text("trithucd/v1"), blob_text(label), out, SEAL_KEY_SIZE,
			   err);
}

static int derive_mac(struct blob master, const char *label, struct hmac **ret_hmac,
		      struct err *err)
{
	uint8_t key[SEAL_KEY_SIZE];
	int error = derive(master, label, key, err);
	if (error == 0)
		error = hmac_create(key, sizeof(key), ret_hmac, err);
	OPENSSL_cleanse(key, sizeof(key));
	return error;
}

static int derive_all(struct keyring *keyring, struct blob master, struct err *err)
{
	int error = derive(master, "wrap", keyring->wrap, err);
	if (error == 0)
		error = derive(master, "meta", keyring->shared, err);
	if (error == 0)
		error = derive_mac(master, "idx-hmac", &keyring->idx, err);
	if (error == 0)
		error = derive_mac(master, "tombstone-hmac", &keyring->tombstone, err);
	return error;
}

int keyring_open(const char *state_dir, const uint8_t master[KEYRING_MASTER_SIZE],
		 const struct random_source *random, enum keyring_mode mode,
		 struct keyring **ret_keyring, struct err *err)
{
	bool locked = false;
	CLEANUP(keyring_closep) struct keyring *keyring = locked_alloc(sizeof(*keyring), &locked);
	if (keyring == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	keyring->mode = mode;
	keyring->locked = locked;
	keyring->random = *random;
	int error = state_path(state_dir, "keys/buckets", keyring->path, err);
	if (error == 0)
		error = sealer_create(random, &keyring->sealer, err);
	if (error == 0)
		error = derive_all(keyring, blob_of(master, KEYRING_MASTER_SIZE), err);
	if (error == 0)
		error = mode == KEYRING_CREATE ? create_file(keyring, err) : load(keyring, err);
	if (error < 0)
		return error;
	*ret_keyring = TAKE(keyring);
	return 0;
}

void keyring_close(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	hmac_destroy(keyring->idx);
	hmac_destroy(keyring->tombstone);
	sealer_destroy(keyring->sealer);
	entries_free(&keyring->entries);
	locked_free(keyring, sizeof(*keyring));
}

/* ---- buckets ---- */

const uint8_t *keyring_id(const struct keyring *keyring)
{
	return keyring->id;
}

bool keyring_is_locked(const struct keyring *keyring)
{
	return keyring->locked;
}

bool keyring_has_bucket(const struct keyring *keyring, uint32_t bucket)
{
	uint32_t first;
	return entries_of(&keyring->entries, bucket, &first) > 0;
}

bool keyring_next_bucket(const struct keyring *keyring, uint32_t from, uint32_t *ret_bucket)
{
	uint32_t first = entries_find(&keyring->entries, from);
	if (first == keyring->entries.count)
		return false;
	*ret_bucket = keyring->entries.at[first].bucket;
	return true;
}

/* The one way in which entries change: those of `bucket` become a new one (if `add`) and the newest
 * `keep` of the old. The file comes first: memory follows only once it is durable.
 */
static int change(struct keyring *keyring, uint32_t bucket, bool add, uint32_t keep,
		  struct err *err)
{
	const struct entries *old = &keyring->entries;
	uint32_t first, there = entries_of(old, bucket, &first);
	if (add && old->count >= LIMIT_KEY_BUCKETS)
		return err_set(err, ERR_NO_SPACE, MSG_KEYS_LIMIT,
			       ARG_U("limit", LIMIT_KEY_BUCKETS));
	CLEANUP(entries_free) struct entries next = { 0 };
	int error = entries_alloc(keyring, old->count + 1, &next, err);
	if (error < 0)
		return error;
	entries_add(&next, old->at, first);
	if (add) {
		error = entry_create(keyring, bucket, &next.at[next.count], err);
		next.count++;
	}
	entries_add(&next, old->at + first, keep < there ? keep : there);
	entries_add(&next, old->at + first + there, old->count - first - there);
	if (error == 0)
		error = save(keyring, &next, err);
	if (error < 0)
		return error;
	struct entries replaced = *old;
	keyring->entries = next;
	next = replaced;
	if (keep < there)
		OPENSSL_cleanse(keyring->cache, sizeof(keyring->cache));
	return 0;
}

int keyring_bucket_ensure(struct keyring *keyring, uint32_t bucket, struct err *err)
{
	return keyring_has_bucket(keyring, bucket) ? 0 : change(keyring, bucket, true, 0, err);
}

int keyring_bucket_drop(struct keyring *keyring, uint32_t bucket, struct err *err)
{
	return keyring_has_bucket(keyring, bucket) ? change(keyring, bucket, false, 0, err) : 0;
}

int keyring_bucket_renew(struct keyring *keyring, uint32_t bucket, struct err *err)
{
	uint32_t first;
	if (entries_of(&keyring->entries, bucket, &first) == 2)
		return 0; /* begun before a crash: survivors may still need the old one */
	return change(keyring, bucket, true, 1, err);
}

int keyring_bucket_forget_old(struct keyring *keyring, uint32_t bucket, struct err *err)
{
	uint32_t first;
	return entries_of(&keyring->entries, bucket, &first) == 2
		       ? change(keyring, bucket, false, 1, err)
		       : 0;
}

/* ---- DEKs: AES-256-GCM under the bucket's KEK, bound to bucket and ordinal ---- */

enum { DEK_PLACE_SIZE = 3 + 4 + 8 };

static struct blob dek_place(uint32_t bucket, uint64_t ordinal, uint8_t out[DEK_PLACE_SIZE])
{
	memcpy(out, "dek", 3);
	for (int i = 0; i < 4; i++)
		out[3 + i] = (uint8_t)(bucket >> (24 - 8 * i));
	for (int i = 0; i < 8; i++)
		out[7 + i] = (uint8_t)(ordinal >> (56 - 8 * i));
	return blob_of(out, DEK_PLACE_SIZE);
}

static struct slot *slot_of(struct keyring *keyring, uint32_t bucket, uint64_t ordinal)
{
	return &keyring->cache[(ordinal + bucket * UINT32_C(31)) % CACHE_SLOTS];
}

static bool slot_holds(const struct slot *slot, uint32_t bucket, uint64_t ordinal,
		       const uint8_t *wrapped)
{
	return slot->used && slot->bucket == bucket && slot->ordinal == ordinal &&
	       memcmp(slot->wrapped, wrapped, KEYRING_WRAPPED_SIZE) == 0;
}

/* Wrap slot->dek by the bucket's newest key. */
static int wrap(struct keyring *keyring, struct slot *slot, struct err *err)
{
	uint32_t first;
	if (entries_of(&keyring->entries, slot->bucket, &first) == 0)
		return err_set(err, ERR_CORRUPT, MSG_KEYS_BUCKET, ARG_U("bucket", slot->bucket));
	uint8_t place[DEK_PLACE_SIZE];
	random_fill(&keyring->random, slot->wrapped, SEAL_NONCE_SIZE);
	return seal_raw(keyring->sealer, SEAL_OWN, keyring->entries.at[first].kek, slot->wrapped,
			dek_place(slot->bucket, slot->ordinal, place),
			blob_of(slot->dek, SEAL_KEY_SIZE), slot->wrapped + SEAL_NONCE_SIZE, err);
}

int keyring_dek_create(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
		       uint8_t ret_wrapped[KEYRING_WRAPPED_SIZE], struct err *err)
{
	int error = keyring_bucket_ensure(keyring, bucket, err);
	if (error < 0)
		return error;
	struct slot *slot = slot_of(keyring, bucket, ordinal);
	*slot = (struct slot){ .bucket = bucket, .ordinal = ordinal };
	random_fill(&keyring->random, slot->dek, sizeof(slot->dek));
	error = wrap(keyring, slot, err);
	if (error < 0)
		return error;
	slot->used = true;
	memcpy(ret_wrapped, slot->wrapped, KEYRING_WRAPPED_SIZE);
	return 0;
}

/* Into slot->dek; tries the bucket's keys, the newest first. */
static int unwrap(struct keyring *keyring, struct slot *slot, struct err *err)
{
	uint8_t place[DEK_PLACE_SIZE];
	struct blob sealed =
		blob_of(slot->wrapped + SEAL_NONCE_SIZE, SEAL_KEY_SIZE + SEAL_TAG_SIZE);
	uint32_t first, count = entries_of(&keyring->entries, slot->bucket, &first);
	if (count == 0)
		return err_set(err, ERR_CORRUPT, MSG_KEYS_BUCKET, ARG_U("bucket", slot->bucket));
	for (uint32_t i = first; i < first + count; i++) {
		int error = seal_raw_open(
			keyring->sealer, SEAL_OWN, keyring->entries.at[i].kek, slot->wrapped,
			dek_place(slot->bucket, slot->ordinal, place), sealed, slot->dek, err);
		if (error != ERR_CORRUPT)
			return error;
	}
	return err_set(err, ERR_CORRUPT, MSG_KEYS_DEK, ARG_U("bucket", slot->bucket),
		       ARG_U("ordinal", slot->ordinal));
}

int keyring_dek(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
		const uint8_t wrapped[KEYRING_WRAPPED_SIZE], const uint8_t **ret_dek,
		struct err *err)
{
	struct slot *slot = slot_of(keyring, bucket, ordinal);
	if (!slot_holds(slot, bucket, ordinal, wrapped)) {
		*slot = (struct slot){ .bucket = bucket, .ordinal = ordinal };
		memcpy(slot->wrapped, wrapped, KEYRING_WRAPPED_SIZE);
		int error = unwrap(keyring, slot, err);
		/* The daemon may have added or renewed a bucket since this reader opened. */
		if (error == ERR_CORRUPT && keyring->mode == KEYRING_READ_ONLY) {
			error = load(keyring, err);
			if (error == 0)
				error = unwrap(keyring, slot, err);
		}
		if (error < 0)
			return error;
		slot->used = true;
	}
	*ret_dek = slot->dek;
	return 0;
}

int keyring_dek_rewrap(struct keyring *keyring, uint32_t bucket, uint64_t ordinal,
		       uint8_t wrapped[KEYRING_WRAPPED_SIZE], struct err *err)
{
	const uint8_t *dek;
	int error = keyring_dek(keyring, bucket, ordinal, wrapped, &dek, err);
	if (error < 0)
		return error;
	struct slot *slot = slot_of(keyring, bucket, ordinal);
	error = wrap(keyring, slot, err);
	slot->used = error == 0;
	if (error == 0)
		memcpy(wrapped, slot->wrapped, KEYRING_WRAPPED_SIZE);
	return error;
}

/* ---- shared key and indexes ---- */

const uint8_t *keyring_shared_key(const struct keyring *keyring)
{
	return keyring->shared;
}

void keyring_idx(struct keyring *keyring, enum keyring_idx kind, const struct blob *parts,
		 size_t count, uint8_t out[KEYRING_IDX_SIZE])
{
	enum { PARTS_MAX = 4 };
	assert(count < PARTS_MAX);
	uint8_t digest[SHA256_SIZE], number = (uint8_t)kind;
	struct blob all[PARTS_MAX] = { blob_of(&number, 1) };
	for (size_t i = 0; i < count; i++)
		all[1 + i] = parts[i];
	hmac_parts(keyring->idx, all, 1 + count, digest);
	memcpy(out, digest, KEYRING_IDX_SIZE);
}

void keyring_tombstone(struct keyring *keyring, struct blob identifier, uint8_t out[SHA256_SIZE])
{
	hmac_parts(keyring->tombstone, &identifier, 1, out);
}
