/* Rebuild: proves invariant 4 on a store: every golden record is what its links, their records and the policy make. */
#pragma once

#include <stdint.h>

#include "daemon/base/cleanup.h"

struct err;
struct schema;
struct store;
struct survivorship;

struct rebuild_report {
	uint64_t persons; /* looked at */
	uint64_t differ;  /* whose stored golden record is another */
};

/** Make all golden records anew and compare; nothing is written. Read transactions are short. */
MUST_CHECK int rebuild_check(struct store *store, const struct schema *schema,
			     const struct survivorship *policy, struct rebuild_report *ret_report,
			     struct err *err);
