#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "config/option_value.h"
#include "daemon/base/random.h"

#define I OPTION_KIND_INTEGER
#define D OPTION_KIND_DURATION
#define S OPTION_KIND_SIZE
#define P OPTION_KIND_PERCENT
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct text_row {
	const char *text;
	bool expected;
};

static void check_texts(bool (*is)(const char *), const struct text_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is(rows[i].text) != rows[i].expected)
			fail_msg("\"%s\"", rows[i].text);
}

static void words_are_short_small_and_plain(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{ "noi-vu", true },
		{ "a", true },
		{ "2026-1", true },
		{ "a-", true },
		{ "a123456789012345678901234567890123456789", true },
		{ "a1234567890123456789012345678901234567890", false },
		{ "", false },
		{ "-a", false },
		{ "Noi-vu", false },
		{ "noi_vu", false },
		{ "nội-vụ", false },
		{ "a b", false },
		{ "a/b", false },
		{ "a.b", false },
		{ "a\n", false },
	};
	check_texts(option_is_word, rows, COUNT(rows));
}

static void paths_begin_at_the_root_and_never_climb(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{ "/", true },
		{ "/a/b.c", true },
		{ "/a..b/..c/...", true },
		{ "/var/lib/dữ liệu", true },
		{ "", false },
		{ "a/b", false },
		{ "./a", false },
		{ "~/a", false },
		{ "/..", false },
		{ "/a/../b", false },
		{ "/a/..", false },
	};
	check_texts(option_is_path, rows, COUNT(rows));
}

static void urls_are_https_without_a_user(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{ "https://a.example", true },
		{ "https://a.example/", true },
		{ "https://a.example:8443/v1?x=y%20z", true },
		{ "https://[2001:db8::1]:443/x", true },
		{ "https://127.0.0.1", true },
		{ "https://a.example?x", true },
		{ "http://a.example", false },
		{ "HTTPS://a.example", false },
		{ "https:/a.example", false },
		{ "https://", false },
		{ "https:///x", false },
		{ "https://u:p@a.example/", false },
		{ "https://u@a", false },
		{ "https://a.example:0/", false },
		{ "https://a.example:65536/", false },
		{ "https://a.example:/", false },
		{ "https://a.example:x/", false },
		{ "https://a.example/#f", false },
		{ "https://a.example/a b", false },
		{ "https://a.example/\x7f", false },
		{ "https://[::1", false },
		{ "https://[::1]x", false },
		{ "https://[::1]:", false },
		{ "https://a_b/", false },
		{ "https://a.example/é", false },
		{ "https://:443/", false },
		{ "file:///etc/passwd", false },
	};
	check_texts(option_is_url, rows, COUNT(rows));
}

static void dates_exist(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{ "2026-09-30", true },  { "2024-02-29", true },  { "2000-02-29", true },
		{ "1900-01-01", true },  { "1900-02-29", false }, { "2026-02-29", false },
		{ "2026-09-31", false }, { "2026-00-01", false }, { "2026-13-01", false },
		{ "2026-01-00", false }, { "2026-1-01", false },  { "26-01-01", false },
		{ "2026/01/01", false }, { "01-01-2026", false }, { "2026-01-01 ", false },
		{ "2026-01-0x", false }, { "1899-12-31", false }, { "", false },
	};
	check_texts(option_is_date, rows, COUNT(rows));
}

static void credentials_are_file_names(void **state)
{
	(void)state;
	static const struct text_row rows[] = {
		{ "master", true },   { "national.key", true }, { "a_b-c", true },
		{ "", false },        { ".", false },           { "..", false },
		{ ".hidden", false }, { "a/b", false },         { "../x", false },
		{ "a b", false },
	};
	check_texts(option_is_credential, rows, COUNT(rows));
}

