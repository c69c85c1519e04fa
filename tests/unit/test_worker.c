/* One worker process as the engine sees it, played by small scripts: its frames, its end, and what is left of it. */
#include "tests/support/state.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>

#include "daemon/record/frame.h"
#include "daemon/run/worker.h"

enum { PATIENCE_MS = 20000, FRAMES_MAX = 4096 };

static struct state state;
static sd_event *loop;
static struct worker *worker;
static struct worker_options options;

/* What the callbacks met, and what they are to do. */
static struct {
	unsigned frames, ends;
	size_t bytes;
	uint8_t types[FRAMES_MAX];
	struct buf last; /* body of the last frame */
	struct err cause;
	bool clean; /* ended without a cause */
	bool destroy_in_frame, destroy_in_end;
	int frame_code; /* what on_frame returns */
} met;

static int on_frame(void *ctx, const struct frame *frame, struct err *err)
{
	assert_ptr_equal(ctx, &met);
	met.types[met.frames++ % FRAMES_MAX] = (uint8_t)frame->type;
	met.bytes += frame->body.len;
	buf_reset(&met.last);
	buf_put(&met.last, frame->body.data, frame->body.len);
	if (met.destroy_in_frame)
		worker_destroy(TAKE(worker));
	return met.frame_code < 0 ? err_set(err, (enum err_code)met.frame_code, MSG_WORKER_ENDED)
				  : 0;
}

static void on_end(void *ctx, const struct err *cause)
{
	assert_ptr_equal(ctx, &met);
	met.ends++;
	met.clean = cause == NULL;
	if (cause != NULL)
		met.cause = *cause;
	if (met.destroy_in_end)
		worker_destroy(TAKE(worker));
}

static int make(void **unused)
{
	(void)unused;
	state_make(&state);
	memset(&met, 0, sizeof(met));
	assert_true(sd_event_new(&loop) >= 0);
	options = (struct worker_options){ .role = FRAME_ROLE_FILE,
					   .deadline_ms = PATIENCE_MS,
					   .on_frame = on_frame,
					   .on_end = on_end,
					   .ctx = &met };
	return 0;
}

/* After every case: no process is left, not even as a zombie. */
static int end(void **unused)
{
	(void)unused;
	worker_destroy(TAKE(worker));
	loop = sd_event_unref(loop);
	buf_finish(&met.last);
	state_remove(&state);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static const char prelude[] =
	"#!/usr/bin/python3 -IS\n"
	"import os, socket, struct, time\n"
	"peer = socket.socket(fileno=3)\n"
	"def frame(kind, body=b'', version=1, reserved=0, size=None):\n"
	"    size = len(body) if size is None else size\n"
	"    return struct.pack('>BBHI', version, kind, reserved, size) + body\n"
	"def take():\n"
	"    head = peer.recv(8, socket.MSG_WAITALL)\n"
	"    return peer.recv(struct.unpack('>BBHI', head)[3], socket.MSG_WAITALL)\n"
	"HELLO, FILE, ROW, SKIP, PROGRESS, END = 16, 17, 18, 20, 22, 23\n";

static void play(const char *script)
{
	const char *path = state_in(&state, "peer");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, prelude, sizeof(prelude) - 1), sizeof(prelude) - 1);
	assert_int_equal(write(fd, script, strlen(script)), (ssize_t)strlen(script));
	assert_int_equal(close(fd), 0);
	options.program = path;
	OK(worker_start(loop, &options, &worker, &state_err));
}

/* A turn takes what one read gives: many are needed for much, few for silence. */
enum { TURNS_MAX = 20000 };

static void turn_until_the_end(void)
{
	for (int i = 0; i < TURNS_MAX && met.ends == 0 && (worker != NULL || met.destroy_in_end);
	     i++)
		assert_true(sd_event_run(loop, 100000) >= 0);
}

static void turn_until_frames(unsigned count)
{
	for (int i = 0; i < TURNS_MAX && met.frames < count && met.ends == 0; i++)
		assert_true(sd_event_run(loop, 100000) >= 0);
	assert_true(met.frames >= count);
}

static void ended_by(int code)
{
	turn_until_the_end();
	assert_int_equal(met.ends, 1);
	FAILS(met.clean ? 0 : met.cause.code, code);
}

