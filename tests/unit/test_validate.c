/* Validate: values and records against the schema of the project. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/record/validate.h"
#include "tests/support/schema_fixture.h"

static struct code_lists *lists;
static struct schema *schema;

static int setup(void **state)
{
	(void)state;
	lists = source_code_lists();
	schema = source_schema(lists);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	schema_destroy(schema);
	code_lists_destroy(lists);
	return 0;
}

static void a_value_is_judged_by_the_rules_of_its_field(void **state)
{
	static const struct {
		const char *path, *value;
		enum msg_id reason;
	} rows[] = {
		{ "identity.full_name", "Nguyễn Thị Ơn", MSG_NONE },
		{ "identity.full_name", "Nguye\xcc\x82\xcc\x83n", MSG_VALUE_NFC },
		{ "identity.full_name", "Ω", MSG_NONE },                 /* U+03A9, composed */
		{ "identity.full_name", "\xe2\x84\xa6", MSG_VALUE_NFC }, /* U+2126, the ohm sign */
		{ "identity.full_name", "A\x01", MSG_VALUE_CONTROL },
		{ "identity.full_name", "A\x7f", MSG_VALUE_CONTROL },
		{ "identity.full_name", "A\xe2\x80\xae", MSG_VALUE_CONTROL },
		{ "identity.cccd", "020085012345", MSG_NONE },
		{ "identity.cccd", "02008501234", MSG_VALUE_LENGTH },
		{ "identity.cccd", "02008501234a", MSG_VALUE_PATTERN },
		{ "identity.cccd", "０20085012345", MSG_VALUE_PATTERN },
		{ "identity.sex", "nữ", MSG_NONE },
		{ "identity.sex", "Nữ", MSG_VALUE_CHOICE },
		{ "identity.ethnic", "01", MSG_NONE },
		{ "identity.ethnic", "99", MSG_VALUE_CODE },
		{ "identity.birth_date", "1985", MSG_NONE },
		{ "identity.birth_date", "1985-02", MSG_NONE },
		{ "identity.birth_date", "1985-02-28", MSG_NONE },
		{ "identity.birth_date", "1985-02-29", MSG_VALUE_DATE },
		{ "identity.birth_date", "19850228", MSG_VALUE_DATE },
		{ "identity.birth_date", "1985-", MSG_VALUE_DATE },
		{ "degree[].year", "2015", MSG_NONE },
		{ "degree[].year", "1899", MSG_VALUE_RANGE },
		{ "degree[].year", "2101", MSG_VALUE_RANGE },
		{ "degree[].year", "2015.5", MSG_VALUE_NUMBER },
		{ "degree[].year", "02015", MSG_VALUE_NUMBER },
		{ "employment[].coefficient", "4.98", MSG_NONE },
		{ "employment[].coefficient", "4.980", MSG_VALUE_NUMBER },
		{ "employment[].coefficient", "4,98", MSG_VALUE_NUMBER },
		{ "employment[].coefficient", "10.01", MSG_VALUE_RANGE },
		{ "employment[].main", "true", MSG_NONE },
		{ "employment[].main", "True", MSG_VALUE_BOOLEAN },
		{ "employment[].main", "1", MSG_VALUE_BOOLEAN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schema_field *field = schema_field_by_path(schema, rows[i].path);
		assert_non_null(field);
		if (validate_value(field, blob_text(rows[i].value)) != rows[i].reason)
			fail_msg("row %zu: %s = %s", i, rows[i].path, rows[i].value);
	}
}

static void length_counts_characters_not_bytes(void **state)
{
	const struct schema_field *name = schema_field_by_path(schema, "identity.full_name");
	struct buf text = { 0 };
	(void)state;
	for (int i = 0; i < 100; i++)
		buf_put_text(&text, "ễ");
	assert_int_equal(validate_value(name, buf_blob(&text)), MSG_NONE);
	buf_put_text(&text, "ễ");
	assert_int_equal(validate_value(name, buf_blob(&text)), MSG_VALUE_LENGTH);
	assert_int_equal(validate_value(name, blob_text("")), MSG_VALUE_LENGTH);
	buf_finish(&text);
}

