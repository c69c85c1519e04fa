/* Tree: the Merkle tree of the audit log (RFC 6962 section 2.1, SHA-256), kept by its frontier.
 *
 * Words.  leaf hash: SHA-256(0x00 || leaf). node hash: SHA-256(0x01 || left || right).
 *         peak: the root of one of the perfect subtrees that the size's binary form names; the peaks
 *         from the largest to the smallest are the frontier, at most 64 hashes.
 * Rules.  No padding: an odd node goes up as it is. The root of nothing is SHA-256("").
 *         A struct tree is a plain value: a copy is a snapshot, and putting it back is a rollback.
 *         Functions that hash take a context, so that a hot path makes none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/digest.h"

enum { TREE_HASH_SIZE = SHA256_SIZE, TREE_LEVELS = 64 };

struct tree {
	uint64_t size;
	/* [level] counts where bit `level` of size is set */
	uint8_t peaks[TREE_LEVELS][TREE_HASH_SIZE];
};

void tree_leaf_hash(struct sha256 *sha, struct blob leaf, uint8_t out[TREE_HASH_SIZE]);
void tree_node_hash(struct sha256 *sha, const uint8_t left[TREE_HASH_SIZE],
		    const uint8_t right[TREE_HASH_SIZE], uint8_t out[TREE_HASH_SIZE]);

/** Amortised one node hash. The size never reaches 2^64. */
void tree_append(struct tree *tree, struct sha256 *sha, const uint8_t leaf_hash[TREE_HASH_SIZE]);
void tree_root(const struct tree *tree, struct sha256 *sha, uint8_t out[TREE_HASH_SIZE]);

/** One hash of a proof after the other, from the leaf upwards. */
struct tree_proof {
	const uint8_t (*hashes)[TREE_HASH_SIZE];
	size_t count;
};

/** RFC 9162 section 2.1.3.2: does `proof` lead from leaf `index` to the root of `size` leaves? */
bool tree_proves_inclusion(struct sha256 *sha, const uint8_t leaf_hash[TREE_HASH_SIZE],
			   uint64_t index, uint64_t size, struct tree_proof proof,
			   const uint8_t root[TREE_HASH_SIZE]);

/** RFC 9162 section 2.1.4.2: is the tree of `size1` a beginning of the tree of `size2`? Size 0 begins
 * every tree, by an empty proof and the root of nothing.
 */
bool tree_proves_consistency(struct sha256 *sha, uint64_t size1,
			     const uint8_t root1[TREE_HASH_SIZE], uint64_t size2,
			     const uint8_t root2[TREE_HASH_SIZE], struct tree_proof proof);
