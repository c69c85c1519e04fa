/* TCVN3, VNI and UTF-8 that were read as Windows-1252. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/legacy.h"

static void damaged_text_becomes_what_it_was(void **state)
{
	(void)state;
	static const struct {
		enum legacy encoding;
		const char *in, *out;
	} rows[] = {
		{ LEGACY_TCVN3,
		  "NguyÔn ThÞ H\xc2\xad"
		  "êng",
		  "Nguyễn Thị Hường" },
		{ LEGACY_TCVN3, "§ç ThÞ ¸nh", "Đỗ Thị ánh" },
		{ LEGACY_TCVN3, "N¤NG THÞ MINH TRANG", "NÔNG THị MINH TRANG" },
		{ LEGACY_VNI, "Nguyeãn Thò Höôøng", "Nguyễn Thị Hường" },
		{ LEGACY_VNI, "HOAØNG ÑÖÙC", "HOÀNG ĐỨC" },
		{ LEGACY_VNI, "Trieäu Thaønh Minh Höng", "Triệu Thành Minh Hưng" },
		{ LEGACY_VNI, "Lyù Vaên Taïo", "Lý Văn Tạo" },
		{ LEGACY_UTF8, "Nguyá»…n Thá»‹ Háº±ng", "Nguyễn Thị Hằng" },
		{ LEGACY_UTF8, "\xc3\x84\xc2\x90\xc3\x83\xc2\xa0m", "Đàm" },
		{ LEGACY_TCVN3, "abc", "abc" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		if (!legacy_decode(rows[i].encoding, blob_text(rows[i].in), &out) ||
		    !blob_equal(buf_blob(&out), blob_text(rows[i].out)))
			fail_msg("%s: '%.*s'", rows[i].in, (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

static void what_the_encoding_does_not_have_is_no_text_of_it(void **state)
{
	(void)state;
	static const struct {
		enum legacy encoding;
		const char *in;
	} rows[] = {
		{ LEGACY_TCVN3, "Nguyễn" },    { LEGACY_VNI, "Nguyễn" }, { LEGACY_UTF8, "Nguyễn" },
		{ LEGACY_TCVN3, "a\xc2\x85" }, { LEGACY_TCVN3, "a…" },   { LEGACY_TCVN3, "aÀ" },
		{ LEGACY_VNI, "bø" },          { LEGACY_VNI, "a…" },     { LEGACY_UTF8, "Háº" },
		{ LEGACY_UTF8, "À¯" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		buf_put_text(&out, "x");
		if (legacy_decode(rows[i].encoding, blob_text(rows[i].in), &out) || out.len != 1)
			fail_msg("row %zu '%s'", i, rows[i].in);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_text_becomes_what_it_was),
		cmocka_unit_test(what_the_encoding_does_not_have_is_no_text_of_it),
	};
	return cmocka_run_group_tests_name("legacy", tests, NULL, NULL);
}
