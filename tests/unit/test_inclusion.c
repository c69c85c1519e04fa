/* Inclusion: three-valued over golden records written as text, and what a rule may not say. */
#include "tests/support/reconcile_state.h"

#include "daemon/publish/inclusion.h"

#define TEXT(literal) ((char *)(uintptr_t)(literal))

static char *titles[] = { TEXT("GS"), TEXT("PGS") };
static char *left[] = { TEXT("nghi_huu") };
static struct buf scratch;

static struct config_condition deg = { .code = TEXT("DEG"),
				       .field = TEXT("degree[].level"),
				       .at_least = TEXT("dai_hoc") };
static struct config_condition title = { .code = TEXT("TITLE"),
					 .field = TEXT("academic_title.name"),
					 .one_of = { titles, 2 } };
static struct config_condition soc = { .code = TEXT("SOC"),
				       .field = TEXT("society[].organisation"),
				       .present = true };
static struct config_condition abroad = { .code = TEXT("ABROAD"),
					  .field = TEXT("overseas.country"),
					  .present = true };
static struct config_condition place = { .code = TEXT("PLACE"),
					 .field = TEXT("identity.home_place"),
					 .one_of = { left, 1 } };
static struct config_condition low = { .code = TEXT("LOW"),
				       .field = TEXT("degree[].level"),
				       .at_least = TEXT("tien_si") };

static void judge(const struct config_inclusion *rule, const char *text,
		  struct inclusion_result *ret_result)
{
	struct inclusion *inclusion = NULL;
	buf_reset(&scratch);
	struct record golden = state_record(text, &scratch);
	OK(inclusion_create(rule, schema, &inclusion, &state_err));
	inclusion_judge(inclusion, &golden, ret_result);
	inclusion_destroy(inclusion);
}

static void codes_text(const struct inclusion_result *result, char out[256])
{
	out[0] = '\0';
	for (size_t i = 0; i < result->code_count; i++)
		(void)snprintf(out + strlen(out), 256 - strlen(out), "%s%s", i > 0 ? " " : "",
			       result->codes[i]);
}

struct row {
	const char *facts, *outcome, *codes;
};

static void expect(const struct config_inclusion *rule, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct inclusion_result result;
		char codes[256];
		judge(rule, rows[i].facts, &result);
		codes_text(&result, codes);
		if (strcmp(inclusion_outcome_name(result.outcome), rows[i].outcome) != 0 ||
		    strcmp(codes, rows[i].codes) != 0)
			fail_msg("'%s' is %s by '%s'", rows[i].facts,
				 inclusion_outcome_name(result.outcome), codes);
	}
}

static void one_line_that_is_met_includes_and_what_is_not_there_is_unknown(void **unused)
{
	(void)unused;
	struct config_condition any[] = { deg, title, soc };
	const struct config_inclusion rule = { .version = TEXT("1"),
					       .any_of = any,
					       .any_of_count = 3 };
	static const struct row rows[] = {
		{ "identity.full_name=An\ndegree[].level<dai_hoc/2001>=dai_hoc", "in", "DEG" },
		{ "identity.full_name=An\ndegree[].level<thac_si/>=thac_si", "in", "DEG" },
		{ "identity.full_name=An\nacademic_title.name=PGS", "in", "TITLE" },
		{ "identity.full_name=An\nsociety[].organisation<Hội>=Hội", "in", "SOC" },
		{ "identity.full_name=An\ndegree[].level<tien_si/>=tien_si\nacademic_title.name=GS",
		  "in", "DEG TITLE" },
		/* one of several is enough */
		{ "identity.full_name=An\ndegree[].level<trung_cap/"
		  ">=trung_cap\ndegree[].level<dai_hoc/>=dai_hoc",
		  "in", "DEG" },
		/* no line is met, and one of them could be: nobody says whether there is a title */
		{ "identity.full_name=An\ndegree[].level<trung_cap/>=trung_cap", "unknown", "" },
		{ "identity.full_name=An", "unknown", "" },
	};
	expect(&rule, rows, sizeof(rows) / sizeof(rows[0]));
}

static void a_person_is_out_once_every_line_is_known_to_be_false(void **unused)
{
	(void)unused;
	struct config_condition any[] = { deg, soc };
	const struct config_inclusion rule = { .version = TEXT("1"),
					       .any_of = any,
					       .any_of_count = 2 };
	static const struct row rows[] = {
		{ "identity.full_name=An\ndegree[].level<cao_dang/>=cao_dang", "out", "" },
		{ "identity.full_name=An", "unknown", "" },
	};
	expect(&rule, rows, sizeof(rows) / sizeof(rows[0]));
}

static void an_exclusion_takes_evidence_and_wins(void **unused)
{
	(void)unused;
	struct config_condition any[] = { deg }, none[] = { abroad, place };
	const struct config_inclusion rule = { .version = TEXT("1"),
					       .any_of = any,
					       .any_of_count = 1,
					       .none_of = none,
					       .none_of_count = 2 };
	static const struct row rows[] = {
		{ "identity.full_name=An\ndegree[].level<dai_hoc/>=dai_hoc", "in", "DEG" },
		{ "identity.full_name=An\ndegree[].level<dai_hoc/>=dai_hoc\noverseas.country=FR",
		  "out", "DEG ABROAD" },
		{ "identity.full_name=An\noverseas.country=FR", "out", "ABROAD" },
		{ "identity.full_name=An\ndegree[].level<dai_hoc/"
		  ">=dai_hoc\nidentity.home_place=nghi_huu",
		  "out", "DEG PLACE" },
		{ "identity.full_name=An\ndegree[].level<dai_hoc/"
		  ">=dai_hoc\nidentity.home_place=Lạng Sơn",
		  "in", "DEG" },
	};
	expect(&rule, rows, sizeof(rows) / sizeof(rows[0]));
}

