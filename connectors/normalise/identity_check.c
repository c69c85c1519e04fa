#include "connectors/normalise/identity_check.h"

#include <string.h>

enum agreement { AGREES, SILENT, CONTRADICTS };

static enum agreement agreement(bool known, bool same)
{
	return !known ? SILENT : same ? AGREES : CONTRADICTS;
}

/* ID4: the decoded year and sex against those of the row that are there. */
static void compare(const struct identity_input *input, const struct cccd_parts *parts,
		    enum agreement *ret_year, enum agreement *ret_sex)
{
	/* A birth date that is refused itself says nothing about the number. */
	bool known = input->birth_form == DATE_GOOD &&
		     date_is_a_birth_date(&input->birth, &input->as_of);
	*ret_year = agreement(known, input->birth.year == parts->year);
	*ret_sex =
		agreement(input->sex != SEX_UNKNOWN, (input->sex == SEX_FEMALE) == parts->female);
}

static bool is_listed(const struct identity_input *input, const struct cccd_parts *parts)
{
	return input->province_is_listed(input->ctx, parts->province);
}

static void keep_cccd(struct identity_result *result, const char *digits, enum id_grade grade)
{
	if (result->cccd[0] != '\0')
		return;
	memcpy(result->cccd, digits, ID_DIGITS_MAX);
	result->cccd_grade = grade;
}

static void keep_cmnd(struct identity_result *result, const char *digits, enum id_grade grade)
{
	if (result->cmnd[0] != '\0')
		return;
	memcpy(result->cmnd, digits, 9);
	result->cmnd_grade = grade;
}

static reason_set judge_cccd(const struct identity_input *input, const struct id_digits *digits,
			     enum id_grade grade, struct identity_result *result)
{
	struct cccd_parts parts = identity_number_decode(digits->text);
	enum agreement year, sex;
	if (parts.year > input->as_of.year)
		return reason_bit(REASON_ID_MALFORMED);
	compare(input, &parts, &year, &sex);
	if (year == CONTRADICTS || sex == CONTRADICTS)
		return reason_bit(REASON_ID_CONFLICT);
	result->province_unlisted |= !is_listed(input, &parts);
	keep_cccd(result, digits->text, grade);
	return 0;
}

/* 11 or 10 digits with the zeros that they would have lost. */
static reason_set judge_padded(const struct identity_input *input, const struct id_digits *digits,
			       struct identity_result *result)
{
	char padded[ID_DIGITS_MAX] = { 0 };
	size_t zeros = ID_DIGITS_MAX - digits->count;
	memset(padded, '0', zeros);
	memcpy(padded + zeros, digits->text, digits->count);
	struct cccd_parts parts = identity_number_decode(padded);
	enum agreement year, sex;
	compare(input, &parts, &year, &sex);
	if (!is_listed(input, &parts) || parts.year > input->as_of.year || year == CONTRADICTS ||
	    sex == CONTRADICTS || (year == SILENT && sex == SILENT))
		return reason_bit(REASON_ID_PADDING);
	if (digits->count == 10 && identity_number_is_tax_code(digits->text))
		return reason_bit(REASON_ID_AMBIGUOUS);
	keep_cccd(result, padded, ID_GRADE_PADDED);
	return 0;
}

static reason_set judge_cmnd(const struct id_digits *digits, bool may_be_number,
			     enum id_grade grade, struct identity_result *result)
{
	if (digits->count == 9) {
		if (may_be_number && strchr("35789", digits->text[0]) != NULL)
			return reason_bit(REASON_ID_AMBIGUOUS);
		keep_cmnd(result, digits->text, grade);
		return 0;
	}
	char padded[9] = { '0' };
	memcpy(padded + 1, digits->text, 8);
	keep_cmnd(result, padded, ID_GRADE_PADDED);
	return 0;
}

static reason_set judge_number(const struct identity_input *input, size_t index,
			       struct identity_result *result)
{
	const struct id_digits *digits = &input->numbers[index].digits;
	enum cell_type type = digits->number_cell ? CELL_NUMBER : input->numbers[index].type;
	enum id_grade grade = type == CELL_NUMBER ? ID_GRADE_NUMBER_CELL : ID_GRADE_TEXT;
	switch (digits->count) {
	case 0:
		return 0;
	case 12:
		return judge_cccd(input, digits, grade, result);
	case 9:
		return judge_cmnd(digits, type != CELL_TEXT, grade, result);
	default:
		if (type == CELL_TEXT)
			return reason_bit(REASON_ID_PADDING);
		return digits->count == 8 ? judge_cmnd(digits, true, grade, result)
					  : judge_padded(input, digits, result);
	}
}

/* HR4: a two-digit year is completed only by the CCCD of the row. */
static reason_set judge_birth(const struct identity_input *input, struct identity_result *result)
{
	struct date birth = input->birth;
	switch (input->birth_form) {
	case DATE_MISSING:
		return 0;
	case DATE_BAD:
		return reason_bit(REASON_DATE_INVALID);
	case DATE_TWO_DIGIT:
		if (result->cccd[0] == '\0' || result->province_unlisted)
			return reason_bit(REASON_DATE_TWO_DIGIT);
		int year = identity_number_decode(result->cccd).year;
		if (year % 100 != birth.year)
			return reason_bit(REASON_DATE_TWO_DIGIT);
		birth.year = year;
		if (!date_exists(&birth))
			return reason_bit(REASON_DATE_INVALID);
		break;
	default:
		break;
	}
	if (!date_is_a_birth_date(&birth, &input->as_of))
		return reason_bit(REASON_DATE_RANGE);
	result->birth = birth;
	return 0;
}

struct identity_result identity_check(const struct identity_input *input)
{
	struct identity_result result = { .reasons = 0 };
	for (size_t i = 0; i < input->number_count; i++) {
		result.number_reasons[i] = judge_number(input, i, &result);
		result.reasons |= result.number_reasons[i];
	}
	result.reasons |= judge_birth(input, &result);
	return result;
}

const char *identity_grade_text(enum id_grade grade)
{
	static const char *const texts[] = { "text", "number_cell", "padded" };
	return texts[grade];
}
