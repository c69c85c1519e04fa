/* Bytes as a caller of the control socket sends them: the real server, routes of every kind, no store.
 * The first byte says how many pieces the rest is sent in, so that headers and bodies are cut anywhere.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/base/log.h"
#include "daemon/control/handlers.h"
#include "daemon/control/http.h"
#include "daemon/record/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURNS = 40, ROOT_LACKS = ROLE_REVIEWER };

/* Takes everything as the real handlers do, and answers with it. */
static int answer(void *ctx, const struct http_request *request, struct http_response *response,
		  struct err *err)
{
	(void)ctx;
	static const char *const members[] = { "text", NULL };
	const char *text = NULL;
	uint64_t number = 0;
	unsigned limit = 0;
	uint8_t uuid[UUID_SIZE];
	if (take_number(request->query[0], "after", 0, 1, UINT32_MAX, &number, err) < 0 ||
	    take_limit(request->query[1], &limit, err) < 0 ||
	    take_only(request, members, err) < 0 ||
	    (request->json != NULL && take_text(request, "text", 16, &text, err) < 0) ||
	    (request->param[0] != NULL && take_uuid(request->param[0], "uuid", uuid, err) < 0))
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	json_text(&json, text == NULL ? "" : text);
	return 0;
}

static const struct control_route routes[] = {
	{ "GET", "/v1/runs", { "after", "limit" }, ROLE_OPERATOR, false, answer },
	{ "POST", "/v1/runs", { NULL }, ROLE_OPERATOR, true, answer },
	{ "GET", "/v1/records/{uuid}", { NULL }, ROLE_OPERATOR, false, answer },
	{ "POST", "/v1/refused", { NULL }, ROOT_LACKS, true, answer },
};

struct bench {
	sd_event *loop;
	struct http_server *server;
	struct sockaddr_un address;
	socklen_t address_len;
};

/* A socket without a name in the file system, so that nothing is left behind. */
static void set_up(struct bench *bench)
{
	struct err err = { 0 };
	struct http_options options = {
		.routes = routes,
		.route_count = sizeof(routes) / sizeof(routes[0]),
		.clock = &clock_system,
		.self_uid = geteuid(),
	};
	bench->address.sun_family = AF_UNIX;
	bench->address_len = sizeof(bench->address);
	options.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(options.listen_fd, (struct sockaddr *)&bench->address, sizeof(sa_family_t)) < 0 ||
	    listen(options.listen_fd, 8) < 0 ||
	    getsockname(options.listen_fd, (struct sockaddr *)&bench->address,
			&bench->address_len) < 0 ||
	    sd_event_new(&bench->loop) < 0 ||
	    http_server_create(bench->loop, &options, &bench->server, &err) < 0)
		abort();
	log_setup(LOG_FORM_JSON, LOG_LEVEL_ERR);
}

static void turn(const struct bench *bench, int fd)
{
	char sink[4096];
	for (int i = 0; i < TURNS && sd_event_run(bench->loop, 0) > 0; i++)
		while (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench bench;
	if (size < 2)
		return 0;
	if (bench.server == NULL)
		set_up(&bench);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&bench.address, bench.address_len) < 0)
		abort();
	size_t piece = 1 + (size - 1) / (1u + data[0] % 8), sent = 1;
	while (sent < size) {
		size_t len = size - sent < piece ? size - sent : piece;
		if (send(fd, data + sent, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			break;
		sent += len;
		turn(&bench, fd);
	}
	(void)close(fd);
	turn(&bench, -1);
	while (http_server_connections(bench.server) > 0)
		if (sd_event_run(bench.loop, 1000) < 0)
			abort();
	return 0;
}
