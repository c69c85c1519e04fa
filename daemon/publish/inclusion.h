/* Inclusion: does the rule of configuration take this person (DOMAIN.md section 11, rule INC1)?
 *
 * Three-valued, because a field that nobody filled in says nothing about the person. One line of the rule:
 *
 *	values of the field			at_least, one_of	present
 *	one satisfies				true			true
 *	none does, one cannot be compared	unknown			-
 *	none does				false			-
 *	there is none, line of any_of		unknown			false
 *	there is none, line of none_of		false			false
 *
 * A line of none_of takes evidence: what nobody filled in excludes nobody. The whole, first that fits:
 *
 *	some none_of true			out
 *	any_of all false			out
 *	some none_of unknown			unknown
 *	some any_of true			in
 *	else					unknown
 */
#pragma once

#include <stddef.h>

#include "config/config_policy.h"
#include "daemon/base/cleanup.h"
#include "daemon/record/record.h"
#include "daemon/record/schema.h"

struct err;
struct inclusion; /* opaque: the rule with its fields and codes looked up */

enum inclusion_outcome { INCLUSION_IN, INCLUSION_OUT, INCLUSION_UNKNOWN };

enum { INCLUSION_CODES_MAX = 256 }; /* lines of one rule */

struct inclusion_result {
	enum inclusion_outcome outcome;
	const char *codes
		[INCLUSION_CODES_MAX]; /* of the lines that are true, in the order of the rule */
	size_t code_count;
};

/** Compile. `rule` and `schema` (with the store's numbers) must outlive it.
 * Errors: ERR_CONFIG (a field, code or rank that is not there; names the line's code), ERR_NOMEM.
 */
MUST_CHECK int inclusion_create(const struct config_inclusion *rule, const struct schema *schema,
				struct inclusion **ret_inclusion, struct err *err);
void inclusion_destroy(struct inclusion *inclusion);

/** Judge a golden record; pure. */
void inclusion_judge(const struct inclusion *inclusion, const struct record *golden,
		     struct inclusion_result *ret_result);

/** Append what the rule means, ranks included: other bytes mean another rule. */
void inclusion_put_meaning(const struct inclusion *inclusion, struct buf *out);

/** "in", "out", "unknown". */
const char *inclusion_outcome_name(enum inclusion_outcome outcome);

DEFINE_CLEANUP(struct inclusion, inclusion_destroy);
