/* Route: which row of the table a request means. Pure; knows nothing of sockets. */
#pragma once

#include <stddef.h>

#include "daemon/control/http.h"

enum route_found { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/** Find the row for `method` and `path` ("/v1/runs/7").
 *
 * path       is cut into pieces in place; the params point into it.
 * ret_route  with ROUTE_NO_METHOD the first row of that path.
 */
enum route_found route_find(const struct control_route *routes, size_t count, const char *method,
			    char *path, const struct control_route **ret_route,
			    const char *ret_params[HTTP_PARAMS_MAX]);

/** Write the methods that the path of `route` takes, joined by ", ". */
void route_allowed(const struct control_route *routes, size_t count,
		   const struct control_route *route, char *out, size_t size);

/** The place of the query name in route->query, or -1. */
int route_query(const struct control_route *route, const char *name);