/* A code that has no rank in its list (rule HR9) can neither meet nor miss a threshold. */
static void a_value_without_a_rank_is_unknown_on_either_side(void **unused)
{
	(void)unused;
	struct config_condition any[] = { soc, deg }, none[] = { low };
	const struct config_inclusion by_any = { .version = TEXT("1"),
						 .any_of = any,
						 .any_of_count = 2 };
	const struct config_inclusion by_none = { .version = TEXT("1"),
						  .any_of = any,
						  .any_of_count = 1,
						  .none_of = none,
						  .none_of_count = 1 };
	const struct code_list *levels = code_lists_get(lists, "degree-levels");
	int rank = code_list_column(levels, "rank");
	const char *unranked = NULL;
	for (size_t i = 0; i < code_list_rows(levels); i++)
		if (code_list_cell(levels, i, rank)[0] == '\0')
			unranked = code_list_cell(levels, i, 0);
	assert_non_null(unranked);
	char facts[256];
	(void)snprintf(facts, sizeof(facts), "identity.full_name=An\ndegree[].level<%s/>=%s",
		       unranked, unranked);
	const struct row row = { facts, "unknown", "" };
	expect(&by_any, &row, 1);
	(void)snprintf(
		facts, sizeof(facts),
		"identity.full_name=An\ndegree[].level<%s/>=%s\nsociety[].organisation<Hội>=Hội",
		unranked, unranked);
	const struct row excluded = { facts, "unknown", "SOC" };
	expect(&by_none, &excluded, 1);
}

static void a_rule_that_can_never_be_met_as_written_is_refused(void **unused)
{
	(void)unused;
	static char *unknown_titles[] = { TEXT("GS"), TEXT("Giáo sư") };
	const struct {
		struct config_condition condition;
		enum msg_id msg;
	} rows[] = {
		{ { .code = TEXT("A"), .field = TEXT("degree[].rank"), .present = true },
		  MSG_INCLUSION_NO_FIELD },
		{ { .code = TEXT("B"), .field = TEXT("evidence.cccd_grade"), .present = true },
		  MSG_INCLUSION_NO_FIELD },
		{ { .code = TEXT("C"),
		    .field = TEXT("identity.full_name"),
		    .at_least = TEXT("An") },
		  MSG_INCLUSION_NO_ORDER },
		{ { .code = TEXT("D"),
		    .field = TEXT("academic_title.name"),
		    .at_least = TEXT("PGS") },
		  MSG_INCLUSION_NO_ORDER },
		{ { .code = TEXT("E"),
		    .field = TEXT("degree[].level"),
		    .at_least = TEXT("dai-hoc") },
		  MSG_INCLUSION_NO_RANK },
		{ { .code = TEXT("F"),
		    .field = TEXT("academic_title.name"),
		    .one_of = { unknown_titles, 2 } },
		  MSG_INCLUSION_NO_CODE },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config_condition condition = rows[i].condition;
		const struct config_inclusion rule = { .version = TEXT("1"),
						       .any_of = &condition,
						       .any_of_count = 1 };
		struct inclusion *inclusion = NULL;
		FAILS(inclusion_create(&rule, schema, &inclusion, &state_err), ERR_CONFIG);
		assert_int_equal(state_err.msg, rows[i].msg);
		assert_null(inclusion);
	}
}

static void another_rule_has_another_meaning_and_another_version_alone_has_not(void **unused)
{
	(void)unused;
	struct config_condition one[] = { deg, soc }, other[] = { low, soc }, swapped[] = { soc };
	const struct config_inclusion rules[] = {
		{ .version = TEXT("1"), .any_of = one, .any_of_count = 2 },
		{ .version = TEXT("2"), .any_of = one, .any_of_count = 2 },
		{ .version = TEXT("1"), .any_of = other, .any_of_count = 2 },
		{ .version = TEXT("1"),
		  .any_of = one,
		  .any_of_count = 1,
		  .none_of = swapped,
		  .none_of_count = 1 },
	};
	struct buf meanings[4] = { { 0 } };
	for (size_t i = 0; i < 4; i++) {
		struct inclusion *inclusion = NULL;
		OK(inclusion_create(&rules[i], schema, &inclusion, &state_err));
		inclusion_put_meaning(inclusion, &meanings[i]);
		inclusion_destroy(inclusion);
	}
	assert_true(blob_equal(buf_blob(&meanings[0]), buf_blob(&meanings[1])));
	assert_false(blob_equal(buf_blob(&meanings[0]), buf_blob(&meanings[2])));
	assert_false(blob_equal(buf_blob(&meanings[0]), buf_blob(&meanings[3])));
	for (size_t i = 0; i < 4; i++)
		buf_finish(&meanings[i]);
}

static int end(void **unused)
{
	buf_finish(&scratch);
	return reconcile_state_end(unused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_that_is_met_includes_and_what_is_not_there_is_unknown),
		cmocka_unit_test(a_person_is_out_once_every_line_is_known_to_be_false),
		cmocka_unit_test(an_exclusion_takes_evidence_and_wins),
		cmocka_unit_test(a_value_without_a_rank_is_unknown_on_either_side),
		cmocka_unit_test(a_rule_that_can_never_be_met_as_written_is_refused),
		cmocka_unit_test(
			another_rule_has_another_meaning_and_another_version_alone_has_not),
	};
	return cmocka_run_group_tests(tests, reconcile_state_make, end);
}