static void frames_come_whole_and_in_order_however_they_are_cut(void **unused)
{
	(void)unused;
	play("for byte in frame(HELLO, b'12345678') + frame(ROW, b'abc') + frame(SKIP) + "
	     "frame(END, b'z'):\n"
	     "    peer.send(bytes([byte]))\n");
	ended_by(0);
	assert_int_equal(met.frames, 4);
	assert_memory_equal(met.types,
			    ((uint8_t[]){ FRAME_HELLO, FRAME_ROW, FRAME_SKIP, FRAME_END }), 4);
	assert_int_equal(met.bytes, 12);
}

static void an_early_end_is_told_once(void **unused)
{
	(void)unused;
	play("raise SystemExit(3)\n");
	ended_by(0);
	assert_int_equal(met.frames, 0);
	for (int i = 0; i < 3; i++)
		assert_true(sd_event_run(loop, 1000) >= 0);
	assert_int_equal(met.ends, 1);
}

static void what_breaks_the_protocol_ends_it_by_the_table(void **unused)
{
	(void)unused;
	static const struct {
		const char *name, *script;
		unsigned frames;
	} cases[] = {
		{ "another version", "peer.sendall(frame(HELLO, version=2))\n", 0 },
		{ "reserved bits", "peer.sendall(frame(HELLO, reserved=1))\n", 0 },
		{ "a type that nobody has", "peer.sendall(frame(99))\n", 0 },
		{ "a type of the engine's side", "peer.sendall(frame(1))\n", 0 },
		{ "more than a frame may hold", "peer.sendall(frame(ROW, size=(1 << 20) + 1))\n",
		  0 },
		{ "the greatest length", "peer.sendall(frame(ROW, size=0xffffffff))\n", 0 },
		{ "text", "peer.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\n", 0 },
		{ "behind a good frame", "peer.sendall(frame(HELLO) + b'\\xff' * 9)\n", 1 },
		{ "cut in its header", "peer.sendall(frame(HELLO) + frame(ROW, b'abc')[:5])\n", 1 },
		{ "cut in its body", "peer.sendall(frame(HELLO) + frame(ROW, b'abc')[:10])\n", 1 },
		{ "descriptors", "socket.send_fds(peer, [frame(HELLO)], [0])\n", 0 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("# %s\n", cases[i].name);
		memset(&met, 0, sizeof(met));
		play(cases[i].script);
		ended_by(ERR_PROTOCOL);
		assert_int_equal(met.frames, cases[i].frames);
		worker_destroy(TAKE(worker));
		buf_finish(&met.last);
	}
}

static void silence_past_the_deadline_ends_it(void **unused)
{
	(void)unused;
	options.deadline_ms = 300;
	play("peer.sendall(frame(HELLO))\ntime.sleep(600)\n");
	ended_by(ERR_UNAVAILABLE);
	assert_int_equal(met.cause.msg, MSG_WORKER_OVERDUE);
}

static void an_owner_may_destroy_it_when_a_frame_comes(void **unused)
{
	(void)unused;
	met.destroy_in_frame = true;
	play("peer.sendall(frame(HELLO) + frame(ROW) + frame(ROW))\ntime.sleep(600)\n");
	for (int i = 0; i < PATIENCE_MS / 100 && worker != NULL; i++)
		assert_true(sd_event_run(loop, 100000) >= 0);
	assert_null(worker);
	assert_int_equal(met.frames, 1);
	assert_int_equal(met.ends, 0);
}

static void an_owner_may_destroy_it_and_fail(void **unused)
{
	(void)unused;
	met.destroy_in_frame = true;
	met.frame_code = ERR_INVALID;
	play("peer.sendall(frame(HELLO) + frame(ROW))\ntime.sleep(600)\n");
	for (int i = 0; i < PATIENCE_MS / 100 && worker != NULL; i++)
		assert_true(sd_event_run(loop, 100000) >= 0);
	assert_int_equal(met.frames, 1);
	assert_int_equal(met.ends, 0);
}

static void an_owner_may_destroy_it_at_its_end(void **unused)
{
	(void)unused;
	met.destroy_in_end = true;
	play("peer.sendall(frame(HELLO))\n");
	ended_by(0);
	assert_null(worker);
	met.destroy_in_end = false;
	memset(&met, 0, sizeof(met));
	met.destroy_in_end = true;
	play("peer.sendall(b'\\xff' * 8)\n");
	ended_by(ERR_PROTOCOL);
	assert_null(worker);
}

static void an_error_of_its_owner_ends_it_by_that(void **unused)
{
	(void)unused;
	met.frame_code = ERR_NO_SPACE;
	play("peer.sendall(frame(HELLO) + frame(ROW) + frame(ROW))\ntime.sleep(600)\n");
	ended_by(ERR_NO_SPACE);
	assert_int_equal(met.frames, 1);
}

static void the_greatest_frames_go_both_ways(void **unused)
{
	(void)unused;
	struct buf out = { 0 };
	play("body = take()\npeer.sendall(frame(ROW, body[::-1]))\n");
	size_t at = frame_open(&out, FRAME_BATCH);
	uint8_t *body = buf_grow(&out, LIMIT_FRAME_BODY);
	for (size_t i = 0; i < LIMIT_FRAME_BODY; i++)
		body[i] = (uint8_t)(i * 7 + i / 256);
	frame_close(&out, at);
	assert_true(buf_ok(&out));
	OK(worker_send(worker, buf_blob(&out), NULL, 0, &state_err));
	ended_by(0);
	assert_int_equal(met.frames, 1);
	assert_int_equal(met.last.len, LIMIT_FRAME_BODY);
	for (size_t i = 0; i < LIMIT_FRAME_BODY; i++)
		assert_int_equal(met.last.data[LIMIT_FRAME_BODY - 1 - i],
				 (uint8_t)(i * 7 + i / 256));
	buf_finish(&out);
}

static void descriptors_arrive_with_the_first_byte(void **unused)
{
	(void)unused;
	struct buf out = { 0 };
	int fd = open(state_in(&state, "granted"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "schema", 6, 0), 6);
	play("data, fds, flags, address = socket.recv_fds(peer, 8, 4)\n"
	     "peer.sendall(frame(ROW, os.pread(fds[0], 100, 0) + b'|%d' % len(fds)))\n");
	frame_close(&out, frame_open(&out, FRAME_FINISH));
	OK(worker_send(worker, buf_blob(&out), (int[]){ fd, fd }, 2, &state_err));
	assert_int_equal(close(fd), 0);
	ended_by(0);
	assert_true(blob_equal(buf_blob(&met.last), blob_text("schema|2")));
	buf_finish(&out);
}

static void a_worker_that_is_faster_is_held_back(void **unused)
{
	(void)unused;
	play("rows, sent, held = frame(ROW, b'r' * 8184) * 4096, 0, 0\n"
	     "peer.setblocking(False)\n"
	     "try:\n"
	     "    while sent < len(rows):\n"
	     "        sent += peer.send(rows[sent:sent + 65536])\n"
	     "except BlockingIOError:\n"
	     "    held = sent\n"
	     "open(os.path.dirname(os.path.abspath(__file__)) + '/held', 'w').close()\n"
	     "peer.setblocking(True)\n"
	     "peer.sendall(rows[sent:])\n"
	     "peer.sendall(frame(END, b'%d' % held))\n");
	const char *mark = state_in(&state, "held");
	for (int i = 0; i < PATIENCE_MS / 10 && access(mark, F_OK) < 0; i++)
		(void)usleep(10000);
	assert_int_equal(met.frames, 0);
	ended_by(0);
	assert_int_equal(met.frames, 4097);
	char held[32] = { 0 };
	memcpy(held, met.last.data, met.last.len < 31 ? met.last.len : 31);
	assert_in_range(strtoul(held, NULL, 10), 1, 4 << 20);
}

static void its_last_words_are_heard_although_it_did_not_listen(void **unused)
{
	(void)unused;
	struct buf out = { 0 };
	play("peer.sendall(frame(END, b'why'))\npeer.shutdown(socket.SHUT_RDWR)\n"
	     "open(os.path.dirname(os.path.abspath(__file__)) + '/gone', 'w').close()\n");
	size_t at = frame_open(&out, FRAME_BATCH);
	memset(buf_grow(&out, LIMIT_FRAME_BODY), 0, LIMIT_FRAME_BODY);
	frame_close(&out, at);
	int status = worker_send(worker, buf_blob(&out), NULL, 0,
				 &state_err); /* more than the socket takes */
	for (int i = 0; i < PATIENCE_MS / 10 && access(state_in(&state, "gone"), F_OK) < 0; i++)
		(void)usleep(10000);
	if (status == 0) {
		turn_until_frames(1);
		assert_true(blob_equal(buf_blob(&met.last), blob_text("why")));
	}
	buf_finish(&out);
}

static void it_inherits_nothing_and_ends_by_signals(void **unused)
{
	(void)unused;
	sigset_t term, before;
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &term, &before), 0);
	play("fds = sorted(os.listdir('/proc/self/fd'), key=int)[:-1]\n"
	     "blocked = [line.split()[1] for line in open('/proc/self/status') if "
	     "line.startswith('SigBlk')][0]\n"
	     "environment = open('/proc/self/environ', 'rb').read()\n"
	     "peer.sendall(frame(ROW, ('%s %d %d' % (','.join(fds), int(blocked, 16), "
	     "len(environment))).encode()))\n");
	assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
	ended_by(0);
	buf_put_u8(&met.last, '\0');
	assert_string_equal((const char *)met.last.data, "0,1,2,3 0 0");
}

