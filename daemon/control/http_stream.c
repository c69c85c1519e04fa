#include "daemon/control/http_stream.h"

#include <microhttpd.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"

struct pump {
	struct http_stream_place place;
	struct http_stream stream;
	sd_event_source *output; /* the pipe; off unless we wait for bytes */
	sd_event_source *ended;  /* the process; off unless we wait for its end */
	bool reaped;
};

/* True once the process has ended; it is no zombie then. */
static bool reap(struct pump *pump, bool *ret_good)
{
	siginfo_t info = { 0 };
	if (waitid(P_PIDFD, (id_t)pump->stream.pidfd, &info, WEXITED | WNOHANG) < 0) {
		*ret_good = false; /* not ours to wait for: nothing proves that it ended well */
		return pump->reaped = true;
	}
	if (info.si_pid == 0)
		return false;
	*ret_good = info.si_code == CLD_EXITED && info.si_status == 0;
	return pump->reaped = true;
}

static int on_killed_process(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
	(void)revents;
	(void)ctx;
	siginfo_t info = { 0 };
	if (waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG) < 0 || info.si_pid != 0)
		sd_event_source_disable_unref(source);
	return 0;
}

/* SIGKILL takes its time; the loop collects the process when it is gone. */
static void kill_process(struct pump *pump)
{
	bool good;
	sd_event_source *source = NULL;
	(void)pidfd_send_signal(pump->stream.pidfd, SIGKILL, NULL, 0);
	if (reap(pump, &good))
		return;
	if (sd_event_add_io(pump->place.loop, &source, pump->stream.pidfd, EPOLLIN,
			    on_killed_process, NULL) < 0)
		return;
	(void)sd_event_source_set_io_fd_own(source, true);
	pump->stream.pidfd = -1;
}

static void pump_destroy(void *ctx)
{
	struct pump *pump = ctx;
	if (pump == NULL)
		return;
	sd_event_source_disable_unref(pump->output);
	sd_event_source_disable_unref(pump->ended);
	if (!pump->reaped)
		kill_process(pump);
	close_fdp(&pump->stream.fd);
	close_fdp(&pump->stream.pidfd);
	free(pump);
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
	(void)source;
	(void)fd;
	(void)revents;
	struct pump *pump = ctx;
	(void)sd_event_source_set_enabled(pump->output, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(pump->ended, SD_EVENT_OFF);
	struct MHD_Daemon *mhd = pump->place.mhd;
	pump->place.moved(pump->place.ctx, false);
	MHD_resume_connection(pump->place.connection);
	(void)MHD_run(mhd); /* may end the pump */
	return 0;
}

static ssize_t wait_for(struct pump *pump, sd_event_source *source)
{
	if (sd_event_source_set_enabled(source, SD_EVENT_ON) < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	pump->place.moved(pump->place.ctx, true);
	MHD_suspend_connection(pump->place.connection);
	return 0;
}

static ssize_t pump_read(void *ctx, uint64_t pos, char *out, size_t max)
{
	(void)pos;
	struct pump *pump = ctx;
	bool good = false;
	ssize_t got = read(pump->stream.fd, out, max);
	if (got > 0) {
		pump->place.moved(pump->place.ctx, false);
		return got;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return wait_for(pump, pump->output);
	if (got < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!reap(pump, &good))
		return wait_for(pump, pump->ended);
	return good ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

int http_stream_response(const struct http_stream_place *place, const struct http_stream *stream,
			 struct MHD_Response **ret_response, struct err *err)
{
	struct pump *pump = calloc(1, sizeof(*pump));
	if (pump == NULL) {
		struct pump failed = { .place = *place, .stream = *stream };
		kill_process(&failed);
		close_fdp(&failed.stream.fd);
		close_fdp(&failed.stream.pidfd);
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	}
	pump->place = *place;
	pump->stream = *stream;
	struct MHD_Response *response = NULL;
	if (sd_event_add_io(place->loop, &pump->output, stream->fd, EPOLLIN, on_ready, pump) >= 0 &&
	    sd_event_add_io(place->loop, &pump->ended, stream->pidfd, EPOLLIN, on_ready, pump) >=
		    0 &&
	    sd_event_source_set_enabled(pump->output, SD_EVENT_OFF) >= 0 &&
	    sd_event_source_set_enabled(pump->ended, SD_EVENT_OFF) >= 0)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, LIMIT_CONTROL_CHUNK,
							     pump_read, pump, pump_destroy);
	if (response == NULL) {
		pump_destroy(pump);
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	}
	*ret_response = response;
	return 0;
}
