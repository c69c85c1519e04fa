#include "daemon/control/route.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the segment at `text`, up to "/" or the end. */
static size_t segment_len(const char *text)
{
	return strcspn(text, "/");
}

/* Walk both paths segment by segment; notes where the params lie, changes nothing. */
static bool path_matches(const char *pattern, const char *path, const char **starts)
{
	unsigned params = 0;
	while (*pattern == '/' && *path == '/') {
		pattern++;
		path++;
		size_t want = segment_len(pattern), have = segment_len(path);
		if (*pattern == '{') {
			if (have == 0 || have >= HTTP_TEXT_MAX || params == HTTP_PARAMS_MAX)
				return false;
			starts[params++] = path;
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return false;
		}
		pattern += want;
		path += have;
	}
	return *pattern == '\0' && *path == '\0';
}

static void cut_params(const char **starts, char *path, const char **ret_params)
{
	for (unsigned i = 0; i < HTTP_PARAMS_MAX; i++) {
		ret_params[i] = starts[i];
		if (starts[i] != NULL)
			path[(size_t)(starts[i] - path) + segment_len(starts[i])] = '\0';
	}
}

enum route_found route_find(const struct control_route *routes, size_t count, const char *method,
			    char *path, const struct control_route **ret_route,
			    const char *ret_params[HTTP_PARAMS_MAX])
{
	enum route_found found = ROUTE_NO_PATH;
	for (size_t i = 0; i < count; i++) {
		const char *starts[HTTP_PARAMS_MAX] = { NULL };
		if (!path_matches(routes[i].path, path, starts))
			continue;
		if (strcmp(routes[i].method, method) == 0) {
			cut_params(starts, path, ret_params);
			*ret_route = &routes[i];
			return ROUTE_FOUND;
		}
		if (found == ROUTE_NO_PATH)
			*ret_route = &routes[i];
		found = ROUTE_NO_METHOD;
	}
	return found;
}

void route_allowed(const struct control_route *routes, size_t count,
		   const struct control_route *route, char *out, size_t size)
{
	size_t len = 0;
	out[0] = '\0';
	for (size_t i = 0; i < count && len < size; i++)
		if (strcmp(routes[i].path, route->path) == 0)
			len += (size_t)snprintf(out + len, size - len, "%s%s", len == 0 ? "" : ", ",
						routes[i].method);
}

int route_query(const struct control_route *route, const char *name)
{
	for (int i = 0; i < HTTP_QUERY_MAX && route->query[i] != NULL; i++)
		if (strcmp(route->query[i], name) == 0)
			return i;
	return -1;
}
