/* Cells hash: what tells an unchanged row at almost no cost.
 *
 * SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012) over the key and the mapped cells, each with its length, under a key
 * of the store: without the key nobody can guess a row from its hash.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

enum { CELLS_HASH_KEY_SIZE = 16, CELLS_HASH_SIZE = 16 };

struct cells_hash {
	uint64_t v[4];
	uint64_t tail; /* bytes that do not fill a word yet */
	unsigned tail_len;
	uint8_t total; /* bytes so far, modulo 256 as the algorithm wants it */
};

void cells_hash_begin(struct cells_hash *hash, const uint8_t key[CELLS_HASH_KEY_SIZE]);
void cells_hash_add(struct cells_hash *hash, const void *data, size_t len);
void cells_hash_end(struct cells_hash *hash, uint8_t out[CELLS_HASH_SIZE]);

/** A cell: its length, then its bytes, so that no two lists of cells read the same. */
void cells_hash_add_cell(struct cells_hash *hash, struct blob cell);
