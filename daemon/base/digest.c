#include "daemon/base/digest.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "daemon/base/err.h"

/* ---- SHA-256 ---- */

struct sha256 {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

int sha256_create(struct sha256 **ret_sha, struct err *err)
{
	CLEANUP(sha256_destroyp) struct sha256 *sha = calloc(1, sizeof(*sha));
	if (sha == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sha->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	sha->ctx = EVP_MD_CTX_new();
	if (sha->md == NULL || sha->ctx == NULL || EVP_DigestInit_ex2(sha->ctx, sha->md, NULL) != 1)
		return err_set(err, ERR_NOMEM, MSG_CRYPTO, ARG_WORD("what", "SHA-256"));
	*ret_sha = TAKE(sha);
	return 0;
}

void sha256_destroy(struct sha256 *sha)
{
	if (sha == NULL)
		return;
	EVP_MD_CTX_free(sha->ctx);
	EVP_MD_free(sha->md);
	free(sha);
}

void sha256_begin(struct sha256 *sha)
{
	int ok = EVP_DigestInit_ex2(sha->ctx, NULL, NULL);
	assert(ok == 1);
	(void)ok;
}

void sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	int ok = EVP_DigestUpdate(sha->ctx, data, len);
	assert(ok == 1);
	(void)ok;
}

void sha256_end(struct sha256 *sha, uint8_t out[SHA256_SIZE])
{
	int ok = EVP_DigestFinal_ex(sha->ctx, out, NULL);
	assert(ok == 1);
	(void)ok;
}

void sha256(const void *data, size_t len, uint8_t out[SHA256_SIZE])
{
	int ok = EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL);
	assert(ok == 1);
	(void)ok;
}

/* ---- HMAC ---- */

struct hmac {
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
};

int hmac_create(const uint8_t *key, size_t key_len, struct hmac **ret_hmac, struct err *err)
{
	CLEANUP(hmac_destroyp) struct hmac *hmac = calloc(1, sizeof(*hmac));
	if (hmac == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				OSSL_PARAM_construct_end() };
	hmac->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	hmac->ctx = hmac->mac == NULL ? NULL : EVP_MAC_CTX_new(hmac->mac);
	if (hmac->ctx == NULL || EVP_MAC_init(hmac->ctx, key, key_len, params) != 1)
		return err_set(err, ERR_NOMEM, MSG_CRYPTO, ARG_WORD("what", "HMAC"));
	*ret_hmac = TAKE(hmac);
	return 0;
}

void hmac_destroy(struct hmac *hmac)
{
	if (hmac == NULL)
		return;
	EVP_MAC_CTX_free(hmac->ctx);
	EVP_MAC_free(hmac->mac);
	free(hmac);
}

void hmac_parts(struct hmac *hmac, const struct blob *parts, size_t count, uint8_t out[SHA256_SIZE])
{
	int ok = EVP_MAC_init(hmac->ctx, NULL, 0, NULL); /* the key stays */
	for (size_t i = 0; i < count; i++)
		ok &= EVP_MAC_update(hmac->ctx, parts[i].data, parts[i].len);
	size_t len = 0;
	ok &= EVP_MAC_final(hmac->ctx, out, &len, SHA256_SIZE);
	assert(ok == 1 && len == SHA256_SIZE);
	(void)ok;
}

/* ---- HKDF ---- */

int hkdf_sha256(struct blob key, struct blob salt, struct blob info, uint8_t *out, size_t out_len,
		struct err *err)
{
	static const uint8_t no_salt
		[SHA256_SIZE]; /* RFC 5869 section 2.2: "not provided" is this; OpenSSL refuses none */
	char digest[] = "SHA256";
	if (salt.len == 0)
		salt = blob_of(no_salt, sizeof(no_salt));
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.data,
						  key.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.data,
						  salt.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info.data,
						  info.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	int ok = ctx != NULL && EVP_KDF_derive(ctx, out, out_len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	if (!ok)
		return err_set(err, ERR_NOMEM, MSG_CRYPTO, ARG_WORD("what", "HKDF"));
	return 0;
}

/* ---- CRC32C ---- */

static uint32_t crc32c_table_entry(uint32_t index)
{
	for (int bit = 0; bit < 8; bit++)
		index = index >> 1 ^ (index & 1 ? 0x82f63b78u : 0);
	return index;
}

static uint32_t crc32c_plain(uint32_t crc, const uint8_t *data, size_t len)
{
	static uint32_t entries[256];
	if (entries[1] == 0)
		for (uint32_t i = 0; i < 256; i++)
			entries[i] = crc32c_table_entry(i);
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ entries[(crc ^ data[i]) & 0xff];
	return crc;
}

uint32_t crc32c_portable(const void *data, size_t len)
{
	return ~crc32c_plain(~0u, data, len);
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse(uint32_t crc, const uint8_t *data,
							     size_t len)
{
	uint64_t wide = crc;
	for (; len >= 8; data += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, data, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (size_t i = 0; i < len; i++)
		crc = __builtin_ia32_crc32qi(crc, data[i]);
	return crc;
}
#endif

uint32_t crc32c(const void *data, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc32c_sse(~0u, data, len);
#endif
	return crc32c_portable(data, len);
}
