/* Projection: the table against schema and contract, and the bytes that it makes. */
#include "tests/support/reconcile_state.h"

#include "config/doc.h"
#include "daemon/publish/projection.h"

static struct projection *projection;
static struct buf facts, out;

static int begin(void **unused)
{
	(void)reconcile_state_make(unused);
	OK(projection_create(schema, &projection, &state_err));
	return 0;
}

static int end(void **unused)
{
	projection_destroy(projection);
	buf_finish(&facts);
	buf_finish(&out);
	return reconcile_state_end(unused);
}

/* ---- the table against the contract: x-source there names the same field ---- */

enum { PLACES_MAX = 200 };

struct places {
	struct projection_place items[PLACES_MAX];
	size_t count;
};

static const struct doc_node *schemas;

static const struct doc_node *resolve(const struct doc_node *node)
{
	const struct doc_node *ref = doc_get(node, "$ref");
	if (ref == NULL)
		return node;
	const char *name = strrchr(ref->text, '/');
	assert_non_null(name);
	const struct doc_node *found = doc_get(schemas, name + 1);
	assert_non_null(found);
	return found;
}

static void add_place(struct places *places, const struct doc_node *source, const char *object,
		      const char *key)
{
	assert_true(places->count < PLACES_MAX);
	places->items[places->count++] = (struct projection_place){ source->text, object, key };
}

/* Identifier: one schema per system, each with its own source. */
static void add_identifiers(struct places *places, const struct doc_node *one_of,
			    const char *object)
{
	for (size_t i = 0; i < one_of->count; i++) {
		const struct doc_node *one = resolve(one_of->items[i]);
		const struct doc_node *system = doc_get(doc_get(one, "properties"), "system");
		add_place(places, doc_get(one, "x-source"), object, doc_get(system, "const")->text);
	}
}

static void add_properties(struct places *places, const struct doc_node *properties,
			   const char *object)
{
	for (size_t i = 0; i < properties->count; i++) {
		const struct doc_node *source = doc_get(properties->pairs[i].value, "x-source");
		if (source != NULL)
			add_place(places, source, object, properties->pairs[i].key->text);
	}
}

static void gather_places(struct places *places)
{
	const struct doc_node *person = doc_get(doc_get(schemas, "Person"), "properties");
	add_properties(places, person, NULL);
	for (size_t i = 0; i < person->count; i++) {
		const struct doc_node *value = person->pairs[i].value,
				      *items = doc_get(value, "items");
		const struct doc_node *inner = resolve(items != NULL ? items : value);
		const char *object = person->pairs[i].key->text;
		if (doc_get(value, "x-source") != NULL)
			continue;
		if (doc_get(inner, "oneOf") != NULL)
			add_identifiers(places, doc_get(inner, "oneOf"), object);
		else
			add_properties(places, doc_get(inner, "properties"), object);
	}
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool has_place(const struct projection_place *place, const struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		if (same(place->source, places->items[i].source) &&
		    same(place->object, places->items[i].object) &&
		    same(place->key, places->items[i].key))
			return true;
	return false;
}

static bool table_has(const struct projection_place *place)
{
	const struct projection_place *row;
	for (size_t i = 0; (row = projection_place_at(i)) != NULL; i++)
		if (same(place->source, row->source) && same(place->object, row->object) &&
		    same(place->key, row->key))
			return true;
	return false;
}

static void the_table_says_what_the_contract_says(void **unused)
{
	(void)unused;
	struct buf text = source_file("schemas/national-api.openapi.yaml");
	struct diag diag = { 0 };
	struct doc *doc = doc_parse("contract", buf_blob(&text), &diag);
	struct places places = { .count = 0 };
	size_t rows = 0;
	if (doc == NULL)
		fail_msg("%s:%u: %s", "contract", diag.entries[0].line,
			 diag.entries[0].text[LANGUAGE_EN]);
	schemas = doc_get(doc_get(doc_root(doc), "components"), "schemas");
	gather_places(&places);
	for (size_t i = 0; i < places.count; i++)
		if (!table_has(&places.items[i]))
			fail_msg("the contract takes %s, the table has no such row",
				 places.items[i].source);
	for (const struct projection_place *row; (row = projection_place_at(rows)) != NULL; rows++)
		if (!has_place(row, &places))
			fail_msg("the contract does not take %s as %s", row->source, row->key);
	assert_int_equal(rows, places.count);
	assert_true(rows > 50);
	doc_destroy(doc);
	diag_finish(&diag);
	buf_finish(&text);
}

static size_t rows_of_source(const char *path)
{
	const struct projection_place *row;
	size_t found = 0;
	for (size_t i = 0; (row = projection_place_at(i)) != NULL; i++)
		found += strcmp(row->source, path) == 0;
	return found;
}

static void every_golden_field_of_a_person_has_one_place_and_no_other_field_has_any(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < schema_field_count(schema); i++) {
		const struct schema_field *field = schema_field_at(schema, i);
		bool of_person = (field->record_types >> RECORD_PERSON & 1) != 0;
		size_t expected = of_person && field->golden ? 1 : 0;
		if (rows_of_source(field->path) != expected)
			fail_msg("%s stands in %zu rows", field->path, rows_of_source(field->path));
	}
}

