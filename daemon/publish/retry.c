#include "daemon/publish/retry.h"

enum { RETRY_AFTER_LEAST_MS = 1000 };

static uint64_t at_least(uint64_t value, uint64_t least)
{
	return value < least ? least : value;
}

static uint64_t at_most(uint64_t value, uint64_t most)
{
	return value > most ? most : value;
}

/* first * 2^(failures - 1), no further than max. */
static uint64_t ceiling_ms(const struct config_retry *retry, uint32_t failures)
{
	uint64_t ceiling = at_most(retry->first_ms, retry->max_ms);
	for (uint32_t i = 1; i < failures && ceiling < retry->max_ms; i++)
		ceiling = at_most(ceiling * 2, retry->max_ms);
	return ceiling;
}

uint64_t retry_backoff_ms(const struct config_retry *retry, uint32_t failures,
			  const struct random_source *random)
{
	return at_least(random_below(random, ceiling_ms(retry, failures) + 1), RETRY_LEAST_MS);
}

uint64_t retry_after_ms(const struct config_retry *retry, uint32_t retry_after_s, uint32_t failures,
			const struct random_source *random)
{
	if (retry_after_s == 0)
		return at_least(retry_backoff_ms(retry, failures, random), RETRY_AFTER_LEAST_MS);
	return at_least(at_most((uint64_t)retry_after_s * 1000, retry->retry_after_max_ms),
			RETRY_AFTER_LEAST_MS);
}

uint64_t retry_wait_us(const struct config_retry *retry, uint64_t not_before_us, uint64_t now_us)
{
	uint64_t longest_ms =
		at_least(at_least(retry->max_ms, retry->retry_after_max_ms), RETRY_AFTER_LEAST_MS);
	if (not_before_us <= now_us || not_before_us - now_us > longest_ms * 1000)
		return 0;
	return not_before_us - now_us;
}
