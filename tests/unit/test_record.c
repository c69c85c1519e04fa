/* Record: facts, their one encoding, and what differs between two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/digest.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/random.h"
#include "daemon/record/record.h"

struct plain_fact {
	uint16_t field;
	const char *key, *value;
};

static int encode(const struct plain_fact *facts, size_t count, struct buf *out, struct err *err)
{
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	record_builder_begin(builder, RECORD_PERSON);
	for (size_t i = 0; i < count; i++)
		record_builder_add(builder, facts[i].field, blob_text(facts[i].key),
				   blob_text(facts[i].value));
	return record_builder_encode(builder, out, err);
}

static void the_encoding_is_the_one_that_is_written_down(void **state)
{
	const struct plain_fact facts[] = {
		{ 300, "k", "b" }, { 2, "", "ă" }, { 300, "k", "a" }, { 2, "", "ă" }
	};
	static const uint8_t expected[] = { 1, 1,   3, 2,   0,    2, 0xc4, 0x83, 0xac, 2,
					    1, 'k', 1, 'a', 0xac, 2, 1,    'k',  1,    'b' };
	struct buf out = { 0 };
	(void)state;
	assert_int_equal(encode(facts, 4, &out, NULL), 0);
	assert_int_equal(out.len, sizeof(expected));
	assert_memory_equal(out.data, expected, sizeof(expected));
	buf_finish(&out);
}

static void facts_are_found_by_field_and_key(void **state)
{
	const struct plain_fact facts[] = { { 1, "", "An" },
					    { 5, "thac-si/2015", "8480201" },
					    { 5, "dai-hoc/2010", "7480201" },
					    { 9, "", "x" } };
	struct buf out = { 0 };
	struct record record;
	struct fact fact;
	(void)state;
	assert_int_equal(encode(facts, 4, &out, NULL), 0);
	assert_int_equal(record_open(buf_blob(&out), &record, NULL), 0);
	assert_int_equal(record.type, RECORD_PERSON);
	assert_int_equal(record.count, 4);
	assert_true(blob_equal(record_value(&record, 1), blob_text("An")));
	assert_true(record_find(&record, 5, &fact));
	assert_true(blob_equal(fact.value, blob_text("7480201")));
	assert_true(record_find_key(&record, 5, blob_text("thac-si/2015"), &fact));
	assert_true(blob_equal(fact.value, blob_text("8480201")));
	assert_false(record_find_key(&record, 5, blob_text("thac-si/2016"), &fact));
	assert_false(record_find(&record, 6, &fact));
	assert_false(record_find(&record, 10, &fact));
	assert_int_equal(record_value(&record, 5).len, 0);
	buf_finish(&out);
}

static void what_the_encoder_would_not_write_is_refused(void **state)
{
	static const struct {
		const char *name;
		uint8_t bytes[24];
		size_t len;
	} rows[] = {
		{ "nothing", { 0 }, 0 },
		{ "another version", { 2, 1, 0 }, 3 },
		{ "version 0", { 0, 1, 0 }, 3 },
		{ "record type 0", { 1, 0, 0 }, 3 },
		{ "record type 3", { 1, 3, 0 }, 3 },
		{ "a count without facts", { 1, 1, 1 }, 3 },
		{ "facts without a count", { 1, 1, 0, 1, 0, 1, 'a' }, 7 },
		{ "a long form of the count", { 1, 1, 0x81, 0, 1, 0, 1, 'a' }, 8 },
		{ "a long form of the field", { 1, 1, 1, 0x81, 0, 0, 1, 'a' }, 8 },
		{ "a long form of the length", { 1, 1, 1, 1, 0x80, 0, 1, 'a' }, 8 },
		{ "field 0", { 1, 1, 1, 0, 0, 1, 'a' }, 7 },
		{ "field 65536", { 1, 1, 1, 0x80, 0x80, 4, 0, 1, 'a' }, 9 },
		{ "an empty value", { 1, 1, 1, 1, 0, 0 }, 6 },
		{ "a fact twice", { 1, 1, 2, 1, 0, 1, 'a', 1, 0, 1, 'a' }, 11 },
		{ "values falling", { 1, 1, 2, 1, 0, 1, 'b', 1, 0, 1, 'a' }, 11 },
		{ "fields falling", { 1, 1, 2, 2, 0, 1, 'a', 1, 0, 1, 'a' }, 11 },
		{ "keys falling", { 1, 1, 2, 1, 1, 'b', 1, 'a', 1, 1, 'a', 1, 'a' }, 13 },
		{ "a value that is no UTF-8", { 1, 1, 1, 1, 0, 1, 0xff }, 7 },
		{ "a key that is no UTF-8", { 1, 1, 1, 1, 1, 0xc3, 1, 'a' }, 8 },
		{ "a length past the end", { 1, 1, 1, 1, 0, 9, 'a' }, 7 },
		{ "a length past everything",
		  { 1, 1, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 },
		  15 },
		{ "a byte behind the last fact", { 1, 1, 1, 1, 0, 1, 'a', 0 }, 8 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;
		struct err err = { 0 };
		if (record_open(blob_of(rows[i].bytes, rows[i].len), &record, &err) != ERR_INVALID)
			fail_msg("%s is accepted", rows[i].name);
		assert_int_equal(err.msg, MSG_RECORD_BROKEN);
	}
}

static void every_cut_of_an_encoding_is_refused(void **state)
{
	const struct plain_fact facts[] = { { 1, "", "Nguyễn" },
					    { 200, "a/b", "x" },
					    { 200, "a/c", "y" } };
	struct buf out = { 0 };
	struct record record;
	(void)state;
	assert_int_equal(encode(facts, 3, &out, NULL), 0);
	for (size_t len = 0; len < out.len; len++) {
		uint8_t *exact = malloc(len == 0 ? 1 : len);
		assert_non_null(exact);
		memcpy(exact, out.data, len);
		assert_int_equal(record_open(blob_of(exact, len), &record, NULL), ERR_INVALID);
		free(exact);
	}
	buf_finish(&out);
}

static void the_builder_holds_the_limits(void **state)
{
	static char text[LIMIT_VALUE_BYTES + 2];
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	struct buf out = { 0 };
	struct err err = { 0 };
	const struct {
		size_t key_len, value_len, times;
		enum msg_id msg;
	} rows[] = {
		{ 0, LIMIT_VALUE_BYTES, 1, MSG_NONE },
		{ 0, LIMIT_VALUE_BYTES + 1, 1, MSG_RECORD_LONG },
		{ LIMIT_ELEMENT_KEY_BYTES, 1, 1, MSG_NONE },
		{ LIMIT_ELEMENT_KEY_BYTES + 1, 1, 1, MSG_RECORD_KEY_LONG },
		{ 0, 0, 1, MSG_RECORD_EMPTY },
		{ 0, 1, LIMIT_FACTS, MSG_NONE },
		{ 0, 1, LIMIT_FACTS + 1, MSG_RECORD_FACTS },
		{ 0, 250, LIMIT_FACTS, MSG_NONE },
		{ 0, 260, LIMIT_FACTS, MSG_RECORD_LONG },
	};
	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct record record;
		record_builder_begin(builder, RECORD_STUDENT);
		for (size_t n = 0; n < rows[i].times; n++)
			record_builder_add(builder, (uint16_t)(n + 1),
					   blob_of(text, rows[i].key_len),
					   blob_of(text, rows[i].value_len));
		buf_reset(&out);
		int result = record_builder_encode(builder, &out, &err);
		if (result != (rows[i].msg == MSG_NONE ? 0 : ERR_INVALID))
			fail_msg("row %zu", i);
		if (result < 0) {
			assert_int_equal(err.msg, rows[i].msg);
			assert_int_equal(out.len, 0);
		} else {
			assert_int_equal(record_open(buf_blob(&out), &record, NULL), 0);
			assert_int_equal(record.type, RECORD_STUDENT);
		}
	}
	record_builder_begin(builder, RECORD_PERSON);
	record_builder_add(builder, 1, blob_text(""), blob_text("\xc3\x28"));
	assert_int_equal(record_builder_encode(builder, &out, &err), ERR_INVALID);
	assert_int_equal(err.msg, MSG_RECORD_UTF8);
	buf_finish(&out);
}

static void the_hash_is_keyed_and_follows_the_facts(void **state)
{
	const struct plain_fact facts[] = { { 1, "", "a" }, { 2, "", "b" } },
				turned[] = { { 2, "", "b" }, { 1, "", "a" } },
				other[] = { { 1, "", "a" }, { 2, "", "c" } };
	const struct plain_fact *sets[] = { facts, turned, other };
	uint8_t hashes[3][RECORD_HASH_SIZE], second[RECORD_HASH_SIZE];
	CLEANUP(hmac_destroyp) struct hmac *hmac = NULL, *with_other_key = NULL;
	CLEANUP(buf_finish) struct buf out = { 0 };
	struct record record;
	(void)state;
	assert_int_equal(hmac_create((const uint8_t *)"one", 3, &hmac, NULL), 0);
	assert_int_equal(hmac_create((const uint8_t *)"two", 3, &with_other_key, NULL), 0);
	for (int i = 0; i < 3; i++) {
		buf_reset(&out);
		assert_int_equal(encode(sets[i], 2, &out, NULL), 0);
		assert_int_equal(record_open(buf_blob(&out), &record, NULL), 0);
		record_hash(hmac, &record, hashes[i]);
	}
	record_hash(with_other_key, &record, second);
	assert_memory_equal(hashes[0], hashes[1], RECORD_HASH_SIZE);
	assert_memory_not_equal(hashes[0], hashes[2], RECORD_HASH_SIZE);
	assert_memory_not_equal(hashes[2], second, RECORD_HASH_SIZE);
}

static void a_diff_tells_added_removed_and_changed(void **state)
{
	const struct plain_fact before[] = {
		{ 1, "", "a" }, { 2, "", "b" }, { 3, "x", "c" }, { 4, "", "d" }
	};
	const struct plain_fact after[] = {
		{ 1, "", "a" }, { 2, "", "B" }, { 3, "y", "c" }, { 5, "", "e" }
	};
	static const char *const expected[] = { "2:b>B", "3x:c>", "3y:>c", "4:d>", "5:>e" };
	CLEANUP(buf_finish) struct buf left = { 0 };
	CLEANUP(buf_finish) struct buf right = { 0 };
	struct record a, b;
	struct record_change change;
	size_t count = 0;
	(void)state;
	assert_int_equal(encode(before, 4, &left, NULL), 0);
	assert_int_equal(encode(after, 4, &right, NULL), 0);
	assert_int_equal(record_open(buf_blob(&left), &a, NULL), 0);
	assert_int_equal(record_open(buf_blob(&right), &b, NULL), 0);
	struct record_diff diff = record_diff_begin(&a, &b);
	while (record_diff_next(&diff, &change)) {
		const struct fact *any =
			change.kind == RECORD_ADDED ? &change.after : &change.before;
		char text[64];
		(void)snprintf(text, sizeof(text), "%u%.*s:%.*s>%.*s", any->field,
			       (int)any->key.len, any->key.data, (int)change.before.value.len,
			       change.before.value.data, (int)change.after.value.len,
			       change.after.value.data);
		assert_true(count < 5);
		assert_string_equal(text, expected[count++]);
	}
	assert_int_equal(count, 5);
	diff = record_diff_begin(&a, &a);
	assert_false(record_diff_next(&diff, &change));
}

/* ---- properties ---- */

