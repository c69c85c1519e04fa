#include "daemon/run/run_state.h"

#include "daemon/record/frame_control.h"

#define TO(state) (1u << (state))

static const struct {
	const char *name;
	unsigned next;
} table[RUN_STATE_MAX] = {
	[RUN_COLLECTING] = { "COLLECTING", TO(RUN_GUARDING) | TO(RUN_FAILED) },
	[RUN_GUARDING] = { "GUARDING",
			   TO(RUN_APPLYING) | TO(RUN_INCOMPLETE) | TO(RUN_HELD) | TO(RUN_FAILED) },
	[RUN_APPLYING] = { "APPLYING", TO(RUN_COMPLETE) | TO(RUN_FAILED) },
	[RUN_COMPLETE] = { "COMPLETE", 0 },
	[RUN_INCOMPLETE] = { "INCOMPLETE", 0 },
	[RUN_HELD] = { "HELD", TO(RUN_APPLYING) | TO(RUN_SUPERSEDED) | TO(RUN_FAILED) },
	[RUN_SUPERSEDED] = { "SUPERSEDED", 0 },
	[RUN_FAILED] = { "FAILED", 0 },
	[RUN_PUBLISHING] = { "PUBLISHING", TO(RUN_COMPLETE) | TO(RUN_FAILED) },
};

bool run_state_may_follow(enum run_state from, enum run_state to)
{
	return from > 0 && from < RUN_STATE_MAX && (table[from].next & TO(to)) != 0;
}

bool run_state_is_end(enum run_state state)
{
	return state <= 0 || state >= RUN_STATE_MAX || table[state].next == 0 || state == RUN_HELD;
}

const char *run_state_name(enum run_state state)
{
	return state > 0 && state < RUN_STATE_MAX ? table[state].name : "?";
}

const char *run_completeness_name(uint8_t completeness)
{
	static const char *const names[FRAME_COMPLETENESS_MAX] = { [FRAME_PROVEN] = "proven",
								   [FRAME_UNPROVEN] = "unproven",
								   [FRAME_INCOMPLETE] = "failed" };
	return completeness > 0 && completeness < FRAME_COMPLETENESS_MAX ? names[completeness] : "";
}