static void numbers_are_strict_and_have_their_unit(void **state)
{
	(void)state;
	static const struct {
		enum option_kind kind;
		const char *text;
		bool ok;
		int64_t value;
	} rows[] = {
		{ I, "0", true, 0 },
		{ I, "-1", true, -1 },
		{ I, "42", true, 42 },
		{ I, "9223372036854775807", true, INT64_MAX },
		{ I, "9223372036854775808", false, 0 },
		{ I, "01", false, 0 },
		{ I, "-0", false, 0 },
		{ I, "+1", false, 0 },
		{ I, "1.0", false, 0 },
		{ I, "1e3", false, 0 },
		{ I, "0x10", false, 0 },
		{ I, "1_000", false, 0 },
		{ I, "", false, 0 },
		{ I, "-", false, 0 },
		{ I, " 1", false, 0 },
		{ I, "1 ", false, 0 },
		{ I, "--1", false, 0 },
		{ D, "250ms", true, 250 },
		{ D, "30s", true, 30000 },
		{ D, "5m", true, 300000 },
		{ D, "2h", true, 7200000 },
		{ D, "7d", true, 604800000 },
		{ D, "0s", true, 0 },
		{ D, "30", false, 0 },
		{ D, "30 s", false, 0 },
		{ D, "1.5h", false, 0 },
		{ D, "-5s", false, 0 },
		{ D, "5min", false, 0 },
		{ D, "5M", false, 0 },
		{ D, "1h30m", false, 0 },
		{ D, "s", false, 0 },
		{ D, "05s", false, 0 },
		{ D, "106751991168d", false, 0 }, /* past 64 bits of milliseconds */
		{ S, "512B", true, 512 },
		{ S, "64KiB", true, 65536 },
		{ S, "1MiB", true, 1048576 },
		{ S, "2GiB", true, 2147483648 },
		{ S, "1MB", false, 0 },
		{ S, "1M", false, 0 },
		{ S, "1024", false, 0 },
		{ S, "1kib", false, 0 },
		{ S, "9007199254740992GiB", false, 0 },
		{ P, "0%", true, 0 },
		{ P, "5%", true, 500 },
		{ P, "2.5%", true, 250 },
		{ P, "0.05%", true, 5 },
		{ P, "100%", true, 10000 },
		{ P, "100.01%", false, 0 },
		{ P, "101%", false, 0 },
		{ P, "5", false, 0 },
		{ P, "5 %", false, 0 },
		{ P, "2.555%", false, 0 },
		{ P, "2.%", false, 0 },
		{ P, ".5%", false, 0 },
		{ P, "2,5%", false, 0 },
		{ P, "-1%", false, 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int64_t value = 0;
		if (option_number_parse(rows[i].kind, rows[i].text, &value) != rows[i].ok ||
		    value != rows[i].value)
			fail_msg("kind %d \"%s\"", (int)rows[i].kind, rows[i].text);
	}
}

static void numbers_are_written_as_one_would(void **state)
{
	(void)state;
	static const struct {
		enum option_kind kind;
		int64_t value;
		const char *expected;
	} rows[] = {
		{ OPTION_KIND_INTEGER, -7, "-7" },        { OPTION_KIND_DURATION, 0, "0ms" },
		{ OPTION_KIND_DURATION, 1500, "1500ms" }, { OPTION_KIND_DURATION, 90000, "90s" },
		{ OPTION_KIND_DURATION, 86400000, "1d" }, { OPTION_KIND_SIZE, 1536, "1536B" },
		{ OPTION_KIND_SIZE, 1 << 20, "1MiB" },    { OPTION_KIND_PERCENT, 250, "2.50%" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[OPTION_NUMBER_SIZE];
		option_number_text(rows[i].kind, rows[i].value, text);
		assert_string_equal(text, rows[i].expected);
	}
}

static void what_is_written_reads_as_the_same(void **state)
{
	(void)state;
	static const struct {
		enum option_kind kind;
		uint64_t bound;
	} kinds[] = { { OPTION_KIND_INTEGER, INT64_MAX },
		      { OPTION_KIND_DURATION, INT64_MAX },
		      { OPTION_KIND_SIZE, INT64_MAX },
		      { OPTION_KIND_PERCENT, 10001 } };
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < 20000; round++) {
		size_t k = random_below(&random, COUNT(kinds));
		int64_t value = (int64_t)(random_below(&random, kinds[k].bound) >>
					  random_below(&random, 60));
		char text[OPTION_NUMBER_SIZE];
		int64_t read = -1;
		option_number_text(kinds[k].kind, value, text);
		assert_true(option_number_parse(kinds[k].kind, text, &read));
		assert_true(read == value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_short_small_and_plain),
		cmocka_unit_test(paths_begin_at_the_root_and_never_climb),
		cmocka_unit_test(urls_are_https_without_a_user),
		cmocka_unit_test(dates_exist),
		cmocka_unit_test(credentials_are_file_names),
		cmocka_unit_test(numbers_are_strict_and_have_their_unit),
		cmocka_unit_test(numbers_are_written_as_one_would),
		cmocka_unit_test(what_is_written_reads_as_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
