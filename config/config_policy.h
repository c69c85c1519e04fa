/* Config policy: who is published, and whose word counts for which field. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/option.h"

/* One line of the inclusion rule (DOMAIN.md section 11); exactly one of the last three is set. */
struct config_condition {
	char *code;     /* stands in reports: DEG */
	char *field;    /* degree[].level */
	char *at_least; /* by the rank in the field's code list */
	struct option_texts one_of;
	bool present;
};

struct config_inclusion {
	char *version;
	struct config_condition *any_of, *none_of;
	size_t any_of_count, none_of_count;
};

/* An order of sources for some fields: "contact.phone", a group "contact" or a list "degree". */
struct config_order {
	struct option_texts fields, sources;
};

struct config_survivorship {
	struct option_texts
		sources; /* every source once, the best first; `thu-cong` goes before them */
	struct config_order *overrides;
	size_t override_count;
};

extern const struct option_row config_inclusion_rows[];
extern const struct option_row config_survivorship_rows[];

/** What rows cannot say. `node` is the section and may be NULL, `where` the place of what is missing then;
 * `sources` are the names that there are.
 */
void config_inclusion_check(const struct doc_node *node, struct diag_place where,
			    struct diag *diag);
void config_survivorship_check(const struct config_survivorship *survivorship,
			       const struct doc_node *node, struct diag_place where,
			       const struct option_texts *sources, struct diag *diag);
