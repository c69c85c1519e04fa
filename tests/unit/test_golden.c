/* Golden records: whose value wins, and that nothing but the records and the policy counts. */
#include "tests/support/reconcile_state.h"

#include <inttypes.h>
#include <time.h>

#include "daemon/reconcile/golden.h"

enum { CONTRIBUTIONS = 6 };

struct written {
	const char *text;
	uint16_t source;
	bool ended;
	const char *key, *as_of;
};

static struct buf bytes[CONTRIBUTIONS];

static size_t contribute(const struct written *written, size_t count, struct contribution *out)
{
	for (size_t i = 0; i < count; i++) {
		buf_reset(&bytes[i]);
		out[i] = (struct contribution){ .record = state_record(written[i].text, &bytes[i]),
						.source = written[i].source,
						.ended = written[i].ended,
						.ordinal = (uint32_t)i,
						.source_key = blob_text(written[i].key),
						.as_of = blob_text(written[i].as_of) };
	}
	return count;
}

static void expect_golden(const struct written *written, size_t count, const char *expected)
{
	struct contribution contributions[CONTRIBUTIONS];
	struct buf golden = { 0 }, wanted = { 0 };
	contribute(written, count, contributions);
	OK(golden_make(schema, policy, contributions, count, builder, &golden, &state_err));
	(void)state_record(expected, &wanted);
	if (!blob_equal(buf_blob(&golden), buf_blob(&wanted)))
		fail_msg("another record than %s", expected);
	buf_finish(&golden);
	buf_finish(&wanted);
}

static int finish_bytes(void **unused)
{
	for (size_t i = 0; i < CONTRIBUTIONS; i++)
		buf_finish(&bytes[i]);
	return reconcile_state_end(unused);
}

static void one_record_is_its_own_golden_record_without_evidence(void **unused)
{
	(void)unused;
	const struct written rows[] = {
		{ "identity.full_name=An\nevidence.cccd_grade=padded\ncontact.phone=0912",
		  SOURCE_HR, false, "1", "2026-09-30" }
	};
	expect_golden(rows, 1, "identity.full_name=An\ncontact.phone=0912");
}

static void the_better_source_wins_field_by_field(void **unused)
{
	(void)unused;
	const struct written rows[] = {
		{ "identity.full_name=An\ncontact.phone=1\ncontact.email=a@x", SOURCE_HR, false,
		  "1", "2026-09-30" },
		{ "identity.full_name=Anh\ncontact.phone=2\nidentity.ethnic=02", SOURCE_COLLEGE,
		  false, "1", "2026-10-30" },
	};
	expect_golden(
		rows, 2,
		"identity.full_name=An\ncontact.phone=2\ncontact.email=a@x\nidentity.ethnic=02");
}

static void within_one_source_the_newer_delivery_wins_then_the_smaller_key(void **unused)
{
	(void)unused;
	const struct written newer[] = {
		{ "identity.full_name=An", SOURCE_HR, false, "1", "2026-09-30" },
		{ "identity.full_name=Anh", SOURCE_HR, false, "2", "2026-10-30" }
	};
	expect_golden(newer, 2, "identity.full_name=Anh");
	const struct written keys[] = {
		{ "identity.full_name=An", SOURCE_HR, false, "2", "2026-09-30" },
		{ "identity.full_name=Anh", SOURCE_HR, false, "1", "2026-09-30" }
	};
	expect_golden(keys, 2, "identity.full_name=Anh");
}

static void an_ended_record_keeps_what_the_schema_keeps(void **unused)
{
	(void)unused;
	const struct written rows[] = {
		{ "identity.full_name=An\ncontact.phone=1\ndegree[].level<a>=thac-si\nemployment[]."
		  "organisation<b>=So",
		  SOURCE_HR, true, "1", "2026-09-30" },
		{ "identity.full_name=Anh", SOURCE_THIRD, false, "1", "2026-09-30" },
	};
	expect_golden(rows, 2, "identity.full_name=Anh\ndegree[].level<thac-si/>=thac-si");
	expect_golden(rows, 1, "identity.full_name=An\ndegree[].level<a>=thac-si");
}

