#include "connectors/map/cells_hash.h"

#include <string.h>

static uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static uint64_t load(const uint8_t *bytes)
{
	uint64_t word;
	memcpy(&word, bytes, sizeof(word));
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(word) : word;
}

static void store(uint64_t word, uint8_t *out)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(word >> (8 * i));
}

void cells_hash_begin(struct cells_hash *hash, const uint8_t key[CELLS_HASH_KEY_SIZE])
{
	uint64_t k0 = load(key), k1 = load(key + 8);
	*hash = (struct cells_hash){ .v = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee,
					    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 } };
}

static void compress(struct cells_hash *hash, uint64_t word)
{
	hash->v[3] ^= word;
	rounds(hash->v, 2);
	hash->v[0] ^= word;
}

static void add_byte(struct cells_hash *hash, uint8_t byte)
{
	hash->tail |= (uint64_t)byte << (8 * hash->tail_len);
	if (++hash->tail_len < 8)
		return;
	compress(hash, hash->tail);
	hash->tail = 0;
	hash->tail_len = 0;
}

void cells_hash_add(struct cells_hash *hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	unsigned shift = 8 * hash->tail_len;
	hash->total = (uint8_t)(hash->total + len);
	for (; len >= 8; len -= 8, bytes += 8) {
		uint64_t word = load(bytes);
		compress(hash, hash->tail | word << shift);
		hash->tail = shift == 0 ? 0 : word >> (64 - shift);
	}
	for (; len > 0; len--)
		add_byte(hash, *bytes++);
}

void cells_hash_end(struct cells_hash *hash, uint8_t out[CELLS_HASH_SIZE])
{
	uint64_t *v = hash->v;
	compress(hash, hash->tail | (uint64_t)hash->total << 56);
	v[2] ^= 0xee;
	rounds(v, 4);
	store(v[0] ^ v[1] ^ v[2] ^ v[3], out);
	v[1] ^= 0xdd;
	rounds(v, 4);
	store(v[0] ^ v[1] ^ v[2] ^ v[3], out + 8);
}

void cells_hash_add_cell(struct cells_hash *hash, struct blob cell)
{
	uint8_t len[4] = { (uint8_t)cell.len, (uint8_t)(cell.len >> 8), (uint8_t)(cell.len >> 16),
			   (uint8_t)(cell.len >> 24) };
	cells_hash_add(hash, len, sizeof(len));
	cells_hash_add(hash, cell.data, cell.len);
}
