/* Element: which element of a list here is which element there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/base/random.h"
#include "daemon/record/element.h"
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

/* An element as "name=value name=value"; the key is made of it. Storage lives as long as the test program's row. */
struct made {
	char text[160];
	char key[200];
	struct element element;
};

static void make(const struct schema_list *list, const char *text, struct made *made)
{
	CLEANUP(buf_finish) struct buf key = { 0 };
	char *rest = NULL;
	made->element = (struct element){ 0 };
	(void)snprintf(made->text, sizeof(made->text), "%s", text);
	for (char *part = strtok_r(made->text, " ", &rest); part != NULL;
	     part = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(part, '=');
		bool known = false;
		assert_non_null(value);
		*value++ = '\0';
		for (size_t i = 0; i < list->field_count; i++)
			if (strcmp(strrchr(list->fields[i].path, '.') + 1, part) == 0) {
				made->element.values[i] = blob_text(value);
				known = true;
			}
		assert_true(known);
	}
	element_key_put(list, &made->element, 1, &key);
	memcpy(made->key, key.data, key.len);
	made->element.key = blob_of(made->key, key.len);
}

enum { SIDE = 4 };

static size_t make_side(const struct schema_list *list, const char *const *texts, struct made *made,
			struct element *elements)
{
	size_t count = 0;
	for (; count < SIDE && texts[count] != NULL; count++) {
		make(list, texts[count], &made[count]);
		elements[count] = made[count].element;
	}
	return count;
}

