/* Validate: a record against the schema, everything that is wrong in one pass.
 *
 * What is checked: that fields belong to the record type; text length in characters, NFC, no control
 * characters; dates that exist; canonical numbers and their range; pattern, enum and code list; one
 * value per field and element; elements per list; what is required. Nothing is allocated, but to
 * compose a text of a script other than Latin.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/message.h"
#include "daemon/record/record.h"
#include "daemon/record/schema.h"

struct finding {
	enum msg_id reason; /* MSG_VALUE_…; its text needs no args */
	const struct schema_field
		*field; /* NULL: the number belongs to no field, or a section is missing */
	const struct schema_section *section; /* of the field, or the missing one */
	struct blob key;                      /* element key, a view into the record */
};

/** One value against the rules of its field: MSG_NONE, or the reason why not. */
enum msg_id validate_value(const struct schema_field *field, struct blob value);

/** Whether `text` is a date YYYY, YYYY-MM or YYYY-MM-DD that exists. */
bool validate_is_date(struct blob text);

/** Parse a canonical decimal (no sign of plus, no leading or trailing zeros, at most 6 places) into
 * millionths; false if it is not one.
 */
bool validate_decimal(struct blob text, int64_t *ret_micro);

/** Returns how many findings there are; the first `max` are written. 0 means that the record holds. */
size_t validate_record(const struct schema *schema, const struct record *record,
		       struct finding *findings, size_t max);
