#include "daemon/publish/publish_state.h"

#include <stddef.h>

#define NAME_OF(names, index) \
	((size_t)(index) < sizeof(names) / sizeof((names)[0]) && (names)[index] != NULL \
		 ? (names)[index] \
		 : "")

const char *batch_state_name(uint8_t state)
{
	static const char *const names[] = {
		[BATCH_READY] = "READY",       [BATCH_SENT] = "SENT",       [BATCH_ASKED] = "SENT",
		[BATCH_ANSWERED] = "ANSWERED", [BATCH_UNKNOWN] = "UNKNOWN",
	};
	return NAME_OF(names, state);
}

const char *item_state_name(uint8_t state)
{
	static const char *const names[] = {
		[ITEM_WAITING] = "WAITING",     [ITEM_ACCEPTED] = "ACCEPTED",
		[ITEM_UNCHANGED] = "UNCHANGED", [ITEM_CONFLICT] = "CONFLICT",
		[ITEM_HELD] = "HELD",           [ITEM_RETRY] = "RETRY",
		[ITEM_UNKNOWN] = "UNKNOWN",     [ITEM_SPLIT] = "SPLIT",
	};
	return NAME_OF(names, state);
}

const char *image_state_name(uint8_t state)
{
	static const char *const names[] = {
		[IMAGE_SENT] = "SENT",
		[IMAGE_CONFLICT] = "CONFLICT",
		[IMAGE_HELD] = "HELD",
	};
	return NAME_OF(names, state);
}

const char *publish_pause_name(enum publish_pause pause)
{
	static const char *const names[] = {
		[PAUSE_THROTTLED] = "throttled",
		[PAUSE_FAILING] = "failing",
		[PAUSE_REFUSED] = "refused",
		[PAUSE_FENCED] = "fenced",
		[PAUSE_OTHER_PAYLOAD] = "other_payload",
	};
	return NAME_OF(names, pause);
}
