#include "connectors/map/cell_value.h"

#include "connectors/normalise/contact.h"
#include "connectors/normalise/date.h"
#include "connectors/normalise/decimal.h"
#include "connectors/normalise/grade.h"
#include "connectors/normalise/text.h"
#include "daemon/record/validate.h"

enum {
	STEP_MIN = 1,
	STEP_MAX = 16,
	COEFFICIENT_MIN = 100,
	COEFFICIENT_MAX = 1000 /* HR6, hundredths */
};
enum { YEAR_MIN = 1900, YEAR_MAX = 2100 };

typedef enum reason cell_value_fn(const struct mapping *mapping, const struct mapping_line *line,
				  const struct cell_value_input *input, struct buf *out);

static enum reason left_out_unless(bool good)
{
	return good ? REASON_NONE : REASON_VALUE_LEFT_OUT;
}

static enum reason read_text(const struct mapping *mapping, const struct mapping_line *line,
			     const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	buf_put(out, input->clean.data, input->clean.len);
	return REASON_NONE;
}

static enum reason read_ethnic(const struct mapping *mapping, const struct mapping_line *line,
			       const struct cell_value_input *input, struct buf *out)
{
	const char *code;
	enum reason reason =
		ethnic_read(input->clean, mapping->source.ethnic_system, line->index, &code);
	if (reason == REASON_NONE && code != NULL)
		buf_put_text(out, code);
	return reason;
}

static enum reason read_code(const struct mapping *mapping, const struct mapping_line *line,
			     const struct cell_value_input *input, struct buf *out)
{
	size_t row;
	(void)mapping;
	switch (code_index_find(line->index, input->clean, CODE_BY_CODE | CODE_BY_TEXT, &row)) {
	case CODE_FOUND:
		buf_put_text(out, code_index_code(line->index, row));
		return REASON_NONE;
	case CODE_AMBIGUOUS:
		return REASON_CODE_AMBIGUOUS;
	default:
		return REASON_CODE_UNKNOWN;
	}
}

static enum reason read_date(const struct mapping *mapping, const struct mapping_line *line,
			     const struct cell_value_input *input, struct buf *out)
{
	struct date date;
	(void)mapping, (void)line;
	if (date_read(input->clean, &date) != DATE_GOOD)
		return REASON_VALUE_LEFT_OUT;
	date_put(&date, out);
	return REASON_NONE;
}

static enum reason read_number(const struct cell_value_input *input, unsigned places, int64_t min,
			       int64_t max, struct buf *out)
{
	int64_t scaled;
	if (!decimal_read(input->clean, places, &scaled) || scaled < min || scaled > max)
		return REASON_VALUE_LEFT_OUT;
	decimal_put(scaled, places, out);
	return REASON_NONE;
}

/* "2007.0" is what a number cell leaves; 3.99 is no integer. */
static enum reason read_integer(const struct cell_value_input *input, int64_t min, int64_t max,
				struct buf *out)
{
	int64_t scaled;
	if (!decimal_read(input->clean, 2, &scaled) || scaled % 100 != 0)
		return REASON_VALUE_LEFT_OUT;
	return read_number(input, 0, min, max, out);
}

static enum reason read_year(const struct mapping *mapping, const struct mapping_line *line,
			     const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	return read_integer(input, YEAR_MIN, YEAR_MAX, out);
}

static enum reason read_step(const struct mapping *mapping, const struct mapping_line *line,
			     const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	return read_integer(input, STEP_MIN, STEP_MAX, out);
}

static enum reason read_coefficient(const struct mapping *mapping, const struct mapping_line *line,
				    const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	return read_number(input, 2, COEFFICIENT_MIN, COEFFICIENT_MAX, out);
}

static enum reason read_share(const struct mapping *mapping, const struct mapping_line *line,
			      const struct cell_value_input *input, struct buf *out)
{
	int64_t scaled;
	(void)mapping, (void)line;
	if (!decimal_read_share(input->clean, &scaled))
		return REASON_VALUE_LEFT_OUT;
	decimal_put(scaled, 4, out);
	return REASON_NONE;
}

