/* Identity check: what the identity of a row is, once number, birth date and sex are seen together.
 *
 * One pure function (DOMAIN.md, rules ID2–ID6, HR4). The table of ID5 by the count of digits:
 *
 *	digits  text cell       number cell, or CSV
 *	12      CCCD            CCCD
 *	11      id_padding      CCCD that lost a zero, if padding holds
 *	10      id_padding      CCCD of 001–008 that lost two, if padding holds; id_ambiguous if it is a tax code too
 *	9       CMND            CMND; first digit 3 5 7 8 9: id_ambiguous
 *	8       id_padding      CMND that lost a zero
 *
 * Padding holds if the province is listed, birth year or sex agrees, and neither contradicts. A two-digit
 * year of birth is no birth year yet: it is completed by the number that stood its own tests.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "connectors/normalise/date.h"
#include "connectors/normalise/identity_number.h"
#include "connectors/normalise/sex.h"
#include "daemon/base/reason.h"

enum { IDENTITY_NUMBERS_MAX = 2 }; /* columns for CCCD and CMND of their own */

struct identity_input {
	struct {
		struct id_digits digits;
		enum cell_type type;
	} numbers[IDENTITY_NUMBERS_MAX];
	size_t number_count;
	enum date_form birth_form;
	struct date birth;
	enum sex sex;
	struct date as_of;
	bool (*province_is_listed)(const void *ctx, unsigned province); /* ID3 */
	const void *ctx;
};

enum id_grade { ID_GRADE_TEXT, ID_GRADE_NUMBER_CELL, ID_GRADE_PADDED };

struct identity_result {
	char cccd[ID_DIGITS_MAX + 1]; /* empty: none */
	char cmnd[10];
	enum id_grade cccd_grade, cmnd_grade;
	struct date birth; /* year 0: none */
	bool province_unlisted;
	reason_set reasons; /* of numbers and birth date; with one, the rest does not count */
	reason_set number_reasons[IDENTITY_NUMBERS_MAX]; /* the same, by number */
};

struct identity_result identity_check(const struct identity_input *input);

/** "text", "number_cell" or "padded": evidence.cccd_grade (ID6). */
const char *identity_grade_text(enum id_grade grade);
