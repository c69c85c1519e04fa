/* The server as its callers see it: raw bytes over the real socket, the real loop, real processes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/control/http.h"
#include "daemon/record/json.h"

struct world {
	char folder[32], path[64];
	sd_event *loop;
	struct http_server *server;
	uint64_t skipped_us; /* how far the clock is ahead of the machine's */
	struct clock clock;
	unsigned calls;      /* of handlers */
	const char *program; /* of the process behind /v1/stream */
	pid_t child;
};

/* ---- routes -------------------------------------------------------------------------------- */

static int echo(void *ctx, const struct http_request *request, struct http_response *response,
		struct err *err)
{
	(void)err;
	((struct world *)ctx)->calls++;
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_member_text(&json, "p", request->param[0] == NULL ? "" : request->param[0]);
	json_member_text(&json, "q", request->query[0] == NULL ? "" : request->query[0]);
	const char *text = "";
	if (request->json != NULL &&
	    json_get_text(request->json, "/t", JSON_OPTIONAL, &text, err) < 0)
		return err->code;
	json_member_text(&json, "t", text);
	json_member_unsigned(&json, "uid", request->peer->uid);
	json_object_end(&json);
	return 0;
}

static int conflict(void *ctx, const struct http_request *request, struct http_response *response,
		    struct err *err)
{
	(void)request;
	((struct world *)ctx)->calls++;
	buf_put_text(&response->body, "{\"half\":");
	return err_set(err, ERR_CONFLICT, MSG_FILE_OPEN, ARG_PATH("x"), ARG_ERRNO(EBUSY));
}

static int big(void *ctx, const struct http_request *request, struct http_response *response,
	       struct err *err)
{
	(void)ctx;
	(void)request;
	(void)err;
	for (int i = 0; i < 300000; i++)
		buf_put_u8(&response->body, 'x');
	return 0;
}

