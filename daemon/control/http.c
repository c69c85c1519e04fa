#include "daemon/control/http.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/control/exchange.h"

struct http_server {
	struct http_options options;
	sd_event *loop;
	struct MHD_Daemon *mhd;
	sd_event_source *io;
	sd_event_source *timer;
	struct http_connection *first;
	unsigned connections;
};

static const uint64_t timeout_us = (uint64_t)LIMIT_CONTROL_TIMEOUT_S * 1000000;

void http_connection_expect(struct http_connection *connection, bool waits)
{
	uint64_t now_us = clock_boottime_us(connection->options->clock);
	connection->deadline_us = waits ? UINT64_MAX : now_us + timeout_us;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *data_len, void **slot)
{
	(void)ctx;
	const struct exchange_call call = {
		.url = url, .method = method, .version = version, .data = data
	};
	struct http_connection *connection =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	return connection == NULL ? MHD_NO : exchange_step(connection, &call, data_len, slot);
}

static void on_completed(void *ctx, struct MHD_Connection *mhd, void **slot,
			 enum MHD_RequestTerminationCode why)
{
	(void)ctx;
	(void)mhd;
	(void)why;
	exchange_end(slot);
}

/* ---- connections --------------------------------------------------------------------------- */

static void connection_begin(struct http_server *server, struct MHD_Connection *mhd, void **slot)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	if (connection == NULL)
		return; /* its requests are cut off */
	connection->options = &server->options;
	connection->loop = server->loop;
	connection->daemon = server->mhd;
	connection->mhd = mhd;
	connection->fd =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	if (peer_of_socket(connection->fd, &server->options.groups, server->options.self_uid,
			   &connection->peer, &connection->unknown) < 0)
		connection->peer.roles = 0; /* each of its requests is told why */
	http_connection_expect(connection, false);
	connection->next = server->first;
	if (server->first != NULL)
		server->first->prev = connection;
	server->first = connection;
	server->connections++;
	*slot = connection;
}

static void connection_end(struct http_server *server, void **slot)
{
	struct http_connection *connection = *slot;
	if (connection == NULL)
		return;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		server->first = connection->next;
	server->connections--;
	free(connection);
	*slot = NULL;
}

static void on_connection(void *ctx, struct MHD_Connection *mhd, void **slot,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connection_begin(ctx, mhd, slot);
	else
		connection_end(ctx, slot);
}

static void cut_overdue(struct http_server *server)
{
	uint64_t now_us = clock_boottime_us(server->options.clock);
	for (struct http_connection *c = server->first; c != NULL; c = c->next) {
		if (c->deadline_us > now_us)
			continue;
		(void)shutdown(c->fd, SHUT_RDWR);
		c->deadline_us = UINT64_MAX;
	}
}

/* ---- the loop ------------------------------------------------------------------------------ */

/* With all places taken libmicrohttpd leaves the listening socket out of its epoll set and puts it
 * back only on a run after one has become free; nothing else would wake it for that run.
 */
static void run_server(struct http_server *server)
{
	bool full = server->connections >= LIMIT_CONTROL_CONNECTIONS;
	(void)MHD_run(server->mhd);
	if (full && server->connections < LIMIT_CONTROL_CONNECTIONS)
		(void)MHD_run(server->mhd);
}

static int on_socket(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
	(void)source;
	(void)fd;
	(void)revents;
	run_server(ctx);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now_us, void *ctx)
{
	(void)source;
	(void)now_us;
	struct http_server *server = ctx;
	cut_overdue(server);
	run_server(server);
	return 0;
}

/* Before the loop sleeps: when libmicrohttpd wants to run again, and when somebody is overdue. */
static int on_prepare(sd_event_source *source, void *ctx)
{
	(void)source;
	struct http_server *server = ctx;
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	uint64_t now_us = clock_boottime_us(server->options.clock), wait_us = UINT64_MAX, loop_us;

	if (MHD_get_timeout(server->mhd, &wait_ms) == MHD_YES)
		wait_us = (uint64_t)wait_ms * 1000;
	for (const struct http_connection *c = server->first; c != NULL; c = c->next) {
		uint64_t left_us = c->deadline_us > now_us ? c->deadline_us - now_us : 0;
		if (c->deadline_us != UINT64_MAX && left_us < wait_us)
			wait_us = left_us;
	}
	if (wait_us == UINT64_MAX)
		return sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	if (sd_event_now(server->loop, CLOCK_BOOTTIME, &loop_us) < 0 ||
	    sd_event_source_set_time(server->timer, loop_us + wait_us) < 0)
		return -EIO;
	return sd_event_source_set_enabled(server->timer, SD_EVENT_ONESHOT);
}

static int attach(struct http_server *server)
{
	int fd = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	int r = sd_event_add_io(server->loop, &server->io, fd, EPOLLIN, on_socket, server);
	if (r >= 0)
		r = sd_event_add_time(server->loop, &server->timer, CLOCK_BOOTTIME, UINT64_MAX,
				      1000, on_timer, server);
	if (r >= 0)
		r = sd_event_source_set_enabled(server->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_source_set_prepare(server->io, on_prepare);
	return r;
}

/* ---- life ---------------------------------------------------------------------------------- */

/* As libmicrohttpd's own, but %00 stays as it stands: it would end the text for everybody after it. */
static size_t unescape(void *ctx, struct MHD_Connection *mhd, char *text)
{
	(void)ctx;
	(void)mhd;
	size_t out = 0;
	for (size_t in = 0; text[in] != '\0'; out++) {
		char digits[3] = { 0 };
		if (text[in] == '%' && text[in + 1] != '\0' && text[in + 2] != '\0')
			memcpy(digits, text + in + 1, 2);
		char *end = digits;
		unsigned long value = strspn(digits, "0123456789abcdefABCDEF") == 2
					      ? strtoul(digits, &end, 16)
					      : 0;
		text[out] = value != 0 ? (char)value : text[in];
		in += value != 0 ? 3 : 1;
	}
	text[out] = '\0';
	return out;
}

int http_server_create(sd_event *loop, const struct http_options *options,
		       struct http_server **ret_server, struct err *err)
{
	CLEANUP(http_server_destroyp) struct http_server *server = calloc(1, sizeof(*server));
	if (server == NULL) {
		close_fdp(&options->listen_fd);
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	}
	server->options = *options;
	server->loop = sd_event_ref(loop);
	server->mhd = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, options->listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)LIMIT_CONTROL_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)LIMIT_CONTROL_MEMORY, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
		unescape, server, MHD_OPTION_END);
	if (server->mhd == NULL) {
		close_fdp(&options->listen_fd);
		return err_set(err, ERR_IO, MSG_CONTROL_SERVER);
	}
	if (attach(server) < 0)
		return err_set(err, ERR_IO, MSG_CONTROL_SERVER);
	*ret_server = TAKE(server);
	return 0;
}

void http_server_destroy(struct http_server *server)
{
	if (server == NULL)
		return;
	/* libmicrohttpd does not stop while a connection is suspended. */
	for (struct http_connection *c = server->first; c != NULL; c = c->next) {
		if (c->suspended)
			MHD_resume_connection(c->mhd);
		c->suspended = false;
	}
	if (server->mhd != NULL)
		MHD_stop_daemon(server->mhd);
	sd_event_source_disable_unref(server->io);
	sd_event_source_disable_unref(server->timer);
	sd_event_unref(server->loop);
	free(server);
}

unsigned http_server_connections(const struct http_server *server)
{
	return server->connections;
}
