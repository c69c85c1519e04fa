/* Pattern: the small part of regular expressions that a schema may use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/random.h"
#include "daemon/record/pattern.h"
#include "daemon/record/schema.h"

static void only_classes_with_counts_compile(void **state)
{
	static const char *const good[] = { "^$",
					    "^[0-9]{9,9}$",
					    "^[A-Z0-9.]{2,16}$",
					    "^[+]{0,1}[0-9]{6,20}$",
					    "^[a-z-]{1,3}$",
					    "^[-a]{1,3}$",
					    "^[ăâđêôơư]{1,63}$",
					    SCHEMA_DATE_PATTERN };
	static const char *const bad[] = { "",
					   "[0-9]{1,2}$",
					   "^[0-9]{1,2}",
					   "^[0-9]{1,2}$x",
					   "^[0-9]+$",
					   "^[0-9]{2}$",
					   "^[0-9]{2,1}$",
					   "^[0-9]{0,0}$",
					   "^[0-9]{1,64}$",
					   "^[0-9]{1,40}[0-9]{1,24}$",
					   "^[]{1,2}$",
					   "^[^a]{1,2}$",
					   "^[\\d]{1,2}$",
					   "^[9-0]{1,2}$",
					   "^[a[]{1,2}$",
					   "^[a]{1,2",
					   "^[a",
					   "^[a]{,2}$",
					   "^(a){1,2}$",
					   "^a$",
					   "^.$",
					   "^[\xff]{1,1}$" };
	struct pattern pattern;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (pattern_compile(good[i], &pattern) != 0)
			fail_msg("%s does not compile", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (pattern_compile(bad[i], &pattern) == 0)
			fail_msg("%s compiles", bad[i]);
}

static void a_pattern_matches_the_whole_text(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} rows[] = {
		{ "^$", "", true },
		{ "^$", "a", false },
		{ "^[0-9]{9,9}$", "123456789", true },
		{ "^[0-9]{9,9}$", "12345678", false },
		{ "^[0-9]{9,9}$", "1234567890", false },
		{ "^[0-9]{9,9}$", "12345678a", false },
		{ "^[0-9]{9,9}$", "１２３４５６７８９", false },
		{ "^[0-9]{1,3}[0-9]{2,2}$", "123", true }, /* the first part must give back */
		{ "^[0-9]{1,3}[0-9]{2,2}$", "12", false },
		{ "^[a]{0,9}[a]{0,9}[b]{1,1}$", "aaaaaaaaaaaaaaaaab", true },
		{ "^[0-9]{10,12}[-]{0,1}[0-9]{0,3}$", "0123456789-001", true },
		{ "^[0-9]{10,12}[-]{0,1}[0-9]{0,3}$", "0123456789001", true },
		{ "^[ăâđ]{2,2}$", "đă", true },
		{ "^[ăâđ]{2,2}$", "da", false },
		{ "^[a-z-]{3,3}$", "a-b", true },
		{ "^[.]{1,1}$", "x", false },
		{ SCHEMA_DATE_PATTERN, "1985-03-04", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pattern pattern;
		assert_int_equal(pattern_compile(rows[i].pattern, &pattern), 0);
		if (pattern_match(&pattern, blob_text(rows[i].text)) != rows[i].match)
			fail_msg("%s on %s", rows[i].pattern, rows[i].text);
	}
}

static void a_text_longer_than_any_match_is_no_match(void **state)
{
	struct pattern pattern;
	char text[65];
	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(pattern_compile("^[a]{0,63}$", &pattern), 0);
	assert_true(pattern_match(&pattern, blob_of(text, 63)));
	assert_false(pattern_match(&pattern, blob_of(text, 64)));
	assert_false(pattern_match(&pattern, blob_of(text, 65)));
}

/* The same question by trying every way to divide the text. */
static bool naive(const struct pattern *pattern, unsigned part, const char *text)
{
	if (part == pattern->count)
		return *text == '\0';
	const struct pattern_part *now = &pattern->parts[part];
	for (unsigned n = 0; n <= now->max; n++) {
		if (n >= now->min && naive(pattern, part + 1, text + n))
			return true;
		if (text[n] < now->first[0] || text[n] > now->last[0])
			return false;
	}
	return false;
}

static void matching_agrees_with_trying_every_division(void **state)
{
	uint64_t seed = 99;
	struct random_source random = random_seeded(&seed);
	size_t matched = 0;
	(void)state;
	(void)printf("# seed 99\n");
	for (int round = 0; round < 20000; round++) {
		struct pattern pattern;
		char source[64] = "^", text[9];
		for (uint64_t parts = 1 + random_below(&random, 3); parts > 0; parts--) {
			unsigned min = (unsigned)random_below(&random, 3);
			unsigned max = min + (unsigned)random_below(&random, 3) + (min == 0);
			size_t at = strlen(source);
			(void)snprintf(source + at, sizeof(source) - at, "[%s]{%u,%u}",
				       random_below(&random, 2) == 0 ? "a-b" : "b-c", min, max);
		}
		(void)strncat(source, "$", 2);
		size_t len = (size_t)random_below(&random, sizeof(text));
		for (size_t i = 0; i < len; i++)
			text[i] = (char)('a' + random_below(&random, 3));
		text[len] = '\0';
		assert_int_equal(pattern_compile(source, &pattern), 0);
		bool expected = naive(&pattern, 0, text);
		matched += expected;
		if (pattern_match(&pattern, blob_of(text, len)) != expected)
			fail_msg("%s on %s", source, text);
	}
	assert_true(matched > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_classes_with_counts_compile),
		cmocka_unit_test(a_pattern_matches_the_whole_text),
		cmocka_unit_test(a_text_longer_than_any_match_is_no_match),
		cmocka_unit_test(matching_agrees_with_trying_every_division),
	};
	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
