#include "daemon/keys/seal.h"

#include <assert.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/mman.h>

#include "daemon/base/err.h"

enum { BLOCK_SIZE = 16, KEY_MAX = 511, POOL_SIZE = 4096 };

/* One direction of AES-256-GCM. The values of one person come one after another, so the key that the
 * context holds is remembered: its schedule is made once.
 */
struct gcm {
	EVP_CIPHER_CTX *ctx;
	bool keyed;
	uint8_t key[SEAL_KEY_SIZE];
};

/* Random bytes for nonces, fetched many at a time, in a page that a child process finds zeroed: a fork
 * must not lead to one nonce twice.
 */
struct nonce_pool {
	size_t left;
	uint8_t bytes[POOL_SIZE - sizeof(size_t)];
};

/* Contexts and fetched ciphers are kept: fetching anew for each value costs more than sealing it. */
struct sealer {
	EVP_CIPHER *cipher;
	EVP_CIPHER *block; /* one AES block, for XAES */
	EVP_CIPHER_CTX *derive;
	struct gcm seal;
	struct gcm open;
	struct nonce_pool *pool;
	struct random_source random;
};

static int refused(struct err *err)
{
	return err_set(err, ERR_NOMEM, MSG_CRYPTO, ARG_WORD("what", "AES-256"));
}

static struct nonce_pool *pool_create(void)
{
	void *pool =
		mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (pool == MAP_FAILED)
		return NULL;
	if (madvise(pool, POOL_SIZE, MADV_WIPEONFORK) == 0)
		return pool;
	(void)munmap(pool, POOL_SIZE);
	return NULL;
}

static void take_nonce(struct sealer *sealer, uint8_t *out, size_t len)
{
	struct nonce_pool *pool = sealer->pool;
	if (pool->left < len) {
		random_fill(&sealer->random, pool->bytes, sizeof(pool->bytes));
		pool->left = sizeof(pool->bytes);
	}
	pool->left -= len;
	memcpy(out, pool->bytes + pool->left, len);
}