static void build_random(struct record_builder *builder, const struct random_source *random,
			 struct buf *out)
{
	static const char *const values[] = { "a", "b", "Nguyễn", "aa", "ab", "\n", "2015" };
	static const char *const keys[] = { "", "k", "k/2015", "k/2016", "l" };
	record_builder_begin(builder,
			     random_below(random, 2) == 0 ? RECORD_PERSON : RECORD_STUDENT);
	for (uint64_t n = random_below(random, 20); n > 0; n--)
		record_builder_add(builder, (uint16_t)(1 + random_below(random, 6) * 60),
				   blob_text(keys[random_below(random, 5)]),
				   blob_text(values[random_below(random, 7)]));
	buf_reset(out);
	assert_int_equal(record_builder_encode(builder, out, NULL), 0);
}

static void decoding_and_encoding_again_gives_the_same_bytes(void **state)
{
	uint64_t seed = 4;
	struct random_source random = random_seeded(&seed);
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	CLEANUP(buf_finish) struct buf first = { 0 };
	CLEANUP(buf_finish) struct buf again = { 0 };
	size_t survived = 0;
	(void)state;
	(void)printf("# seed 4\n");
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	for (int round = 0; round < 20000; round++) {
		struct record record;
		struct fact fact;
		build_random(builder, &random, &first);
		/* every second time a damaged byte: what still opens must be canonical as well */
		if (round % 2 == 1)
			first.data[random_below(&random, first.len)] ^=
				(uint8_t)(1 << random_below(&random, 8));
		if (record_open(buf_blob(&first), &record, NULL) < 0) {
			assert_int_equal(round % 2, 1);
			continue;
		}
		survived += round % 2 == 1;
		struct record_iter iter = record_iterate(&record);
		record_builder_begin(builder, record.type);
		while (record_next(&iter, &fact))
			record_builder_add(builder, fact.field, fact.key, fact.value);
		buf_reset(&again);
		assert_int_equal(record_builder_encode(builder, &again, NULL), 0);
		assert_true(blob_equal(buf_blob(&first), buf_blob(&again)));
	}
	assert_true(survived > 100);
}