static void a_program_that_is_not_there_is_unavailable(void **unused)
{
	(void)unused;
	options.program = state_in(&state, "nowhere");
	FAILS(worker_start(loop, &options, &worker, &state_err), ERR_UNAVAILABLE);
	options.program = NULL;
	options.sockets_dir = state.dir;
	FAILS(worker_start(loop, &options, &worker, &state_err), ERR_UNAVAILABLE);
	assert_null(worker);
}

static int listen_as_systemd(int backlog)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/worker-file.sock",
		       state.dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(fd, backlog) == 0);
	options.sockets_dir = state.dir;
	return fd;
}

static void by_a_socket_unit_it_is_the_same(void **unused)
{
	(void)unused;
	struct buf out = { 0 };
	char byte;
	int listener = listen_as_systemd(4);
	OK(worker_start(loop, &options, &worker, &state_err));
	int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	frame_close(&out, frame_open(&out, FRAME_HELLO));
	assert_int_equal(write(peer, out.data, out.len), (ssize_t)out.len);
	turn_until_frames(1);
	worker_destroy(TAKE(worker));
	assert_int_equal(read(peer, &byte, 1), 0); /* a worker ends with its socket */
	assert_int_equal(met.ends, 0);
	(void)close(peer);
	(void)close(listener);
	buf_finish(&out);
}

