/* Rows made records, or refused with all their reasons (HR0, HR2, HR6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/map/row_mapper.h"
#include "tests/support/mapping_fixture.h"

static struct mapping_fixture fixture;
static const uint8_t key[CELLS_HASH_KEY_SIZE] = { 1 };

static const char map[] =
	"key: {column: Mã}\nrunning_number: [STT]\nnone_words: [Không, x]\ncolumns:\n"
	"- {join: [Họ đệm, Tên], field: identity.full_name, normaliser: name}\n"
	"- {column: Sinh, field: identity.birth_date, normaliser: birth_date}\n"
	"- {column: Giới, field: identity.sex, normaliser: sex}\n"
	"- {column: Số, field: identity.cccd, normaliser: identity_number}\n"
	"- {column: Dân tộc, field: identity.ethnic, normaliser: ethnic}\n"
	"- {column: Cơ quan, field: \"employment[].organisation\"}\n"
	"- {column: Mã ngạch, field: \"employment[].grade_code\", normaliser: grade_code, "
	"name_column: Ngạch}\n"
	"- {column: Ngạch, field: \"employment[].grade_name\"}\n"
	"- {column: Bậc, field: \"employment[].step\", normaliser: step}\n"
	"- {column: Hệ số, field: \"employment[].coefficient\", normaliser: coefficient}\n"
	"- {constant: public, field: \"employment[].sector\"}\n"
	"- {column: Bằng, field: \"degree[].level\", normaliser: code}\n"
	"- {column: Năm, field: \"degree[].year\", normaliser: year}\n"
	"- {constant: chuyen_mon, field: \"training[].kind\", element: a}\n"
	"- {column: BD, field: \"training[].year\", element: a, split: \";\", normaliser: year, "
	"may_be_none: true}\n"
	"- {column: Khóa, field: \"training[].kind\", year_field: \"training[].year\", element: b, "
	"split: \";\", normaliser: code}\n"
	"- {column: Khen, field: \"award[].name\", year_field: \"award[].year\", may_be_none: "
	"true}\n"
	"- {column: Mail, field: contact.email, normaliser: email}\n"
	"- {column: Ghi chú, field: evidence.note}\n";
static const char header[] = "STT|Mã|Họ đệm|Tên|Sinh|Giới|Số|Dân tộc|Cơ quan|Mã ngạch|Ngạch|Bậc|Hệ "
			     "số|Bằng|Năm|BD|Khóa|Khen|"
			     "Mail|Ghi chú|Tôn giáo";
enum { COLUMNS = 21 };

static int set_up(void **state)
{
	(void)state;
	fixture_load(&fixture);
	if (fixture_map(&fixture, map, RECORD_PERSON) != 0 || fixture_bind(&fixture, header) != 0) {
		(void)fprintf(stderr, "%s\n", fixture.err.text[LANGUAGE_EN]);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_finish(&fixture);
	return 0;
}

/* A row of cells separated by "|"; those that are not given are empty. */
static size_t cells_of(const char *text, struct map_cell *cells)
{
	size_t count = 0;
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, "|");
		cells[count++] = (struct map_cell){ blob_of(at, len), CELL_UNTYPED };
		at += len;
		if (*at == '\0')
			break;
	}
	for (; count < COLUMNS; count++)
		cells[count] = (struct map_cell){ blob_of("", 0), CELL_UNTYPED };
	return count;
}

/* Facts as "path[key]=value;", warnings as "!path code;", reasons as the truth writes them. */
static void render(const struct row_outcome *outcome, struct buf *out)
{
	struct record record;
	struct record_iter iter;
	struct frame_list warnings = outcome->warnings;
	struct frame_warning warning;
	struct fact fact;
	if (!outcome->accepted) {
		reason_set_put(outcome->reason_bits, out);
		return;
	}
	assert_int_equal(record_open(outcome->encoding, &record, NULL), 0);
	iter = record_iterate(&record);
	while (record_next(&iter, &fact)) {
		buf_put_text(out, schema_field_by_number(fixture.schema, fact.field)->path);
		if (fact.key.len > 0) {
			buf_put_text(out, "<");
			buf_put(out, fact.key.data, fact.key.len);
			buf_put_text(out, ">");
		}
		buf_put_text(out, "=");
		buf_put(out, fact.value.data, fact.value.len);
		buf_put_text(out, ";");
	}
	while (frame_list_warning(&warnings, &warning)) {
		buf_put_text(out, "!");
		buf_put_text(out, schema_field_by_number(fixture.schema, warning.field)->path);
		buf_put_text(out, " ");
		buf_put_text(out, reason_name((enum reason)warning.code));
		buf_put_text(out, ";");
	}
}