static void elements_pair_as_the_case_table_says(void **state)
{
	static const struct {
		const char *name, *list;
		const char *left[SIDE], *right[SIDE];
		const char *pairs; /* left-right */
	} rows[] = {
		{ "nothing", "degree", { NULL }, { NULL }, "" },
		{ "gained", "degree", { NULL }, { "level=thac_si year=2015" }, "" },
		{ "lost", "degree", { "level=thac_si year=2015" }, { NULL }, "" },
		{ "the same",
		  "degree",
		  { "level=thac_si year=2015" },
		  { "level=thac_si year=2015" },
		  "0-0" },
		{ "a corrected year",
		  "degree",
		  { "level=thac_si year=2015" },
		  { "level=thac_si year=2016" },
		  "0-0" },
		{ "a year that came",
		  "degree",
		  { "level=thac_si" },
		  { "level=thac_si year=2016" },
		  "0-0" },
		{ "another level",
		  "degree",
		  { "level=thac_si year=2015" },
		  { "level=tien_si year=2015" },
		  "" },
		{ "the order changed",
		  "degree",
		  { "level=thac_si year=2015", "level=dai_hoc year=2010" },
		  { "level=dai_hoc year=2010", "level=thac_si year=2015" },
		  "0-1 1-0" },
		{ "the exact one wins over the near one",
		  "degree",
		  { "level=dai_hoc year=2010 discipline=luat" },
		  { "level=dai_hoc year=2014 discipline=toan",
		    "level=dai_hoc year=2010 discipline=luat" },
		  "0-1" },
		{ "content outweighs the key",
		  "degree",
		  { "level=dai_hoc year=2010 discipline=luat institution=a" },
		  { "level=dai_hoc year=2010 discipline=toan institution=b",
		    "level=dai_hoc year=2011 discipline=luat institution=a" },
		  "0-1" },
		{ "a missing value outweighs a contradiction",
		  "degree",
		  { "level=dai_hoc year=2010" },
		  { "level=dai_hoc year=2014", "level=dai_hoc discipline=luat" },
		  "0-1" },
		{ "each is taken once",
		  "degree",
		  { "level=dai_hoc year=2010", "level=dai_hoc year=2012" },
		  { "level=dai_hoc year=2011" },
		  "0-0" },
		{ "two changed at once stay two",
		  "degree",
		  { "level=dai_hoc year=2010 discipline=luat",
		    "level=dai_hoc year=2012 discipline=toan" },
		  { "level=dai_hoc year=2013 discipline=toan",
		    "level=dai_hoc year=2011 discipline=luat" },
		  "0-1 1-0" },
		{ "an agree field that misses is no contradiction",
		  "training",
		  { "kind=ky_nang_so" },
		  { "kind=ky_nang_so year=2024" },
		  "0-0" },
		{ "but one that is there is better",
		  "training",
		  { "kind=ky_nang_so year=2024" },
		  { "kind=ky_nang_so course=x", "kind=ky_nang_so year=2024 course=y" },
		  "0-1" },
		{ "and one that differs is none",
		  "training",
		  { "kind=ky_nang_so year=2023 course=x" },
		  { "kind=ky_nang_so year=2024 course=x" },
		  "" },
		{ "without any agree field in common there is no pair",
		  "training",
		  { "year=2024 course=x" },
		  { "kind=ky_nang_so course=x" },
		  "" },
		{ "a new position in the same organisation",
		  "employment",
		  { "organisation=a position=b step=3" },
		  { "organisation=a position=c step=3" },
		  "0-0" },
		{ "another organisation",
		  "employment",
		  { "organisation=a position=b step=3" },
		  { "organisation=d position=b step=3" },
		  "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schema_list *list = schema_list_by_path(schema, rows[i].list);
		struct made made[2][SIDE];
		struct element left[SIDE], right[SIDE];
		struct element_pair pairs[SIDE];
		char got[64] = "";
		size_t left_count = make_side(list, rows[i].left, made[0], left);
		size_t right_count = make_side(list, rows[i].right, made[1], right);
		size_t count = element_match(list, left, left_count, right, right_count, pairs);
		for (size_t n = 0; n < count; n++) {
			size_t at = strlen(got);
			(void)snprintf(got + at, sizeof(got) - at, "%s%u-%u", n > 0 ? " " : "",
				       pairs[n].left, pairs[n].right);
		}
		if (strcmp(got, rows[i].pairs) != 0)
			fail_msg("%s: %s", rows[i].name, got);
	}
}

static void elements_of_a_plain_list_pair_by_their_text(void **state)
{
	const struct schema_list *list = schema_list_by_path(schema, "evidence.note");
	struct element left[2] = { 0 }, right[2] = { 0 };
	struct element_pair pairs[2];
	(void)state;
	left[0].key = left[0].values[0] = blob_text("a");
	left[1].key = left[1].values[0] = blob_text("b");
	right[0].key = right[0].values[0] = blob_text("b");
	right[1].key = right[1].values[0] = blob_text("c");
	assert_int_equal(element_match(list, left, 2, right, 2, pairs), 1);
	assert_int_equal(pairs[0].left, 1);
	assert_int_equal(pairs[0].right, 0);
}

static void a_key_is_made_of_its_parts(void **state)
{
	static const struct {
		const char *list, *element;
		unsigned repeat;
		const char *key;
	} rows[] = {
		{ "degree", "level=thac_si year=2015", 1, "thac_si/2015" },
		{ "degree", "level=thac_si", 1, "thac_si/" },
		{ "degree", "year=2015", 1, "/2015" },
		{ "degree", "level=thac_si year=2015", 2, "thac_si/2015#2" },
		{ "society", "organisation=x", 1, "x" },
		{ "society", "organisation=x", 12, "x#12" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct schema_list *list = schema_list_by_path(schema, rows[i].list);
		CLEANUP(buf_finish) struct buf key = { 0 };
		struct made made;
		make(list, rows[i].element, &made);
		element_key_put(list, &made.element, rows[i].repeat, &key);
		buf_put_u8(&key, 0);
		assert_string_equal((char *)key.data, rows[i].key);
	}
}

static void elements_are_gathered_from_a_record_by_key(void **state)
{
	static const struct {
		const char *path, *key, *value;
	} facts[] = {
		{ "identity.full_name", "", "An" },
		{ "degree[].level", "thac_si/2015", "thac_si" },
		{ "degree[].year", "thac_si/2015", "2015" },
		{ "degree[].year", "/1999",
		  "1999" }, /* a sub-field after the first may bring a new key */
		{ "award[].name", "x/2015", "x" },
	};
	const struct schema_list *list = schema_list_by_path(schema, "degree");
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	CLEANUP(buf_finish) struct buf encoding = { 0 };
	static struct element elements[LIMIT_LIST_ELEMENTS];
	struct record record;
	char key[16];
	(void)state;
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	for (size_t i = 0; i < 5; i++)
		record_builder_add(builder, schema_field_by_path(schema, facts[i].path)->number,
				   blob_text(facts[i].key), blob_text(facts[i].value));
	assert_int_equal(record_builder_encode(builder, &encoding, NULL), 0);
	assert_int_equal(record_open(buf_blob(&encoding), &record, NULL), 0);
	assert_int_equal(element_collect(list, &record, elements), 2);
	assert_true(blob_equal(elements[0].key, blob_text("/1999")));
	assert_null(elements[0].values[0].data);
	assert_true(blob_equal(elements[1].values[0], blob_text("thac_si")));
	record_builder_begin(builder, RECORD_PERSON);
	for (unsigned i = 0; i < LIMIT_LIST_ELEMENTS + 9; i++) {
		(void)snprintf(key, sizeof(key), "k%u", i);
		record_builder_add(builder, list->fields[0].number, blob_text(key), blob_text("x"));
	}
	buf_reset(&encoding);
	assert_int_equal(record_builder_encode(builder, &encoding, NULL), 0);
	assert_int_equal(record_open(buf_blob(&encoding), &record, NULL), 0);
	assert_int_equal(element_collect(list, &record, elements), LIMIT_LIST_ELEMENTS);
}

/* ---- properties ---- */

enum { RANDOM_SIDE = 6 };

/* Elements with unique keys, as a record has them. */
static size_t random_side(const struct schema_list *list, const struct random_source *random,
			  struct element *side, char keys[RANDOM_SIDE][8])
{
	static const char *const values[] = { "a", "b", "c" };
	size_t count = (size_t)random_below(random, RANDOM_SIDE + 1);
	for (size_t i = 0; i < count; i++) {
		side[i] = (struct element){ 0 };
		for (size_t f = 0; f < list->field_count; f++)
			if (random_below(random, 3) > 0)
				side[i].values[f] = blob_text(values[random_below(random, 3)]);
		keys[i][0] = (char)('a' + random_below(random, 2));
		keys[i][1] = (char)('0' + i);
		keys[i][2] = '\0';
		side[i].key = blob_text(keys[i]);
	}
	return count;
}

static bool contradict(const struct schema_list *list, const struct element *a,
		       const struct element *b, unsigned *ret_agreeing)
{
	*ret_agreeing = 0;
	for (size_t f = 0; f < list->field_count; f++) {
		bool both = a->values[f].data != NULL && b->values[f].data != NULL;
		if (!both || (list->agree >> f & 1) == 0)
			continue;
		if (!blob_equal(a->values[f], b->values[f]))
			return true;
		(*ret_agreeing)++;
	}
	return false;
}

static bool is_paired(const struct element_pair *pairs, size_t count, size_t left, size_t right)
{
	for (size_t i = 0; i < count; i++)
		if (pairs[i].left == left && pairs[i].right == right)
			return true;
	return false;
}

static void shuffle(const struct random_source *random, struct element *side, size_t count,
		    size_t *places)
{
	for (size_t i = 0; i < count; i++)
		places[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)random_below(random, i), place = places[i - 1];
		struct element element = side[i - 1];
		side[i - 1] = side[j];
		side[j] = element;
		places[i - 1] = places[j];
		places[j] = place;
	}
}

static void pairing_is_safe_complete_symmetric_and_free_of_order(void **state)
{
	static const char *const names[] = { "degree", "training", "award", "society" };
	uint64_t seed = 11;
	struct random_source random = random_seeded(&seed);
	size_t total = 0;
	(void)state;
	(void)printf("# seed 11\n");
	for (int round = 0; round < 20000; round++) {
		const struct schema_list *list = schema_list_by_path(schema, names[round % 4]);
		struct element left[RANDOM_SIDE], right[RANDOM_SIDE];
		char keys[2][RANDOM_SIDE][8];
		struct element_pair pairs[RANDOM_SIDE], turned[RANDOM_SIDE], mixed[RANDOM_SIDE];
		bool used[2][RANDOM_SIDE] = { 0 };
		size_t left_count = random_side(list, &random, left, keys[0]),
		       places[2][RANDOM_SIDE];
		size_t right_count = random_side(list, &random, right, keys[1]);
		size_t count = element_match(list, left, left_count, right, right_count, pairs);
		unsigned agreeing;
		total += count;
		for (size_t i = 0; i < count; i++) {
			assert_false(contradict(list, &left[pairs[i].left], &right[pairs[i].right],
						&agreeing));
			assert_true(agreeing > 0);
			assert_false(used[0][pairs[i].left] || used[1][pairs[i].right]);
			assert_true(i == 0 || pairs[i - 1].left < pairs[i].left);
			used[0][pairs[i].left] = used[1][pairs[i].right] = true;
		}
		/* nobody stays alone who could have had somebody that is alone too */
		for (size_t i = 0; i < left_count; i++)
			for (size_t j = 0; j < right_count; j++)
				assert_true(used[0][i] || used[1][j] ||
					    contradict(list, &left[i], &right[j], &agreeing) ||
					    agreeing == 0);
		assert_int_equal(element_match(list, right, right_count, left, left_count, turned),
				 count);
		for (size_t i = 0; i < count; i++)
			assert_true(is_paired(pairs, count, turned[i].right, turned[i].left));
		shuffle(&random, left, left_count, places[0]);
		shuffle(&random, right, right_count, places[1]);
		assert_int_equal(element_match(list, left, left_count, right, right_count, mixed),
				 count);
		for (size_t i = 0; i < count; i++)
			assert_true(is_paired(pairs, count, places[0][mixed[i].left],
					      places[1][mixed[i].right]));
	}
	assert_true(total > 10000);
}

static void the_largest_lists_match(void **state)
{
	const struct schema_list *list = schema_list_by_path(schema, "society");
	static struct element side[LIMIT_LIST_ELEMENTS];
	static struct element_pair pairs[LIMIT_LIST_ELEMENTS];
	static char keys[LIMIT_LIST_ELEMENTS][8];
	(void)state;
	for (unsigned i = 0; i < LIMIT_LIST_ELEMENTS; i++) {
		(void)snprintf(keys[i], sizeof(keys[i]), "k%u", i);
		side[i] = (struct element){ .key = blob_text(keys[i]) };
		side[i].values[0] = blob_text("x");
	}
	assert_int_equal(
		element_match(list, side, LIMIT_LIST_ELEMENTS, side, LIMIT_LIST_ELEMENTS, pairs),
		LIMIT_LIST_ELEMENTS);
	for (unsigned i = 0; i < LIMIT_LIST_ELEMENTS; i++)
		assert_int_equal(pairs[i].right, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(elements_pair_as_the_case_table_says),
		cmocka_unit_test(elements_of_a_plain_list_pair_by_their_text),
		cmocka_unit_test(a_key_is_made_of_its_parts),
		cmocka_unit_test(elements_are_gathered_from_a_record_by_key),
		cmocka_unit_test(pairing_is_safe_complete_symmetric_and_free_of_order),
		cmocka_unit_test(the_largest_lists_match),
	};
	return cmocka_run_group_tests_name("element", tests, setup, teardown);
}