/* Codes of digits that people group: "7 140 202". */
static enum reason read_digits(const struct mapping *mapping, const struct mapping_line *line,
			       const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	for (size_t i = 0; i < input->clean.len; i++) {
		uint8_t c = input->clean.data[i];
		if (c == ' ' || c == '.' || c == '-')
			continue;
		if (c < '0' || c > '9')
			return REASON_VALUE_LEFT_OUT;
		buf_put_u8(out, c);
	}
	return REASON_NONE;
}

static enum reason read_grade_code(const struct mapping *mapping, const struct mapping_line *line,
				   const struct cell_value_input *input, struct buf *out)
{
	(void)mapping;
	return grade_read(input->clean, input->name, line->index, out);
}

static enum reason read_phone(const struct mapping *mapping, const struct mapping_line *line,
			      const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	return left_out_unless(contact_read_phone(input->clean, input->type, out));
}

static enum reason read_email(const struct mapping *mapping, const struct mapping_line *line,
			      const struct cell_value_input *input, struct buf *out)
{
	(void)mapping, (void)line;
	return left_out_unless(contact_read_email(input->clean, out));
}

/* The normalisers of identity stand in row_mapper.c: they are judged together. */
static cell_value_fn *const readers[MAP_NORMALISER_MAX] = {
	[MAP_TEXT] = read_text,
	[MAP_ETHNIC] = read_ethnic,
	[MAP_CODE] = read_code,
	[MAP_DATE] = read_date,
	[MAP_YEAR] = read_year,
	[MAP_GRADE_CODE] = read_grade_code,
	[MAP_STEP] = read_step,
	[MAP_SHARE] = read_share,
	[MAP_COEFFICIENT] = read_coefficient,
	[MAP_DIGITS] = read_digits,
	[MAP_PHONE] = read_phone,
	[MAP_EMAIL] = read_email,
};

/* Whether `clean` is one of the words that say "none" on this line. */
static bool says_none(const struct mapping *mapping, const struct mapping_line *line,
		      struct blob clean)
{
	struct buf folded = { 0 };
	bool none = false;
	if (!line->option->may_be_none)
		return false;
	for (size_t i = 0; !none && i < mapping->options->none_words.count; i++) {
		/* Letters of both cases have the same length, so that most texts need no folding. */
		if (mapping->none_words[i].len != clean.len)
			continue;
		if (folded.len == 0)
			text_fold(clean, &folded);
		none = blob_equal(buf_blob(&folded), mapping->none_words[i]);
	}
	buf_finish(&folded);
	return none;
}

enum reason cell_value_read(const struct mapping *mapping, const struct mapping_line *line,
			    const struct cell_value_input *input, struct buf *out)
{
	size_t begin = out->len;
	if (says_none(mapping, line, input->clean))
		return REASON_NONE;
	enum reason reason = readers[line->option->normaliser](mapping, line, input, out);
	struct blob value =
		out->len == begin ? blob_of(NULL, 0) : blob_of(out->data + begin, out->len - begin);
	if (reason == REASON_NONE && value.len > 0 &&
	    validate_value(line->field, value) != MSG_NONE)
		reason = REASON_VALUE_LEFT_OUT;
	if (reason != REASON_NONE)
		out->len = begin;
	return reason;
}

bool cell_value_take_year(struct blob *text, struct blob *ret_year)
{
	size_t len = text->len;
	bool bracket = len > 0 && text->data[len - 1] == ')';
	len -= bracket;
	if (len < 5 || text->data[len - 5] != (bracket ? '(' : ' '))
		return false;
	for (size_t i = len - 4; i < len; i++)
		if (text->data[i] < '0' || text->data[i] > '9')
			return false;
	*ret_year = blob_of(text->data + len - 4, 4);
	for (len -= 5; len > 0 && text->data[len - 1] == ' ';)
		len--;
	text->len = len;
	return true;
}