static void the_rows_stand_in_the_order_of_the_keys_that_are_written(void **unused)
{
	(void)unused;
	const struct projection_place *row, *before = projection_place_at(0);
	for (size_t i = 1; (row = projection_place_at(i)) != NULL; before = row, i++) {
		const char *a = before->object != NULL ? before->object : before->key;
		const char *b = row->object != NULL ? row->object : row->key;
		int order = strcmp(a, b);
		assert_true(order < 0 || (order == 0 && strcmp(before->key, row->key) < 0));
	}
}

/* Every code that a field may hold must fit the contract's pattern for it, or its persons could never be sent. */
static void all_codes_of_the_lists_fit_the_contract(void **unused)
{
	(void)unused;
	const struct projection_place *row;
	for (size_t i = 0; (row = projection_place_at(i)) != NULL; i++) {
		const struct schema_field *field = schema_field_by_path(schema, row->source);
		if (field->code_list == NULL || strcmp(field->path, "identity.sex") == 0)
			continue;
		for (size_t r = 0; r < code_list_rows(field->code_list); r++) {
			const char *code = code_list_cell(field->code_list, r, 0);
			size_t len = strlen(code);
			if (len == 0 || len > 32 ||
			    strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz01234"
					 "56789_") != len)
				fail_msg("%s: '%s'", code_list_name(field->code_list), code);
		}
	}
}

/* ---- the bytes ---- */

static const char *project(const char *text, size_t *ret_left_out)
{
	buf_reset(&facts);
	buf_reset(&out);
	struct record golden = state_record(text, &facts);
	OK(projection_write(projection, &golden, &out, ret_left_out, &state_err));
	buf_put_u8(&out, '\0');
	return (const char *)out.data;
}

