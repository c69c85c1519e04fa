#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/audit/tree.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/random.h"
#include "tests/support/naive_tree.h"

static struct sha256 *sha;

static int make_context(void **state)
{
	(void)state;
	return sha256_create(&sha, NULL);
}

static int end_context(void **state)
{
	(void)state;
	sha256_destroy(sha);
	return 0;
}

static void assert_hex(const uint8_t hash[TREE_HASH_SIZE], const char *expected)
{
	char text[2 * TREE_HASH_SIZE + 1];
	hex_encode(hash, TREE_HASH_SIZE, text);
	assert_string_equal(text, expected);
}

/* The well-known leaves of the RFC 6962 test vectors, and the root after each of them. */
static const struct {
	const char *leaf, *root;
} vectors[] = {
	{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
	{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
	{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
	{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
	{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
	{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
	{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
	{ "606162636465666768696a6b6c6d6e6f",
	  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
};
enum { VECTORS = sizeof(vectors) / sizeof(vectors[0]) };

static void vector_leaf(size_t i, uint8_t out[TREE_HASH_SIZE])
{
	uint8_t bytes[16];
	size_t len = strlen(vectors[i].leaf) / 2;
	assert_int_equal(hex_decode(vectors[i].leaf, 2 * len, bytes, len), 0);
	tree_leaf_hash(sha, blob_of(bytes, len), out);
}

static void the_root_of_nothing_is_the_hash_of_nothing(void **state)
{
	(void)state;
	uint8_t root[TREE_HASH_SIZE];
	tree_root(&(struct tree){ 0 }, sha, root);
	assert_hex(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void the_vectors_roots_follow_leaf_by_leaf(void **state)
{
	(void)state;
	struct tree tree = { 0 };
	for (size_t i = 0; i < VECTORS; i++) {
		uint8_t leaf[TREE_HASH_SIZE], root[TREE_HASH_SIZE];
		vector_leaf(i, leaf);
		tree_append(&tree, sha, leaf);
		tree_root(&tree, sha, root);
		assert_int_equal(tree.size, i + 1);
		assert_hex(root, vectors[i].root);
	}
}

/* ---- proofs of the vectors ---- */

static const struct proof_vector {
	const char *name;
	bool consistency;
	uint64_t first, size; /* index or smaller size */
	const char *hashes[4];
} proof_vectors[] = {
	{ "inclusion 5 of 8",
	  false,
	  5,
	  8,
	  { "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
	    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	{ "inclusion 6 of 7",
	  false,
	  6,
	  7,
	  { "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" } },
	{ "consistency 3 to 7",
	  true,
	  3,
	  7,
	  { "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
	    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e" } },
	{ "consistency 4 to 7",
	  true,
	  4,
	  7,
	  { "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e" } },
};

static void vector_root(uint64_t size, uint8_t out[TREE_HASH_SIZE])
{
	assert_int_equal(hex_decode(vectors[size - 1].root, 64, out, TREE_HASH_SIZE), 0);
}

static bool prove_vector(const struct proof_vector *vector, struct tree_proof proof)
{
	uint8_t first[TREE_HASH_SIZE], root[TREE_HASH_SIZE];
	vector_root(vector->size, root);
	if (vector->consistency) {
		vector_root(vector->first, first);
		return tree_proves_consistency(sha, vector->first, first, vector->size, root,
					       proof);
	}
	vector_leaf(vector->first, first);
	return tree_proves_inclusion(sha, first, vector->first, vector->size, proof, root);
}

static void the_vectors_proofs_hold_and_none_holds_with_a_bit_changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(proof_vectors) / sizeof(proof_vectors[0]); i++) {
		const struct proof_vector *vector = &proof_vectors[i];
		uint8_t hashes[4][TREE_HASH_SIZE];
		size_t count = 0;
		for (; count < 4 && vector->hashes[count] != NULL; count++)
			assert_int_equal(hex_decode(vector->hashes[count], 64, hashes[count],
						    TREE_HASH_SIZE),
					 0);
		struct tree_proof proof = { .hashes = hashes, .count = count };
		print_message("# %s\n", vector->name);
		assert_true(prove_vector(vector, proof));
		for (size_t bit = 0; bit < count * 256; bit += 37) {
			((uint8_t *)hashes)[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(prove_vector(vector, proof));
			((uint8_t *)hashes)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		proof.count = count - 1;
		assert_false(prove_vector(vector, proof));
	}
}

/* ---- against the naive tree ---- */

enum { NAIVE_SIZE = 300 };

static uint64_t print_seed(void)
{
	uint64_t seed = (uint64_t)time(NULL);
	const char *given = getenv("TEST_SEED");
	if (given != NULL)
		seed = strtoull(given, NULL, 10);
	print_message("# TEST_SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static naive_hash *random_leaves(const struct random_source *random)
{
	static naive_hash leaves[NAIVE_SIZE];
	random_fill(random, leaves, sizeof(leaves));
	return leaves;
}

static void the_frontier_gives_the_roots_of_the_recursive_definition(void **state)
{
	(void)state;
	uint64_t seed = print_seed();
	struct random_source random = random_seeded(&seed);
	naive_hash *leaves = random_leaves(&random);
	struct tree tree = { 0 };
	for (uint64_t size = 1; size <= NAIVE_SIZE; size++) {
		uint8_t root[TREE_HASH_SIZE], expected[TREE_HASH_SIZE];
		tree_append(&tree, sha, leaves[size - 1]);
		tree_root(&tree, sha, root);
		naive_root((const naive_hash *)leaves, size, expected);
		assert_memory_equal(root, expected, sizeof(root));
	}
}

static void every_leaf_of_every_size_is_proved_and_no_other(void **state)
{
	(void)state;
	uint64_t seed = print_seed();
	struct random_source random = random_seeded(&seed);
	const naive_hash *leaves = (const naive_hash *)random_leaves(&random);
	for (uint64_t size = 1; size <= 40; size++)
		for (uint64_t index = 0; index < size; index++) {
			struct naive_proof path = { 0 };
			naive_hash root;
			naive_path(leaves, size, index, &path);
			naive_root(leaves, size, root);
			struct tree_proof proof = { .hashes = (const naive_hash *)path.hashes,
						    .count = path.count };
			assert_true(tree_proves_inclusion(sha, leaves[index], index, size, proof,
							  root));
			assert_false(tree_proves_inclusion(sha, leaves[index + 1], index, size,
							   proof, root));
			assert_false(
				tree_proves_inclusion(sha, leaves[index], size, size, proof, root));
			if (size > 1)
				assert_false(tree_proves_inclusion(sha, leaves[index], index ^ 1,
								   size, proof, root));
			proof.count++;
			assert_false(tree_proves_inclusion(sha, leaves[index], index, size, proof,
							   root));
		}
}

static void every_beginning_is_proved_and_a_forked_one_is_not(void **state)
{
	(void)state;
	uint64_t seed = print_seed();
	struct random_source random = random_seeded(&seed);
	naive_hash *leaves = random_leaves(&random);
	for (uint64_t size = 0; size <= 40; size++)
		for (uint64_t first = 0; first <= size; first++) {
			struct naive_proof path = { 0 };
			naive_hash root1, root2;
			naive_root((const naive_hash *)leaves, first, root1);
			naive_root((const naive_hash *)leaves, size, root2);
			if (first > 0)
				naive_subproof((const naive_hash *)leaves, size, first, true,
					       &path);
			struct tree_proof proof = { .hashes = (const naive_hash *)path.hashes,
						    .count = path.count };
			assert_true(tree_proves_consistency(sha, first, root1, size, root2, proof));
			assert_false(tree_proves_consistency(sha, first, leaves[NAIVE_SIZE - 1],
							     size, root2, proof));
			if (first > 0) /* nothing is the beginning of whatever stands there */
				assert_false(tree_proves_consistency(
					sha, first, root1, size, leaves[NAIVE_SIZE - 1], proof));
			if (first < size)
				assert_false(tree_proves_consistency(sha, size, root2, first, root1,
								     proof));
			proof.count++;
			assert_false(
				tree_proves_consistency(sha, first, root1, size, root2, proof));
		}
}

/* A proof that ends below the root of the size that is claimed proves nothing of that size. */
static void a_proof_holds_for_no_larger_size_than_its_own(void **state)
{
	(void)state;
	uint64_t seed = print_seed();
	struct random_source random = random_seeded(&seed);
	const naive_hash *leaves = (const naive_hash *)random_leaves(&random);
	naive_hash root2, root4;
	struct naive_proof path = { 0 }, subproof = { 0 };
	naive_path(leaves, 4, 1, &path);
	naive_root(leaves, 4, root4);
	struct tree_proof inclusion = { .hashes = (const naive_hash *)path.hashes,
					.count = path.count };
	assert_true(tree_proves_inclusion(sha, leaves[1], 1, 4, inclusion, root4));
	assert_false(tree_proves_inclusion(sha, leaves[1], 1, 8, inclusion, root4));
	naive_root(leaves, 2, root2);
	naive_subproof(leaves, 4, 2, true, &subproof);
	struct tree_proof consistency = { .hashes = (const naive_hash *)subproof.hashes,
					  .count = subproof.count };
	assert_true(tree_proves_consistency(sha, 2, root2, 4, root4, consistency));
	assert_false(tree_proves_consistency(sha, 2, root2, 8, root4, consistency));
}

static void a_copy_is_a_snapshot_that_can_be_put_back(void **state)
{
	(void)state;
	uint64_t seed = print_seed();
	struct random_source random = random_seeded(&seed);
	naive_hash *leaves = random_leaves(&random);
	struct tree tree = { 0 }, copy;
	uint8_t before[TREE_HASH_SIZE], after[TREE_HASH_SIZE];
	for (size_t i = 0; i < 77; i++)
		tree_append(&tree, sha, leaves[i]);
	tree_root(&tree, sha, before);
	copy = tree;
	for (size_t i = 77; i < 200; i++)
		tree_append(&tree, sha, leaves[i]);
	tree = copy;
	tree_root(&tree, sha, after);
	assert_memory_equal(before, after, sizeof(before));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_root_of_nothing_is_the_hash_of_nothing),
		cmocka_unit_test(the_vectors_roots_follow_leaf_by_leaf),
		cmocka_unit_test(the_vectors_proofs_hold_and_none_holds_with_a_bit_changed),
		cmocka_unit_test(the_frontier_gives_the_roots_of_the_recursive_definition),
		cmocka_unit_test(every_leaf_of_every_size_is_proved_and_no_other),
		cmocka_unit_test(every_beginning_is_proved_and_a_forked_one_is_not),
		cmocka_unit_test(a_proof_holds_for_no_larger_size_than_its_own),
		cmocka_unit_test(a_copy_is_a_snapshot_that_can_be_put_back),
	};
	return cmocka_run_group_tests(tests, make_context, end_context);
}
