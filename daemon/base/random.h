/* Random: the source of random bytes as a value that is handed in; tests give a seeded one. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct random_source {
	void (*fill)(void *ctx, void *out, size_t size);
	void *ctx;
};

/** getrandom(2); never fails once the kernel's pool is ready, aborts if the call does not exist. */
extern const struct random_source random_system;

/** A generator for tests: `state` is the seed and moves on (SplitMix64). Never for keys. */
struct random_source random_seeded(uint64_t *state);

static inline void random_fill(const struct random_source *random, void *out, size_t size)
{
	random->fill(random->ctx, out, size);
}

/** Even over 0..bound-1; bound > 0. */
uint64_t random_below(const struct random_source *random, uint64_t bound);

enum { UUID_SIZE = 16, UUID_TEXT_SIZE = 37 };

/** A random UUID, version 4 (RFC 9562). */
void random_uuid(const struct random_source *random, uint8_t out[UUID_SIZE]);
void uuid_text(const uint8_t uuid[UUID_SIZE], char out[UUID_TEXT_SIZE]);

/** Parse the 36-character form; returns 0, or -1 if it is not one. */
int uuid_parse(const char *text, uint8_t out[UUID_SIZE]);