static void records_become_canonical_persons(void **unused)
{
	(void)unused;
	static const struct {
		const char *facts, *json;
		size_t left_out;
	} rows[] = {
		{ "identity.full_name=Trần Thị Thử", "{\"fullName\":\"Trần Thị Thử\"}", 0 },
		{ "identity.full_name=An\nidentity.sex=nam\nidentity.birth_date=1980",
		  "{\"birthDate\":\"1980\",\"fullName\":\"An\",\"gender\":\"male\"}", 0 },
		{ "identity.full_name=An\nidentity.sex=nữ\nidentity.birth_date=1980-02",
		  "{\"birthDate\":\"1980-02\",\"fullName\":\"An\",\"gender\":\"female\"}", 0 },
		{ "identity.full_name=An\nidentity.tax_code=0123456789-001\nidentity.cccd="
		  "001080000001\n"
		  "identity.passport=B1234567\nidentity.cmnd=012345678",
		  "{\"fullName\":\"An\",\"identifiers\":[{\"system\":\"cccd\",\"value\":"
		  "\"001080000001\"},"
		  "{\"system\":\"cmnd\",\"value\":\"012345678\"},{\"system\":\"passport\","
		  "\"value\":\"B1234567\"},"
		  "{\"system\":\"taxCode\",\"value\":\"0123456789-001\"}]}",
		  0 },
		{ "identity.full_name=An\nidentity.ethnic=01\ncontact.commune_code=06304\ncontact."
		  "phone=0900000001",
		  "{\"contact\":{\"commune\":{\"code\":\"06304\",\"list\":\"dvhc-2025-07\"},"
		  "\"phone\":\"0900000001\"},"
		  "\"ethnic\":{\"code\":\"01\",\"list\":\"vn1979\"},\"fullName\":\"An\"}",
		  0 },
		{ "identity.full_name=An\ndegree[].level<thac_si/"
		  "2015>=thac_si\ndegree[].year<thac_si/2015>=2015\n"
		  "degree[].level<dai_hoc/2008>=dai_hoc\ndegree[].year<dai_hoc/2008>=2008\n"
		  "degree[].institution<dai_hoc/2008>=Trường \"A\"",
		  "{\"degrees\":[{\"institution\":\"Trường "
		  "\\\"A\\\"\",\"level\":\"dai_hoc\",\"year\":2008},"
		  "{\"level\":\"thac_si\",\"year\":2015}],\"fullName\":\"An\"}",
		  0 },
		{ "identity.full_name=An\nemployment[].organisation<Sở/"
		  ">=Sở\nemployment[].coefficient<Sở/>=3.33\n"
		  "employment[].step<Sở/>=4\nemployment[].main<Sở/"
		  ">=true\nrnd.fte=0.25\nrnd.role=chu_nhiem",
		  "{\"fullName\":\"An\",\"positions\":[{\"coefficient\":3.33,\"main\":true,"
		  "\"organisation\":\"Sở\",\"step\":4}],"
		  "\"rnd\":{\"fte\":0.25,\"role\":\"chu_nhiem\"}}",
		  0 },
		/* evidence has no place there */
		{ "identity.full_name=An\nevidence.cccd_grade=text\nevidence.note<x>=x",
		  "{\"fullName\":\"An\"}", 0 },
		/* what the contract cannot take is left out and counted, the rest goes */
		{ "identity.full_name=An\nidentity.tax_code=01234567890", "{\"fullName\":\"An\"}",
		  1 },
		{ "identity.full_name=An\nidentity.tax_code=0123456789-01\nidentity.cccd="
		  "001080000001",
		  "{\"fullName\":\"An\",\"identifiers\":[{\"system\":\"cccd\",\"value\":"
		  "\"001080000001\"}]}",
		  1 },
		{ "identity.full_name=An\nidentity.sex=khác", "{\"fullName\":\"An\"}", 1 },
		{ "identity.full_name=An\nrnd.fte=0,25", "{\"fullName\":\"An\"}", 1 },
		{ "identity.full_name=An\nemployment[].main<Sở/>=yes\nemployment[].organisation<Sở/"
		  ">=Sở",
		  "{\"fullName\":\"An\",\"positions\":[{\"organisation\":\"Sở\"}]}", 1 },
		/* a degree without a level cannot be said */
		{ "identity.full_name=An\ndegree[].year</2008>=2008", "{\"fullName\":\"An\"}", 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t left_out = 99;
		assert_string_equal(project(rows[i].facts, &left_out), rows[i].json);
		assert_int_equal(left_out, rows[i].left_out);
	}
}

static void enrolments_are_never_projected(void **unused)
{
	(void)unused;
	size_t left_out;
	const char *json = project(
		"identity.full_name=An\nenrolment.class=K59\nenrolment.status=dang_hoc", &left_out);
	assert_string_equal(json, "{\"fullName\":\"An\"}");
}

static void a_list_ends_where_the_contract_ends_it(void **unused)
{
	(void)unused;
	CLEANUP(buf_finish) struct buf text = { 0 };
	size_t left_out, degrees = 0;
	buf_put_text(&text, "identity.full_name=An");
	for (unsigned i = 0; i < 40; i++) {
		char line[64];
		(void)snprintf(line, sizeof(line), "\ndegree[].level<dai_hoc/%u>=dai_hoc",
			       1900 + i);
		buf_put_text(&text, line);
	}
	buf_put_u8(&text, '\0');
	const char *json = project((const char *)text.data, &left_out);
	for (const char *at = json; (at = strstr(at, "dai_hoc")) != NULL; at++)
		degrees++;
	assert_int_equal(degrees, 32);
	assert_int_equal(left_out, 8);
}

static void a_person_without_a_name_cannot_be_sent(void **unused)
{
	(void)unused;
	size_t left_out;
	buf_reset(&facts);
	struct record golden = state_record("identity.cccd=001080000001", &facts);
	FAILS(projection_write(projection, &golden, &out, &left_out, &state_err), ERR_INVALID);
	assert_int_equal(state_err.msg, MSG_PROJECTION_NO_NAME);
}

static void a_schema_that_lacks_a_field_or_means_another_list_is_refused(void **unused)
{
	(void)unused;
	static const struct {
		const char *find, *put;
		enum msg_id msg;
	} rows[] = {
		{ "\"other_name\":", "\"andere_name\":", MSG_PROJECTION_NO_FIELD },
		{ "\"x-code-list\": \"dvhc-2025-07\"", "\"x-code-list\": \"dvhc-2025-03\"",
		  MSG_PROJECTION_OTHER_LIST },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = source_file("schemas/person.schema.json"), changed = { 0 };
		struct schema *other = NULL;
		struct projection *made = NULL;
		uint8_t *at = memmem(text.data, text.len, rows[i].find, strlen(rows[i].find));
		assert_non_null(at);
		buf_put(&changed, text.data, (size_t)(at - text.data));
		buf_put_text(&changed, rows[i].put);
		at += strlen(rows[i].find);
		buf_put(&changed, at, (size_t)(text.data + text.len - at));
		OK(schema_compile(buf_blob(&changed), lists, &other, &state_err));
		FAILS(projection_create(other, &made, &state_err), ERR_CONFIG);
		assert_int_equal(state_err.msg, rows[i].msg);
		schema_destroy(other);
		buf_finish(&text);
		buf_finish(&changed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_says_what_the_contract_says),
		cmocka_unit_test(
			every_golden_field_of_a_person_has_one_place_and_no_other_field_has_any),
		cmocka_unit_test(the_rows_stand_in_the_order_of_the_keys_that_are_written),
		cmocka_unit_test(all_codes_of_the_lists_fit_the_contract),
		cmocka_unit_test(records_become_canonical_persons),
		cmocka_unit_test(enrolments_are_never_projected),
		cmocka_unit_test(a_list_ends_where_the_contract_ends_it),
		cmocka_unit_test(a_person_without_a_name_cannot_be_sent),
		cmocka_unit_test(a_schema_that_lacks_a_field_or_means_another_list_is_refused),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
