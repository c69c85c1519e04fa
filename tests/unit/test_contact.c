/* Phones and e-mail addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/contact.h"

static void a_phone_number_has_one_form(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		enum cell_type type;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "0912345678", CELL_UNTYPED, "0912345678" },
		{ "0947.003.030", CELL_UNTYPED, "0947003030" },
		{ "+84 560 355 828", CELL_UNTYPED, "0560355828" },
		{ "(0205) 3819-361", CELL_UNTYPED, "02053819361" },
		{ "823011603", CELL_UNTYPED, "0823011603" },
		{ "823011603", CELL_TEXT, "823011603" },
		{ "2053819361", CELL_UNTYPED, "02053819361" },
		{ "+51 845542129", CELL_TEXT, "+51845542129" },
		{ "123456", CELL_UNTYPED, "123456" },
		{ "12345", CELL_UNTYPED, NULL },
		{ "0912345678 (nhà)", CELL_UNTYPED, NULL },
		{ "", CELL_UNTYPED, NULL },
		{ "+", CELL_UNTYPED, NULL },
		{ "1234567890123456789", CELL_UNTYPED, NULL },
		{ "09+12345678", CELL_UNTYPED, NULL },
		{ "+84", CELL_UNTYPED, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		bool good = contact_read_phone(blob_text(rows[i].in), rows[i].type, &out);
		if (good != (rows[i].out != NULL) ||
		    (good && !blob_equal(buf_blob(&out), blob_text(rows[i].out))))
			fail_msg("'%s': '%.*s'", rows[i].in, (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

static void an_address_is_small_and_whole(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "NHUNG.HN@LANGSON.EDU.VN", "nhung.hn@langson.edu.vn" },
		{ "a@b.vn", "a@b.vn" },
		{ "a.gmail.com", NULL },
		{ "@b.vn", NULL },
		{ "a@vn", NULL },
		{ "a@b.", NULL },
		{ "a@.vn", NULL },
		{ "a b@c.vn", NULL },
		{ "a@b@c.vn", NULL },
		{ "â@b.vn", NULL },
		{ "", NULL },
		{ "a@b.vn;c@d.vn", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf out = { 0 };
		bool good = contact_read_email(blob_text(rows[i].in), &out);
		if (good != (rows[i].out != NULL) ||
		    (good && !blob_equal(buf_blob(&out), blob_text(rows[i].out))))
			fail_msg("'%s'", rows[i].in);
		buf_finish(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_number_has_one_form),
		cmocka_unit_test(an_address_is_small_and_whole),
	};
	return cmocka_run_group_tests_name("contact", tests, NULL, NULL);
}