static void applying_a_diff_gives_the_other_record_both_ways(void **state)
{
	uint64_t seed = 5;
	struct random_source random = random_seeded(&seed);
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	struct buf texts[3] = { 0 };
	(void)state;
	(void)printf("# seed 5\n");
	assert_int_equal(record_builder_create(&builder, NULL), 0);
	for (int round = 0; round < 10000; round++) {
		struct record a, b;
		struct record_change change;
		struct fact fact;
		build_random(builder, &random, &texts[0]);
		build_random(builder, &random, &texts[1]);
		assert_int_equal(record_open(buf_blob(&texts[0]), &a, NULL), 0);
		assert_int_equal(record_open(buf_blob(&texts[1]), &b, NULL), 0);
		/* b = (a without what was removed or changed) with what was added or changed */
		record_builder_begin(builder, b.type);
		struct record_iter iter = record_iterate(&a);
		while (record_next(&iter, &fact)) {
			bool kept = true;
			struct record_diff diff = record_diff_begin(&a, &b);
			while (record_diff_next(&diff, &change))
				kept &= change.kind == RECORD_ADDED ||
					fact_compare(&change.before, &fact) != 0;
			if (kept)
				record_builder_add(builder, fact.field, fact.key, fact.value);
		}
		struct record_diff diff = record_diff_begin(&a, &b);
		struct record_diff back = record_diff_begin(&b, &a);
		while (record_diff_next(&diff, &change)) {
			struct record_change other;
			assert_true(record_diff_next(&back, &other));
			assert_int_equal(other.kind, change.kind == RECORD_CHANGED ? RECORD_CHANGED
						     : change.kind == RECORD_ADDED ? RECORD_REMOVED
										   : RECORD_ADDED);
			if (change.kind != RECORD_REMOVED)
				record_builder_add(builder, change.after.field, change.after.key,
						   change.after.value);
		}
		buf_reset(&texts[2]);
		assert_int_equal(record_builder_encode(builder, &texts[2], NULL), 0);
		assert_true(blob_equal(buf_blob(&texts[1]), buf_blob(&texts[2])));
	}
	for (int i = 0; i < 3; i++)
		buf_finish(&texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_encoding_is_the_one_that_is_written_down),
		cmocka_unit_test(facts_are_found_by_field_and_key),
		cmocka_unit_test(what_the_encoder_would_not_write_is_refused),
		cmocka_unit_test(every_cut_of_an_encoding_is_refused),
		cmocka_unit_test(the_builder_holds_the_limits),
		cmocka_unit_test(the_hash_is_keyed_and_follows_the_facts),
		cmocka_unit_test(a_diff_tells_added_removed_and_changed),
		cmocka_unit_test(decoding_and_encoding_again_gives_the_same_bytes),
		cmocka_unit_test(applying_a_diff_gives_the_other_record_both_ways),
	};
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