static int stream(void *ctx, const struct http_request *request, struct http_response *response,
		  struct err *err)
{
	(void)request;
	(void)err;
	struct world *world = ctx;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	world->child = fork();
	if (world->child == 0) {
		(void)dup2(fds[1], 1);
		(void)execl("/bin/sh", "sh", "-c", world->program, NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	response->stream.fd = fds[0];
	response->stream.pidfd = (int)syscall(SYS_pidfd_open, world->child, 0);
	response->content_type = "application/x-ndjson";
	return 0;
}

enum { ROOT_HAS = ROLE_OPERATOR, ROOT_LACKS = ROLE_REVIEWER };

static const struct control_route routes[] = {
	{ "GET", "/v1/echo", { "q", "r" }, ROOT_HAS, false, echo },
	{ "POST", "/v1/echo", { NULL }, ROOT_HAS, true, echo },
	{ "GET", "/v1/echo/{p}", { NULL }, ROOT_HAS, false, echo },
	{ "POST", "/v1/refused", { NULL }, ROOT_LACKS | ROLE_APPROVER, true, echo },
	{ "GET", "/v1/conflict", { NULL }, ROOT_HAS, false, conflict },
	{ "GET", "/v1/big", { NULL }, ROOT_HAS, false, big },
	{ "GET", "/v1/stream", { NULL }, ROOT_HAS, false, stream },
};

/* ---- world --------------------------------------------------------------------------------- */

static uint64_t boottime_us(void *ctx)
{
	return clock_boottime_us(&clock_system) + ((struct world *)ctx)->skipped_us;
}

static uint64_t realtime_us(void *ctx)
{
	(void)ctx;
	return clock_realtime_us(&clock_system);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct err err = { 0 };
	assert_non_null(world);
	world->clock = (struct clock){ realtime_us, boottime_us, world };
	(void)snprintf(world->folder, sizeof(world->folder), "/tmp/httpXXXXXX");
	assert_non_null(mkdtemp(world->folder));
	(void)snprintf(world->path, sizeof(world->path), "%s/control.sock", world->folder);
	assert_true(sd_event_new(&world->loop) >= 0);
	struct http_options options = {
		.routes = routes,
		.route_count = sizeof(routes) / sizeof(routes[0]),
		.ctx = world,
		.clock = &world->clock,
		.self_uid = geteuid(),
	};
	assert_int_equal(http_listen(world->path, "no-such-group", &options.listen_fd, &err), 0);
	assert_int_equal(http_server_create(world->loop, &options, &world->server, &err), 0);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	http_server_destroy(world->server);
	(void)sd_event_unref(world->loop);
	(void)unlink(world->path);
	(void)rmdir(world->folder);
	free(world);
	return 0;
}

static int dial(const struct world *world)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

struct reply {
	char text[400000];
	size_t len;
	bool closed;
};

static void take(int fd, struct reply *reply)
{
	ssize_t got = recv(fd, reply->text + reply->len, sizeof(reply->text) - 1 - reply->len, 0);
	reply->closed = got == 0 || (got < 0 && errno != EAGAIN);
	reply->len += got > 0 ? (size_t)got : 0;
	reply->text[reply->len] = '\0';
}

/* Run the loop until nothing moves for `quiet_ms`, or the server closed. */
static void listen_to(struct world *world, int fd, struct reply *reply, unsigned quiet_ms)
{
	for (unsigned quiet = 0; quiet < quiet_ms && !reply->closed;) {
		size_t before = reply->len;
		int moved = sd_event_run(world->loop, 5000);
		assert_true(moved >= 0);
		take(fd, reply);
		quiet = moved > 0 || reply->len > before ? 0 : quiet + 5;
	}
}

static void send_all(struct world *world, int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = send(fd, data, len, MSG_NOSIGNAL);
		if (done < 0 && errno == EAGAIN) {
			assert_true(sd_event_run(world->loop, 1000) >= 0);
			continue;
		}
		if (done < 0)
			return; /* the server has closed: the reply says why */
		data += done;
		len -= (size_t)done;
	}
}

static struct reply *ask(struct world *world, const char *data, size_t len)
{
	static struct reply reply;
	reply = (struct reply){ 0 };
	int fd = dial(world);
	send_all(world, fd, data, len);
	listen_to(world, fd, &reply, 50);
	(void)close(fd);
	return &reply;
}

static int status_of(const struct reply *reply)
{
	int status = 0;
	return sscanf(reply->text, "HTTP/1.1 %d", &status) == 1 ? status : -1;
}

#define GET_(path) "GET " path " HTTP/1.1\r\n\r\n"
#define POST_(path, length, body) \
	"POST " path " HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: " length \
	"\r\n\r\n" body

/* ---- cases --------------------------------------------------------------------------------- */

static void each_request_gets_the_answer_that_it_deserves(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *name, *request;
		int status;
		unsigned calls;
		const char *part; /* of the answer */
	} rows[] = {
		{ "good", GET_("/v1/echo?q=a%20b"), 200, 1, "\"q\":\"a b\"" },
		{ "param", GET_("/v1/echo/x%41y"), 200, 1, "\"p\":\"xAy\"" },
		{ "host is ignored", "GET /v1/echo HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200, 1,
		  "" },
		{ "body", POST_("/v1/echo", "9", "{\"t\":\"b\"}"), 200, 1, "\"t\":\"b\"" },
		{ "charset",
		  "POST /v1/echo HTTP/1.1\r\nContent-Type: application/json; charset=utf-8\r\n"
		  "Content-Length: 2\r\n\r\n{}",
		  200, 1, "" },
		{ "unknown path", GET_("/v1/nothing"), 404, 0, "E2805" },
		{ "a NUL does not end the path", GET_("/v1/echo%00x"), 404, 0, "E2805" },
		{ "a path too long", NULL, 404, 0, "E2805" },
		{ "wrong method", "DELETE /v1/echo HTTP/1.1\r\n\r\n", 405, 0, "Allow: GET, POST" },
		{ "no role", POST_("/v1/refused", "2", "{}"), 403, 0, "reviewer|approver" },
		{ "unknown query", GET_("/v1/echo?z=1"), 400, 0, "E2814" },
		{ "query twice", GET_("/v1/echo?q=1&q=2"), 400, 0, "E2814" },
		{ "query without a value", GET_("/v1/echo?q"), 400, 0, "E2814" },
		{ "HTTP/1.0", "GET /v1/echo HTTP/1.0\r\n\r\n", 505, 0, "E2808" },
		{ "no content type", "POST /v1/echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 415,
		  0, "E2810" },
		{ "another content type",
		  "POST /v1/echo HTTP/1.1\r\nContent-Type: application/jsonx\r\nContent-Length: "
		  "2\r\n\r\n{}",
		  415, 0, "E2810" },
		{ "no JSON", POST_("/v1/echo", "9", "{\"t\":\"b\"x"), 400, 0,
		  "the body is not what this path takes: JSON at byte" },
		{ "JSON with a key twice", POST_("/v1/echo", "15", "{\"t\":\"\",\"t\":\"\"}"), 400,
		  0, "the body is not" },
		{ "no object", POST_("/v1/echo", "2", "[]"), 400, 0, "E2812" },
		{ "empty body", POST_("/v1/echo", "0", ""), 400, 0, "the body is not" },
		{ "a body where none is due",
		  "GET /v1/echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 400, 0, "E2811" },
		{ "a length too large", POST_("/v1/echo", "65537", ""), 413, 0, "E2809" },
		{ "a length past every number", POST_("/v1/echo", "99999999999999999999999", ""),
		  413, 0, "" },
		{ "the handler's error", GET_("/v1/conflict"), 409, 1, "\"error\":\"CONFLICT\"" },
		{ "not HTTP: cut", "\x16\x03\x01\x02\r\n\r\n", -1, 0, "" },
	};
	char long_path[800] = "GET /v1/echo/";
	memset(long_path + 13, 'x', 600);
	memcpy(long_path + 613, " HTTP/1.1\r\n\r\n", 14);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *request = rows[i].request == NULL ? long_path : rows[i].request;
		world->calls = 0;
		struct reply *reply = ask(world, request, strlen(request));
		if (status_of(reply) != rows[i].status || world->calls != rows[i].calls ||
		    strstr(reply->text, rows[i].part) == NULL)
			fail_msg("%s: %u calls, %s", rows[i].name, world->calls, reply->text);
	}
}

