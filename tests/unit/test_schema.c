/* Schema: person.schema.json compiled, and what stops the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/record/pattern.h"
#include "tests/support/schema_fixture.h"

/* A schema that holds; the rows below change one place of it each. */
static const char valid[] =
	"{\"title\":\"T\",\"definitions\":{"
	"\"person\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"identity\"]"
	",\"properties\":{"
	"\"identity\":{\"$ref\":\"#/definitions/identity\"},"
	"\"degree\":{\"type\":\"array\",\"title\":\"D\",\"x-title-vi\":\"VB\",\"x-end\":\"keep\","
	"\"maxItems\":32,"
	"\"x-list-key\":[\"level\",\"year\"],\"x-match\":{\"agree\":[\"level\"],\"may_differ\":["
	"\"year\"]},"
	"\"items\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"level\"],"
	"\"properties\":{"
	"\"level\":{\"type\":\"string\",\"x-code-list\":\"levels\"},"
	"\"year\":{\"type\":\"integer\",\"minimum\":1900,\"maximum\":2100}}}}}},"
	"\"student\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
	"\"identity\":{\"$ref\":\"#/definitions/identity\"}}},"
	"\"identity\":{\"type\":\"object\",\"x-end\":\"close\",\"additionalProperties\":false,"
	"\"required\":[\"name\"],"
	"\"properties\":{"
	"\"name\":{\"type\":\"string\",\"title\":\"Name\",\"x-title-vi\":\"Tên\",\"x-sensitivity\":"
	"\"basic\","
	"\"minLength\":1,\"maxLength\":100,\"description\":\"d\"},"
	"\"born\":{\"type\":\"string\",\"pattern\":\"" SCHEMA_DATE_PATTERN "\"},"
	"\"sex\":{\"type\":\"string\",\"enum\":[\"nam\",\"nữ\"],\"x-golden\":false},"
	"\"share\":{\"type\":\"number\",\"minimum\":0.25,\"maximum\":4.98},"
	"\"main\":{\"type\":\"boolean\",\"x-sensitivity\":\"sensitive\"},"
	"\"note\":{\"type\":\"array\",\"maxItems\":3,\"items\":{\"type\":\"string\",\"maxLength\":"
	"9}}}}}}";

static struct code_lists *lists; /* with one list, levels */

