/* Golden: the golden record of a person, a pure function of its records and the policy.
 *
 * Nothing else goes in: no clock, no earlier golden record, no order of arrival. So a rebuild from
 * scratch gives the same bytes (DESIGN.md, invariant 4), whatever order the records come in.
 *
 * Which value of a field outside of lists wins, first difference decides:
 *	1. a live record before an ended one (an ended one counts only where the schema says `keep`);
 *	2. the source's rank in the policy;
 *	3. within one source the newer `as_of`, then the smaller source key, then the greater ordinal.
 * Lists are united: records come in the same order, and an element that element_match() finds again
 * only fills what misses; what is left is added. Evidence never gets in.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/record/record.h"

struct err;
struct schema;
struct survivorship;

/* One record of the person, in whatever order. The blobs are borrowed. */
struct contribution {
	struct record record;
	uint16_t source;
	uint32_t ordinal;
	bool ended;
	struct blob source_key;
	struct blob as_of; /* YYYY-MM-DD, may be empty */
};

enum { GOLDEN_CONTRIBUTIONS_MAX = 64 };

/** Append the encoding of the golden record to `out`. `builder` is used and left empty.
 * The contributions are re-ordered. No contribution gives an empty record.
 * Errors: ERR_NOMEM, ERR_INVALID (past the limits of a record).
 */
MUST_CHECK int golden_make(const struct schema *schema, const struct survivorship *policy,
			   struct contribution *contributions, size_t count,
			   struct record_builder *builder, struct buf *out, struct err *err);
