/* Numbers with float noise and decimal commas (HR5, HR6). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/normalise/decimal.h"

static void decimals_are_rounded_and_written_canonically(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		unsigned places;
		const char *out; /* NULL: refused */
	} rows[] = {
		{ "4.98", 2, "4.98" },
		{ "4,98", 2, "4.98" },
		{ "4.9800000000000004", 2, "4.98" },
		{ "3.00", 2, "3" },
		{ "3", 2, "3" },
		{ "4.655", 2, "4.66" },
		{ "13.090999999999999", 3, "13.091" },
		{ "0.5", 2, "0.5" },
		{ "0", 2, "0" },
		{ "9.999", 2, "10" },
		{ "0.05", 2, "0.05" },
		{ "1000000000", 0, "1000000000" },
		{ "0.1", 0, "0" },
		{ "0.6", 0, "1" },
		{ "", 2, NULL },
		{ ".5", 2, NULL },
		{ "5.", 2, NULL },
		{ "1.2.3", 2, NULL },
		{ "-1", 2, NULL },
		{ "1e3", 2, NULL },
		{ "4 98", 2, NULL },
		{ "99999999999", 2, NULL },
		{ "Không", 2, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t scaled = -1;
		struct buf out = { 0 };
		bool good = decimal_read(blob_text(rows[i].in), rows[i].places, &scaled);
		if (good)
			decimal_put(scaled, rows[i].places, &out);
		if (good != (rows[i].out != NULL) ||
		    (good && !blob_equal(buf_blob(&out), blob_text(rows[i].out))))
			fail_msg("'%s': '%.*s'", rows[i].in, (int)out.len, (const char *)out.data);
		buf_finish(&out);
	}
}

static void a_share_is_at_most_the_whole(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int64_t scaled; /* -1: refused */
	} rows[] = { { "100%", 10000 }, { "30 %", 3000 }, { "12.5%", 1250 }, { "0,3", 3000 },
		     { "1.0", 10000 },  { "0", 0 },       { "1.1", -1 },     { "101%", -1 },
		     { "%", -1 },       { "", -1 },       { "30", -1 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t scaled = -1;
		(void)decimal_read_share(blob_text(rows[i].in), &scaled);
		if (scaled != rows[i].scaled)
			fail_msg("'%s': %lld", rows[i].in, (long long)scaled);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_are_rounded_and_written_canonically),
		cmocka_unit_test(a_share_is_at_most_the_whole),
	};
	return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
