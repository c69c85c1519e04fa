/* Reason: why a row is not accepted, or what was left out of one that is (DOMAIN.md, rule HR0).
 *
 * Words.  invalid: the supplier must mend the row. needs_decision: a person may accept it with a stated
 *         override; one invalid reason makes the whole row invalid. warning: the row is accepted, the field stayed
 *         empty or is weaker evidence, and the raw text is kept beside it.
 * Rules.  The number is stored and sent: it never changes its meaning; new ones are appended. The reasons of a
 *         row are named in the order of their numbers, which is the order of rule HR0.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/message.h"

enum reason_class { REASON_INVALID, REASON_NEEDS_DECISION, REASON_WARNING };

enum reason {
	REASON_NONE = 0,
	/* invalid */
	REASON_RAGGED = 1,
	REASON_NO_KEY = 2,
	REASON_DUPLICATE_KEY = 3,
	REASON_NAME_MISSING = 4,
	REASON_TEXT_LOSSY = 5,
	REASON_TEXT_CONTROL = 6,
	REASON_DATE_INVALID = 7,
	REASON_DATE_RANGE = 8,
	REASON_ID_LOSSY = 9,
	REASON_ID_MALFORMED = 10,
	/* needs_decision */
	REASON_NAME_FORM = 11,
	REASON_NAME_ORDER = 12,
	REASON_DATE_TWO_DIGIT = 13,
	REASON_ID_CONFLICT = 14,
	REASON_ID_PADDING = 15,
	REASON_ID_AMBIGUOUS = 16,
	REASON_SEX_FORM = 17,
	/* warnings */
	REASON_VALUE_LEFT_OUT = 21,
	REASON_CODE_UNKNOWN = 22,
	REASON_CODE_AMBIGUOUS = 23,
	REASON_ETHNIC_CONTRADICTS = 24,
	REASON_ETHNIC_NO_LIST = 25,
	REASON_GRADE_CONTRADICTS = 26,
	REASON_ID_PROVINCE = 27,
	REASON_ID_PADDED = 28,
	REASON_NAME_REPAIRED = 29,
	REASON_NAME_DECODED = 30,
	REASON_ELEMENT_LEFT_OUT = 31,
	REASON_MAX,
};

/** The code as it stands in files and answers: "id_malformed"; "unknown" for a number that is none. */
const char *reason_name(enum reason reason);
enum reason_class reason_class(enum reason reason);
enum msg_id reason_message(enum reason reason);

/** By its code; REASON_NONE if there is none. */
enum reason reason_by_name(struct blob name);

/* Several reasons at once: bit 1 << number. */
typedef uint32_t reason_set;

static inline reason_set reason_bit(enum reason reason)
{
	return reason == REASON_NONE ? 0 : (reason_set)1 << reason;
}

/** The class of a row with these reasons. */
enum reason_class reason_set_class(reason_set reasons);

/** Append the codes joined by ";", in the order of their numbers. */
void reason_set_put(reason_set reasons, struct buf *out);

/** The name of a class: "invalid", "needs_decision", "warning". */
const char *reason_class_name(enum reason_class class);
