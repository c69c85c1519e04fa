#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/control/route.h"

static const struct control_route routes[] = {
	{ .method = "GET", .path = "/v1/status" },
	{ .method = "GET", .path = "/v1/runs", .query = { "after", "limit" } },
	{ .method = "POST", .path = "/v1/runs" },
	{ .method = "GET", .path = "/v1/runs/{run}" },
	{ .method = "GET", .path = "/v1/a/{x}/b/{y}" },
	{ .method = "POST", .path = "/v1/a/find" },
	{ .method = "GET", .path = "/v1/a/{x}" },
};
enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

static void a_request_means_one_row_or_none(void **state)
{
	(void)state;
	static const struct {
		const char *method, *path;
		enum route_found found;
		int row; /* -1: none */
		const char *first, *second;
	} rows[] = {
		{ "GET", "/v1/status", ROUTE_FOUND, 0, NULL, NULL },
		{ "GET", "/v1/status/", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/v1/statu", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/v1/statuss", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/V1/status", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "//v1/status", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/v1/../v1/status", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "*", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "POST", "/v1/status", ROUTE_NO_METHOD, 0, NULL, NULL },
		{ "get", "/v1/status", ROUTE_NO_METHOD, 0, NULL, NULL },
		{ "HEAD", "/v1/runs", ROUTE_NO_METHOD, 1, NULL, NULL },
		{ "GET", "/v1/runs", ROUTE_FOUND, 1, NULL, NULL },
		{ "POST", "/v1/runs", ROUTE_FOUND, 2, NULL, NULL },
		{ "GET", "/v1/runs/7", ROUTE_FOUND, 3, "7", NULL },
		{ "GET", "/v1/runs/", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/v1/runs/7/8", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "GET", "/v1/runs/{run}", ROUTE_FOUND, 3, "{run}", NULL },
		{ "GET", "/v1/a/one/b/two", ROUTE_FOUND, 4, "one", "two" },
		{ "GET", "/v1/a//b/two", ROUTE_NO_PATH, -1, NULL, NULL },
		{ "POST", "/v1/a/find", ROUTE_FOUND, 5, NULL, NULL },
		{ "GET", "/v1/a/find", ROUTE_FOUND, 6, "find", NULL },
		{ "DELETE", "/v1/a/find", ROUTE_NO_METHOD, 5, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[64];
		const struct control_route *route = NULL;
		const char *params[HTTP_PARAMS_MAX] = { NULL };
		(void)snprintf(path, sizeof(path), "%s", rows[i].path);
		enum route_found found =
			route_find(routes, ROUTES, rows[i].method, path, &route, params);
		const struct control_route *row = rows[i].row < 0 ? NULL : &routes[rows[i].row];
		if (found != rows[i].found || route != row)
			fail_msg("%s %s: found %d", rows[i].method, rows[i].path, (int)found);
		const char *wanted[] = { rows[i].first, rows[i].second };
		for (size_t p = 0; p < 2; p++)
			if ((wanted[p] == NULL) != (params[p] == NULL) ||
			    (wanted[p] != NULL && strcmp(wanted[p], params[p]) != 0))
				fail_msg("%s %s: param %zu", rows[i].method, rows[i].path, p);
	}
}

static void a_param_that_is_too_long_is_no_path(void **state)
{
	(void)state;
	char path[300] = "/v1/runs/";
	const struct control_route *route = NULL;
	const char *params[HTTP_PARAMS_MAX] = { NULL };
	memset(path + 9, '7', HTTP_TEXT_MAX);
	assert_int_equal(route_find(routes, ROUTES, "GET", path, &route, params), ROUTE_NO_PATH);
	path[9 + HTTP_TEXT_MAX - 1] = '\0';
	assert_int_equal(route_find(routes, ROUTES, "GET", path, &route, params), ROUTE_FOUND);
}

static void allowed_methods_are_those_of_the_path(void **state)
{
	(void)state;
	char allowed[64], small[6];
	route_allowed(routes, ROUTES, &routes[1], allowed, sizeof(allowed));
	assert_string_equal(allowed, "GET, POST");
	route_allowed(routes, ROUTES, &routes[1], small, sizeof(small));
	assert_string_equal(small, "GET, ");
}

static void query_names_are_those_of_the_row(void **state)
{
	(void)state;
	assert_int_equal(route_query(&routes[1], "after"), 0);
	assert_int_equal(route_query(&routes[1], "limit"), 1);
	assert_int_equal(route_query(&routes[1], "limi"), -1);
	assert_int_equal(route_query(&routes[0], "after"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_means_one_row_or_none),
		cmocka_unit_test(a_param_that_is_too_long_is_no_path),
		cmocka_unit_test(allowed_methods_are_those_of_the_path),
		cmocka_unit_test(query_names_are_those_of_the_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