static void dates_exist_or_are_none(void **state)
{
	static const char *const good[] = { "0001",       "2000-02-29", "2024-02-29",
					    "1900-02-28", "1999-12-31", "2025-04-30" };
	static const char *const bad[] = { "",           "0000",       "198",         "19855",
					   "1985-00",    "1985-13",    "1985-1",      "1985/01",
					   "1985-01-00", "1985-01-32", "1985-04-31",  "1900-02-29",
					   "2023-02-29", "1985-01-1",  "1985-01-011", "1985-01-01 ",
					   "-985",       "1985-01-",   "１985" };
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!validate_is_date(blob_text(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (validate_is_date(blob_text(bad[i])))
			fail_msg("%s", bad[i]);
}

static void a_number_has_one_spelling(void **state)
{
	static const struct {
		const char *text;
		int64_t micro;
	} good[] = { { "0", 0 },
		     { "7", 7000000 },
		     { "-7", -7000000 },
		     { "0.5", 500000 },
		     { "-0.000001", -1 },
		     { "4.98", 4980000 },
		     { "999999999999.999999", 999999999999999999 },
		     { "-999999999999", -999999999999000000 } };
	static const char *const bad[] = { "",    "-",     "-0",        "+1",
					   "01",  "00",    "1.",        ".5",
					   "1.0", "1.50",  "1e3",       "0x1",
					   " 1",  "1 ",    "1,5",       "1000000000000",
					   "--1", "1.2.3", "0.1234567", "9999999999999999999999",
					   "1-" };
	int64_t micro;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(validate_decimal(blob_text(good[i].text), &micro));
		assert_int_equal(micro, good[i].micro);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (validate_decimal(blob_text(bad[i]), &micro))
			fail_msg("%s", bad[i]);
}

/* ---- records ---- */

struct plain_fact {
	const char *path, *key, *value;
};

enum { FACTS_MAX = 8 };

/* The findings as "path[key] reason;" in their order. */
static void findings_of(enum record_type type, const struct plain_fact *facts, char out[1024])
{
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	CLEANUP(buf_finish) struct buf encoding = { 0 };
	struct record record;
	struct finding findings[16];
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	record_builder_begin(builder, type);
	for (size_t i = 0; i < FACTS_MAX && facts[i].path != NULL; i++) {
		const struct schema_field *field = schema_field_by_path(schema, facts[i].path);
		record_builder_add(builder, field == NULL ? 60000 : field->number,
				   blob_text(facts[i].key), blob_text(facts[i].value));
	}
	assert_int_equal(record_builder_encode(builder, &encoding, NULL), 0);
	assert_int_equal(record_open(buf_blob(&encoding), &record, NULL), 0);
	size_t count = validate_record(schema, &record, findings, 16), at = 0;
	assert_true(count <= 16);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct finding *f = &findings[i];
		const char *path = f->field != NULL     ? f->field->path
				   : f->section != NULL ? f->section->name
							: "?";
		at += (size_t)snprintf(out + at, 1024 - at, "%s%s%.*s%s %s;", path,
				       f->key.len > 0 ? "{" : "", (int)f->key.len, f->key.data,
				       f->key.len > 0 ? "}" : "", message_code(f->reason));
	}
	assert_int_equal(validate_record(schema, &record, NULL, 0), count);
}

static void a_record_is_judged_as_a_whole(void **state)
{
	static const struct {
		enum record_type type;
		struct plain_fact facts[FACTS_MAX];
		const char *findings;
	} rows[] = {
		{ RECORD_PERSON, { { "identity.full_name", "", "An" } }, "" },
		{ RECORD_STUDENT,
		  { { "identity.full_name", "", "An" }, { "enrolment.class", "", "K1" } },
		  "" },
		{ RECORD_PERSON, { { NULL, NULL, NULL } }, "identity E1480;" },
		{ RECORD_PERSON,
		  { { "identity.cccd", "", "020085012345" } },
		  "identity.full_name E1480;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" }, { "enrolment.class", "", "K1" } },
		  "enrolment.class E1482;" },
		{ RECORD_STUDENT,
		  { { "identity.full_name", "", "An" },
		    { "degree[].level", "thac_si/", "thac_si" } },
		  "degree[].level{thac_si/} E1482;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" }, { "no.such", "", "x" } },
		  "? E1482;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" }, { "identity.full_name", "", "Bình" } },
		  "identity.full_name E1481;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" }, { "identity.cccd", "k", "020085012345" } },
		  "identity.cccd{k} E1483;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" },
		    { "evidence.note", "(nghỉ hưu)", "(nghỉ hưu)" },
		    { "evidence.note", "", "x" } },
		  "evidence.note E1483;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" },
		    { "degree[].level", "thac_si/2015", "thac_si" },
		    { "degree[].year", "thac_si/2015", "2015" },
		    { "degree[].year", "/2010", "2010" } },
		  "degree[].level{/2010} E1480;" },
		{ RECORD_PERSON,
		  { { "identity.full_name", "", "An" },
		    { "degree[].level", "thac_si/2015", "thac_si" },
		    { "degree[].level", "thac_si/2015", "tien_si" } },
		  "degree[].level{thac_si/2015} E1481;" },
		{ RECORD_PERSON,
		  { { "identity.sex", "", "x" },
		    { "identity.cccd", "", "1" },
		    { "rnd.fte", "", "2" } },
		  "identity.sex E1475;identity.cccd E1472;rnd.fte E1478;identity.full_name "
		  "E1480;" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char got[1024];
		findings_of(rows[i].type, rows[i].facts, got);
		if (strcmp(got, rows[i].findings) != 0)
			fail_msg("row %zu: %s", i, got);
	}
}