static void a_refusal_is_problem_json_in_both_languages(void **state)
{
	struct reply *reply = ask(*state, GET_("/v1/nothing"), strlen(GET_("/v1/nothing")));
	assert_non_null(strstr(reply->text, "application/problem+json"));
	assert_non_null(strstr(reply->text, "Cache-Control: no-store"));
	assert_non_null(strstr(
		reply->text,
		"{\"code\":\"E2805\",\"detail\":\"the API has no such path\",\"detail_vi\":\"API "
		"không có đường dẫn này\",\"error\":\"NOT_FOUND\",\"status\":404,"
		"\"title\":\"NOT_FOUND\",\"type\":\"urn:trithucd:E2805\"}"));
	assert_null(strstr(reply->text, "half"));
}

static void pipelined_requests_are_answered_in_order_until_one_is_refused(void **state)
{
	static const char requests[] =
		GET_("/v1/echo/one") POST_("/v1/echo", "9", "{\"t\":\"2\"}") GET_("/v1/conflict")
			GET_("/v1/echo/three") GET_("/v1/nothing") GET_("/v1/echo/four");
	struct world *world = *state;
	struct reply *reply = ask(world, requests, sizeof(requests) - 1);
	const char *one = strstr(reply->text, "\"one\""), *two = strstr(reply->text, "\"t\":\"2\"");
	const char *three = strstr(reply->text, "\"three\""), *none = strstr(reply->text, "E2805");
	if (one == NULL || two == NULL || three == NULL || one > two || two > three || three > none)
		fail_msg("%s", reply->text);
	assert_int_equal(world->calls, 4);
	assert_true(reply->closed);
}

