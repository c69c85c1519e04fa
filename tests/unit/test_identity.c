/* The case tables of DESIGN.md section 9: who is behind a key, and whom a record joins. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "daemon/base/random.h"
#include "daemon/reconcile/identity.h"

#define A SIGN_AGREES
#define C SIGN_CONTRADICTS
#define M SIGN_MISSING

static void a_key_continues_by_the_case_table(void **state)
{
	(void)state;
	static const struct {
		struct signs signs;
		bool after_end;
		enum continuation expected;
	} rows[] = {
		/* two agree, whatever the third says */
		{ { A, A, A }, false, CONTINUES },
		{ { A, A, C }, false, CONTINUES },
		{ { A, C, A }, false, CONTINUES },
		{ { C, A, A }, false, CONTINUES },
		{ { A, A, M }, false, CONTINUES },
		{ { M, A, A }, false, CONTINUES },
		{ { A, M, A }, false, CONTINUES },
		/* one agrees and no other contradicts */
		{ { A, M, M }, false, CONTINUES },
		{ { M, A, M }, false, CONTINUES },
		{ { M, M, A }, false, CONTINUES },
		/* all three are there and contradict */
		{ { C, C, C }, false, SOMEBODY_ELSE },
		{ { C, C, C }, true, SOMEBODY_ELSE },
		/* anything between */
		{ { A, C, C }, false, CONTINUES_IN_DOUBT },
		{ { C, A, C }, false, CONTINUES_IN_DOUBT },
		{ { C, C, A }, false, CONTINUES_IN_DOUBT },
		{ { A, C, M }, false, CONTINUES_IN_DOUBT },
		{ { M, A, C }, false, CONTINUES_IN_DOUBT },
		{ { C, M, A }, false, CONTINUES_IN_DOUBT },
		{ { M, C, C }, false, CONTINUES_IN_DOUBT },
		{ { C, M, C }, false, CONTINUES_IN_DOUBT },
		{ { C, C, M }, false, CONTINUES_IN_DOUBT },
		{ { C, M, M }, false, CONTINUES_IN_DOUBT },
		{ { M, C, M }, false, CONTINUES_IN_DOUBT },
		{ { M, M, C }, false, CONTINUES_IN_DOUBT },
		{ { M, M, M }, false, CONTINUES_IN_DOUBT },
		/* a key that returns after a tombstone is never taken as it comes */
		{ { A, A, A }, true, CONTINUES_IN_DOUBT },
		{ { A, M, M }, true, CONTINUES_IN_DOUBT },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (identity_continues(rows[i].signs, rows[i].after_end) != rows[i].expected)
			fail_msg("row %zu", i);
	}
}

static struct candidate by_cccd(uint32_t person, enum sign name, enum sign birth_date,
				bool same_source)
{
	return (struct candidate){ .person = person,
				   .by_valid_cccd = true,
				   .has_live_record_of_source = same_source,
				   .best = { A, name, birth_date } };
}

static struct candidate by_weak(uint32_t person, enum sign name, enum sign birth_date,
				bool other_cccd)
{
	return (struct candidate){ .person = person,
				   .other_cccd = other_cccd,
				   .best = { M, name, birth_date } };
}

