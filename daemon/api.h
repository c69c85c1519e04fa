/* Api: the engine as the control API sees it (daemon/control/engine_api.h). */
#pragma once

#include "config/config.h"
#include "daemon/control/engine_api.h"
#include "daemon/run/engine.h"

struct api {
	struct engine_api vtable;
	struct engine *engine;
	struct engine_source *sources; /* of the last status */
	char store_id[UUID_TEXT_SIZE];
	struct engine_run shown; /* of the last run asked for */
	struct buf texts;
};

/** Fill `api` for `engine`, which must outlive it. Errors: ERR_NOMEM. */
MUST_CHECK int api_init(struct api *api, struct engine *engine, struct err *err);
void api_finish(struct api *api);
