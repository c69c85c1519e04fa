/* Finding columns by their names (HR1), and maps that cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/mapping_fixture.h"

static const char map[] =
	"key: {column: Mã, or: [Mã số]}\nrunning_number: [STT]\ncolumns:\n"
	"- {column: Họ và tên khai sinh, or: [Họ tên], field: identity.full_name, normaliser: "
	"name}\n"
	"- {column: Ngày sinh, field: identity.birth_date, normaliser: birth_date}\n"
	"- {column: Email, field: contact.email, normaliser: email, optional: true}\n";

static struct mapping_fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_load(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_finish(&fixture);
	return 0;
}

static void columns_are_found_whatever_their_order_and_writing(void **state)
{
	(void)state;
	static const struct {
		const char *name, *header;
		size_t dropped;
	} rows[] = {
		{ "as written", "STT|Mã|Họ và tên khai sinh|Ngày sinh|Email", 0 },
		{ "moved, others between",
		  "Tôn giáo|Ngày sinh|Email|Mã|Ghi chú|Họ và tên khai sinh", 2 },
		{ "other names", "MÃ SỐ|HỌ TÊN|ngày sinh", 0 },
		{ "blanks and line breaks", "  Mã |Họ và\ntên  khai\r\nsinh|Ngày\xc2\xa0sinh", 0 },
		{ "empty columns", "Mã|Họ tên|Ngày sinh||", 0 },
		{ "decomposed", "Ma\xcc\x83|Họ tên|Ngày sinh", 0 },
	};
	assert_int_equal(fixture_map(&fixture, map, RECORD_PERSON), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (fixture_bind(&fixture, rows[i].header) != 0 ||
		    header_dropped(fixture.mapping) != rows[i].dropped)
			fail_msg("%s: %s", rows[i].name, fixture.err.text[LANGUAGE_EN]);
		/* name and birth date, and the mail where it is there; neither key nor running number */
		size_t hashed = strstr(rows[i].header, "Email") == NULL ? 2 : 3;
		assert_int_equal(fixture.mapping->hashed_count, hashed);
	}
	fixture_unmap(&fixture);
}

static void a_header_that_lacks_or_doubles_a_column_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		enum msg_id msg;
		const char *shown;
	} rows[] = {
		{ "Mã|Họ tên|Ngày sịnh", MSG_HEADER_NO_COLUMN_NEAREST,
		  "the nearest is 'Ngày sịnh'" },
		{ "Họ tên|Ngày sinh", MSG_HEADER_NO_COLUMN, "'Mã'" },
		{ "abc", MSG_HEADER_NO_COLUMN, "lacks 3 columns" },
		{ "Mã|Họ tên|Ngày sinh|Ngày  SINH", MSG_HEADER_TWICE, "" },
		{ "Mã|Họ tên|Ngày sinh|Ghi chú|ghi chú", MSG_HEADER_TWICE, "'ghi chú'" },
		{ "Mã|Họ tên|Ngày sinh|Họ và tên khai sinh", MSG_HEADER_TWICE, "" },
		{ "Mã|Họ tên|Ngày sinh|\x01", MSG_HEADER_CONTROL, "" },
		{ "Mã|Họ tên|Ngày sinh|\xff", MSG_HEADER_CONTROL, "" },
	};
	assert_int_equal(fixture_map(&fixture, map, RECORD_PERSON), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = fixture_bind(&fixture, rows[i].header);
		if (rc != ERR_INVALID || fixture.err.msg != rows[i].msg ||
		    strstr(fixture.err.text[LANGUAGE_EN], rows[i].shown) == NULL)
			fail_msg("%s: %d %s", rows[i].header, rc, fixture.err.text[LANGUAGE_EN]);
	}
	assert_int_equal(fixture_bind(&fixture, "Mã|Họ tên|Ngày sinh"),
			 0); /* it is not broken by a failure */
	fixture_unmap(&fixture);
}

static void known_names_are_counted(void **state)
{
	(void)state;
	const struct blob cells[] = { blob_text("stt"), blob_text("Họ  tên"),
				      blob_text("Danh sách"), blob_of("\xff", 1) };
	assert_int_equal(fixture_map(&fixture, map, RECORD_PERSON), 0);
	assert_int_equal(header_count_hits(fixture.mapping, cells, 4), 2);
	fixture_unmap(&fixture);
}

#define KEY \
	"key: {column: Mã}\ncolumns:\n- {column: Tên, field: identity.full_name, normaliser: " \
	"name}\n"
static void a_map_that_cannot_be_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *yaml;
		enum msg_id msg;
	} rows[] = {
		{ KEY "- {field: contact.email}\n", MSG_MAP_ONE_OF },
		{ KEY "- {column: a, constant: b, field: contact.email}\n", MSG_MAP_ONE_OF },
		{ KEY "- {constant: a, or: [b], field: contact.email}\n", MSG_MAP_OR_ALONE },
		{ KEY "- {constant: a, field: contact.email, normaliser: email}\n",
		  MSG_MAP_CONSTANT },
		{ KEY "- {column: a, field: contact.email, split: \";\"}\n", MSG_MAP_SPLIT },
		{ KEY "- {column: a, field: contact.email, name_column: b}\n",
		  MSG_MAP_NAME_COLUMN },
		{ KEY "- {column: a, field: identity.sex}\n", MSG_MAP_BOUND_FIELD },
		{ KEY "- {column: a, field: identity.cccd, normaliser: digits}\n",
		  MSG_MAP_BOUND_FIELD },
		{ KEY "- {column: a, field: contact.email, normaliser: name}\n",
		  MSG_MAP_BOUND_FIELD },
		{ "key: {column: Mã}\ncolumns:\n- {column: a, field: contact.email}\n",
		  MSG_MAP_NO_NAME },
		{ KEY "- {column: a, field: contact.mail}\n", MSG_MAP_NO_FIELD },
		{ KEY "- {column: a, field: enrolment.class}\n", MSG_MAP_NO_FIELD },
		{ KEY "- {column: a, field: contact.email}\n- {column: b, field: contact.email}\n",
		  MSG_MAP_TWICE },
		{ KEY "- {column: a, field: \"training[].year\", split: \";\"}\n- {column: b, "
		      "field: \"training[].kind\", split: \";\"}\n",
		  MSG_MAP_TWICE },
		{ KEY "- {column: a, field: contact.address, normaliser: code}\n",
		  MSG_MAP_NOT_CODED },
		{ KEY "- {column: a, field: \"award[].name\", year_field: \"degree[].year\"}\n",
		  MSG_MAP_YEAR_FIELD },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = fixture_map(&fixture, rows[i].yaml, RECORD_PERSON);
		enum msg_id msg =
			fixture.diag.errors > 0 ? fixture.diag.entries[0].msg : fixture.err.msg;
		if (rc == 0 || msg != rows[i].msg)
			fail_msg("row %zu: %d %s", i, rc, message_code(msg));
		fixture_unmap(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_found_whatever_their_order_and_writing),
		cmocka_unit_test(a_header_that_lacks_or_doubles_a_column_is_refused),
		cmocka_unit_test(known_names_are_counted),
		cmocka_unit_test(a_map_that_cannot_be_is_refused),
	};
	return cmocka_run_group_tests_name("header", tests, set_up, tear_down);
}