static void what_follows_a_refused_body_is_not_taken_for_a_request(void **state)
{
	/* The body of the refused request is itself a request: it must die with the connection. */
	static const char requests[] = "POST /v1/echo HTTP/1.1\r\nContent-Length: 32\r\n\r\n"
				       "GET /v1/echo/smuggled HTTP/1.1\r\n\r\n";
	struct world *world = *state;
	struct reply *reply = ask(world, requests, sizeof(requests) - 1);
	assert_int_equal(status_of(reply), 415);
	assert_int_equal(world->calls, 0);
	assert_true(reply->closed);
}

static void a_body_without_a_length_is_counted(void **state)
{
	struct world *world = *state;
	static char request[200000];
	size_t len = (size_t)snprintf(request, sizeof(request),
				      "POST /v1/echo HTTP/1.1\r\nContent-Type: application/json\r\n"
				      "Transfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i < 40; i++) {
		len += (size_t)snprintf(request + len, sizeof(request) - len, "800\r\n");
		memset(request + len, ' ', 0x800);
		len += 0x800;
		len += (size_t)snprintf(request + len, sizeof(request) - len, "\r\n");
	}
	len += (size_t)snprintf(request + len, sizeof(request) - len, "0\r\n\r\n");
	struct reply *reply = ask(world, request, len);
	assert_int_equal(status_of(reply), 413);
	assert_int_equal(world->calls, 0);
}

static void a_body_of_the_greatest_size_is_taken(void **state)
{
	struct world *world = *state;
	static char request[LIMIT_CONTROL_BODY + 200];
	size_t head =
		(size_t)snprintf(request, sizeof(request), POST_("/v1/echo", "%d", "{\"t\":\"b\"}"),
				 LIMIT_CONTROL_BODY);
	size_t len = head - 9 + LIMIT_CONTROL_BODY;
	memset(request + head, ' ', len - head);
	struct reply *reply = ask(world, request, len);
	assert_int_equal(status_of(reply), 200);
	assert_int_equal(world->calls, 1);
}

static void headers_past_the_memory_limit_are_refused(void **state)
{
	static char request[LIMIT_CONTROL_MEMORY * 2];
	size_t len = (size_t)snprintf(request, sizeof(request), "GET /v1/echo HTTP/1.1\r\nX: ");
	memset(request + len, 'x', sizeof(request) - len);
	struct world *world = *state;
	struct reply *reply = ask(world, request, sizeof(request));
	assert_true(status_of(reply) >= 400);
	assert_int_equal(world->calls, 0);
}

static void a_slow_request_is_cut_at_its_deadline(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	static const char *const halves[] = {
		"GET /v1/ec", "POST /v1/echo HTTP/1.1\r\nContent-Type: "
			      "application/json\r\nContent-Length: 9\r\n\r\n{\"t\""
	};
	for (size_t i = 0; i < 2; i++) {
		int fd = dial(world);
		reply = (struct reply){ 0 };
		send_all(world, fd, halves[i], strlen(halves[i]));
		listen_to(world, fd, &reply, 30);
		assert_false(reply.closed);
		/* A byte now and then buys no time. */
		world->skipped_us += (LIMIT_CONTROL_TIMEOUT_S - 1) * 1000000ull;
		send_all(world, fd, "x", 1);
		listen_to(world, fd, &reply, 30);
		assert_false(reply.closed);
		world->skipped_us += 2000000;
		listen_to(world, fd, &reply, 100);
		assert_true(reply.closed);
		assert_int_equal(reply.len, 0);
		(void)close(fd);
	}
	assert_int_equal(world->calls, 0);
}

static void an_idle_connection_is_cut_and_a_new_one_served(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	reply = (struct reply){ 0 };
	int fd = dial(world);
	send_all(world, fd, GET_("/v1/echo"), strlen(GET_("/v1/echo")));
	listen_to(world, fd, &reply, 30);
	assert_int_equal(status_of(&reply), 200);
	assert_int_equal(http_server_connections(world->server), 1);
	world->skipped_us += (LIMIT_CONTROL_TIMEOUT_S + 1) * 1000000ull;
	listen_to(world, fd, &reply, 100);
	assert_true(reply.closed);
	(void)close(fd);
	assert_int_equal(status_of(ask(world, GET_("/v1/echo"), strlen(GET_("/v1/echo")))), 200);
}

