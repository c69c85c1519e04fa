/* Delimited text: RFC 4180 to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/format/csv.h"
#include "daemon/base/bytes.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"

/* A source that gives its text in pieces of `step` bytes. */
struct feed {
	const char *text;
	size_t len, at, step;
	int fails; /* negative: what reading gives once the text is used up */
};

static int feed_read(void *ctx, char *out, size_t size, struct err *err)
{
	struct feed *feed = ctx;
	size_t n = feed->len - feed->at;
	if (n == 0 && feed->fails < 0)
		return err_set(err, (enum err_code)feed->fails, MSG_NOMEM);
	n = n < size ? n : size;
	n = n < feed->step ? n : feed->step;
	memcpy(out, feed->text + feed->at, n);
	feed->at += n;
	return (int)n;
}

/* All rows as text: "number@offset:cell|'quoted cell'|…" one a line; the error's code at the end. */
static int render(const char *text, size_t len, char delimiter, size_t step, struct buf *out,
		  struct err *err)
{
	struct feed feed = { .text = text, .len = len, .step = step };
	CLEANUP(csv_destroyp) struct csv *csv = NULL;
	struct csv_row row;
	int rc;
	assert_int_equal(csv_create(feed_read, &feed, delimiter, &csv, NULL), 0);
	while ((rc = csv_next(csv, &row, err)) == 1) {
		char head[64];
		(void)snprintf(head, sizeof(head), "%llu@%llu:", (unsigned long long)row.number,
			       (unsigned long long)row.byte_offset);
		buf_put_text(out, head);
		for (size_t i = 0; i < row.count; i++) {
			buf_put_text(out, i > 0 ? "|" : "");
			buf_put_text(out, row.cells[i].quoted ? "'" : "");
			buf_put(out, row.cells[i].text, row.cells[i].len);
			buf_put_text(out, row.cells[i].quoted ? "'" : "");
		}
		buf_put_text(out, row.has_nul ? " NUL;" : ";");
	}
	if (rc < 0)
		assert_int_equal(csv_next(csv, &row, NULL), rc); /* it stays broken */
	return rc;
}

static void rows_and_cells_stand_where_the_text_has_them(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		char delimiter;
		const char *rows;
	} rows[] = {
		{ "plain", "a,b\nc,d\n", ',', "1@0:a|b;2@4:c|d;" },
		{ "no line end at the end", "a,b\nc,d", ',', "1@0:a|b;2@4:c|d;" },
		{ "CRLF", "a;b\r\nc;d\r\n", ';', "1@0:a|b;2@5:c|d;" },
		{ "CR", "a\tb\rc\td\r", '\t', "1@0:a|b;2@4:c|d;" },
		{ "byte order mark",
		  "\xef\xbb\xbf"
		  "a,b\n",
		  ',', "1@3:a|b;" },
		{ "byte order mark before a quote", "\xef\xbb\xbf\"a\"\n", ',', "1@3:'a';" },
		{ "blanks stay", " a , b \n", ',', "1@0: a | b ;" },
		{ "blank lines are rows", "a\n\nb\n\n", ',', "1@0:a;2@2:;3@3:b;4@5:;" },
		{ "empty cells", ",,\n,", ',', "1@0:||;2@3:|;" },
		{ "quoted", "\"a\",\"b\"\n", ',', "1@0:'a'|'b';" },
		{ "quoted and empty", "\"\",x\n\"\"", ',', "1@0:''|x;2@5:'';" },
		{ "doubled quotes", "\"a \"\"b\"\" c\",\"\"\"\"\n", ',', "1@0:'a \"b\" c'|'\"';" },
		{ "delimiter and line end in quotes", "\"a,\r\nb\",c\r\nd,e\r\n", ',',
		  "1@0:'a,\r\nb'|c;2@11:d|e;" },
		{ "the other delimiters are letters", "a;b\tc\n", ',', "1@0:a;b\tc;" },
		{ "nothing", "", ',', "" },
		{ "a mark alone", "\xef\xbb\xbf", ',', "" },
		{ "two bytes of a mark", "\xef\xbb", ',', "1@0:\xef\xbb;" },
	};
	static const size_t steps[] = { 1, 2, 3, 7, 100000 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			struct buf out = { 0 };
			int rc = render(rows[i].text, strlen(rows[i].text), rows[i].delimiter,
					steps[k], &out, NULL);
			if (rc != 0 || !blob_equal(buf_blob(&out), blob_text(rows[i].rows)))
				fail_msg("%s in steps of %zu: %d %.*s", rows[i].name, steps[k], rc,
					 (int)out.len, (const char *)out.data);
			buf_finish(&out);
		}
	}
}