static int setup(void **state)
{
	char folder[] = "/tmp/test-schema-XXXXXX";
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = openat(folder_fd, "levels.csv", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	bool written = write(fd, "code\nthac_si\n", 13) == 13;
	(void)close(fd);
	int result = written ? code_lists_load(folder_fd, &lists, NULL) : -1;
	(void)unlinkat(folder_fd, "levels.csv", 0);
	(void)close(folder_fd);
	(void)rmdir(folder);
	return result;
}

static int teardown(void **state)
{
	(void)state;
	code_lists_destroy(lists);
	return 0;
}

static struct schema *compiled(void)
{
	struct schema *schema = NULL;
	struct err err = { 0 };
	if (schema_compile(blob_text(valid), lists, &schema, &err) < 0)
		fail_msg("%s", err.text[LANGUAGE_EN]);
	return schema;
}

static void leaves_become_fields_with_their_rules(void **state)
{
	CLEANUP(schema_destroyp) struct schema *schema = compiled();
	(void)state;
	assert_int_equal(schema_field_count(schema), 8);
	const struct schema_field *name = schema_field_by_path(schema, "identity.name");
	assert_int_equal(name->number, 1);
	assert_ptr_equal(schema_field_by_number(schema, 1), name);
	assert_string_equal(name->title[LANGUAGE_EN], "Name");
	assert_string_equal(name->title[LANGUAGE_VI], "Tên");
	assert_int_equal(name->sensitivity, SCHEMA_BASIC);
	assert_int_equal(name->min_chars, 1);
	assert_int_equal(name->max_chars, 100);
	assert_int_equal(name->record_types, 1 << RECORD_PERSON | 1 << RECORD_STUDENT);
	assert_true(name->required && name->golden);
	assert_null(name->list);
	assert_string_equal(name->section->name, "identity");
	assert_int_equal(name->section->end, SCHEMA_CLOSE);
	assert_int_equal(name->section->required, 1 << RECORD_PERSON);
	assert_int_equal(schema_field_by_path(schema, "identity.born")->type, SCHEMA_DATE);
	const struct schema_field *sex = schema_field_by_path(schema, "identity.sex");
	assert_false(sex->golden);
	assert_string_equal(sex->choices[1], "nữ");
	assert_null(sex->choices[2]);
	const struct schema_field *share = schema_field_by_path(schema, "identity.share");
	assert_int_equal(share->minimum_micro, 250000);
	assert_int_equal(share->maximum_micro, 4980000);
	assert_int_equal(schema_field_by_path(schema, "identity.main")->type, SCHEMA_BOOLEAN);
	assert_null(schema_field_by_path(schema, "identity.none"));
	assert_null(schema_field_by_number(schema, 9));
	assert_null(schema_field_by_number(schema, 0));
}

static void lists_know_their_key_and_what_must_agree(void **state)
{
	CLEANUP(schema_destroyp) struct schema *schema = compiled();
	const struct schema_list *degree = schema_list_by_path(schema, "degree");
	(void)state;
	assert_int_equal(schema_list_count(schema), 2);
	assert_int_equal(degree->field_count, 2);
	assert_string_equal(degree->fields[0].path, "degree[].level");
	assert_ptr_equal(degree->fields[1].list, degree);
	assert_int_equal(degree->key_count, 2);
	assert_int_equal(degree->key[1], 1);
	assert_int_equal(degree->agree, 1);
	assert_int_equal(degree->max_items, 32);
	assert_false(degree->plain);
	assert_true(degree->fields[0].required);
	assert_non_null(degree->fields[0].code_list);
	assert_int_equal(degree->fields[0].record_types, 1 << RECORD_PERSON);
	const struct schema_list *note = schema_list_by_path(schema, "identity.note");
	assert_true(note->plain);
	assert_string_equal(note->fields[0].path, "identity.note");
	assert_int_equal(note->fields[0].max_chars, 9);
	assert_null(schema_list_by_path(schema, "identity"));
}

static void what_is_not_supported_stops_the_start_and_is_named(void **state)
{
	static const struct {
		const char *from, *to, *pointer;
		enum msg_id msg;
	} rows[] = {
		{ "\"title\":\"T\"", "\"allOf\":[]", "'/allOf'", MSG_SCHEMA_KEYWORD },
		{ "\"description\":\"d\"", "\"format\":\"date\"",
		  "'/definitions/person/properties/identity/properties/name/format'",
		  MSG_SCHEMA_KEYWORD },
		{ "\"minLength\":1", "\"minimum\":1", "name/minimum'", MSG_SCHEMA_KEYWORD },
		{ "\"x-end\":\"keep\"", "\"uniqueItems\":true", "degree/uniqueItems'",
		  MSG_SCHEMA_KEYWORD },
		{ "\"x-golden\":false", "\"x-goldne\":false", "sex/x-goldne'", MSG_SCHEMA_KEYWORD },
		{ "\"minimum\":0.25", "\"exclusiveMinimum\":0", "share/exclusiveMinimum'",
		  MSG_SCHEMA_KEYWORD },
		{ "\"type\":\"boolean\"", "\"type\":\"null\"", "main/type'", MSG_SCHEMA_FORM },
		{ "\"type\":\"boolean\"", "\"type\":[\"boolean\"]", "main/type'", MSG_SCHEMA_FORM },
		{ "\"type\":\"boolean\"", "\"title\":\"x\"", "main/type'", MSG_SCHEMA_FORM },
		{ "\"x-sensitivity\":\"basic\"", "\"x-sensitivity\":\"secret\"",
		  "name/x-sensitivity'", MSG_SCHEMA_FORM },
		{ "\"x-golden\":false", "\"x-golden\":\"no\"", "sex/x-golden'", MSG_SCHEMA_FORM },
		{ "\"maxLength\":100", "\"maxLength\":-1", "name/maxLength'", MSG_SCHEMA_FORM },
		{ "\"maxLength\":100", "\"maxLength\":0", "properties/name'", MSG_SCHEMA_BOUNDS },
		{ "\"maximum\":2100", "\"maximum\":1800", "properties/year'", MSG_SCHEMA_BOUNDS },
		{ "\"maximum\":2100", "\"maximum\":\"2100\"", "year/maximum'", MSG_SCHEMA_FORM },
		{ "\"pattern\":\"^", "\"pattern\":\"", "born/pattern'", MSG_SCHEMA_FORM },
		{ "[\"nam\",\"nữ\"]", "[\"nam\",1]", "sex/enum'", MSG_SCHEMA_FORM },
		{ "[\"nam\",\"nữ\"]", "[]", "sex/enum'", MSG_SCHEMA_FORM },
		{ "\"x-code-list\":\"levels\"", "\"x-code-list\":\"leveks\"", "properties/level'",
		  MSG_SCHEMA_CODE_LIST },
		{ "\"x-code-list\":\"levels\"", "\"x-code-list\":1", "level/x-code-list'",
		  MSG_SCHEMA_FORM },
		{ "\"maxItems\":32", "\"maxItems\":129", "degree/maxItems'", MSG_SCHEMA_FORM },
		{ "\"maxItems\":32,", "", "degree/maxItems'", MSG_SCHEMA_FORM },
		{ "\"x-list-key\":[\"level\",\"year\"]", "\"x-list-key\":[\"level\",\"yaer\"]",
		  "degree/x-list-key'", MSG_SCHEMA_NAMES },
		{ "\"x-list-key\":[\"level\",\"year\"],", "", "degree/x-list-key'",
		  MSG_SCHEMA_NAMES },
		{ "\"may_differ\":[\"year\"]", "\"may_differ\":[]", "degree/x-match'",
		  MSG_SCHEMA_NAMES },
		{ "\"may_differ\":[\"year\"]", "\"may_differ\":[\"year\",\"level\"]",
		  "x-match/may_differ'", MSG_SCHEMA_NAMES },
		{ "\"agree\":[\"level\"]", "\"agree\":[]", "degree/x-match'", MSG_SCHEMA_NAMES },
		{ "\"agree\":[\"level\"]", "\"must_agree\":[\"level\"]", "degree/x-match'",
		  MSG_SCHEMA_NAMES },
		{ "\"required\":[\"level\"]", "\"required\":[\"levle\"]", "items/required'",
		  MSG_SCHEMA_NAMES },
		{ "\"required\":[\"name\"]", "\"required\":\"name\"", "identity/required'",
		  MSG_SCHEMA_FORM },
		{ "\"required\":[\"identity\"]", "\"required\":[\"ident\"]", "person/required'",
		  MSG_SCHEMA_NAMES },
		{ "\"x-end\":\"close\"", "\"x-end\":\"drop\"", "identity/x-end'", MSG_SCHEMA_FORM },
		{ "\"x-end\":\"close\",\"additionalProperties\":false", "\"x-end\":\"close\"",
		  "identity/additionalProperties'", MSG_SCHEMA_FORM },
		{ "\"x-end\":\"close\",\"additionalProperties\":false",
		  "\"additionalProperties\":{}", "identity/additionalProperties'",
		  MSG_SCHEMA_FORM },
		{ "{\"$ref\":\"#/definitions/identity\"},",
		  "{\"$ref\":\"#/definitions/identity\",\"title\":\"x\"},", "identity/$ref'",
		  MSG_SCHEMA_REF },
		{ "{\"$ref\":\"#/definitions/identity\"},", "{\"$ref\":\"#/definitions/none\"},",
		  "identity/$ref'", MSG_SCHEMA_REF },
		{ "{\"$ref\":\"#/definitions/identity\"},", "{\"$ref\":\"http://example.org/x\"},",
		  "identity/$ref'", MSG_SCHEMA_REF },
		{ "\"identity\":{\"$ref\":\"#/definitions/identity\"}}}",
		  "\"identity\":{\"type\":\"object\"}}}", "student/properties/identity'",
		  MSG_SCHEMA_TWICE },
		{ "\"student\":{", "\"pupil\":{", "definitions/student'", MSG_SCHEMA_FORM },
		{ "\"born\":", "\"Born.at\":", "properties/Born.at'", MSG_SCHEMA_NAME },
		{ "\"degree\":{\"type\"", "\"de/gree\":{\"type\"", "properties/de~1gree'",
		  MSG_SCHEMA_NAME },
		{ "\"items\":{\"type\":\"string\",\"maxLength\":9}",
		  "\"items\":{\"type\":\"object\"}", "note/items/type'", MSG_SCHEMA_FORM },
		{ "\"title\":\"T\",", "\"title\":\"T\",\"title\":\"T\",", "'/title'",
		  MSG_JSON_DUPLICATE_KEY },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_finish) struct buf text = { 0 };
		struct schema *schema = NULL;
		struct err err = { 0 };
		const char *place = strstr(valid, rows[i].from);
		if (place == NULL)
			fail_msg("row %zu: nothing to change", i);
		buf_put(&text, valid, (size_t)(place - valid));
		buf_put_text(&text, rows[i].to);
		buf_put_text(&text, place + strlen(rows[i].from));
		if (schema_compile(buf_blob(&text), lists, &schema, &err) != ERR_CONFIG)
			fail_msg("row %zu is accepted", i);
		if (err.msg != rows[i].msg ||
		    strstr(err.text[LANGUAGE_EN], rows[i].pointer) == NULL)
			fail_msg("row %zu: %s", i, err.text[LANGUAGE_EN]);
		assert_int_equal(err.code, ERR_CONFIG);
		assert_null(schema);
	}
}

