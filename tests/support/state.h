/* State: a temporary state folder for tests, and the few words that they say often. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/bytes.h"
#include "daemon/base/digest.h"
#include "daemon/base/err.h"
#include "daemon/base/random.h"

static struct err state_err;
static const uint8_t state_master[32] = "a master key for tests, no other";

/* Runs a call that takes `&state_err` last, and says its text if it fails. */
#define OK(call) \
	do { \
		state_err.text[LANGUAGE_EN][0] = '\0'; \
		int ok_ = (call); \
		if (ok_ != 0) \
			fail_msg("%s: %s: %s", #call, err_code_name((enum err_code)ok_), \
				 state_err.text[LANGUAGE_EN]); \
	} while (0)
#define FAILS(call, code_) assert_string_equal(state_code(call), state_code(code_))

static inline const char *state_code(int code)
{
	return code == 0 ? "OK" : err_code_name((enum err_code)code);
}

struct state {
	char dir[64];
	char path[128]; /* of the last state_in() */
};

static inline const char *state_in(struct state *state, const char *name)
{
	(void)snprintf(state->path, sizeof(state->path), "%s/%s", state->dir, name);
	return state->path;
}

static inline void state_make(struct state *state)
{
	(void)snprintf(state->dir, sizeof(state->dir), "/tmp/trithuc-test-XXXXXX");
	assert_non_null(mkdtemp(state->dir));
}

static inline int state_remove_one(const char *path, const struct stat *status, int kind,
				   struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

static inline void state_remove(struct state *state)
{
	(void)nftw(state->dir, state_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The whole file; free() it. */
static inline uint8_t *state_slurp(const char *path, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	assert_true(fd >= 0 && fstat(fd, &status) == 0);
	uint8_t *bytes = malloc((size_t)status.st_size + 1);
	assert_int_equal(pread(fd, bytes, (size_t)status.st_size, 0), status.st_size);
	(void)close(fd);
	*ret_size = (size_t)status.st_size;
	return bytes;
}

static inline void state_spit(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	(void)close(fd);
}

static inline void state_hash(const char *path, uint8_t out[SHA256_SIZE])
{
	size_t size;
	uint8_t *bytes = state_slurp(path, &size);
	sha256(bytes, size, out);
	free(bytes);
}

/* Seed of a random test: from TRITHUC_SEED, or new; printed, so that a failure can be repeated. */
static inline uint64_t state_seed(const char *test)
{
	const char *given = getenv("TRITHUC_SEED");
	uint64_t seed;
	if (given != NULL)
		seed = strtoull(given, NULL, 0);
	else
		random_fill(&random_system, &seed, sizeof(seed));
	print_message("# %s: TRITHUC_SEED=0x%llx\n", test, (unsigned long long)seed);
	return seed;
}

static inline bool state_long(void)
{
	return getenv("TRITHUC_LONG") != NULL;
}

static inline int state_wait(pid_t child)
{
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}
