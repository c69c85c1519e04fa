/* Retry: bounds of the waits, whatever the failures, the clock and the other side say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "daemon/base/random.h"
#include "daemon/publish/endpoint.h"
#include "daemon/publish/retry.h"

enum { ROUNDS = 20000 };

static const struct config_retry usual = {
	.first_ms = 1000, .max_ms = 600000, .retry_after_max_ms = 3600000, .key_life_ms = 86400000
};

static uint64_t seed;
static struct random_source random_of_test;

static int begin(void **unused)
{
	(void)unused;
	const char *given = getenv("TRITHUC_SEED");
	random_fill(&random_system, &seed, sizeof(seed));
	if (given != NULL)
		seed = strtoull(given, NULL, 0);
	print_message("# seed TRITHUC_SEED=0x%llx\n", (unsigned long long)seed);
	random_of_test = random_seeded(&seed);
	return 0;
}

static struct config_retry any_retry(void)
{
	struct config_retry retry = { .first_ms = 100 + random_below(&random_of_test, 3600000) };
	retry.max_ms = retry.first_ms + random_below(&random_of_test, 86400000);
	retry.retry_after_max_ms = 1000 + random_below(&random_of_test, 86400000);
	return retry;
}

static void a_backoff_lies_between_the_least_and_its_ceiling(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct config_retry retry = any_retry();
		uint32_t failures = 1 + (uint32_t)random_below(&random_of_test,
							       i % 2 == 0 ? 12 : UINT32_MAX - 1);
		uint64_t ceiling = retry.first_ms;
		for (uint32_t f = 1; f < failures && ceiling < retry.max_ms; f++)
			ceiling = ceiling * 2 < retry.max_ms ? ceiling * 2 : retry.max_ms;
		uint64_t wait_ms = retry_backoff_ms(&retry, failures, &random_of_test);
		assert_in_range(wait_ms, RETRY_LEAST_MS, ceiling);
	}
}

static void a_backoff_uses_the_whole_width_of_its_jitter(void **unused)
{
	(void)unused;
	uint64_t low = 0, high = 0;
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t wait_ms = retry_backoff_ms(&usual, 4, &random_of_test); /* up to 8 s */
		low += wait_ms < 1000;
		high += wait_ms > 7000;
	}
	assert_in_range(low, ROUNDS / 8 - ROUNDS / 40, ROUNDS / 8 + ROUNDS / 40);
	assert_in_range(high, ROUNDS / 8 - ROUNDS / 40, ROUNDS / 8 + ROUNDS / 40);
}

static void what_the_other_side_asks_for_is_kept_within_bounds(void **unused)
{
	(void)unused;
	static const struct {
		uint32_t said_s;
		uint64_t expected_ms;
	} rows[] = { { 1, 1000 },
		     { 30, 30000 },
		     { 3600, 3600000 },
		     { 3601, 3600000 },
		     { UINT32_MAX, 3600000 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(retry_after_ms(&usual, rows[i].said_s, 1, &random_of_test),
				 rows[i].expected_ms);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct config_retry retry = any_retry();
		uint32_t said_s = (uint32_t)random_below(&random_of_test, UINT32_MAX);
		uint64_t wait_ms = retry_after_ms(&retry, said_s, 1, &random_of_test);
		uint64_t most_ms = retry.retry_after_max_ms > retry.max_ms
					   ? retry.retry_after_max_ms
					   : retry.max_ms;
		assert_in_range(wait_ms, 1000, most_ms);
	}
}

static void a_wait_ends_when_it_is_over(void **unused)
{
	(void)unused;
	const uint64_t now_us = 1795532400000000;
	static const struct {
		int64_t ahead_ms;
		uint64_t expected_us;
	} rows[] = {
		{ -1, 0 },
		{ 0, 0 },
		{ 1, 1000 },
		{ 600000, 600000000 },
		{ 3600000, 3600000000 },
		/* longer than any wait of ours: the clock was set back */
		{ 3600001, 0 },
		{ 86400000, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t not_before_us = (uint64_t)((int64_t)now_us + rows[i].ahead_ms * 1000);
		assert_int_equal(retry_wait_us(&usual, not_before_us, now_us), rows[i].expected_us);
	}
	assert_int_equal(retry_wait_us(&usual, UINT64_MAX, 0), 0);
}

static void a_wait_that_we_chose_is_never_taken_for_a_clock_set_back(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct config_retry retry = any_retry();
		uint64_t now_us = random_below(&random_of_test, 1ull << 60);
		uint64_t wait_ms =
			i % 2 == 0 ? retry_backoff_ms(&retry, 1 + i % 40, &random_of_test)
				   : retry_after_ms(&retry, 1 + i % 90000, 1, &random_of_test);
		assert_int_equal(retry_wait_us(&retry, now_us + wait_ms * 1000, now_us),
				 wait_ms * 1000);
	}
}

static void the_endpoint_pauses_after_some_failures_in_a_row_only(void **unused)
{
	(void)unused;
	struct publish_endpoint endpoint = { 0 };
	const uint64_t now_us = 1795532400000000;
	for (unsigned i = 1; i < RETRY_BREAKER; i++) {
		endpoint_failed(&endpoint, &usual, now_us, &random_of_test);
		assert_int_equal(endpoint_wait_us(&endpoint, &usual, now_us), 0);
	}
	endpoint_answered(&endpoint);
	for (unsigned i = 1; i < RETRY_BREAKER; i++)
		endpoint_failed(&endpoint, &usual, now_us, &random_of_test);
	assert_int_equal(endpoint.pause, PAUSE_NONE);
	endpoint_failed(&endpoint, &usual, now_us, &random_of_test);
	assert_int_equal(endpoint.pause, PAUSE_FAILING);
	assert_in_range(endpoint_wait_us(&endpoint, &usual, now_us), RETRY_LEAST_MS * 1000,
			16000000);
	endpoint_answered(&endpoint);
	assert_int_equal(endpoint_wait_us(&endpoint, &usual, now_us), 0);
}

static void a_parked_endpoint_stays_so_whatever_else_fails(void **unused)
{
	(void)unused;
	struct publish_endpoint endpoint = { 0 };
	endpoint_park(&endpoint, PAUSE_FENCED, 409);
	for (unsigned i = 0; i < 20; i++) {
		endpoint_failed(&endpoint, &usual, i, &random_of_test);
		endpoint_throttled(&endpoint, &usual, 1, 429, i, &random_of_test);
	}
	assert_int_equal(endpoint.pause, PAUSE_FENCED);
	assert_int_equal(endpoint.http_status, 409);
	assert_true(endpoint_wait_us(&endpoint, &usual, UINT64_MAX / 2) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backoff_lies_between_the_least_and_its_ceiling),
		cmocka_unit_test(a_backoff_uses_the_whole_width_of_its_jitter),
		cmocka_unit_test(what_the_other_side_asks_for_is_kept_within_bounds),
		cmocka_unit_test(a_wait_ends_when_it_is_over),
		cmocka_unit_test(a_wait_that_we_chose_is_never_taken_for_a_clock_set_back),
		cmocka_unit_test(the_endpoint_pauses_after_some_failures_in_a_row_only),
		cmocka_unit_test(a_parked_endpoint_stays_so_whatever_else_fails),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}