static void a_cut_schema_never_compiles(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(valid) - 1; len++) {
		struct schema *schema = NULL;
		assert_int_equal(schema_compile(blob_of(valid, len), lists, &schema, NULL),
				 ERR_CONFIG);
	}
}

/* ---- numbers ---- */

struct numbering {
	uint16_t next;
	int step;
	int fails_at;
};

static int number_of(void *ctx, const char *path, uint16_t *ret_number, struct err *err)
{
	struct numbering *numbering = ctx;
	(void)path;
	if (numbering->fails_at-- == 0)
		return err_set(err, ERR_NO_SPACE, MSG_NOMEM);
	*ret_number = numbering->next;
	numbering->next = (uint16_t)(numbering->next + numbering->step);
	return 0;
}

static void the_store_gives_the_numbers_and_a_worker_takes_them(void **state)
{
	CLEANUP(schema_destroyp) struct schema *schema = compiled();
	CLEANUP(schema_destroyp) struct schema *worker = compiled();
	CLEANUP(buf_finish) struct buf numbers = { 0 };
	struct numbering rising = { .next = 100, .step = 7, .fails_at = -1 };
	(void)state;
	assert_int_equal(schema_set_numbers(schema, number_of, &rising, NULL), 0);
	assert_int_equal(schema_field_by_path(schema, "degree[].level")->number,
			 schema_field_at(schema, 7)->number - 7);
	assert_null(schema_field_by_number(schema, 1));
	assert_string_equal(schema_field_by_number(schema, 100)->path,
			    schema_field_at(schema, 0)->path);
	schema_put_numbers(schema, &numbers);
	assert_int_equal(numbers.len, 16);
	assert_int_equal(schema_take_numbers(worker, buf_blob(&numbers), NULL), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(schema_field_at(worker, i)->number,
				 schema_field_at(schema, i)->number);
	for (size_t len = 0; len < numbers.len; len++)
		assert_int_equal(schema_take_numbers(worker, blob_of(numbers.data, len), NULL),
				 ERR_PROTOCOL);
	buf_put_u16(&numbers, 1);
	assert_int_equal(schema_take_numbers(worker, buf_blob(&numbers), NULL), ERR_PROTOCOL);
}

static void numbers_that_do_not_hold_change_nothing(void **state)
{
	CLEANUP(schema_destroyp) struct schema *schema = compiled();
	struct numbering same = { .next = 5, .step = 0, .fails_at = -1 };
	struct numbering zero = { .next = 0, .step = 1, .fails_at = -1 };
	struct numbering fails = { .next = 50, .step = 1, .fails_at = 3 };
	(void)state;
	assert_int_equal(schema_set_numbers(schema, number_of, &same, NULL), ERR_CORRUPT);
	assert_int_equal(schema_set_numbers(schema, number_of, &zero, NULL), ERR_CORRUPT);
	assert_int_equal(schema_set_numbers(schema, number_of, &fails, NULL), ERR_NO_SPACE);
	for (uint16_t i = 0; i < 8; i++) {
		assert_int_equal(schema_field_at(schema, i)->number, i + 1);
		assert_ptr_equal(schema_field_by_number(schema, (uint16_t)(i + 1)),
				 schema_field_at(schema, i));
	}
}

/* ---- the real one ---- */

static void the_schema_of_the_project_compiles(void **state)
{
	static const char *const paths[] = {
		"identity.full_name",
		"identity.cccd",
		"contact.commune_code",
		"employment[].organisation",
		"degree[].year",
		"academic_title.name",
		"qualification.it_skill",
		"training[].hours",
		"rnd.fte",
		"award[].name",
		"society[].since",
		"overseas.country",
		"enrolment.status",
		"evidence.cccd_grade",
		"evidence.note",
	};
	CLEANUP(code_lists_destroyp) struct code_lists *real = source_code_lists();
	CLEANUP(schema_destroyp) struct schema *schema = source_schema(real);
	CLEANUP(buf_finish) struct buf text = source_file("schemas/person.schema.json");
	uint8_t hash[SHA256_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (schema_field_by_path(schema, paths[i]) == NULL)
			fail_msg("%s is missing", paths[i]);
	for (size_t i = 0; i < schema_field_count(schema); i++) {
		const struct schema_field *field = schema_field_at(schema, i);
		if (field->title[LANGUAGE_EN][0] == '\0' || field->title[LANGUAGE_VI][0] == '\0')
			fail_msg("%s lacks a title", field->path);
	}
	assert_int_equal(schema_field_by_path(schema, "identity.birth_date")->type, SCHEMA_DATE);
	assert_false(schema_field_by_path(schema, "evidence.note")->golden);
	assert_int_equal(schema_field_by_path(schema, "enrolment.class")->record_types,
			 1 << RECORD_STUDENT);
	assert_true(schema_list_by_path(schema, "evidence.note")->plain);
	sha256(text.data, text.len, hash);
	assert_memory_equal(schema_hash(schema), hash, SHA256_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_become_fields_with_their_rules),
		cmocka_unit_test(lists_know_their_key_and_what_must_agree),
		cmocka_unit_test(what_is_not_supported_stops_the_start_and_is_named),
		cmocka_unit_test(a_cut_schema_never_compiles),
		cmocka_unit_test(the_store_gives_the_numbers_and_a_worker_takes_them),
		cmocka_unit_test(numbers_that_do_not_hold_change_nothing),
		cmocka_unit_test(the_schema_of_the_project_compiles),
	};
	return cmocka_run_group_tests_name("schema", tests, setup, teardown);
}