int sealer_create(const struct random_source *random, struct sealer **ret_sealer, struct err *err)
{
	CLEANUP(sealer_destroyp) struct sealer *sealer = calloc(1, sizeof(*sealer));
	if (sealer == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sealer->random = *random;
	sealer->pool = pool_create();
	if (sealer->pool == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sealer->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	sealer->block = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
	sealer->seal.ctx = EVP_CIPHER_CTX_new();
	sealer->open.ctx = EVP_CIPHER_CTX_new();
	sealer->derive = EVP_CIPHER_CTX_new();
	if (sealer->cipher == NULL || sealer->block == NULL || sealer->seal.ctx == NULL ||
	    sealer->open.ctx == NULL || sealer->derive == NULL ||
	    EVP_EncryptInit_ex2(sealer->seal.ctx, sealer->cipher, NULL, NULL, NULL) != 1 ||
	    EVP_DecryptInit_ex2(sealer->open.ctx, sealer->cipher, NULL, NULL, NULL) != 1 ||
	    EVP_EncryptInit_ex2(sealer->derive, sealer->block, NULL, NULL, NULL) != 1)
		return refused(err);
	*ret_sealer = TAKE(sealer);
	return 0;
}

void sealer_destroy(struct sealer *sealer)
{
	if (sealer == NULL)
		return;
	EVP_CIPHER_CTX_free(sealer->seal.ctx); /* overwrites the key schedule */
	EVP_CIPHER_CTX_free(sealer->open.ctx);
	EVP_CIPHER_CTX_free(sealer->derive);
	EVP_CIPHER_free(sealer->cipher);
	EVP_CIPHER_free(sealer->block);
	if (sealer->pool != NULL)
		(void)munmap(sealer->pool, POOL_SIZE);
	OPENSSL_cleanse(sealer, sizeof(*sealer));
	free(sealer);
}

/* ---- XAES-256-GCM (C2SP xaes-256-gcm): a key of its own per nonce, by CMAC in counter mode ---- */

static bool encrypt_block(struct sealer *sealer, const uint8_t in[BLOCK_SIZE],
			  uint8_t out[BLOCK_SIZE])
{
	int len = 0;
	return EVP_EncryptUpdate(sealer->derive, out, &len, in, BLOCK_SIZE) == 1 &&
	       len == BLOCK_SIZE;
}

static bool derive_key(struct sealer *sealer, const uint8_t key[SEAL_KEY_SIZE],
		       const uint8_t *nonce, uint8_t out[SEAL_KEY_SIZE])
{
	static const uint8_t zero[BLOCK_SIZE];
	uint8_t subkey[BLOCK_SIZE], block[BLOCK_SIZE];
	if (EVP_EncryptInit_ex2(sealer->derive, NULL, key, NULL, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(sealer->derive, 0) != 1 ||
	    !encrypt_block(sealer, zero, subkey))
		return false;
	uint8_t carry = 0; /* K1 = L << 1, reduced in GF(2^128) */
	for (int i = BLOCK_SIZE - 1; i >= 0; i--) {
		uint8_t next = subkey[i] >> 7;
		subkey[i] = (uint8_t)(subkey[i] << 1 | carry);
		carry = next;
	}
	subkey[BLOCK_SIZE - 1] ^= carry ? 0x87 : 0;
	bool ok = true;
	for (uint8_t half = 1; half <= 2; half++) {
		const uint8_t label[4] = { 0, half, 'X', 0 };
		memcpy(block, label, sizeof(label));
		memcpy(block + sizeof(label), nonce, SEAL_NONCE_SIZE);
		for (int i = 0; i < BLOCK_SIZE; i++)
			block[i] ^= subkey[i];
		ok = ok && encrypt_block(sealer, block, out + (half - 1) * BLOCK_SIZE);
	}
	OPENSSL_cleanse(subkey, sizeof(subkey));
	return ok;
}

/* ---- AES-256-GCM ---- */

static bool gcm_begin(struct gcm *gcm, const uint8_t *key, const uint8_t *nonce)
{
	bool same = gcm->keyed && memcmp(gcm->key, key, SEAL_KEY_SIZE) == 0;
	gcm->keyed = EVP_CipherInit_ex2(gcm->ctx, NULL, same ? NULL : key, nonce, -1, NULL) == 1;
	memcpy(gcm->key, key, SEAL_KEY_SIZE);
	return gcm->keyed;
}

static bool gcm_seal(struct sealer *sealer, const uint8_t *key, const uint8_t *nonce,
		     struct blob aad, struct blob plain, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = sealer->seal.ctx;
	int len = 0, tail = 0;
	return gcm_begin(&sealer->seal, key, nonce) &&
	       (aad.len == 0 || EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1) &&
	       (plain.len == 0 ||
		EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len) == 1) &&
	       EVP_EncryptFinal_ex(ctx, out + plain.len, &tail) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_SIZE, out + plain.len) == 1;
}

/* 1 opened, 0 not authentic, -1 no memory */
static int gcm_open(struct sealer *sealer, const uint8_t *key, const uint8_t *nonce,
		    struct blob aad, struct blob sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = sealer->open.ctx;
	int len = 0, tail = 0, plain_len = (int)(sealed.len - SEAL_TAG_SIZE);
	void *tag = (void *)(uintptr_t)(sealed.data + plain_len);
	if (!gcm_begin(&sealer->open, key, nonce) ||
	    (aad.len > 0 && EVP_DecryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len) != 1) ||
	    (plain_len > 0 && EVP_DecryptUpdate(ctx, out, &len, sealed.data, plain_len) != 1) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_SIZE, tag) != 1)
		return -1;
	if (EVP_DecryptFinal_ex(ctx, out + plain_len, &tail) == 1)
		return 1;
	OPENSSL_cleanse(out, (size_t)plain_len);
	return 0;
}

