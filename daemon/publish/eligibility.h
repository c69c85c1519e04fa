/* Eligibility: whether a person is published (DESIGN.md section 10, "Who"); a pure decision over three facts.
 *
 *	source that may be published	open case	inclusion	verdict		the person
 *	no				any		any		NO_SOURCE	is clean
 *	yes				yes		any		OPEN_CASE	stays dirty
 *	yes				no		out		OUT		is clean
 *	yes				no		unknown		UNKNOWN		is clean
 *	yes				no		in		YES		is published
 *
 * A source counts once any link in force leads to a record of it, live or ended: what ended stays said.
 * A clean person comes back when a record or link of it changes, or when the rule does (publisher_sweep()).
 */
#pragma once

#include <stdbool.h>

#include "daemon/publish/inclusion.h"

enum eligibility {
	ELIGIBILITY_YES,
	ELIGIBILITY_NO_SOURCE,
	ELIGIBILITY_OPEN_CASE,
	ELIGIBILITY_OUT,
	ELIGIBILITY_UNKNOWN,
	ELIGIBILITY_NO_NAME, /* the contract has no person without a name */
	ELIGIBILITY_MAX,
};

enum eligibility eligibility_judge(bool has_source, bool has_open_case,
				   enum inclusion_outcome inclusion);

/** True if the person stays dirty although it is not published now. */
bool eligibility_waits(enum eligibility eligibility);

/** "yes", "no_source", "open_case", "inclusion_out", "inclusion_unknown", "no_name". */
const char *eligibility_name(enum eligibility eligibility);
