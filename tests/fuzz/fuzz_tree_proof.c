/* Proofs of the audit tree. Input: kind u8 | first u8 | size u8 | hashes of 32 bytes.
 * A proof over a tree of known leaves holds only if it is the one that the definition gives.
 */
#include <stdlib.h>

#include "daemon/audit/tree.h"
#include "tests/support/naive_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LEAVES = 64 };

static struct sha256 *sha;
static naive_hash leaves[LEAVES];

static void make_leaves(void)
{
	if (sha != NULL)
		return;
	if (sha256_create(&sha, NULL) < 0)
		abort();
	for (uint8_t i = 0; i < LEAVES; i++)
		tree_leaf_hash(sha, blob_of(&i, 1), leaves[i]);
}

static void check(bool consistency, uint64_t first, uint64_t size, struct tree_proof proof)
{
	const naive_hash *all = (const naive_hash *)leaves;
	naive_hash root, first_root;
	struct naive_proof expected = { 0 };
	naive_root(all, size, root);
	naive_root(all, first, first_root);
	bool holds;
	if (consistency) {
		holds = tree_proves_consistency(sha, first, first_root, size, root, proof);
		if (first > 0)
			naive_subproof(all, size, first, true, &expected);
	} else {
		holds = tree_proves_inclusion(sha, leaves[first], first, size, proof, root);
		naive_path(all, size, first, &expected);
	}
	bool same =
		proof.count == expected.count &&
		(proof.count == 0 || memcmp(proof.hashes, expected.hashes, 32 * proof.count) == 0);
	if (holds != same)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t hashes[64][TREE_HASH_SIZE];
	make_leaves();
	if (size < 3 || size - 3 > sizeof(hashes))
		return 0;
	bool consistency = (data[0] & 1) != 0;
	uint64_t tree_size = data[2] % (LEAVES + 1), first = data[1] % LEAVES;
	if (first > tree_size || (!consistency && first == tree_size))
		return 0;
	memcpy(hashes, data + 3, size - 3);
	check(consistency, first, tree_size,
	      (struct tree_proof){ .hashes = (const naive_hash *)hashes,
				   .count = (size - 3) / TREE_HASH_SIZE });
	return 0;
}