static void connections_past_the_limit_wait_for_a_place(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	reply = (struct reply){ 0 };
	int fds[LIMIT_CONTROL_CONNECTIONS];
	for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++) {
		fds[i] = dial(world);
		assert_true(sd_event_run(world->loop, 1000) >= 0);
	}
	int late = dial(world);
	send_all(world, late, GET_("/v1/echo"), strlen(GET_("/v1/echo")));
	listen_to(world, late, &reply, 30);
	assert_int_equal(reply.len, 0);
	for (size_t i = 0; i < LIMIT_CONTROL_CONNECTIONS; i++)
		(void)close(fds[i]);
	listen_to(world, late, &reply, 50);
	assert_int_equal(status_of(&reply), 200);
	(void)close(late);
}

static void a_large_answer_arrives_whole_however_slowly_it_is_read(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	reply = (struct reply){ 0 };
	int fd = dial(world);
	send_all(world, fd, GET_("/v1/big"), strlen(GET_("/v1/big")));
	for (int i = 0; i < 50; i++) /* its buffers fill while nobody reads */
		assert_true(sd_event_run(world->loop, 1000) >= 0);
	listen_to(world, fd, &reply, 50);
	assert_true(reply.len > 300000);
	(void)close(fd);
}

static bool child_is_gone(const struct world *world)
{
	return kill(world->child, 0) < 0 && errno == ESRCH;
}

static void a_stream_is_whole_only_if_its_process_ends_well(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *program;
		bool whole;
		const char *part;
	} rows[] = {
		{ "echo one; sleep 0.1; echo two", true, "two\n\r\n0\r\n\r\n" },
		{ "exit 0", true, "\r\n\r\n0\r\n\r\n" },
		{ "echo one; exec 1>&-; sleep 0.2", true, "one\n\r\n0\r\n\r\n" },
		{ "echo one; exit 3", false, "one\n" },
		{ "echo one; kill -9 $$", false, "one\n" },
		{ "echo one; exec 1>&-; sleep 0.1; exit 1", false, "one\n" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct reply reply;
		reply = (struct reply){ 0 };
		world->program = rows[i].program;
		int fd = dial(world);
		send_all(world, fd, GET_("/v1/stream"), strlen(GET_("/v1/stream")));
		listen_to(world, fd, &reply, 400);
		bool whole = reply.len > 5 && strcmp(reply.text + reply.len - 5, "0\r\n\r\n") == 0;
		if (whole != rows[i].whole || strstr(reply.text, rows[i].part) == NULL)
			fail_msg("%s: %s", rows[i].program, reply.text);
		assert_true(child_is_gone(world));
		(void)close(fd);
	}
}