static size_t findings_of_notes(unsigned count)
{
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	CLEANUP(buf_finish) struct buf encoding = { 0 };
	struct record record;
	struct finding findings[2];
	char note[16];
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	record_builder_begin(builder, RECORD_PERSON);
	record_builder_add(builder, schema_field_by_path(schema, "identity.full_name")->number,
			   blob_text(""), blob_text("An"));
	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(note, sizeof(note), "n%u", i);
		record_builder_add(builder, schema_field_by_path(schema, "evidence.note")->number,
				   blob_text(note), blob_text(note));
	}
	assert_int_equal(record_builder_encode(builder, &encoding, NULL), 0);
	assert_int_equal(record_open(buf_blob(&encoding), &record, NULL), 0);
	size_t found = validate_record(schema, &record, findings, 2);
	if (found > 0)
		assert_int_equal(findings[0].reason, MSG_VALUE_ELEMENTS);
	return found;
}

static void a_list_has_no_more_elements_than_its_maximum(void **state)
{
	(void)state;
	assert_int_equal(schema_list_by_path(schema, "evidence.note")->max_items, 16);
	assert_int_equal(findings_of_notes(16), 0);
	assert_int_equal(findings_of_notes(17), 1);
	assert_int_equal(findings_of_notes(LIMIT_LIST_ELEMENTS + 50), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_is_judged_by_the_rules_of_its_field),
		cmocka_unit_test(length_counts_characters_not_bytes),
		cmocka_unit_test(dates_exist_or_are_none),
		cmocka_unit_test(a_number_has_one_spelling),
		cmocka_unit_test(a_record_is_judged_as_a_whole),
		cmocka_unit_test(a_list_has_no_more_elements_than_its_maximum),
	};
	return cmocka_run_group_tests_name("validate", tests, setup, teardown);
}
