/* Guard: may a delivery that was collected be applied? A pure function of what it counted and proved. */
#pragma once

#include <stdint.h>

#include "daemon/base/message.h"
#include "daemon/record/frame_control.h"

struct guard_facts {
	enum frame_completeness completeness;
	bool must_prove;            /* the source declares a proof */
	uint64_t promised, counted; /* by the proof */
	uint64_t rows_said;         /* rows that the worker says it read */
	uint64_t rows_received;     /* rows that came */
};

enum guard_verdict { GUARD_APPLY, GUARD_INCOMPLETE, GUARD_BROKEN };

struct guard_decision {
	enum guard_verdict verdict;
	enum msg_id why; /* unless GUARD_APPLY; takes {promised} {counted} {said} {received} */
};

struct guard_decision guard_judge(const struct guard_facts *facts);
