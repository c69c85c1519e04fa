#include "daemon/audit/act.h"

static const char *const names[AUDIT_ACT_MAX] = {
#define AUDIT_ACT_NAME_(id, name) [AUDIT_ACT_##id] = name,
	AUDIT_ACTS(AUDIT_ACT_NAME_)
#undef AUDIT_ACT_NAME_
};

const char *audit_act_name(enum audit_act act)
{
	return names[act];
}

enum audit_act audit_act_by_name(struct blob name)
{
	for (int act = 1; act < AUDIT_ACT_MAX; act++)
		if (blob_equal(name, blob_text(names[act])))
			return (enum audit_act)act;
	return AUDIT_ACT_NONE;
}
