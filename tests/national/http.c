#include "tests/national/http.h"

#include "tests/national/reply.h"
#include "tests/national/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 60 /* fewer than WORKING_MAX: each may work on one batch */
#define IDLE_S 60
#define PARAMETERS_MAX 64
#define ADMIN_BYTES_MAX (1 << 20)

struct http_port {
	struct server *server;
	struct MHD_Daemon *daemon;
	bool admin;
};

/* One request while its body comes in. */
struct incoming {
	char *body;
	size_t size;
	bool too_large;
};

struct parameters {
	struct contract_parameter list[PARAMETERS_MAX];
	size_t count;
};

static enum MHD_Result add_parameter(void *context, enum MHD_ValueKind kind, const char *name,
				     const char *value)
{
	(void)kind;
	struct parameters *parameters = context;
	if (parameters->count == PARAMETERS_MAX)
		return MHD_NO;
	parameters->list[parameters->count++] =
		(struct contract_parameter){ .name = name, .value = value };
	return MHD_YES;
}

static size_t size_limit(const struct http_port *port)
{
	return port->admin ? ADMIN_BYTES_MAX : (size_t)port->server->settings.max_bytes;
}

static void take_chunk(const struct http_port *port, struct incoming *incoming, const char *data,
		       size_t size)
{
	incoming->too_large = incoming->too_large || incoming->size + size > size_limit(port);
	if (incoming->too_large)
		return;
	char *body = realloc(incoming->body, incoming->size + size + 1);
	if (body == NULL)
		abort();
	memcpy(body + incoming->size, data, size);
	incoming->body = body;
	incoming->size += size;
	incoming->body[incoming->size] = '\0';
}

struct half_body {
	char *bytes;
	size_t size;
};

/* Gives half of what was promised, then breaks off. */
static ssize_t give_half(void *context, uint64_t position, char *buffer, size_t size)
{
	const struct half_body *half = context;
	size_t left = half->size / 2 - (size_t)position;
	if (left == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	size = size < left ? size : left;
	memcpy(buffer, half->bytes + position, size);
	return (ssize_t)size;
}

static void free_half(void *context)
{
	struct half_body *half = context;
	free(half->bytes);
	free(half);
}

static struct MHD_Response *make_response(struct reply *reply)
{
	struct half_body *half;
	if (reply->delivery != DELIVER_HALF)
		return MHD_create_response_from_buffer(reply->size, reply->body,
						       MHD_RESPMEM_MUST_COPY);
	half = malloc(sizeof(*half));
	if (half == NULL)
		abort();
	*half = (struct half_body){ .bytes = copy_text(reply->body), .size = reply->size };
	return MHD_create_response_from_callback(reply->size, 4096, give_half, half, free_half);
}

/* MHD_NO makes MHD close the connection without an answer. */
static enum MHD_Result deliver(struct MHD_Connection *connection, struct reply *reply)
{
	if (reply->delivery == DELIVER_NOTHING)
		return MHD_NO;
	struct MHD_Response *response = make_response(reply);
	MHD_add_response_header(response, "Content-Type", reply->media_type);
	for (size_t i = 0; i < reply->header_count; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
	enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(const struct http_port *port, struct MHD_Connection *connection,
			      const char *path, const char *method, const struct incoming *incoming)
{
	struct parameters query = { 0 }, headers = { 0 };
	struct reply reply = { 0 };
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &query);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_parameter, &headers);
	struct contract_request request = {
		.media_type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							  MHD_HTTP_HEADER_CONTENT_TYPE),
		.body = incoming->body != NULL ? incoming->body : "",
		.body_size = incoming->size,
		.query = query.list,
		.query_count = query.count,
		.headers = headers.list,
		.header_count = headers.count,
	};
	if (port->admin)
		admin_answer(port->server, method, path, &request, &reply);
	else
		server_answer(port->server, method, path, &request, incoming->too_large, &reply);
	enum MHD_Result result = deliver(connection, &reply);
	reply_finish(&reply);
	return result;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
			      const char *method, const char *version, const char *data,
			      size_t *data_size, void **request_context)
{
	(void)version;
	struct incoming *incoming = *request_context;
	if (incoming == NULL) {
		incoming = calloc(1, sizeof(*incoming));
		if (incoming == NULL)
			abort();
		*request_context = incoming;
		return MHD_YES;
	}
	if (*data_size > 0) {
		take_chunk(context, incoming, data, *data_size);
		*data_size = 0;
		return MHD_YES;
	}
	return answer(context, connection, path, method, incoming);
}

static void forget_request(void *context, struct MHD_Connection *connection, void **request_context,
			   enum MHD_RequestTerminationCode code)
{
	(void)context;
	(void)connection;
	(void)code;
	struct incoming *incoming = *request_context;
	if (incoming != NULL)
		free(incoming->body);
	free(incoming);
	*request_context = NULL;
}

/* TLS needs its two options last, and none at all without TLS. */
static void start(struct http_port *port, const struct sockaddr_in *address,
		  const char *certificate, const char *key)
{
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0,
		  (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	port->daemon = MHD_start_daemon(
		flags | (port->admin ? 0 : MHD_USE_TLS), 0, NULL, NULL, handle, port,
		MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_NOTIFY_COMPLETED, forget_request, NULL,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_ARRAY,
		port->admin ? plain : tls, MHD_OPTION_END);
}

struct http_port *http_open(struct server *server, uint16_t port_number, const char *certificate,
			    const char *key)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port_number),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct http_port *port = calloc(1, sizeof(*port));
	if (port == NULL)
		abort();
	port->server = server;
	port->admin = certificate == NULL;
	start(port, &address, certificate, key);
	if (port->daemon != NULL)
		return port;
	free(port);
	return NULL;
}

uint16_t http_port_number(const struct http_port *port)
{
	return MHD_get_daemon_info(port->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_close(struct http_port *port)
{
	if (port == NULL)
		return;
	MHD_stop_daemon(port->daemon);
	free(port);
}
