#include "daemon/audit/tree.h"

#include <assert.h>
#include <string.h>

void tree_leaf_hash(struct sha256 *sha, struct blob leaf, uint8_t out[TREE_HASH_SIZE])
{
	sha256_begin(sha);
	sha256_add(sha, "\x00", 1);
	sha256_add(sha, leaf.data, leaf.len);
	sha256_end(sha, out);
}

void tree_node_hash(struct sha256 *sha, const uint8_t left[TREE_HASH_SIZE],
		    const uint8_t right[TREE_HASH_SIZE], uint8_t out[TREE_HASH_SIZE])
{
	uint8_t node[1 + 2 * TREE_HASH_SIZE] = { 0x01 };
	memcpy(node + 1, left, TREE_HASH_SIZE);
	memcpy(node + 1 + TREE_HASH_SIZE, right, TREE_HASH_SIZE);
	sha256_begin(sha);
	sha256_add(sha, node, sizeof(node));
	sha256_end(sha, out);
}

/* ---- the frontier ---- */

static bool has_peak(const struct tree *tree, unsigned level)
{
	return (tree->size >> level & 1) != 0;
}

/* Like adding one to the size: each peak that is there carries upwards. */
void tree_append(struct tree *tree, struct sha256 *sha, const uint8_t leaf_hash[TREE_HASH_SIZE])
{
	assert(tree->size < UINT64_MAX);
	uint8_t carry[TREE_HASH_SIZE];
	memcpy(carry, leaf_hash, sizeof(carry));
	unsigned level = 0;
	for (; has_peak(tree, level); level++)
		tree_node_hash(sha, tree->peaks[level], carry, carry);
	memcpy(tree->peaks[level], carry, sizeof(carry));
	tree->size++;
}

void tree_root(const struct tree *tree, struct sha256 *sha, uint8_t out[TREE_HASH_SIZE])
{
	bool begun = false;
	for (unsigned level = 0; level < TREE_LEVELS; level++) {
		if (!has_peak(tree, level))
			continue;
		if (begun)
			tree_node_hash(sha, tree->peaks[level], out, out);
		else
			memcpy(out, tree->peaks[level], TREE_HASH_SIZE);
		begun = true;
	}
	if (!begun) {
		sha256_begin(sha);
		sha256_end(sha, out);
	}
}

/* ---- proofs ----
 *
 * Both walks go from a node at (index, last index of its level) to the root: fn and sn of RFC 9162.
 */

struct walk {
	uint64_t fn, sn;
};

/* A right child, or the last node of a level that is no pair: its sibling stands on the left. */
static bool sibling_is_left(const struct walk *walk)
{
	return (walk->fn & 1) != 0 || walk->fn == walk->sn;
}

/* One level up, past the levels on which the last node went up unhashed. */
static void walk_up(struct walk *walk)
{
	if (sibling_is_left(walk))
		while ((walk->fn & 1) == 0 && walk->fn != 0) {
			walk->fn >>= 1;
			walk->sn >>= 1;
		}
	walk->fn >>= 1;
	walk->sn >>= 1;
}

static bool same_hash(const uint8_t a[TREE_HASH_SIZE], const uint8_t b[TREE_HASH_SIZE])
{
	return memcmp(a, b, TREE_HASH_SIZE) == 0;
}

bool tree_proves_inclusion(struct sha256 *sha, const uint8_t leaf_hash[TREE_HASH_SIZE],
			   uint64_t index, uint64_t size, struct tree_proof proof,
			   const uint8_t root[TREE_HASH_SIZE])
{
	if (index >= size)
		return false;
	struct walk walk = { .fn = index, .sn = size - 1 };
	uint8_t node[TREE_HASH_SIZE];
	memcpy(node, leaf_hash, sizeof(node));
	for (size_t i = 0; i < proof.count; i++) {
		if (walk.sn == 0)
			return false;
		if (sibling_is_left(&walk))
			tree_node_hash(sha, proof.hashes[i], node, node);
		else
			tree_node_hash(sha, node, proof.hashes[i], node);
		walk_up(&walk);
	}
	return walk.sn == 0 && same_hash(node, root);
}

/* Both sizes > 0 and different. `seed` is the node where the two trees' walks begin. */
static bool walk_consistency(struct sha256 *sha, struct walk walk,
			     const uint8_t seed[TREE_HASH_SIZE], struct tree_proof proof,
			     const uint8_t root1[TREE_HASH_SIZE],
			     const uint8_t root2[TREE_HASH_SIZE])
{
	uint8_t first[TREE_HASH_SIZE], second[TREE_HASH_SIZE];
	memcpy(first, seed, sizeof(first));
	memcpy(second, seed, sizeof(second));
	for (size_t i = 0; i < proof.count; i++) {
		if (walk.sn == 0)
			return false;
		if (sibling_is_left(&walk)) {
			tree_node_hash(sha, proof.hashes[i], first, first);
			tree_node_hash(sha, proof.hashes[i], second, second);
		} else {
			tree_node_hash(sha, second, proof.hashes[i], second);
		}
		walk_up(&walk);
	}
	return walk.sn == 0 && same_hash(first, root1) && same_hash(second, root2);
}

bool tree_proves_consistency(struct sha256 *sha, uint64_t size1,
			     const uint8_t root1[TREE_HASH_SIZE], uint64_t size2,
			     const uint8_t root2[TREE_HASH_SIZE], struct tree_proof proof)
{
	if (size1 > size2)
		return false;
	if (size1 == size2)
		return proof.count == 0 && same_hash(root1, root2);
	if (size1 == 0) {
		uint8_t nothing[TREE_HASH_SIZE];
		tree_root(&(struct tree){ 0 }, sha, nothing);
		return proof.count == 0 && same_hash(root1, nothing);
	}
	if (proof.count == 0)
		return false;
	struct walk walk = { .fn = size1 - 1, .sn = size2 - 1 };
	for (; (walk.fn & 1) != 0; walk.fn >>= 1)
		walk.sn >>= 1;
	if ((size1 & (size1 - 1)) == 0) /* a whole subtree of the larger tree: its root is known */
		return walk_consistency(sha, walk, root1, proof, root1, root2);
	struct tree_proof rest = { .hashes = proof.hashes + 1, .count = proof.count - 1 };
	return walk_consistency(sha, walk, proof.hashes[0], rest, root1, root2);
}