static void other_requests_are_answered_while_a_stream_waits(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	char program[160], flag[64];
	reply = (struct reply){ 0 };
	(void)snprintf(flag, sizeof(flag), "%s/flag", world->folder);
	(void)snprintf(program, sizeof(program),
		       "while [ ! -e %s ]; do sleep 0.01; done; echo done", flag);
	world->program = program;
	int fd = dial(world);
	send_all(world, fd, GET_("/v1/stream"), strlen(GET_("/v1/stream")));
	listen_to(world, fd, &reply, 30);
	assert_int_equal(status_of(ask(world, GET_("/v1/echo"), strlen(GET_("/v1/echo")))), 200);
	/* Waiting for us is not its fault: the deadline does not count. */
	world->skipped_us += (LIMIT_CONTROL_TIMEOUT_S + 1) * 1000000ull;
	listen_to(world, fd, &reply, 30);
	assert_false(reply.closed);
	(void)close(open(flag, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	listen_to(world, fd, &reply, 500);
	assert_non_null(strstr(reply.text, "done\n\r\n0\r\n\r\n"));
	(void)unlink(flag);
	(void)close(fd);
}

static void a_process_dies_with_its_reader(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	reply = (struct reply){ 0 };
	world->program = "trap '' PIPE; while :; do echo more || exec sleep 100; done";
	int fd = dial(world);
	send_all(world, fd, GET_("/v1/stream"), strlen(GET_("/v1/stream")));
	while (reply.len < 20000) {
		assert_true(sd_event_run(world->loop, 5000) >= 0);
		take(fd, &reply);
	}
	(void)close(fd);
	for (int i = 0; i < 400 && !child_is_gone(world); i++)
		assert_true(sd_event_run(world->loop, 5000) >= 0);
	assert_true(child_is_gone(world));
}

static void a_server_ends_with_a_stream_under_way(void **state)
{
	struct world *world = *state;
	static struct reply reply;
	reply = (struct reply){ 0 };
	world->program = "exec sleep 100";
	int fd = dial(world);
	send_all(world, fd, GET_("/v1/stream"), strlen(GET_("/v1/stream")));
	listen_to(world, fd, &reply, 30);
	http_server_destroy(world->server);
	world->server = NULL;
	take(fd, &reply);
	assert_true(reply.closed);
	for (int i = 0; i < 400 && !child_is_gone(world); i++)
		assert_true(sd_event_run(world->loop, 5000) >= 0);
	assert_true(child_is_gone(world));
	(void)close(fd);
}

/* ---- the socket ---------------------------------------------------------------------------- */

static void the_socket_is_for_owner_and_group(void **state)
{
	const struct world *world = *state;
	struct stat info;
	assert_int_equal(stat(world->path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0660);
}

static void a_living_socket_is_not_taken_over_and_a_dead_one_is(void **state)
{
	struct world *world = *state;
	struct err err = { 0 };
	int fd = -1;
	assert_int_equal(http_listen(world->path, "no-such-group", &fd, &err), ERR_CONFLICT);
	assert_int_equal(err.msg, MSG_CONTROL_SOCKET_BUSY);
	http_server_destroy(world->server);
	world->server = NULL;
	assert_int_equal(http_listen(world->path, "no-such-group", &fd, &err), 0);
	(void)close(fd);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	struct world *world = *state;
	struct err err = { 0 };
	int fd = -1;
	char path[80];
	(void)snprintf(path, sizeof(path), "%s/file", world->folder);
	int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	(void)close(file);
	assert_true(http_listen(path, "no-such-group", &fd, &err) < 0);
	assert_int_equal(access(path, F_OK), 0);
	(void)unlink(path);
	char far[200];
	memset(far, 'x', sizeof(far));
	far[0] = '/';
	far[sizeof(far) - 1] = '\0';
	assert_int_equal(http_listen(far, "no-such-group", &fd, &err), ERR_CONFIG);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_request_gets_the_answer_that_it_deserves),
		CASE(a_refusal_is_problem_json_in_both_languages),
		CASE(pipelined_requests_are_answered_in_order_until_one_is_refused),
		CASE(what_follows_a_refused_body_is_not_taken_for_a_request),
		CASE(a_body_without_a_length_is_counted),
		CASE(a_body_of_the_greatest_size_is_taken),
		CASE(headers_past_the_memory_limit_are_refused),
		CASE(a_slow_request_is_cut_at_its_deadline),
		CASE(an_idle_connection_is_cut_and_a_new_one_served),
		CASE(connections_past_the_limit_wait_for_a_place),
		CASE(a_large_answer_arrives_whole_however_slowly_it_is_read),
		CASE(a_stream_is_whole_only_if_its_process_ends_well),
		CASE(other_requests_are_answered_while_a_stream_waits),
		CASE(a_process_dies_with_its_reader),
		CASE(a_server_ends_with_a_stream_under_way),
		CASE(the_socket_is_for_owner_and_group),
		CASE(a_living_socket_is_not_taken_over_and_a_dead_one_is),
		CASE(what_is_no_socket_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