static void broken_text_ends_at_the_row_in_which_it_began(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *rows;
		enum msg_id msg;
		const char *place; /* stands in the English text */
	} rows[] = {
		{ "never closed", "a\nb,\"c\nd\ne\n", "1@0:a;", MSG_CSV_QUOTE_OPEN,
		  "row 2 (byte 2)" },
		{ "never closed at once", "\"", "", MSG_CSV_QUOTE_OPEN, "row 1 (byte 0)" },
		{ "doubled quote is no end", "\"a\"\"", "", MSG_CSV_QUOTE_OPEN, "row 1 (byte 0)" },
		{ "quote inside a bare cell", "a\nb\nc\"d\n", "1@0:a;2@2:b;", MSG_CSV_QUOTE_INSIDE,
		  "row 3 (byte 4)" },
		{ "quote behind a blank", "a, \"b\"\n", "", MSG_CSV_QUOTE_INSIDE,
		  "row 1 (byte 0)" },
		{ "text behind a quote", "a\n\"b\"c\n", "1@0:a;", MSG_CSV_BEHIND_QUOTE,
		  "row 2 (byte 2)" },
		{ "two kinds of line ends", "a\nb\r\n", "1@0:a;", MSG_CSV_LINE_ENDS,
		  "row 2 (byte 2)" },
		{ "two kinds of line ends", "a\r\nb\n", "1@0:a;", MSG_CSV_LINE_ENDS,
		  "row 2 (byte 3)" },
		{ "two kinds of line ends", "a\r\nb\rc\r\n", "1@0:a;", MSG_CSV_LINE_ENDS,
		  "row 2 (byte 3)" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t step = 1; step < 4; step++) {
			struct buf out = { 0 };
			struct err err = { 0 };
			int rc = render(rows[i].text, strlen(rows[i].text), ',', step, &out, &err);
			if (rc != ERR_INVALID || err.msg != rows[i].msg ||
			    strstr(err.text[LANGUAGE_EN], rows[i].place) == NULL ||
			    !blob_equal(buf_blob(&out), blob_text(rows[i].rows)))
				fail_msg("%s: %d %s; rows %.*s", rows[i].name, rc,
					 err.text[LANGUAGE_EN], (int)out.len,
					 (const char *)out.data);
			buf_finish(&out);
		}
	}
}

static void a_nul_marks_its_row_and_no_other(void **state)
{
	(void)state;
	static const char text[] = "a,b\nc,\0d\n\"e\0\",f\ng\n";
	struct buf out = { 0 };
	assert_int_equal(render(text, sizeof(text) - 1, ',', 5, &out, NULL), 0);
	static const char expected[] = "1@0:a|b;2@4:c|\0d NUL;3@9:'e\0'|f NUL;4@16:g;";
	assert_true(blob_equal(buf_blob(&out), blob_of(expected, sizeof(expected) - 1)));
	buf_finish(&out);
}

