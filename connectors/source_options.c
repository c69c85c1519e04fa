#include "connectors/source_options.h"

#include <string.h>

#include "daemon/base/err.h"

enum source_record { SOURCE_PERSON, SOURCE_STUDENT };
static const char *const record_names[] = {
	[SOURCE_PERSON] = "person", [SOURCE_STUDENT] = "student", NULL
};

const struct option_row source_option_rows[] = {
	OPTION_DATE("as_of", struct source_options, as_of, .required = true,
		    .help = MSG_HELP_AS_OF_CONSTANT),
	OPTION_MAP("code_lists", struct source_options, code_lists, .help = MSG_HELP_CODE_LISTS),
	OPTION_TEXTS("excluded_orgs", struct source_options, excluded_orgs,
		     .help = MSG_HELP_EXCLUDED_ORGS),
	OPTION_MAP("lists", struct source_options, lists, .help = MSG_HELP_LISTS),
	OPTION_ENUM("record", struct source_options, record, record_names, .required = true,
		    .help = MSG_HELP_RECORD),
	OPTION_TEXT("trailer", struct source_options, trailer, .help = MSG_HELP_WHOLE_TRAILER),
	OPTION_END,
};

/* ETH1: `vn1979 | vn2008 | portal | local:<name>`; a local list is not known here, so its codes are none. */
static int ethnic_system(const char *name, enum ethnic_system *ret_system, struct err *err)
{
	static const struct {
		const char *name;
		enum ethnic_system system;
	} systems[] = { { "vn1979", ETHNIC_VN1979 },
			{ "vn2008", ETHNIC_VN2008 },
			{ "portal", ETHNIC_PORTAL } };
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		if (strcmp(name, systems[i].name) != 0)
			continue;
		*ret_system = systems[i].system;
		return 0;
	}
	*ret_system = ETHNIC_UNDECLARED;
	return strncmp(name, "local:", 6) == 0
		       ? 0
		       : err_set(err, ERR_CONFIG, MSG_SOURCE_ETHNIC, ARG_TEXT("name", name));
}

int source_options_mapping(const struct source_options *options, struct mapping_source *ret_source,
			   struct err *err)
{
	struct mapping_source source = { .ethnic_system = ETHNIC_UNDECLARED,
					 .excluded_orgs = &options->excluded_orgs };
	source.record_type = options->record == SOURCE_STUDENT ? RECORD_STUDENT : RECORD_PERSON;
	if (date_read(blob_text(options->as_of), &source.as_of) != DATE_GOOD ||
	    source.as_of.day == 0)
		return err_set(err, ERR_CONFIG, MSG_SOURCE_AS_OF, ARG_TEXT("text", options->as_of));
	for (size_t i = 0; i < options->code_lists.count; i++) {
		const struct option_map_pair *pair = &options->code_lists.pairs[i];
		if (strcmp(pair->key, "ethnic") != 0)
			continue;
		int rc = ethnic_system(pair->value, &source.ethnic_system, err);
		if (rc < 0)
			return rc;
	}
	*ret_source = source;
	return 0;
}