int seal_raw(struct sealer *sealer, enum seal_form form, const uint8_t key[SEAL_KEY_SIZE],
	     const uint8_t *nonce, struct blob aad, struct blob plain, uint8_t *out,
	     struct err *err)
{
	assert(plain.len < INT_MAX && aad.len < INT_MAX);
	if (form == SEAL_OWN)
		return gcm_seal(sealer, key, nonce, aad, plain, out) ? 0 : refused(err);
	uint8_t derived[SEAL_KEY_SIZE];
	bool ok = derive_key(sealer, key, nonce, derived) &&
		  gcm_seal(sealer, derived, nonce + SEAL_NONCE_SIZE, aad, plain, out);
	OPENSSL_cleanse(derived, sizeof(derived));
	return ok ? 0 : refused(err);
}

int seal_raw_open(struct sealer *sealer, enum seal_form form, const uint8_t key[SEAL_KEY_SIZE],
		  const uint8_t *nonce, struct blob aad, struct blob sealed, uint8_t *out,
		  struct err *err)
{
	if (sealed.len < SEAL_TAG_SIZE || sealed.len >= INT_MAX)
		return ERR_CORRUPT;
	int opened;
	if (form == SEAL_OWN) {
		opened = gcm_open(sealer, key, nonce, aad, sealed, out);
	} else {
		uint8_t derived[SEAL_KEY_SIZE];
		opened = derive_key(sealer, key, nonce, derived)
				 ? gcm_open(sealer, derived, nonce + SEAL_NONCE_SIZE, aad, sealed,
					    out)
				 : -1;
		OPENSSL_cleanse(derived, sizeof(derived));
	}
	return opened == 1 ? 0 : opened == 0 ? ERR_CORRUPT : refused(err);
}

/* ---- values ---- */

/* table | key | version; `out` lies on the caller's stack */
static struct blob associated(const struct seal_place *place, uint8_t out[KEY_MAX + 2])
{
	assert(place->key.len <= KEY_MAX);
	out[0] = place->table;
	memcpy(out + 1, place->key.data, place->key.len);
	out[1 + place->key.len] = place->version;
	return blob_of(out, place->key.len + 2);
}

static size_t nonce_size(enum seal_form form)
{
	return form == SEAL_OWN ? SEAL_NONCE_SIZE : SEAL_WIDE_NONCE_SIZE;
}

int seal_put(struct sealer *sealer, enum seal_form form, const uint8_t key[SEAL_KEY_SIZE],
	     const struct seal_place *place, struct blob plain, struct buf *out, struct err *err)
{
	size_t start = out->len, nonce_len = nonce_size(form);
	uint8_t *at = buf_grow(out, 1 + nonce_len + plain.len + SEAL_TAG_SIZE);
	if (at == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	uint8_t aad[KEY_MAX + 2];
	at[0] = (uint8_t)form;
	take_nonce(sealer, at + 1, nonce_len);
	int error = seal_raw(sealer, form, key, at + 1, associated(place, aad), plain,
			     at + 1 + nonce_len, err);
	if (error < 0)
		out->len = start;
	return error;
}

int seal_open(struct sealer *sealer, enum seal_form form, const uint8_t key[SEAL_KEY_SIZE],
	      const struct seal_place *place, struct blob sealed, struct buf *out, struct err *err)
{
	size_t start = out->len, front = 1 + nonce_size(form);
	if (sealed.len < front + SEAL_TAG_SIZE || sealed.data[0] != form)
		return ERR_CORRUPT;
	struct blob rest = blob_of(sealed.data + front, sealed.len - front);
	/* one byte more than the text: a pointer to write to, even for an empty one */
	uint8_t *at = buf_grow(out, rest.len - SEAL_TAG_SIZE + 1);
	if (at == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	uint8_t aad[KEY_MAX + 2];
	int error = seal_raw_open(sealer, form, key, sealed.data + 1, associated(place, aad), rest,
				  at, err);
	out->len = error < 0 ? start : out->len - 1;
	return error;
}