static void a_record_joins_by_the_case_table(void **state)
{
	(void)state;
	static const struct link_decision none = { LINK_NEW, LINK_RULE_NO_NUMBER, 0 };
	const struct {
		const char *name;
		struct candidate candidates[3];
		size_t count;
		struct link_decision expected;
	} rows[] = {
		{ "nobody holds the number", { { 0 } }, 0, none },
		{ "equal number, all agrees",
		  { by_cccd(7, A, A, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
		{ "equal number, name alone",
		  { by_cccd(7, A, C, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
		{ "equal number, date alone",
		  { by_cccd(7, C, A, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
		{ "equal number, rest missing",
		  { by_cccd(7, M, M, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
		{ "equal number, one contradicts, one missing",
		  { by_cccd(7, M, C, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
		{ "equal number of somebody else",
		  { by_cccd(7, C, C, false) },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_CCCD_CONFLICT, 0 } },
		{ "equal number of an ended record, a live one holds another",
		  { { .person = 7,
		      .by_valid_cccd = true,
		      .other_cccd = true,
		      .best = { A, A, A } } },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_CCCD_CONFLICT, 0 } },
		{ "twice in one source (ID11)",
		  { by_cccd(7, A, A, true) },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_NUMBER_TWICE, 0 } },
		{ "two persons would do",
		  { by_cccd(7, A, A, false), by_cccd(8, A, M, false) },
		  2,
		  { LINK_NEW_WITH_CASE, LINK_RULE_SEVERAL_PERSONS, 0 } },
		{ "one fits, one contradicts",
		  { by_cccd(7, C, C, false), by_cccd(8, A, A, false) },
		  2,
		  { LINK_JOIN, LINK_RULE_CCCD, 8 } },
		{ "weak number, both agree",
		  { by_weak(7, A, A, false) },
		  1,
		  { LINK_JOIN, LINK_RULE_WEAK_NUMBER, 7 } },
		{ "weak number, one missing",
		  { by_weak(7, A, M, false) },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_WEAK_DOUBT, 0 } },
		{ "weak number, one contradicts",
		  { by_weak(7, C, A, false) },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_WEAK_DOUBT, 0 } },
		{ "weak number of a stranger", { by_weak(7, C, C, false) }, 1, none },
		{ "weak number, another valid CCCD there",
		  { by_weak(7, A, A, true) },
		  1,
		  { LINK_NEW_WITH_CASE, LINK_RULE_WEAK_DOUBT, 0 } },
		{ "weak number, another valid CCCD, part agrees",
		  { by_weak(7, A, C, true) },
		  1,
		  none },
		{ "weak number fits one, doubts another",
		  { by_weak(7, A, A, false), by_weak(8, A, M, false) },
		  2,
		  { LINK_NEW_WITH_CASE, LINK_RULE_WEAK_DOUBT, 0 } },
		{ "a valid number outweighs a weak doubt",
		  { by_weak(8, A, M, false), by_cccd(7, A, A, false) },
		  2,
		  { LINK_JOIN, LINK_RULE_CCCD, 7 } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct link_decision got = identity_link(rows[i].candidates, rows[i].count);
		if (got.action != rows[i].expected.action || got.rule != rows[i].expected.rule ||
		    got.person != rows[i].expected.person)
			fail_msg("%s: %d %s %" PRIu32, rows[i].name, got.action,
				 link_rule_name(got.rule), got.person);
	}
}

static struct candidate any_candidate(const struct random_source *random, uint32_t person)
{
	return (struct candidate){
		.person = person,
		.by_valid_cccd = random_below(random, 2) != 0,
		.has_live_record_of_source = random_below(random, 3) == 0,
		.other_cccd = random_below(random, 3) == 0,
		.best = { (enum sign)random_below(random, 3), (enum sign)random_below(random, 3),
			  (enum sign)random_below(random, 3) },
	};
}

static void a_link_does_not_depend_on_the_order_of_candidates(void **state)
{
	(void)state;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %" PRIu64 "\n", seed);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < 20000; round++) {
		struct candidate candidates[4];
		size_t count = random_below(&random, 5);
		for (size_t i = 0; i < count; i++)
			candidates[i] = any_candidate(&random, (uint32_t)i + 1);
		struct link_decision first = identity_link(candidates, count);
		for (size_t i = count; i > 1; i--) {
			size_t k = random_below(&random, i);
			struct candidate swapped = candidates[i - 1];
			candidates[i - 1] = candidates[k];
			candidates[k] = swapped;
		}
		struct link_decision second = identity_link(candidates, count);
		assert_int_equal(first.action, second.action);
		assert_int_equal(first.rule, second.rule);
		assert_int_equal(first.person, second.person);
		/* No person is joined whom a second sign of the same record excludes. */
		for (size_t i = 0; first.action == LINK_JOIN && i < count; i++)
			if (candidates[i].person == first.person)
				assert_false((candidates[i].best.name == C &&
					      candidates[i].best.birth_date == C) ||
					     candidates[i].other_cccd);
	}
}

static struct identity identity_of(const char *cccd, enum number_grade grade, const char *name,
				   const char *date)
{
	struct identity identity = { .cccd = blob_text(cccd),
				     .cccd_grade = grade,
				     .birth_date = blob_text(date) };
	skeleton_make(blob_text(name), &identity.name);
	return identity;
}

static void signs_are_read_off_two_records(void **state)
{
	(void)state;
	static const struct {
		const char *a_name, *a_date, *b_name, *b_date;
		struct signs expected;
	} rows[] = {
		{ "Nguyễn Thị Hòa", "1980-05-06", "NGUYEN THI HOÀ", "1980", { A, A, A } },
		{ "Nguyễn Thị Hòa", "1980-05-06", "Hòa Nguyễn Thị", "1980-05", { A, A, A } },
		{ "Nguyễn Thị Thu Hương", "", "Nguyễn Hương", "1980", { A, A, M } },
		{ "Lý Đức", "1980-05-06", "Lí Duc", "1980-05-07", { A, A, C } },
		{ "Nguyễn Thu Hương", "1980", "Nguyễn Hương Thu", "1981", { A, A, C } },
		{ "Nguyễn Thu Hương", "1980", "Trần Thu Hương", "1980", { A, C, A } },
		{ "Nguyễn Thị Thu Hương", "1980", "Nguyễn Thu", "1980", { A, C, A } },
		{ "", "1980", "Nguyễn Thu", "1980", { A, M, A } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct identity a =
			identity_of("020180000001", NUMBER_VALID, rows[i].a_name, rows[i].a_date);
		struct identity b =
			identity_of("020180000001", NUMBER_VALID, rows[i].b_name, rows[i].b_date);
		struct signs got = identity_compare(&a, &b), back = identity_compare(&b, &a);
		if (memcmp(&got, &rows[i].expected, sizeof(got)) != 0 ||
		    memcmp(&got, &back, sizeof(got)) != 0)
			fail_msg("%s / %s", rows[i].a_name, rows[i].b_name);
	}
	struct identity weak = identity_of("020180000001", NUMBER_WEAK, "", "");
	struct identity valid = identity_of("020180000001", NUMBER_VALID, "", "");
	assert_int_equal(identity_compare(&weak, &valid).number, SIGN_MISSING);
}

static void a_hostile_name_stays_within_its_skeleton(void **state)
{
	(void)state;
	struct skeleton skeleton;
	char text[4096];
	memset(text, 'a', sizeof(text));
	skeleton_make(blob_of(text, sizeof(text)), &skeleton);
	assert_int_equal(skeleton.count, 1);
	for (size_t i = 0; i < sizeof(text); i += 2)
		text[i] = ' ';
	skeleton_make(blob_of(text, sizeof(text)), &skeleton);
	assert_int_equal(skeleton.count, SKELETON_TOKENS_MAX);
	memset(text, '\xff', sizeof(text));
	skeleton_make(blob_of(text, sizeof(text)), &skeleton);
	assert_int_equal(skeleton.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_continues_by_the_case_table),
		cmocka_unit_test(a_record_joins_by_the_case_table),
		cmocka_unit_test(a_link_does_not_depend_on_the_order_of_candidates),
		cmocka_unit_test(signs_are_read_off_two_records),
		cmocka_unit_test(a_hostile_name_stays_within_its_skeleton),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
