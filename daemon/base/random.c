#include "daemon/base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/base/hex.h"

static void system_fill(void *ctx, void *out, size_t size)
{
	(void)ctx;
	uint8_t *at = out;
	while (size > 0) {
		ssize_t n = getrandom(at, size, 0);
		if (n < 0 && errno != EINTR)
			abort(); /* no kernel of ours lacks the call; going on without random bytes is no way */
		if (n < 0)
			continue;
		at += n;
		size -= (size_t)n;
	}
}

const struct random_source random_system = { .fill = system_fill };

static void seeded_fill(void *ctx, void *out, size_t size)
{
	uint64_t *state = ctx;
	uint8_t *at = out;
	while (size > 0) {
		uint64_t z =
			(*state += 0x9e3779b97f4a7c15u); /* SplitMix64: Steele, Lea, Flood 2014 */
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		z ^= z >> 31;
		size_t n = size < sizeof(z) ? size : sizeof(z);
		memcpy(at, &z, n);
		at += n;
		size -= n;
	}
}

struct random_source random_seeded(uint64_t *state)
{
	return (struct random_source){ .fill = seeded_fill, .ctx = state };
}

uint64_t random_below(const struct random_source *random, uint64_t bound)
{
	uint64_t limit =
		UINT64_MAX - UINT64_MAX % bound; /* above it the rest would favour small values */
	uint64_t value;
	do {
		random_fill(random, &value, sizeof(value));
	} while (value >= limit);
	return value % bound;
}

void random_uuid(const struct random_source *random, uint8_t out[UUID_SIZE])
{
	random_fill(random, out, UUID_SIZE);
	out[6] = (uint8_t)((out[6] & 0x0f) | 0x40);
	out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

/* Offset in the text of each of the five groups, and their bytes. */
static const struct {
	size_t text, byte, count;
} groups[] = { { 0, 0, 4 }, { 9, 4, 2 }, { 14, 6, 2 }, { 19, 8, 2 }, { 24, 10, 6 } };

void uuid_text(const uint8_t uuid[UUID_SIZE], char out[UUID_TEXT_SIZE])
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		char digits[13];
		hex_encode(uuid + groups[i].byte, groups[i].count, digits);
		memcpy(out + groups[i].text, digits, 2 * groups[i].count);
		out[groups[i].text + 2 * groups[i].count] = '-';
	}
	out[UUID_TEXT_SIZE - 1] = '\0';
}

int uuid_parse(const char *text, uint8_t out[UUID_SIZE])
{
	if (strlen(text) != UUID_TEXT_SIZE - 1)
		return -1;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (i > 0 && text[groups[i].text - 1] != '-')
			return -1;
		if (hex_decode(text + groups[i].text, 2 * groups[i].count, out + groups[i].byte,
			       groups[i].count) < 0)
			return -1;
	}
	return 0;
}
