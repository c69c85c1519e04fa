/* Frame io: frames and descriptors over a stream socket.
 *
 * Descriptors travel by SCM_RIGHTS with the first byte of a frame (unix(7)); they are close-on-exec at
 * the receiver, and those that nobody asked for are closed at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/record/frame.h"

/** One sendmsg(2) without SIGPIPE: writes what fits now, with `fds` attached to the first byte.
 * ret_sent  bytes taken (>= 1 if the socket took the descriptors); 0 if a non-blocking socket is full.
 * Errors: ERR_UNAVAILABLE (the other side is gone), ERR_IO.
 */
MUST_CHECK int frame_io_send_some(int socket_fd, struct blob bytes, const int *fds, size_t fd_count,
				  size_t *ret_sent, struct err *err);

/** One recvmsg(2) into the reader; nothing comes if a non-blocking socket has nothing now.
 * fds      NULL refuses any descriptor (ERR_PROTOCOL); else space for LIMIT_FRAME_FDS, to which those that
 *          come are appended, and the caller owns the `*fd_count` that are in it, also after a failure.
 * ret_end  the other side has closed.
 * Errors: ERR_PROTOCOL, ERR_UNAVAILABLE (connection reset), ERR_IO, ERR_NOMEM.
 */
MUST_CHECK int frame_io_receive_some(int socket_fd, struct frame_reader *reader, int *fds,
				     size_t *fd_count, bool *ret_end, struct err *err);

/** Blocking: send all of `bytes` (whole frames). Errors: ERR_UNAVAILABLE, ERR_IO. */
MUST_CHECK int frame_io_send(int socket_fd, struct blob bytes, const int *fds, size_t fd_count,
			     struct err *err);

/** Blocking: the next frame. Returns 1, or 0 where the stream ends between two frames.
 * fds as in frame_io_receive_some(). Errors: ERR_PROTOCOL (also a stream cut within a frame), ERR_IO.
 */
MUST_CHECK int frame_io_receive(int socket_fd, struct frame_reader *reader, struct frame *ret_frame,
				int *fds, size_t *fd_count, struct err *err);
