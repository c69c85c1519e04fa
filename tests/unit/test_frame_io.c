/* Frame io: frames and descriptors over a real socket pair. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/err.h"
#include "daemon/record/frame_io.h"

struct link {
	int engine, worker;
	struct frame_reader reader; /* at the worker */
};

static int setup(void **state)
{
	static struct link link;
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	link.engine = pair[0];
	link.worker = pair[1];
	frame_reader_init(&link.reader, FRAME_FROM_ENGINE);
	*state = &link;
	return 0;
}

static int teardown(void **state)
{
	struct link *link = *state;
	frame_reader_finish(&link->reader);
	if (link->engine >= 0)
		(void)close(link->engine);
	(void)close(link->worker);
	return 0;
}

static int open_descriptors(void)
{
	int count = 0;
	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static struct buf framed(enum frame_type type, size_t len)
{
	struct buf out = { 0 };
	size_t at = frame_open(&out, type);
	if (len > 0)
		memset(buf_grow(&out, len), 'x', len);
	frame_close(&out, at);
	return out;
}

static void descriptors_arrive_with_their_frame_and_close_on_exec(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_BEGIN, 10);
	int pipe_fds[2], fds[LIMIT_FRAME_FDS];
	size_t fd_count = 0;
	struct frame frame;
	char c = 0;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	assert_int_equal(frame_io_send(link->engine, buf_blob(&bytes), pipe_fds, 2, NULL), 0);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, fds, &fd_count, NULL), 1);
	assert_int_equal(frame.type, FRAME_BEGIN);
	assert_int_equal(frame.body.len, 10);
	assert_int_equal(fd_count, 2);
	assert_true((fcntl(fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(write(fds[1], "z", 1), 1);
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	assert_int_equal(c, 'z');
	for (int i = 0; i < 2; i++) {
		(void)close(fds[i]);
		(void)close(pipe_fds[i]);
	}
}

static void descriptors_that_nobody_asked_for_are_closed_and_refused(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_PROCEED, 0);
	int before = open_descriptors(), one = 0;
	size_t fd_count = 0;
	struct frame frame;
	struct err err = { 0 };
	assert_int_equal(frame_io_send(link->engine, buf_blob(&bytes), &one, 1, NULL), 0);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, NULL, &fd_count, &err),
		ERR_PROTOCOL);
	assert_int_equal(err.msg, MSG_FRAME_FDS);
	assert_int_equal(open_descriptors(), before);
}

static void more_descriptors_than_the_limit_are_refused_on_both_sides(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_PROCEED, 0);
	int zeros[LIMIT_FRAME_FDS + 1] = { 0 }, fds[LIMIT_FRAME_FDS], before = open_descriptors();
	size_t fd_count = 0;
	struct frame frame;
	assert_int_equal(
		frame_io_send(link->engine, buf_blob(&bytes), zeros, LIMIT_FRAME_FDS + 1, NULL),
		ERR_PROTOCOL);
	/* two messages that only together go past it */
	assert_int_equal(
		frame_io_send(link->engine, buf_blob(&bytes), zeros, LIMIT_FRAME_FDS, NULL), 0);
	assert_int_equal(frame_io_send(link->engine, buf_blob(&bytes), zeros, 1, NULL), 0);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, fds, &fd_count, NULL), 1);
	assert_int_equal(fd_count, LIMIT_FRAME_FDS);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, fds, &fd_count, NULL),
		ERR_PROTOCOL);
	for (size_t i = 0; i < fd_count; i++)
		(void)close(fds[i]);
	assert_int_equal(open_descriptors(), before);
}

static void the_stream_ends_between_frames_or_is_broken(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_FINISH, 5);
	size_t fd_count = 0;
	struct frame frame;
	struct err err = { 0 };
	assert_int_equal(frame_io_send(link->engine, buf_blob(&bytes), NULL, 0, NULL), 0);
	assert_int_equal(frame_io_send(link->engine, blob_of(bytes.data, 9), NULL, 0, NULL), 0);
	(void)close(TAKE_FD(link->engine));
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, NULL, &fd_count, NULL), 1);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, NULL, &fd_count, &err),
		ERR_PROTOCOL);
	assert_int_equal(err.msg, MSG_FRAME_CUT);
	frame_reader_finish(&link->reader);
	frame_reader_init(&link->reader, FRAME_FROM_ENGINE);
	assert_int_equal(
		frame_io_receive(link->worker, &link->reader, &frame, NULL, &fd_count, NULL), 0);
}

static void sending_to_nobody_is_an_error_and_no_signal(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_HELLO, 5);
	struct err err = { 0 };
	(void)close(TAKE_FD(link->engine));
	assert_int_equal(frame_io_send(link->worker, buf_blob(&bytes), NULL, 0, &err),
			 ERR_UNAVAILABLE);
	assert_int_equal(err.msg, MSG_FRAME_GONE);
}

/* The engine's side does not block: a full socket takes what it can, the descriptors with its first byte. */
static void a_full_socket_takes_what_fits_and_descriptors_once(void **state)
{
	struct link *link = *state;
	CLEANUP(buf_finish) struct buf bytes = framed(FRAME_BATCH, LIMIT_FRAME_BODY);
	int fds[LIMIT_FRAME_FDS], zero = 0;
	size_t fd_count = 0, at = 0, full = 0;
	struct frame frame;
	int got = 0;
	bool end = false;
	assert_int_equal(fcntl(link->engine, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(link->worker, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(
		frame_io_receive_some(link->worker, &link->reader, fds, &fd_count, &end, NULL), 0);
	assert_false(end);
	while (got == 0) {
		size_t sent = 0;
		assert_int_equal(frame_io_send_some(link->engine,
						    blob_of(bytes.data + at, bytes.len - at), &zero,
						    at == 0, &sent, NULL),
				 0);
		at += sent;
		full += sent == 0;
		if (sent == 0 || at == bytes.len)
			assert_int_equal(frame_io_receive_some(link->worker, &link->reader, fds,
							       &fd_count, &end, NULL),
					 0);
		got = frame_reader_next(&link->reader, &frame, NULL);
		assert_true(got >= 0);
	}
	assert_true(full > 0);
	assert_int_equal(frame.body.len, LIMIT_FRAME_BODY);
	assert_int_equal(fd_count, 1);
	(void)close(fds[0]);
	(void)close(TAKE_FD(link->engine));
	assert_int_equal(
		frame_io_receive_some(link->worker, &link->reader, fds, &fd_count, &end, NULL), 0);
	assert_true(end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			descriptors_arrive_with_their_frame_and_close_on_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(
			descriptors_that_nobody_asked_for_are_closed_and_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			more_descriptors_than_the_limit_are_refused_on_both_sides, setup, teardown),
		cmocka_unit_test_setup_teardown(the_stream_ends_between_frames_or_is_broken, setup,
						teardown),
		cmocka_unit_test_setup_teardown(sending_to_nobody_is_an_error_and_no_signal, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_full_socket_takes_what_fits_and_descriptors_once,
						setup, teardown),
	};
	return cmocka_run_group_tests_name("frame_io", tests, NULL, NULL);
}