static struct row_outcome map_text(struct row_mapper *mapper, const char *text)
{
	struct map_cell cells[64];
	struct row_outcome outcome = { 0 };
	assert_int_equal(row_mapper_map(mapper, cells, cells_of(text, cells), true, &outcome, NULL),
			 0);
	return outcome;
}

#define A50 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define NAME "1|K1|Nguyễn Văn|An|"
#define AN "identity.full_name=Nguyễn Văn An;"
static void a_row_is_a_record_or_refused_with_all_its_reasons(void **state)
{
	(void)state;
	static const struct {
		const char *name, *row, *expected;
	} rows[] = {
		{ "the least", NAME, AN },
		{ "identity", NAME "27/10/1985|Nam|020085012345|Tày",
		  AN "identity.birth_date=1985-10-27;identity.sex=nam;identity.cccd=020085012345;"
		     "identity.ethnic=02;evidence.cccd_grade=text;" },
		{ "padded", NAME "1985|Nam|20085012345",
		  AN "identity.birth_date=1985;identity.sex=nam;identity.cccd=020085012345;"
		     "evidence.cccd_grade=padded;!identity.cccd id_padded;" },
		{ "CMND", NAME "||081234567",
		  AN "identity.cmnd=081234567;evidence.cmnd_grade=text;" },
		{ "unlisted province", NAME "||099174280038",
		  AN "identity.cccd=099174280038;evidence.cccd_grade=text;!identity.cccd "
		     "id_province;" },
		{ "post", NAME "||||Sở A|1.003|Chuyên viên|3|3,00",
		  AN "employment[].organisation<Sở A/>=Sở A;employment[].grade_code<Sở A/>=01.003;"
		     "employment[].grade_name<Sở A/>=Chuyên viên;employment[].step<Sở "
		     "A/>=3;employment[].coefficient<Sở A/>=3;"
		     "employment[].sector<Sở A/>=public;" },
		{ "grade contradicts", NAME "||||Sở A|01.002|Chuyên viên",
		  AN
		  "employment[].organisation<Sở A/>=Sở A;employment[].grade_name<Sở A/>=Chuyên "
		  "viên;"
		  "employment[].sector<Sở A/>=public;!employment[].grade_code grade_contradicts;" },
		{ "post without organisation", NAME "|||||01.003",
		  AN "!employment[].organisation element_left_out;" },
		{ "a value that the schema refuses", NAME "||||x" A50 A50 A50 A50,
		  AN "!employment[].organisation value_left_out;" },
		{ "constants alone make nothing", NAME, AN },
		{ "degree", NAME "|||||||||Thạc sỹ|2007.0",
		  AN "degree[].level<thac_si/2007>=thac_si;degree[].year<thac_si/2007>=2007;" },
		{ "unknown degree", NAME "|||||||||Học giả", AN "!degree[].level code_unknown;" },
		{ "pieces", NAME "|||||||||||2023; 2026;;|NVSP 2023; KNS 2026; KNS 2026",
		  AN
		  "training[].kind<chuyen_mon/2023>=chuyen_mon;training[].kind<chuyen_mon/"
		  "2026>=chuyen_mon;"
		  "training[].kind<ky_nang_so/2026>=ky_nang_so;training[].year<chuyen_mon/"
		  "2023>=2023;"
		  "training[].year<chuyen_mon/2026>=2026;training[].year<ky_nang_so/2026>=2026;" },
		{ "a piece that is no year", NAME "|||||||||||2023; tháng 5",
		  AN "training[].kind<chuyen_mon/2023>=chuyen_mon;training[].year<chuyen_mon/"
		     "2023>=2023;!training[].year value_left_out;" },
		{ "none", NAME "|||||||||||Không", AN },
		{ "award", NAME "|||||||||||||Giấy khen (2020)",
		  AN "award[].name<Giấy khen/2020>=Giấy khen;award[].year<Giấy khen/2020>=2020;" },
		{ "award without year", NAME "|||||||||||||Giấy khen",
		  AN "award[].name<Giấy khen/>=Giấy khen;" },
		{ "no award", NAME "|||||||||||||x", AN },
		{ "broken mail", NAME "||||||||||||||a.gmail.com",
		  AN "!contact.email value_left_out;" },
		{ "note", NAME "|||||||||||||||Biệt phái",
		  AN "evidence.note<Biệt phái>=Biệt phái;" },
		{ "title of the name", "1|K1|TS. Nguyễn Văn|An", AN "evidence.note<TS>=TS;" },
		{ "unmapped column with rubbish", NAME "||||||||||||||||\x01\xff", AN },
		{ "no name", "1|K1||", "name_missing" },
		{ "no key", "1| |Nguyễn Văn|An", "no_key" },
		{ "swapped name", "1|K1|Lan|Nguyễn", "name_order" },
		{ "all at once", "1|| |-|31/02/1990|nửa|O2008501234",
		  "no_key;name_missing;date_invalid;id_malformed;sex_form" },
		{ "conflict and two digits", NAME "3/2/86|Nam|20185012345",
		  "date_two_digit;id_padding" },
		{ "control in a mapped cell",
		  NAME "||||Sở\x01"
		       "A",
		  "text_control" },
		{ "broken bytes in a mapped cell", NAME "||||S\xe1\xbb", "text_control" },
		{ "a cell too many", NAME "|||||||||||||||||y", "ragged" },
		{ "ragged is judged alone", "1||||31/02/1990|||||||||||||||||y", "ragged" },
		{ "an empty cell too many", NAME "|||||||||||||||||| ", AN },
	};
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row_outcome outcome = map_text(mapper, rows[i].row);
		struct buf out = { 0 };
		render(&outcome, &out);
		if (!blob_equal(buf_blob(&out), blob_text(rows[i].expected)))
			fail_msg("%s: %.*s", rows[i].name, (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

/* PRV9: nothing of such a row is kept, however the organisation is written and whatever else is wrong. */
static void rows_of_excluded_organisations_are_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *row;
		bool excluded;
	} rows[] = {
		{ NAME "1/2/1980|Nam|020080000001|Tày|Công an tỉnh Lạng Sơn", true },
		{ NAME "1/2/1980|Nam|020080000001|Tày|  công  an TỈNH Lạng Sơn ", true },
		{ NAME "99/99/1980|?|1|?|Công an tỉnh Lạng Sơn", true },
		{ NAME "1/2/1980|Nam|020080000001|Tày|Sở Công an tỉnh Lạng Sơn", false },
		{ NAME "1/2/1980|Nam|020080000001|Tày|", false },
	};
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row_outcome outcome = map_text(mapper, rows[i].row);
		if (outcome.excluded != rows[i].excluded)
			fail_msg("row %zu", i);
		if (outcome.excluded)
			assert_true(!outcome.accepted && outcome.source_key.len == 0 &&
				    outcome.cells.count == 0 && outcome.reasons.count == 0);
	}
}

