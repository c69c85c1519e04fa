/* Control: the API of the daemon, as a table of routes over the engine and the store.
 *
 * schemas/control-api.openapi.yaml describes every route; a test holds the two together.
 */
#pragma once

#include <stddef.h>

#include "daemon/control/http.h"

struct clock;
struct engine_api;
struct schema;
struct store;

/* What the handlers stand on; the owner keeps all of it alive. */
struct control {
	const struct engine_api *engine;
	struct store *store;
	const struct schema *schema;
	const struct clock *clock;
};

/** All routes, sorted as they stand in the description. */
const struct control_route *control_routes(size_t *ret_count);
