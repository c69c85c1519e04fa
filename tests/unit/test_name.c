/* Names as they are stored: HR7, HR8, ENC1, ENC2, ENC4, EDU3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/name.h"

struct row {
	const char *rule, *in, *out;
	enum reason reason;
	const char *notes;
	bool repaired, decoded;
};

static void assert_rows(const struct row *rows, size_t count)
{
	static const struct blob more[] = { { (const uint8_t *)"cử tuyển",
					      sizeof("cử tuyển") - 1 } };
	static const struct name_rules rules = { more, 1 };
	struct name name = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		enum reason reason = name_read(blob_text(row->in), &rules, &name);
		if (reason != row->reason ||
		    !blob_equal(buf_blob(&name.text), blob_text(row->out)) ||
		    !blob_equal(buf_blob(&name.notes),
				blob_text(row->notes == NULL ? "" : row->notes)) ||
		    (reason == REASON_NONE &&
		     (name.repaired != row->repaired || name.decoded != row->decoded)))
			fail_msg("%s '%s': %s '%.*s' notes '%.*s' repaired %d decoded %d",
				 row->rule, row->in, reason_name(reason), (int)name.text.len,
				 (const char *)name.text.data, (int)name.notes.len,
				 (const char *)name.notes.data, name.repaired, name.decoded);
	}
	name_finish(&name);
}
#define ASSERT_ROWS(rows) assert_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void titles_and_notes_come_off_and_case_is_set(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "HR7 blanks", " Nông  Văn\nAn ", "Nông Văn An" },
		{ "HR7 capitals", "TRẦN THỊ OANH", "Trần Thị Oanh" },
		{ "HR7 small", "hứa thị thanh trang", "Hứa Thị Thanh Trang" },
		{ "HR7 hyphen", "Y-MOAN Ê-ĐÊ", "Y-Moan Ê-Đê" },
		{ "HR7 mixed stays", "Nguyễn thị Hoa", "Nguyễn thị Hoa" },
		{ "HR7 title", "TS. Lê Hải Linh", "Lê Hải Linh", REASON_NONE, "TS\n" },
		{ "HR7 titles", "PGS.TS. Lê Hải Linh", "Lê Hải Linh", REASON_NONE, "PGS\nTS\n" },
		{ "HR7 title in capitals", "THS. LÊ HẢI", "Lê Hải", REASON_NONE, "THS\n" },
		{ "HR7 two words must follow", "TS. Linh", "TS. Linh" },
		{ "HR7 no full stop, no title", "Ts Lê Hải", "Ts Lê Hải" },
		{ "HR7 note", "Hoàng Văn Khánh (biệt phái)", "Hoàng Văn Khánh", REASON_NONE,
		  "biệt phái\n" },
		{ "HR7 note in capitals", "HOÀNG VĂN A (NGHỈ HƯU)", "Hoàng Văn A", REASON_NONE,
		  "NGHỈ HƯU\n" },
		{ "HR7 note of the connector", "Vi Văn B (Cử tuyển)", "Vi Văn B", REASON_NONE,
		  "Cử tuyển\n" },
		{ "HR7 other remark", "Hoàng Văn Khánh (bé)", "", REASON_NAME_FORM },
		{ "HR7 title and note", "CN. Lý Thị Pa ( tập sự )", "Lý Thị Pa", REASON_NONE,
		  "tập sự\nCN\n" },
	};
	ASSERT_ROWS(rows);
}

static void a_name_is_not_rewritten(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "HR8 telex", "Nguyeexn Thij Lan", "Nguyeexn Thij Lan" },
		{ "HR8 no diacritics", "Nguyen Thi Lan", "Nguyen Thi Lan" },
		{ "HR8 abbreviated", "Vi T. Phương", "Vi T. Phương" },
		{ "HR8 i and y", "Lí Đức Mỹ Hoà", "Lí Đức Mỹ Hoà" },
		{ "HR8 f j w z", "Jane Wolf Zep", "Jane Wolf Zep" },
		{ "HR8 apostrophe", "H'Hen Niê", "H'Hen Niê" },
		{ "HR8 look-alikes", "Тrần Vаn Нòа", "Trần Van Hòa", REASON_NONE, NULL, true },
		{ "HR8 eth", "Ðàm Văn ðức", "Đàm Văn đức", REASON_NONE, NULL, true },
		{ "HR8 zero width", "Hoà\xe2\x80\x8bng Anh", "Hoàng Anh", REASON_NONE, NULL, true },
		{ "HR8 other letters", "Nguyễn Vӑn", "", REASON_NAME_FORM },
		{ "HR8 digits", "Nguyễn Văn 2", "", REASON_NAME_FORM },
		{ "HR8 comma", "Nguyễn, Văn", "", REASON_NAME_FORM },
		{ "HR8 question mark", "N?NG TH? TH?Y", "", REASON_TEXT_LOSSY },
		{ "HR8 replacement", "N\xef\xbf\xbdng Thị", "", REASON_TEXT_LOSSY },
		{ "missing", " ", "", REASON_NAME_MISSING },
		{ "missing", "-", "", REASON_NAME_MISSING },
		{ "ENC4", "Nông \x01Văn", "", REASON_TEXT_CONTROL },
		{ "ENC4 bidi", "Nông \xe2\x80\xaeVăn", "", REASON_TEXT_CONTROL },
		{ "ENC4 C1", "Nông\xc2\x85 Văn", "", REASON_TEXT_CONTROL },
	};
	ASSERT_ROWS(rows);
}

static void damaged_names_are_converted_if_one_encoding_explains_them(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ "ENC1 TCVN3",
		  "NguyÔn ThÞ H\xc2\xad"
		  "êng",
		  "Nguyễn Thị Hường", REASON_NONE, NULL, false, true },
		{ "ENC1 VNI", "Nguyeãn Thò Höôøng", "Nguyễn Thị Hường", REASON_NONE, NULL, false,
		  true },
		{ "ENC1 UTF-8", "Nguyá»…n Thá»‹ LÃ½", "Nguyễn Thị Lý", REASON_NONE, NULL, false,
		  true },
		{ "ENC1 UTF-8 with C1", "\xc3\x84\xc2\x90\xc3\x83\xc2\xa0m Lan", "Đàm Lan",
		  REASON_NONE, NULL, false, true },
		{ "ENC1 UTF-8 with a no-break blank", "Nguyá»…n ThÃ\xc2\xa0", "Nguyễn Thà",
		  REASON_NONE, NULL, false, true },
		{ "ENC1 VNI beside good letters", "Höùa Hoàng Ngoïc Thu", "Hứa Hồng Ngọc Thu",
		  REASON_NONE, NULL, false, true },
		{ "ENC2 capitals", "NGUYÔN TRäNG DòNG", "Nguyễn Trọng Dũng", REASON_NONE, NULL,
		  false, true },
		{ "ENC2 heads", "§ç ThÞ ¸nh", "Đỗ Thị Ánh", REASON_NONE, NULL, false, true },
		{ "ENC2 title off first", "TS. N¤NG THÞ ¸NH", "Nông Thị Ánh", REASON_NONE, "TS\n",
		  false, true },
		{ "ENC1 damaged note", "NguyÔn V¨n An (biÖt ph¸i)", "Nguyễn Văn An", REASON_NONE,
		  "biệt phái\n", false, true },
		{ "ENC1 VNI small", "hoaøng vaên huøng", "Hoàng Văn Hùng", REASON_NONE, NULL, false,
		  true },
		{ "ENC1 a typing error is no TCVN3", "Lôc Văn An", "Lôc Văn An" },
		{ "ENC1 a typing error that TCVN3 would explain (Lục)", "Lôc An", "Lôc An" },
		{ "ENC1 capital inside", "HoaNg Lan", "HoaNg Lan" },
		{ "ENC1 valid as it stands", "Ê Đê", "Ê Đê" },
		{ "ENC1 two encodings explain it: Tư, Tử", "Lan Tö", "", REASON_NAME_FORM },
		{ "ENC1 nothing explains it", "Nguyöx Xöx", "", REASON_NAME_FORM },
	};
	ASSERT_ROWS(rows);
}

static void a_family_name_in_the_place_of_the_given_name_is_noticed(void **state)
{
	(void)state;
	assert_true(name_seems_swapped(blob_text("Lan Thị"), blob_text(" NGUYỄN ")));
	assert_true(name_seems_swapped(blob_text("Dũng"), blob_text("Đàm")));
	assert_false(name_seems_swapped(blob_text("Nguyễn Văn"), blob_text("Đàm")));
	assert_false(name_seems_swapped(blob_text("Lành"), blob_text("Lan")));
	assert_false(name_seems_swapped(blob_text("Lan"), blob_text("Nguyễn Thị")));
	assert_false(name_seems_swapped(blob_text(""), blob_text("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_and_notes_come_off_and_case_is_set),
		cmocka_unit_test(a_name_is_not_rewritten),
		cmocka_unit_test(damaged_names_are_converted_if_one_encoding_explains_them),
		cmocka_unit_test(a_family_name_in_the_place_of_the_given_name_is_noticed),
	};
	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
