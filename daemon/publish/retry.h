/* Retry: how long to wait, as pure functions of what is known (RELIABILITY.md rule 10).
 *
 * Full jitter: even over 0 .. min(max, first * 2^(failures - 1)), so that many clients do not return
 * together; never under RETRY_LEAST_MS, so that a failing endpoint is not asked in a busy loop.
 */
#pragma once

#include <stdint.h>

#include "config/config_source.h"
#include "daemon/base/random.h"

enum {
	RETRY_LEAST_MS = 50,
	RETRY_BREAKER = 5 /* failures in a row before the whole endpoint pauses */
};

/** The wait after `failures` (>= 1) failures in a row. */
uint64_t retry_backoff_ms(const struct config_retry *retry, uint32_t failures,
			  const struct random_source *random);

/** What the other side asked for, within 1 s .. retry_after_max; 0 (it said nothing) gives the backoff. */
uint64_t retry_after_ms(const struct config_retry *retry, uint32_t retry_after_s, uint32_t failures,
			const struct random_source *random);

/** How long to wait until `not_before_us`, both by the wall clock. A clock that was set back would make it absurd:
 * longer than any wait that we ever choose counts as over.
 */
uint64_t retry_wait_us(const struct config_retry *retry, uint64_t not_before_us, uint64_t now_us);
