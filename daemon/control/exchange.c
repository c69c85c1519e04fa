#include "daemon/control/exchange.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/control/http_stream.h"
#include "daemon/control/problem.h"
#include "daemon/control/route.h"
#include "daemon/record/json.h"

enum { PATH_MAX_BYTES = 512, ALLOWED_SIZE = 64 };

struct exchange {
	struct http_connection *connection;
	struct http_request request;
	char path[PATH_MAX_BYTES];
	struct buf body;
	bool too_large;
	bool complete; /* the body has been read to its end */
};

static const char *header(const struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection->mhd, MHD_HEADER_KIND, name);
}

static void *buf_take(struct buf *buf, size_t *ret_len)
{
	void *data = buf->data;
	*ret_len = buf->len;
	*buf = (struct buf){ 0 };
	return data;
}

static struct MHD_Response *response_of_buf(struct buf *body)
{
	size_t len;
	if (!buf_ok(body))
		return NULL;
	void *data = buf_take(body, &len);
	struct MHD_Response *response =
		MHD_create_response_from_buffer_with_free_callback(len, data, free);
	if (response == NULL)
		free(data);
	return response;
}

static enum MHD_Result queue(struct exchange *exchange, unsigned status, const char *content_type,
			     struct MHD_Response *response, const char *allow)
{
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", content_type);
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	if (allow != NULL)
		(void)MHD_add_response_header(response, "Allow", allow);
	/* What is refused before its body was read leaves that body in the socket. */
	if (!exchange->complete)
		(void)MHD_add_response_header(response, "Connection", "close");
	http_connection_expect(exchange->connection, false);
	enum MHD_Result result = MHD_queue_response(exchange->connection->mhd, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_problem(struct exchange *exchange, unsigned status,
				      const struct err *err, const char *allow)
{
	struct buf body = { 0 };
	if (status >= 500 && status != MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED)
		log_err(LOG_LEVEL_WARNING, MSG_CONTROL_REQUEST_FAILED, err);
	problem_write(err, status, &body);
	struct MHD_Response *response = response_of_buf(&body);
	buf_finish(&body);
	return queue(exchange, status, PROBLEM_TYPE, response, allow);
}

static void stream_moved(void *ctx, bool waits)
{
	struct http_connection *connection = ctx;
	connection->suspended = waits;
	http_connection_expect(connection, waits);
}

static enum MHD_Result answer(struct exchange *exchange, struct http_response *response)
{
	struct err err = { 0 };
	struct http_connection *connection = exchange->connection;
	struct MHD_Response *out = NULL;
	if (response->stream.fd < 0) {
		out = response_of_buf(&response->body);
	} else {
		struct http_stream_place place = {
			.loop = connection->loop,
			.mhd = connection->daemon,
			.connection = connection->mhd,
			.moved = stream_moved,
			.ctx = connection,
		};
		if (http_stream_response(&place, &response->stream, &out, &err) < 0)
			return answer_problem(exchange, problem_status(&err), &err, NULL);
	}
	return queue(exchange, response->status, response->content_type, out, NULL);
}

static int check_peer(struct exchange *exchange, struct err *err)
{
	struct http_connection *connection = exchange->connection;
	const struct control_route *route = exchange->request.route;
	char roles[PEER_ROLES_SIZE];

	if (connection->unknown.code != ERR_NONE_) {
		*err = connection->unknown;
		return err->code;
	}
	if ((connection->peer.roles & route->roles) != 0)
		return 0;
	log_event(LOG_LEVEL_NOTICE, MSG_CONTROL_DENIED, ARG_WORD("path", route->path),
		  ARG_U("uid", connection->peer.uid));
	peer_roles_text(route->roles, roles);
	return err_set(err, ERR_AUTH, MSG_CONTROL_ROLE, ARG_WORD("roles", roles));
}

struct query_walk {
	struct http_request *request;
	bool refused;
};

static enum MHD_Result take_query(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	(void)kind;
	struct query_walk *walk = ctx;
	int place = route_query(walk->request->route, name);
	walk->refused = place < 0 || value == NULL || walk->request->query[place] != NULL;
	if (walk->refused)
		return MHD_NO;
	walk->request->query[place] = value;
	return MHD_YES;
}

static int check_query(struct exchange *exchange, struct err *err)
{
	struct query_walk walk = { .request = &exchange->request };
	(void)MHD_get_connection_values(exchange->connection->mhd, MHD_GET_ARGUMENT_KIND,
					take_query, &walk);
	return walk.refused ? err_set(err, ERR_INVALID, MSG_CONTROL_QUERY) : 0;
}

/* The header's media type, parameters such as charset left aside. */
static bool is_json(const char *content_type)
{
	static const char json[] = "application/json";
	return content_type != NULL && strncasecmp(content_type, json, sizeof(json) - 1) == 0 &&
	       strchr(" ;", content_type[sizeof(json) - 1]) != NULL;
}

/* Refuse a body by its headers, before a byte of it is taken. Returns the HTTP status, 0 if it may come. */
static unsigned check_body(const struct exchange *exchange, struct err *err)
{
	const char *length = header(exchange, "Content-Length");
	if (length != NULL && strtoull(length, NULL, 10) > LIMIT_CONTROL_BODY) {
		(void)err_set(err, ERR_INVALID, MSG_CONTROL_BODY_SIZE,
			      ARG_U("limit", LIMIT_CONTROL_BODY));
		return MHD_HTTP_CONTENT_TOO_LARGE;
	}
	if (exchange->request.route->takes_body && !is_json(header(exchange, "Content-Type"))) {
		(void)err_set(err, ERR_INVALID, MSG_CONTROL_BODY_TYPE);
		return MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
	}
	return 0;
}

/* Everything that can be refused by the request line and the headers. */
static enum MHD_Result begin(struct exchange *exchange, const char *method, const char *version)
{
	const struct http_options *options = exchange->connection->options;
	struct err err = { 0 };
	char allowed[ALLOWED_SIZE];
	const struct control_route *route = NULL;

	if (strcmp(version, "HTTP/1.1") != 0) {
		(void)err_set(&err, ERR_INVALID, MSG_CONTROL_VERSION);
		return answer_problem(exchange, MHD_HTTP_HTTP_VERSION_NOT_SUPPORTED, &err, NULL);
	}
	switch (route_find(options->routes, options->route_count, method, exchange->path, &route,
			   exchange->request.param)) {
	case ROUTE_NO_PATH:
		(void)err_set(&err, ERR_NOT_FOUND, MSG_CONTROL_NO_PATH);
		return answer_problem(exchange, MHD_HTTP_NOT_FOUND, &err, NULL);
	case ROUTE_NO_METHOD:
		route_allowed(options->routes, options->route_count, route, allowed,
			      sizeof(allowed));
		(void)err_set(&err, ERR_INVALID, MSG_CONTROL_METHOD, ARG_WORD("allowed", allowed));
		return answer_problem(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, &err, allowed);
	case ROUTE_FOUND:
		break;
	}
	exchange->request.route = route;
	exchange->request.peer = &exchange->connection->peer;
	if (check_peer(exchange, &err) < 0 || check_query(exchange, &err) < 0)
		return answer_problem(exchange, problem_status(&err), &err, NULL);
	unsigned status = check_body(exchange, &err);
	return status == 0 ? MHD_YES : answer_problem(exchange, status, &err, NULL);
}

/* Past the limit a body is swallowed until its time is over, so that its sender hears why. */
static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *len)
{
	if (exchange->body.len + *len > LIMIT_CONTROL_BODY)
		exchange->too_large = true;
	if (!exchange->too_large)
		buf_put(&exchange->body, data, *len);
	*len = 0;
	return MHD_YES;
}

static int parse_body(struct exchange *exchange, cJSON **ret_json, struct err *err)
{
	if (!exchange->request.route->takes_body)
		return exchange->body.len == 0 ? 0 : err_set(err, ERR_INVALID, MSG_CONTROL_BODY);
	if (!buf_ok(&exchange->body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	CLEANUP(cJSON_Deletep) cJSON *json = NULL;
	if (json_parse(buf_blob(&exchange->body), LIMIT_CONTROL_BODY, &json, err) < 0)
		return err_wrap(err, MSG_CONTROL_BODY);
	if (!cJSON_IsObject(json))
		return err_set(err, ERR_INVALID, MSG_CONTROL_BODY_OBJECT);
	*ret_json = TAKE(json);
	return 0;
}

static enum MHD_Result complete(struct exchange *exchange)
{
	struct err err = { 0 };
	const struct http_options *options = exchange->connection->options;
	CLEANUP(cJSON_Deletep) cJSON *json = NULL;

	exchange->complete = true;
	if (exchange->too_large) {
		(void)err_set(&err, ERR_INVALID, MSG_CONTROL_BODY_SIZE,
			      ARG_U("limit", LIMIT_CONTROL_BODY));
		return answer_problem(exchange, MHD_HTTP_CONTENT_TOO_LARGE, &err, NULL);
	}
	if (parse_body(exchange, &json, &err) < 0)
		return answer_problem(exchange, problem_status(&err), &err, NULL);
	exchange->request.json = json;

	struct http_response response = {
		.status = MHD_HTTP_OK,
		.content_type = "application/json",
		.stream = { .fd = -1, .pidfd = -1 },
	};
	int failed =
		exchange->request.route->handler(options->ctx, &exchange->request, &response, &err);
	enum MHD_Result result =
		failed < 0 ? answer_problem(exchange, problem_status(&err), &err, NULL)
			   : answer(exchange, &response);
	exchange->request.json = NULL;
	buf_cleanse(&response.body);
	return result;
}

enum MHD_Result exchange_step(struct http_connection *connection, const struct exchange_call *call,
			      size_t *data_len, void **slot)
{
	struct exchange *exchange = *slot;
	if (exchange != NULL)
		return *data_len > 0 ? take_body(exchange, call->data, data_len)
				     : complete(exchange);

	exchange = calloc(1, sizeof(*exchange));
	if (exchange == NULL)
		return MHD_NO;
	*slot = exchange;
	exchange->connection = connection;
	/* A path that does not fit is none of ours; cut, it cannot become one. */
	(void)snprintf(exchange->path, sizeof(exchange->path), "%s",
		       strlen(call->url) < sizeof(exchange->path) ? call->url : "");
	return begin(exchange, call->method, call->version);
}

void exchange_end(void **slot)
{
	struct exchange *exchange = *slot;
	if (exchange == NULL)
		return;
	http_connection_expect(exchange->connection, false);
	buf_cleanse(&exchange->body); /* identifiers to search for */
	free(exchange);
	*slot = NULL;
}
