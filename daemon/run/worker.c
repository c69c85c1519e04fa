#include "daemon/run/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "daemon/base/err.h"
#include "daemon/record/frame_io.h"

enum { WORKER_SOCKET_FD = 3 };

struct worker {
	struct worker_options options;
	int socket;
	pid_t pid; /* 0: not ours, it came by a socket unit */
	sd_event_source *io, *deadline;
	struct frame_reader in;
	struct buf out;
	int fds[LIMIT_FRAME_FDS]; /* to go with the first byte of `out` */
	size_t fd_count;
	bool ended;
	bool *destroyed; /* set when a callback destroys the worker under its caller */
};

static const char *role_name(enum frame_role role)
{
	static const char *const names[FRAME_ROLE_MAX] = { [FRAME_ROLE_FILE] = "file",
							   [FRAME_ROLE_HTTP] = "http",
							   [FRAME_ROLE_COMMAND] = "command" };
	return names[role];
}

/* ---- the two ways to a socket ---- */

static int spawn_worker(struct worker *worker, int child_socket, struct err *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char role[16];
	(void)snprintf(role, sizeof(role), "%s", role_name(worker->options.role));
	char program[4096], flag[] = "--role";
	(void)snprintf(program, sizeof(program), "%s", worker->options.program);
	char *const argv[] = { program, flag, role, NULL };
	char *const environment[] = {
		NULL
	}; /* nothing of ours: no proxies, no key log files, no preloads */
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (posix_spawnattr_init(&attributes) != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	}
	/* The engine blocks the signals that its loop takes; a worker is to end by them. */
	sigset_t none;
	(void)sigemptyset(&none);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	int error = posix_spawn_file_actions_adddup2(&actions, child_socket, WORKER_SOCKET_FD);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (error == 0) /* whoever started the engine may have left more open than it knows */
		error = posix_spawn_file_actions_addclosefrom_np(&actions, WORKER_SOCKET_FD + 1);
	if (error == 0)
		error = posix_spawn(&worker->pid, program, &actions, &attributes, argv,
				    environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (error != 0) {
		worker->pid = 0;
		return err_set(err, ERR_UNAVAILABLE, MSG_WORKER_START, ARG_PATH(program),
			       ARG_ERRNO(error));
	}
	return 0;
}

static int open_by_spawn(struct worker *worker, struct err *err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_set(err, ERR_UNAVAILABLE, MSG_WORKER_START,
			       ARG_PATH(worker->options.program), ARG_ERRNO(errno));
	worker->socket = pair[0];
	CLEANUP(close_fdp) int child_socket = pair[1];
	if (child_socket ==
	    WORKER_SOCKET_FD) { /* adddup2 onto itself would keep close-on-exec (posix_spawn(3)) */
		int moved = fcntl(child_socket, F_DUPFD_CLOEXEC, WORKER_SOCKET_FD + 1);
		if (moved < 0)
			return err_set(err, ERR_UNAVAILABLE, MSG_WORKER_START,
				       ARG_PATH(worker->options.program), ARG_ERRNO(errno));
		(void)close(child_socket);
		child_socket = moved;
	}
	return spawn_worker(worker, child_socket, err);
}

static int open_by_socket(struct worker *worker, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/worker-%s.sock",
		       worker->options.sockets_dir, role_name(worker->options.role));
	worker->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				0); /* a full backlog: EAGAIN */
	if (worker->socket < 0 ||
	    connect(worker->socket, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return err_set(err, ERR_UNAVAILABLE, MSG_WORKER_START, ARG_PATH(address.sun_path),
			       ARG_ERRNO(errno));
	return 0;
}

/* ---- the loop's side ---- */

/* Tell the owner that it is over; the owner usually destroys the worker in this call. */
static void end_worker(struct worker *worker, const struct err *cause)
{
	if (worker->ended)
		return;
	worker->ended = true;
	(void)sd_event_source_set_enabled(worker->io, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(worker->deadline, SD_EVENT_OFF);
	worker->options.on_end(worker->options.ctx, cause);
}

static int watch(struct worker *worker, struct err *err)
{
	uint32_t events = (uint32_t)EPOLLIN | (worker->out.len > 0 ? (uint32_t)EPOLLOUT : 0u);
	int status = sd_event_source_set_io_events(worker->io, events);
	return status < 0 ? err_set(err, ERR_IO, MSG_WORKER_START, ARG_PATH("epoll"),
				    ARG_ERRNO(-status))
			  : 0;
}

static void close_fds(struct worker *worker)
{
	for (size_t i = 0; i < worker->fd_count; i++)
		(void)close(worker->fds[i]);
	worker->fd_count = 0;
}

static int flush(struct worker *worker, struct err *err)
{
	while (worker->out.len > 0) {
		size_t sent = 0;
		if (frame_io_send_some(worker->socket, buf_blob(&worker->out), worker->fds,
				       worker->fd_count, &sent, err) < 0)
			return err->code;
		if (sent == 0)
			break;
		close_fds(worker);
		buf_drop_front(&worker->out, sent);
	}
	return watch(worker, err);
}

/* Give out whole frames. Returns 1 if a callback destroyed the worker. */
static int deliver(struct worker *worker, struct err *err)
{
	bool destroyed = false;
	struct frame frame;
	int status = 0;
	worker->destroyed = &destroyed;
	while ((status = frame_reader_next(&worker->in, &frame, err)) > 0) {
		status = worker->options.on_frame(worker->options.ctx, &frame, err);
		if (destroyed)
			return 1;
		if (status < 0)
			break;
	}
	worker->destroyed = NULL;
	return status < 0 ? status : 0;
}

static int take(struct worker *worker, struct err *err)
{
	bool end = false;
	if (frame_io_receive_some(worker->socket, &worker->in, NULL, NULL, &end, err) < 0)
		return err->code;
	int status = deliver(worker, err);
	if (status != 0 || !end)
		return status;
	if (!frame_reader_is_empty(&worker->in))
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_ENDED);
	end_worker(worker, NULL);
	return 1;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	struct worker *worker = userdata;
	struct err err = { 0 };
	int status = 0;
	/* Reading first: a worker that could not go on says why before it closes what we still write to. */
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		status = take(worker, &err);
	if (status == 0 && (events & EPOLLOUT) != 0)
		status = flush(worker, &err);
	if (status < 0)
		end_worker(worker, &err);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	struct worker *worker = userdata;
	struct err err = { 0 };
	(void)err_set(&err, ERR_UNAVAILABLE, MSG_WORKER_OVERDUE,
		      ARG_U("seconds", worker->options.deadline_ms / 1000));
	end_worker(worker, &err);
	return 0;
}

static int attach(struct worker *worker, struct sd_event *loop, struct err *err)
{
	int flags = fcntl(worker->socket, F_GETFL);
	int status =
		flags < 0 || fcntl(worker->socket, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
	if (status == 0)
		status = sd_event_add_io(loop, &worker->io, worker->socket, EPOLLIN, on_io, worker);
	if (status >= 0)
		status = sd_event_add_time_relative(loop, &worker->deadline, CLOCK_BOOTTIME,
						    worker->options.deadline_ms * 1000, 0,
						    on_deadline, worker);
	return status < 0 ? err_set(err, ERR_UNAVAILABLE, MSG_WORKER_START, ARG_PATH("epoll"),
				    ARG_ERRNO(-status))
			  : 0;
}

int worker_start(struct sd_event *loop, const struct worker_options *options,
		 struct worker **ret_worker, struct err *err)
{
	CLEANUP(worker_destroyp) struct worker *worker = calloc(1, sizeof(*worker));
	if (worker == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	worker->options = *options;
	worker->socket = -1;
	frame_reader_init(&worker->in, FRAME_FROM_WORKER);
	int status =
		options->program != NULL ? open_by_spawn(worker, err) : open_by_socket(worker, err);
	if (status < 0 || attach(worker, loop, err) < 0)
		return err->code;
	*ret_worker = TAKE(worker);
	return 0;
}

int worker_send(struct worker *worker, struct blob frames, const int *fds, size_t fd_count,
		struct err *err)
{
	if (worker->fd_count + fd_count > LIMIT_FRAME_FDS || (fd_count > 0 && worker->out.len > 0))
		return err_set(err, ERR_PROTOCOL, MSG_WORKER_FRAME,
			       ARG_WORD("what", "descriptors"));
	for (size_t i = 0; i < fd_count; i++) {
		int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, WORKER_SOCKET_FD);
		if (copy < 0)
			return err_set(err, ERR_IO, MSG_WORKER_START, ARG_PATH("dup"),
				       ARG_ERRNO(errno));
		worker->fds[worker->fd_count++] = copy;
	}
	buf_put(&worker->out, frames.data, frames.len);
	if (!buf_ok(&worker->out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return flush(worker, err);
}

/* SIGKILL, because nothing that a worker holds is worth waiting for; then its pid is ours to reap. */
static void reap(struct worker *worker)
{
	if (worker->pid <= 0)
		return;
	(void)kill(worker->pid, SIGKILL);
	while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	worker->pid = 0;
}

void worker_destroy(struct worker *worker)
{
	if (worker == NULL)
		return;
	if (worker->destroyed != NULL)
		*worker->destroyed = true;
	(void)sd_event_source_disable_unref(worker->io);
	(void)sd_event_source_disable_unref(worker->deadline);
	close_fds(worker);
	close_fdp(&worker->socket);
	reap(worker);
	frame_reader_finish(&worker->in);
	buf_cleanse(&worker->out);
	free(worker);
}
