/* Naive tree: RFC 6962 section 2.1 as it is written there, recursive, over an array of leaf hashes; with
 * the proofs of sections 2.1.1 and 2.1.2. Slow and short: the oracle of daemon/audit/tree.c.
 * Hashes with OpenSSL's one-shot call, not with the code under test.
 */
#pragma once

#include <openssl/sha.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t naive_hash[32];

struct naive_proof {
	naive_hash hashes[128];
	size_t count;
};

static inline uint64_t naive_split(uint64_t n)
{
	uint64_t k = 1;
	while (2 * k < n)
		k *= 2;
	return k;
}

static inline void naive_node(const naive_hash left, const naive_hash right, naive_hash out)
{
	uint8_t node[65] = { 1 };
	memcpy(node + 1, left, 32);
	memcpy(node + 33, right, 32);
	SHA256(node, sizeof(node), out);
}

static inline void naive_root(const naive_hash *leaves, uint64_t n, naive_hash out)
{
	naive_hash left, right;
	if (n == 0) {
		SHA256((const uint8_t *)"", 0, out);
	} else if (n == 1) {
		memcpy(out, leaves[0], 32);
	} else {
		uint64_t k = naive_split(n);
		naive_root(leaves, k, left);
		naive_root(leaves + k, n - k, right);
		naive_node(left, right, out);
	}
}

static inline void naive_push(struct naive_proof *proof, const naive_hash *leaves, uint64_t n)
{
	naive_root(leaves, n, proof->hashes[proof->count++]);
}

/* PATH(m, D[n]) */
static inline void naive_path(const naive_hash *leaves, uint64_t n, uint64_t m,
			      struct naive_proof *proof)
{
	if (n <= 1)
		return;
	uint64_t k = naive_split(n);
	if (m < k) {
		naive_path(leaves, k, m, proof);
		naive_push(proof, leaves + k, n - k);
	} else {
		naive_path(leaves + k, n - k, m - k, proof);
		naive_push(proof, leaves, k);
	}
}

/* SUBPROOF(m, D[n], b); PROOF(m, D[n]) is SUBPROOF(m, D[n], true) */
static inline void naive_subproof(const naive_hash *leaves, uint64_t n, uint64_t m, bool whole,
				  struct naive_proof *proof)
{
	if (m == n) {
		if (!whole)
			naive_push(proof, leaves, n);
		return;
	}
	uint64_t k = naive_split(n);
	if (m <= k) {
		naive_subproof(leaves, k, m, whole, proof);
		naive_push(proof, leaves + k, n - k);
	} else {
		naive_subproof(leaves + k, n - k, m - k, false, proof);
		naive_push(proof, leaves, k);
	}
}