static void every_length_has_a_limit(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t cells, cell_len;
		bool quoted;
		enum msg_id msg; /* MSG_NONE: good */
	} rows[] = {
		{ "the longest cell", 1, LIMIT_CSV_FIELD_BYTES, false, MSG_NONE },
		{ "a cell too long", 1, LIMIT_CSV_FIELD_BYTES + 1, false, MSG_CSV_CELL_LONG },
		{ "a quoted cell too long", 1, LIMIT_CSV_FIELD_BYTES + 1, true, MSG_CSV_CELL_LONG },
		{ "the most columns", LIMIT_CSV_COLUMNS, 3, false, MSG_NONE },
		{ "too many columns", LIMIT_CSV_COLUMNS + 1, 1, false, MSG_CSV_COLUMNS },
		{ "a row too long", 10, LIMIT_CSV_FIELD_BYTES, false, MSG_CSV_ROW_LONG },
		{ "a quoted row too long", 20, LIMIT_CSV_FIELD_BYTES, true, MSG_CSV_ROW_LONG },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf text = { 0 }, out = { 0 };
		struct err err = { 0 };
		for (size_t cell = 0; cell < rows[i].cells; cell++) {
			buf_put_text(&text, cell > 0 ? "," : "");
			buf_put_text(&text, rows[i].quoted ? "\"" : "");
			for (size_t k = 0; k < rows[i].cell_len; k++)
				buf_put_u8(&text, 'x');
			buf_put_text(&text, rows[i].quoted ? "\"" : "");
		}
		buf_put_text(&text, "\n");
		int rc = render((const char *)text.data, text.len, ',', 100000, &out, &err);
		if (rc != (rows[i].msg == MSG_NONE ? 0 : ERR_INVALID) ||
		    (rc < 0 && err.msg != rows[i].msg))
			fail_msg("%s: %d %s", rows[i].name, rc, err.text[LANGUAGE_EN]);
		buf_finish(&text);
		buf_finish(&out);
	}
}

static void a_failure_of_reading_is_passed_on(void **state)
{
	(void)state;
	struct feed feed = { .text = "a,b\nc", .len = 5, .step = 2, .fails = ERR_IO };
	CLEANUP(csv_destroyp) struct csv *csv = NULL;
	struct csv_row row;
	assert_int_equal(csv_create(feed_read, &feed, ',', &csv, NULL), 0);
	assert_int_equal(csv_next(csv, &row, NULL), 1);
	assert_int_equal(csv_next(csv, &row, NULL), ERR_IO);
	assert_int_equal(csv_next(csv, &row, NULL), ERR_IO);
}

/* Whatever the text, the size of the pieces in which it is read changes nothing. */
static void pieces_change_nothing(void **state)
{
	(void)state;
	static const char letters[] = "ab,\"\n\r\"\";,\"\xe1";
	uint64_t seed = (uint64_t)20261124;
	print_message("# seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 3000; round++) {
		char text[40];
		size_t len = 0;
		for (; len < sizeof(text); len++) {
			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			if (seed >> 60 == 0)
				break;
			text[len] = letters[(seed >> 33) % (sizeof(letters) - 1)];
		}
		struct buf whole = { 0 }, parts = { 0 };
		struct err whole_err = { 0 }, parts_err = { 0 };
		int rc = render(text, len, ',', 1000, &whole, &whole_err);
		assert_int_equal(render(text, len, ',', 1, &parts, &parts_err), rc);
		assert_true(blob_equal(buf_blob(&whole), buf_blob(&parts)));
		assert_int_equal(whole_err.msg, parts_err.msg);
		buf_finish(&whole);
		buf_finish(&parts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_cells_stand_where_the_text_has_them),
		cmocka_unit_test(broken_text_ends_at_the_row_in_which_it_began),
		cmocka_unit_test(a_nul_marks_its_row_and_no_other),
		cmocka_unit_test(every_length_has_a_limit),
		cmocka_unit_test(a_failure_of_reading_is_passed_on),
		cmocka_unit_test(pieces_change_nothing),
	};
	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
