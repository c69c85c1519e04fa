/* Act: what an audit leaf says happened; a closed list, so that a reader knows every word. */
#pragma once

#include "daemon/base/bytes.h"

#define AUDIT_ACTS(X) \
	X(START, "start") \
	X(STOP, "stop") \
	X(CRASH_DETECTED, "crash-detected") \
	X(CONFIG_LOAD, "config.load") \
	X(CONFIG_REJECT, "config.reject") \
	X(RUN_BEGIN, "run.begin") \
	X(RUN_END, "run.end") \
	X(ROW_NEW, "row.new") \
	X(ROW_CHANGE, "row.change") \
	X(ROW_SAME, "row.same") \
	X(ROW_END, "row.end") \
	X(ROW_REJECT, "row.reject") \
	X(CASE_OPEN, "case.open") \
	X(BATCH_BEGIN, "batch.begin") \
	X(PUSH_ATTEMPT, "push.attempt") \
	X(PUSH_ACK, "push.ack") \
	X(PUSH_REJECT, "push.reject") \
	X(PUSH_UNKNOWN, "push.unknown") \
	X(EXPORT, "export") \
	X(READ_PII, "read.pii") \
	X(VERIFY_RUN, "verify.run")

enum audit_act {
	AUDIT_ACT_NONE = 0,
#define AUDIT_ACT_ENUM_(id, name) AUDIT_ACT_##id,
	AUDIT_ACTS(AUDIT_ACT_ENUM_)
#undef AUDIT_ACT_ENUM_
		AUDIT_ACT_MAX,
};

/** The word of an act in a leaf. */
const char *audit_act_name(enum audit_act act);

/** The act whose word is `name`, or AUDIT_ACT_NONE. */
enum audit_act audit_act_by_name(struct blob name);
