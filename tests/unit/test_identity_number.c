/* Numbers by themselves (ID1, ID2, ID8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/identity_number.h"

static void a_cell_gives_its_digits_or_a_reason(void **state)
{
	(void)state;
	static const struct {
		const char *in, *digits;
		enum reason reason;
		bool number_cell;
	} rows[] = {
		{ "020085012345", "020085012345" },
		{ "020 085\xc2\xa0"
		  "012 345",
		  "020085012345" },
		{ "001.186.992.276", "001186992276" },
		{ "020-085-012345", "020085012345" },
		{ "'020186825690", "020186825690" },
		{ "’020186825690", "020186825690" },
		{ "０２００８５０１２３４５", "020085012345" },
		{ "20085012345", "20085012345" },
		{ "20085012345.0", "20085012345", REASON_NONE, true },
		{ "081234567", "081234567" },
		{ "81234567", "81234567" },
		{ "", "" },
		{ "-", "" },
		{ "2.0085E+10", "", REASON_ID_LOSSY },
		{ "2,0085e10", "", REASON_ID_LOSSY },
		{ "2E+10", "", REASON_ID_LOSSY },
		{ "20085012345.5", "", REASON_ID_LOSSY },
		{ "200850123,45", "", REASON_ID_LOSSY },
		{ "20085012345.00", "", REASON_ID_LOSSY },
		{ "020085.012345", "020085012345" },
		{ "O20191353595", "", REASON_ID_MALFORMED },
		{ "1234567", "", REASON_ID_MALFORMED },
		{ "1234567890123", "", REASON_ID_MALFORMED },
		{ "01234567890", "", REASON_ID_MALFORMED },
		{ "0", "", REASON_ID_MALFORMED },
		{ "020,085,012,345", "", REASON_ID_MALFORMED },
		{ "B3628331", "", REASON_ID_MALFORMED },
		{ "'", "", REASON_ID_MALFORMED },
		{ "Không", "", REASON_ID_MALFORMED },
		{ "E10", "", REASON_ID_MALFORMED },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf clean = { 0 };
		struct id_digits digits;
		buf_put_text(&clean, rows[i].in);
		/* no-break blanks are blanks once the cell is clean */
		for (size_t k = 0; k + 1 < clean.len; k++)
			if (clean.data[k] == 0xc2 && clean.data[k + 1] == 0xa0)
				clean.data[k] = clean.data[k + 1] = ' ';
		enum reason reason = identity_number_read(buf_blob(&clean), &digits);
		if (reason != rows[i].reason || strcmp(digits.text, rows[i].digits) != 0 ||
		    digits.count != strlen(rows[i].digits) ||
		    digits.number_cell != rows[i].number_cell)
			fail_msg("'%s': %s '%s'", rows[i].in, reason_name(reason), digits.text);
		buf_finish(&clean);
	}
}

static void a_citizen_number_tells_province_year_and_sex(void **state)
{
	(void)state;
	struct cccd_parts parts = identity_number_decode("020185012345");
	assert_true(parts.province == 20 && parts.year == 1985 && parts.female);
	parts = identity_number_decode("096203012345");
	assert_true(parts.province == 96 && parts.year == 2003 && !parts.female);
	parts = identity_number_decode("001999012345");
	assert_true(parts.year == 2399 && parts.female);
}

/* Check digits worked out by hand from the formula of ID8. */
static void a_tax_code_passes_its_check_digit(void **state)
{
	(void)state;
	assert_true(identity_number_is_tax_code("0100109106"));
	assert_false(identity_number_is_tax_code("0100109107"));
	assert_false(identity_number_is_tax_code("0000000000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_gives_its_digits_or_a_reason),
		cmocka_unit_test(a_citizen_number_tells_province_year_and_sex),
		cmocka_unit_test(a_tax_code_passes_its_check_digit),
	};
	return cmocka_run_group_tests_name("identity_number", tests, NULL, NULL);
}
