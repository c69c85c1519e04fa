#include "daemon/publish/eligibility.h"

#include <stddef.h>

enum eligibility eligibility_judge(bool has_source, bool has_open_case,
				   enum inclusion_outcome inclusion)
{
	if (!has_source)
		return ELIGIBILITY_NO_SOURCE;
	if (has_open_case)
		return ELIGIBILITY_OPEN_CASE;
	switch (inclusion) {
	case INCLUSION_IN:
		return ELIGIBILITY_YES;
	case INCLUSION_OUT:
		return ELIGIBILITY_OUT;
	case INCLUSION_UNKNOWN:
		break;
	}
	return ELIGIBILITY_UNKNOWN;
}

bool eligibility_waits(enum eligibility eligibility)
{
	return eligibility == ELIGIBILITY_OPEN_CASE;
}

const char *eligibility_name(enum eligibility eligibility)
{
	static const char *const names[ELIGIBILITY_MAX] = {
		[ELIGIBILITY_YES] = "yes",
		[ELIGIBILITY_NO_SOURCE] = "no_source",
		[ELIGIBILITY_OPEN_CASE] = "open_case",
		[ELIGIBILITY_OUT] = "inclusion_out",
		[ELIGIBILITY_UNKNOWN] = "inclusion_unknown",
		[ELIGIBILITY_NO_NAME] = "no_name",
	};
	return (size_t)eligibility < ELIGIBILITY_MAX ? names[eligibility] : "";
}