static void too_few_cells_are_ragged_where_the_format_says_so(void **state)
{
	(void)state;
	struct map_cell cells[64];
	struct row_outcome outcome;
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	(void)cells_of(NAME, cells);
	assert_int_equal(row_mapper_map(mapper, cells, 5, true, &outcome, NULL), 0);
	assert_false(outcome.accepted);
	assert_int_equal(outcome.reason_bits, reason_bit(REASON_RAGGED));
	assert_int_equal(outcome.cells.count, 0);
	assert_true(blob_equal(outcome.source_key, blob_text("K1")));
	assert_int_equal(row_mapper_map(mapper, cells, 5, false, &outcome, NULL), 0);
	assert_true(outcome.accepted);
}

static void only_mapped_cells_count_for_the_hash(void **state)
{
	(void)state;
	static const struct {
		const char *name, *row;
		bool same;
	} rows[] = {
		{ "running number", "2|K1|Nguyễn Văn|An|1985", true },
		{ "unmapped column", "1|K1|Nguyễn Văn|An|1985||||||||||||||||Phật giáo", true },
		{ "blanks round the key", "1| K1 |Nguyễn Văn|An|1985", true },
		{ "another key", "1|K2|Nguyễn Văn|An|1985", false },
		{ "another name", "1|K1|Nguyễn Văn|Ân|1985", false },
		{ "another writing", "1|K1|Nguyễn Văn|AN|1985", false },
		{ "a text in another column", "1|K1|Nguyễn Văn|An||1985", false },
	};
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	uint8_t first[CELLS_HASH_SIZE];
	memcpy(first, map_text(mapper, NAME "1985").cells_hash, sizeof(first));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((memcmp(map_text(mapper, rows[i].row).cells_hash, first, sizeof(first)) == 0) !=
		    rows[i].same)
			fail_msg("%s", rows[i].name);
}

