/* Which letters are a Vietnamese syllable (ENC1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/syllable.h"

static void assert_words(const char *const *words, bool expected)
{
	for (; *words != NULL; words++)
		if (syllable_is_valid(blob_text(*words)) != expected)
			fail_msg("%s", *words);
}

static void words_of_names_are_valid(void **state)
{
	(void)state;
	static const char *const words[] = {
		"Nguyễn", "NGUYỄN", "nguyễn", "Hường", "Phượng", "Quỳnh", "Quyết",  "Quốc",
		"Quý",    "Quang",  "Khuê",   "Giang", "Giáp",   "Gì",    "Giếng",  "Nghiêm",
		"Nghĩa",  "Ngọc",   "Ngân",   "Ghi",   "Gấm",    "Kiều",  "Kỷ",     "Kha",
		"Lý",     "Lí",     "Hoà",    "Hòa",   "Thuý",   "Thúy",  "Thuỷ",   "Yến",
		"Yêm",    "Ê",      "Đê",     "Ô",     "Âu",     "Ý",     "Ấu",     "Ước",
		"Vượng",  "Xuân",   "Huân",   "Thuần", "Toàn",   "Loan",  "Khoát",  "Hoạch",
		"Oanh",   "Hoè",    "Thoa",   "Luyến", "Tuyết",  "Huỳnh", "Khuyên", "Thương",
		"Hữu",    "Lưu",    "Sửu",    "Hươu",  "Triệu",  "Diệp",  "Chiếc",  "Bích",
		"Lịch",   "Thước",  "Tiếp",   "Mít",   "Hộp",    "Trạch", "Phục",   "Đức",
		"Nhật",   "Việt",   "Bế",     "Vi",    "Sầm",    "Đàm",   "Lành",   "Lăng",
		"Hoàng",  NULL
	};
	assert_words(words, true);
}

static void what_no_vietnamese_writes_is_not_valid(void **state)
{
	(void)state;
	static const char *const words[] = {
		"NguyÔn", "HoaØng", "hOàng",   "HOàng",    "Lôc",   "Bac",    "Tich",  "hưc",
		"Mìt",    "Hoạcn",  "Kang",    "Cim",      "Gen",   "Nghanh", "Ngiêm", "Wang",
		"Jane",   "Faz",    "Hiroshi", "Nguyeexn", "Hmông", "T",      "N",     "Thịị",
		"Thùng1", "Th-",    "",        "Phöôïng",  "Krông", "Hoâng",  "òá",    NULL
	};
	assert_words(words, false);
}

static void a_text_counts_word_by_word(void **state)
{
	(void)state;
	assert_true(syllable_all_valid(blob_text("Nguyễn Thị Hường")));
	assert_true(syllable_all_valid(blob_text("Ê-đê  Lan")));
	assert_false(syllable_all_valid(blob_text("Nguyễn Thị Hxng")));
	assert_false(syllable_all_valid(blob_text("Vi T. Phương")));
	assert_false(syllable_all_valid(blob_text("")) || syllable_all_valid(blob_text(" - ")));
}

static void letters_of_vietnamese_are_known(void **state)
{
	(void)state;
	assert_true(syllable_is_letter('a') && syllable_is_letter(0x110) &&
		    syllable_is_letter(0x1ef4));
	assert_false(syllable_is_letter('f') || syllable_is_letter('J') ||
		     syllable_is_letter(0xd0) || syllable_is_letter(0x430) ||
		     syllable_is_letter(0xf6) || syllable_is_letter(0x161) ||
		     syllable_is_letter('1') || syllable_is_letter(0x10ffff));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_names_are_valid),
		cmocka_unit_test(what_no_vietnamese_writes_is_not_valid),
		cmocka_unit_test(a_text_counts_word_by_word),
		cmocka_unit_test(letters_of_vietnamese_are_known),
	};
	return cmocka_run_group_tests_name("syllable", tests, NULL, NULL);
}