static void a_full_socket_unit_does_not_stop_the_engine(void **unused)
{
	(void)unused;
	struct worker *held[8] = { NULL };
	int listener = listen_as_systemd(0), status = 0;
	size_t count = 0;
	(void)alarm(20); /* red by a signal instead of for ever */
	while (count < 8 && (status = worker_start(loop, &options, &held[count], &state_err)) == 0)
		count++;
	(void)alarm(0);
	FAILS(status, ERR_UNAVAILABLE);
	while (count > 0)
		worker_destroy(held[--count]);
	(void)close(listener);
}

#define WORKER_CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_CASE(frames_come_whole_and_in_order_however_they_are_cut),
		WORKER_CASE(an_early_end_is_told_once),
		WORKER_CASE(what_breaks_the_protocol_ends_it_by_the_table),
		WORKER_CASE(silence_past_the_deadline_ends_it),
		WORKER_CASE(an_owner_may_destroy_it_when_a_frame_comes),
		WORKER_CASE(an_owner_may_destroy_it_and_fail),
		WORKER_CASE(an_owner_may_destroy_it_at_its_end),
		WORKER_CASE(an_error_of_its_owner_ends_it_by_that),
		WORKER_CASE(the_greatest_frames_go_both_ways),
		WORKER_CASE(descriptors_arrive_with_the_first_byte),
		WORKER_CASE(a_worker_that_is_faster_is_held_back),
		WORKER_CASE(its_last_words_are_heard_although_it_did_not_listen),
		WORKER_CASE(it_inherits_nothing_and_ends_by_signals),
		WORKER_CASE(a_program_that_is_not_there_is_unavailable),
		WORKER_CASE(by_a_socket_unit_it_is_the_same),
		WORKER_CASE(a_full_socket_unit_does_not_stop_the_engine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