static void lists_are_united_and_found_elements_only_fill_what_misses(void **unused)
{
	(void)unused;
	const struct written rows[] = {
		{ "degree[].level<thac-si/>=thac-si\ndegree[].institution<thac-si/>=DH Nong nghiep",
		  SOURCE_HR, false, "1", "2026-09-30" },
		{ "degree[].level<thac-si/2015>=thac-si\ndegree[].year<thac-si/2015>=2015\n"
		  "degree[].level<dai-hoc/2010>=dai-hoc\ndegree[].year<dai-hoc/2010>=2010",
		  SOURCE_COLLEGE, false, "1", "2026-09-30" },
	};
	expect_golden(rows, 2,
		      "degree[].level<thac-si/2015>=thac-si\ndegree[].year<thac-si/2015>=2015\n"
		      "degree[].institution<thac-si/2015>=DH Nong nghiep\n"
		      "degree[].level<dai-hoc/2010>=dai-hoc\ndegree[].year<dai-hoc/2010>=2010");
}

static void nobody_has_an_empty_record(void **unused)
{
	(void)unused;
	expect_golden(NULL, 0, "");
}

/* A record of random choices: few values, so that contests happen. */
static void random_text(const struct random_source *random, char *out, size_t size)
{
	static const char *const names[] = { "An", "Anh", "Binh" };
	static const char *const levels[] = { "thac-si", "dai-hoc", "tien-si" };
	size_t at = (size_t)snprintf(out, size, "identity.full_name=%s\n",
				     names[random_below(random, 3)]);
	if (random_below(random, 2) == 0)
		at += (size_t)snprintf(out + at, size - at, "contact.phone=%d\n",
				       (int)random_below(random, 3));
	for (int i = 0; i < 2; i++) {
		const char *level = levels[random_below(random, 3)];
		int year = 2000 + (int)random_below(random, 3);
		at += (size_t)snprintf(out + at, size - at,
				       "degree[].level<%s/%d>=%s\ndegree[].year<%s/%d>=%d\n", level,
				       year, level, level, year, year);
	}
}

static void the_order_of_records_changes_nothing(void **unused)
{
	(void)unused;
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %" PRIu64 "\n", seed);
	struct random_source random = random_seeded(&seed);
	for (int round = 0; round < 2000; round++) {
		struct contribution contributions[CONTRIBUTIONS];
		size_t count = 1 + random_below(&random, CONTRIBUTIONS);
		char texts[CONTRIBUTIONS][512], keys[CONTRIBUTIONS][24];
		struct written rows[CONTRIBUTIONS];
		for (size_t i = 0; i < count; i++) {
			random_text(&random, texts[i], sizeof(texts[i]));
			(void)snprintf(keys[i], sizeof(keys[i]), "%zu", i);
			rows[i] = (struct written){ texts[i],
						    (uint16_t)(1 + random_below(&random, 3)),
						    random_below(&random, 3) == 0, keys[i],
						    "2026-09-30" };
		}
		contribute(rows, count, contributions);
		struct buf first = { 0 }, second = { 0 };
		OK(golden_make(schema, policy, contributions, count, builder, &first, &state_err));
		for (size_t i = count; i > 1; i--) {
			size_t k = random_below(&random, i);
			struct contribution swapped = contributions[i - 1];
			contributions[i - 1] = contributions[k];
			contributions[k] = swapped;
		}
		OK(golden_make(schema, policy, contributions, count, builder, &second, &state_err));
		assert_true(blob_equal(buf_blob(&first), buf_blob(&second)));
		buf_finish(&first);
		buf_finish(&second);
	}
}

#define GOLDEN_CASE(name) cmocka_unit_test_setup_teardown(name, reconcile_state_make, finish_bytes)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GOLDEN_CASE(one_record_is_its_own_golden_record_without_evidence),
		GOLDEN_CASE(the_better_source_wins_field_by_field),
		GOLDEN_CASE(within_one_source_the_newer_delivery_wins_then_the_smaller_key),
		GOLDEN_CASE(an_ended_record_keeps_what_the_schema_keeps),
		GOLDEN_CASE(lists_are_united_and_found_elements_only_fill_what_misses),
		GOLDEN_CASE(nobody_has_an_empty_record),
		GOLDEN_CASE(the_order_of_records_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