static void a_refused_row_tells_column_and_text_of_each_reason(void **state)
{
	(void)state;
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	struct frame_reason reason;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	struct row_outcome outcome = map_text(mapper, NAME "31/02/1990||12\xff");
	assert_true(frame_list_reason(&outcome.reasons, &reason));
	assert_true(blob_equal(reason.code, blob_text("text_control")) &&
		    blob_equal(reason.column, blob_text("Số")));
	assert_true(blob_equal(
		reason.raw, blob_text("12\xef\xbf\xbd"))); /* valid, so that a frame may carry it */
	assert_true(frame_list_reason(&outcome.reasons, &reason));
	assert_true(blob_equal(reason.code, blob_text("date_invalid")) &&
		    blob_equal(reason.column, blob_text("Sinh")) &&
		    blob_equal(reason.raw, blob_text("31/02/1990")));
	assert_false(frame_list_reason(&outcome.reasons, &reason));
}

static void swapped_columns_stop_the_import(void **state)
{
	(void)state;
	static const struct {
		unsigned good, swapped;
		bool stops;
	} rows[] = { { 0, 9, false }, { 0, 10, true },   { 1, 9, false },
		     { 1, 10, true }, { 50, 50, false }, { 100, 0, false } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
		assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
		for (unsigned k = 0; k < rows[i].good; k++)
			(void)map_text(mapper, NAME "||||Sở A|||7|4.65");
		for (unsigned k = 0; k < rows[i].swapped; k++)
			(void)map_text(mapper, NAME "||||Sở A|||4.65|7");
		if ((row_mapper_check(mapper, NULL) == ERR_INVALID) != rows[i].stops)
			fail_msg("%u good, %u swapped", rows[i].good, rows[i].swapped);
	}
}

/* A cell may hold thousands of pieces; a record may not. */
static void pieces_without_end_are_cut(void **state)
{
	(void)state;
	struct map_cell cells[64];
	struct row_outcome outcome;
	struct buf pieces = { 0 };
	CLEANUP(row_mapper_destroyp) struct row_mapper *mapper = NULL;
	assert_int_equal(row_mapper_create(fixture.mapping, key, &mapper, NULL), 0);
	for (int i = 0; i < 5000; i++) {
		char piece[8];
		(void)snprintf(piece, sizeof(piece), "%d;", 1900 + i % 200);
		buf_put_text(&pieces, piece);
	}
	size_t count = cells_of(NAME, cells);
	cells[15].text = buf_blob(&pieces);
	assert_int_equal(row_mapper_map(mapper, cells, count, true, &outcome, NULL), 0);
	assert_true(outcome.accepted);
	struct record record;
	assert_int_equal(record_open(outcome.encoding, &record, NULL), 0);
	assert_in_range(record.count, 20, LIMIT_FACTS);
	assert_int_not_equal(outcome.warnings.count, 0);
	assert_in_range(outcome.warnings.count, 1, LIMIT_MAP_PIECES);
	buf_finish(&pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_a_record_or_refused_with_all_its_reasons),
		cmocka_unit_test(rows_of_excluded_organisations_are_left_out),
		cmocka_unit_test(too_few_cells_are_ragged_where_the_format_says_so),
		cmocka_unit_test(only_mapped_cells_count_for_the_hash),
		cmocka_unit_test(a_refused_row_tells_column_and_text_of_each_reason),
		cmocka_unit_test(swapped_columns_stop_the_import),
		cmocka_unit_test(pieces_without_end_are_cut),
	};
	return cmocka_run_group_tests_name("row_mapper", tests, set_up, tear_down);
}
