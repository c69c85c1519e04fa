/* Clock: time as a value that is handed in, so that a test can set it.
 *
 * REALTIME is for stamps that people read; BOOTTIME for deadlines and intervals.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct clock {
	uint64_t (*realtime_us)(void *ctx); /* since 1970, UTC */
	uint64_t (*boottime_us)(void *ctx); /* since boot, counts sleep */
	void *ctx;
};

extern const struct clock clock_system;

static inline uint64_t clock_realtime_us(const struct clock *clock)
{
	return clock->realtime_us(clock->ctx);
}

static inline uint64_t clock_boottime_us(const struct clock *clock)
{
	return clock->boottime_us(clock->ctx);
}

enum { CLOCK_STAMP_SIZE = sizeof("2026-11-24T15:00:00.000Z") };

/** Write a stamp as RFC 3339 in UTC with milliseconds. */
void clock_stamp(uint64_t realtime_us, char out[CLOCK_STAMP_SIZE]);
