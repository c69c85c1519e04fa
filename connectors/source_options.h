/* Source options: what a connector must know of its source besides its own options: the member `source` of BEGIN. */
#pragma once

#include "config/option.h"
#include "connectors/map/mapping.h"

struct source_options {
	char *as_of; /* YYYY-MM-DD */
	struct option_map code_lists, lists;
	struct option_texts excluded_orgs;
	unsigned record; /* enum source_record */
	char *trailer;   /* NULL: the list has no closing row */
};

extern const struct option_row source_option_rows[];

/** The same as the mapper wants it. Errors: ERR_CONFIG (an ethnic code system that is not known). */
MUST_CHECK int source_options_mapping(const struct source_options *options,
				      struct mapping_source *ret_source, struct err *err);
