#include "daemon/base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_us(clockid_t id)
{
	struct timespec now = { 0 };
	(void)clock_gettime(id, &now); /* cannot fail for these clocks */
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static uint64_t system_realtime_us(void *ctx)
{
	(void)ctx;
	return read_us(CLOCK_REALTIME);
}

static uint64_t system_boottime_us(void *ctx)
{
	(void)ctx;
	return read_us(CLOCK_BOOTTIME);
}

const struct clock clock_system = { .realtime_us = system_realtime_us,
				    .boottime_us = system_boottime_us };

void clock_stamp(uint64_t realtime_us, char out[CLOCK_STAMP_SIZE])
{
	time_t seconds = (time_t)(realtime_us / 1000000u);
	struct tm utc = { 0 };
	(void)gmtime_r(&seconds, &utc);
	char date[32] = ""; /* stays so for a year that strftime cannot write */
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(out, CLOCK_STAMP_SIZE, "%.19s.%03uZ", date,
		       (unsigned)(realtime_us / 1000u % 1000u));
}
