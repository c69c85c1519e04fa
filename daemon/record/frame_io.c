#include "daemon/record/frame_io.h"

#include <errno.h>
#include <sys/socket.h>

#include "daemon/base/err.h"

union control {
	char bytes[CMSG_SPACE(LIMIT_FRAME_FDS * sizeof(int))];
	struct cmsghdr align;
};

static int socket_error(int error, struct err *err)
{
	if (error == EPIPE || error == ECONNRESET)
		return err_set(err, ERR_UNAVAILABLE, MSG_FRAME_GONE);
	return err_set_errno(err, error, MSG_FRAME_SOCKET, "socket");
}

/* ---- sending ---- */

static void attach(struct msghdr *message, union control *control, const int *fds, size_t fd_count)
{
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
}

int frame_io_send_some(int socket_fd, struct blob bytes, const int *fds, size_t fd_count,
		       size_t *ret_sent, struct err *err)
{
	union control control = { 0 };
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes.data, .iov_len = bytes.len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	if (fd_count > LIMIT_FRAME_FDS)
		return err_set(err, ERR_PROTOCOL, MSG_FRAME_FDS);
	if (fd_count > 0)
		attach(&message, &control, fds, fd_count);
	ssize_t n;
	do
		n = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return socket_error(errno, err);
	*ret_sent = n < 0 ? 0 : (size_t)n;
	return 0;
}

int frame_io_send(int socket_fd, struct blob bytes, const int *fds, size_t fd_count,
		  struct err *err)
{
	while (bytes.len > 0) {
		size_t sent = 0;
		int result = frame_io_send_some(socket_fd, bytes, fds, fd_count, &sent, err);
		if (result < 0)
			return result;
		bytes = blob_of(bytes.data + sent, bytes.len - sent);
		if (sent > 0)
			fd_count = 0; /* they went with the first byte */
	}
	return 0;
}

/* ---- receiving ---- */

/* Hand every descriptor of the message to the caller, or close it; false if one had to be closed. */
static bool keep_fds(struct msghdr *message, int *fds, size_t *fd_count)
{
	bool kept = (message->msg_flags & MSG_CTRUNC) == 0;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (fds != NULL && *fd_count < LIMIT_FRAME_FDS) {
				fds[(*fd_count)++] = fd;
			} else {
				(void)close(fd);
				kept = false;
			}
		}
	}
	return kept;
}

int frame_io_receive_some(int socket_fd, struct frame_reader *reader, int *fds, size_t *fd_count,
			  bool *ret_end, struct err *err)
{
	char bytes[65536];
	union control control;
	struct iovec part = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	message.msg_control = control.bytes;
	message.msg_controllen = sizeof(control.bytes);
	ssize_t n;
	do
		n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	*ret_end = n == 0;
	if (n < 0)
		return errno == EAGAIN ? 0 : socket_error(errno, err);
	if (!keep_fds(&message, fds, fd_count))
		return err_set(err, ERR_PROTOCOL, MSG_FRAME_FDS);
	return frame_reader_feed(reader, bytes, (size_t)n, err);
}

int frame_io_receive(int socket_fd, struct frame_reader *reader, struct frame *ret_frame, int *fds,
		     size_t *fd_count, struct err *err)
{
	for (;;) {
		bool end = false;
		int result = frame_reader_next(reader, ret_frame, err);
		if (result != 0)
			return result;
		result = frame_io_receive_some(socket_fd, reader, fds, fd_count, &end, err);
		if (result < 0)
			return result;
		if (end)
			return frame_reader_is_empty(reader)
				       ? 0
				       : err_set(err, ERR_PROTOCOL, MSG_FRAME_CUT);
	}
}
