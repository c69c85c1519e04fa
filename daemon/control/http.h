/* Http: a small HTTP/1.1 server on a Unix socket, inside the sd-event loop and without threads.
 *
 * Words.  route: one row of a table: method, path with {param}, roles, handler. stream: an answer
 *         whose bytes come from a process, so that the loop never waits for them.
 * Rules.  A handler answers before it returns, or hands over a stream. Limits are those of limits.h.
 *         The Host header means nothing here. Unknown path 404, other method 405, no role 403.
 *         Whatever is refused is refused as problem JSON (RFC 9457) in both languages.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/message.h"
#include "daemon/control/peer.h"

struct clock;
struct cJSON;
struct err;
struct http_server; /* opaque */
struct sd_event;

enum { HTTP_PARAMS_MAX = 2, HTTP_QUERY_MAX = 4, HTTP_TEXT_MAX = 128 };

/* What a handler gets. All of it lives until the handler returns. */
struct http_request {
	const struct control_route *route;
	const struct peer *peer;
	const char *param[HTTP_PARAMS_MAX]; /* in the order of the path, percent-decoded */
	const char *query[HTTP_QUERY_MAX];  /* in the order of route->query; NULL where absent */
	const struct cJSON *json;           /* an object; NULL unless route->takes_body */
};

/* The output of a process, answered as it comes. */
struct http_stream {
	int fd;    /* non-blocking read end; EOF ends the body */
	int pidfd; /* the process: it must end with 0, else the answer is cut off unfinished */
};

/* What a handler gives. Starts as 200 with an empty body. */
struct http_response {
	unsigned status;
	const char *content_type;
	struct buf body;
	struct http_stream stream; /* in use if fd >= 0; the server owns both descriptors then */
};

/** Returns 0, or a negative code: `err` is then the answer, whatever stands in `response`. */
typedef int http_handler(void *ctx, const struct http_request *request,
			 struct http_response *response, struct err *err);

struct control_route {
	const char *method;
	const char *path;                  /* "/v1/runs/{run}" */
	const char *query[HTTP_QUERY_MAX]; /* names that it knows; others are refused */
	unsigned roles;                    /* any of these is enough */
	bool takes_body;                   /* a JSON object, application/json */
	http_handler *handler;
};

struct http_options {
	int listen_fd; /* a bound, listening Unix socket; the server owns it */
	const struct control_route *routes;
	size_t route_count;
	void *ctx; /* for the handlers */
	const struct clock *clock;
	uid_t self_uid;
	struct peer_groups groups;
};

/** Make the socket `path` (0660, group `group` where it exists), replacing a dead one. */
MUST_CHECK int http_listen(const char *path, const char *group, int *ret_fd, struct err *err);

MUST_CHECK int http_server_create(struct sd_event *loop, const struct http_options *options,
				  struct http_server **ret_server, struct err *err);
/** Cuts what is open. */
void http_server_destroy(struct http_server *server);

/** Connections open now: a long step of the engine shortens itself while there are any. */
unsigned http_server_connections(const struct http_server *server);

DEFINE_CLEANUP(struct http_server, http_server_destroy);
