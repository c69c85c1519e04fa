#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/base/utf8.h"
#include "daemon/control/mask.h"
#include "daemon/record/schema.h"

/* A pattern is only asked whether it is there. */
#define SOME_PATTERN ((const struct pattern *)"pattern")

static const struct schema_field key_fields[] = {
	{ .path = "society[].organisation", .sensitivity = SCHEMA_NONE },
	{ .path = "society[].reason", .sensitivity = SCHEMA_SENSITIVE },
};
static const struct schema_list open_list = {
	.path = "degree", .fields = key_fields, .field_count = 1, .key_count = 1, .key = { 0 }
};
static const struct schema_list closed_list = {
	.path = "society", .fields = key_fields, .field_count = 2, .key_count = 2, .key = { 0, 1 }
};
static const struct schema_list plain_list = {
	.path = "evidence.note", .fields = key_fields, .field_count = 1, .plain = true
};

static void assert_masked(const char *name, struct buf *out, const char *expected)
{
	assert_true(buf_ok(out));
	assert_true(utf8_valid((const char *)out->data, out->len));
	if (!blob_equal(buf_blob(out), blob_text(expected)))
		fail_msg("%s: '%.*s', not '%s'", name, (int)out->len, (const char *)out->data,
			 expected);
	buf_finish(out);
}

static void what_is_shown_follows_sensitivity_and_kind(void **state)
{
	(void)state;
	static const struct {
		struct schema_field field;
		const char *value, *shown;
	} rows[] = {
		{ { .path = "degree[].level", .sensitivity = SCHEMA_NONE }, "thac-si", "thac-si" },
		{ { .path = "rnd.start", .sensitivity = SCHEMA_NONE, .type = SCHEMA_DATE },
		  "2019-01-02",
		  "2019-01-02" },
		{ { .path = "identity.birth_date",
		    .sensitivity = SCHEMA_BASIC,
		    .type = SCHEMA_DATE },
		  "1985-02-17",
		  "1985" },
		{ { .path = "identity.birth_date",
		    .sensitivity = SCHEMA_BASIC,
		    .type = SCHEMA_DATE },
		  "198",
		  "•••" },
		{ { .path = "identity.full_name", .sensitivity = SCHEMA_BASIC },
		  "Nguyễn Thị Ánh",
		  "N.T.Á." },
		{ { .path = "identity.full_name", .sensitivity = SCHEMA_BASIC },
		  "đỗ  đức",
		  "Đ.Đ." },
		{ { .path = "identity.full_name", .sensitivity = SCHEMA_BASIC }, "", "" },
		{ { .path = "identity.cccd", .sensitivity = SCHEMA_BASIC, .pattern = SOME_PATTERN },
		  "020085012345",
		  "•••345" },
		{ { .path = "identity.passport",
		    .sensitivity = SCHEMA_BASIC,
		    .pattern = SOME_PATTERN },
		  "B123456",
		  "•••" },
		{ { .path = "contact.phone", .sensitivity = SCHEMA_BASIC, .pattern = SOME_PATTERN },
		  "+84912345678",
		  "•••678" },
		{ { .path = "contact.email", .sensitivity = SCHEMA_BASIC },
		  "a@example.org",
		  "•••" },
		{ { .path = "employment[].step",
		    .sensitivity = SCHEMA_BASIC,
		    .type = SCHEMA_INTEGER },
		  "7",
		  "•••" },
		{ { .path = "identity.ethnic", .sensitivity = SCHEMA_SENSITIVE }, "03", "•••" },
		{ { .path = "x.some_name", .sensitivity = SCHEMA_SENSITIVE }, "Nguyễn", "•••" },
		{ { .path = "x.since", .sensitivity = SCHEMA_SENSITIVE, .type = SCHEMA_DATE },
		  "2019",
		  "•••" },
		{ { .path = "x.number", .sensitivity = SCHEMA_SENSITIVE, .pattern = SOME_PATTERN },
		  "020085012345",
		  "•••" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		mask_value(&rows[i].field, blob_text(rows[i].value), &out);
		assert_masked(rows[i].field.path, &out, rows[i].shown);
	}
}

static void an_element_key_is_shown_only_if_all_of_it_may_be(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const struct schema_list *list;
		const char *key, *shown;
	} rows[] = {
		{ "open", &open_list, "thac-si/2015", "thac-si/2015" },
		{ "one part is sensitive", &closed_list, "Hội A/x", "•••" },
		{ "a plain list is its own key", &plain_list, "note", "•••" },
		{ "no list, no key", NULL, "", "" },
		{ "a key without a list", NULL, "stray", "•••" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct schema_field field = { .path = "x.y", .list = rows[i].list };
		struct buf out = { 0 };
		mask_element_key(&field, blob_text(rows[i].key), &out);
		assert_masked(rows[i].name, &out, rows[i].shown);
	}
}

static void an_identifier_shows_three_characters_or_none(void **state)
{
	(void)state;
	static const struct {
		const char *value, *shown;
	} rows[] = {
		{ "CB-2024-00017", "•••017" }, { "12345678", "•••678" },
		{ "1234567", "•••" },          { "", "•••" },
		{ "mã-số-đặc", "•••" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		mask_identifier(blob_text(rows[i].value), &out);
		assert_masked(rows[i].value, &out, rows[i].shown);
	}
}

static void of_a_raw_cell_only_the_shape_is_shown(void **state)
{
	(void)state;
	static const struct {
		const char *text, *shape;
	} rows[] = {
		{ "31/2/85", "99/9/99" },
		{ "02008501234O", "99999999999x" },
		{ "Nguyễn Văn A", "x x x" },
		{ "Nguyễn-Văn", "x-x" },
		{ "a1b2", "x9x9" },
		{ "NguyÔn", "x" },
		{ "", "" },
		{ "\xff\xfe"
		  "1",
		  "x9" },
		{ "\x1b[31m5", "x[99x9" },
		{ "1111111111111111111111111111111111111111111111111111111111111111",
		  "9999999999999999999999999999999999999999999999999999999999999999" },
		{ "11111111111111111111111111111111111111111111111111111111111111112",
		  "9999999999999999999999999999999999999999999999999999999999999999…" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		mask_shape(blob_text(rows[i].text), &out);
		assert_masked(rows[i].text, &out, rows[i].shape);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_follows_sensitivity_and_kind),
		cmocka_unit_test(an_element_key_is_shown_only_if_all_of_it_may_be),
		cmocka_unit_test(an_identifier_shows_three_characters_or_none),
		cmocka_unit_test(of_a_raw_cell_only_the_shape_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
