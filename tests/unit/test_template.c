/* What section and total rows look like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/map/template.h"

static void a_text_is_what_its_template_describes(void **state)
{
	(void)state;
	static const struct {
		const char *template, *text;
		bool matches;
		uint64_t count;
	} rows[] = {
		{ "Tổng cộng: {count} người", "Tổng cộng: 2066 người", true, 2066 },
		{ "Tổng cộng: {count} người", "TỔNG CỘNG: 2.066 NGƯỜI", true, 2066 },
		{ "Tổng cộng: {count} người", "Tổng cộng: 2 066 người", true, 2066 },
		{ "Tổng cộng: {count} người", "Tổng cộng: người", false, 0 },
		{ "Tổng cộng: {count} người", "Tổng cộng: 12 người khác", false, 0 },
		{ "Tổng cộng: {count} người", "Tổng cộng: 99999999999999999999 người", false, 0 },
		{ "{count}", "12", true, 12 },
		{ "{roman}. {text}", "I. KHỐI CƠ QUAN HÀNH CHÍNH", true, 0 },
		{ "{roman}. {text}", "xiv. a", true, 0 },
		{ "{roman}. {text}", "1. Nguyễn Văn An", false, 0 },
		{ "{roman}. {text}", "I.", false, 0 },
		{ "{roman}. {text}", "Ban. a", false, 0 },
		{ "Khối {text}", "KHỐI trường học", true, 0 },
		{ "Khối", "khối", true, 0 },
		{ "Khối", "khối a", false, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t count = 0;
		if (template_match(rows[i].template, blob_text(rows[i].text), &count) !=
			    rows[i].matches ||
		    count != rows[i].count)
			fail_msg("'%s' '%s': %llu", rows[i].template, rows[i].text,
				 (unsigned long long)count);
	}
}

static void a_template_has_only_known_places(void **state)
{
	(void)state;
	assert_true(template_is_valid("Tổng cộng: {count} người", true) &&
		    template_is_valid("{roman}. {text}", false));
	assert_false(template_is_valid("Tổng cộng", true) ||
		     template_is_valid("{count} {count}", true));
	assert_false(template_is_valid("{text} người", false) ||
		     template_is_valid("{name}", false) || template_is_valid("{", false) ||
		     template_is_valid("}", false) || template_is_valid("{count}", false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_what_its_template_describes),
		cmocka_unit_test(a_template_has_only_known_places),
	};
	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
