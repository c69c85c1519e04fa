/* The worker on its socket, whatever the engine sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/host.h"
#include "daemon/base/err.h"
#include "daemon/record/frame_io.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/frame_push.h"

#include <sys/socket.h>
#include <unistd.h>

/* Both ends in one process: the engine's frames are written first, then the host runs, then its are read. */
struct scene {
	int engine, worker;
	struct frame_reader reader;
	struct frame_end end;
	char code[16];
	bool hello, ended;
};

static void begin_scene(struct scene *scene)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	*scene = (struct scene){ .engine = pair[0], .worker = pair[1] };
	frame_reader_init(&scene->reader, FRAME_FROM_WORKER);
}

static void end_scene(struct scene *scene)
{
	frame_reader_finish(&scene->reader);
	(void)close(scene->engine);
	(void)close(scene->worker);
}

static void send_bytes(struct scene *scene, const void *data, size_t len)
{
	assert_int_equal(write(scene->engine, data, len), (ssize_t)len);
}

/* The fields of BEGIN that the cases vary. */
struct begin {
	enum frame_role role;
	const char *connector, *options;
	size_t names; /* of descriptors, of which none is sent */
};

static void send_begin(struct scene *scene, const struct begin *with)
{
	struct buf out = { 0 }, entries = { 0 };
	struct frame_begin begin = { .role = with->role,
				     .connector = blob_text(with->connector),
				     .source = blob_text("thu"),
				     .deadline_ms = 1000,
				     .options = blob_text(with->options) };
	for (size_t i = 0; i < with->names; i++)
		frame_list_add_text(&begin.fd_names, &entries, blob_text("folder"));
	begin.fd_names.entries = buf_blob(&entries);
	size_t at = frame_open(&out, FRAME_BEGIN);
	frame_put_begin(&out, &begin);
	frame_close(&out, at);
	send_bytes(scene, out.data, out.len);
	buf_finish(&out);
	buf_finish(&entries);
}

/* Runs the host and reads all that it said. */
static int run(struct scene *scene, struct err *err)
{
	struct frame frame;
	struct frame_hello hello;
	assert_int_equal(shutdown(scene->engine, SHUT_WR), 0);
	int rc = host_run(scene->worker, FRAME_ROLE_FILE, FRAME_SANDBOX_RLIMITS, err);
	(void)shutdown(scene->worker, SHUT_RDWR);
	while (frame_io_receive(scene->engine, &scene->reader, &frame, NULL, NULL, NULL) == 1) {
		if (frame.type == FRAME_HELLO)
			scene->hello = frame_get_hello(frame.body, &hello, NULL) == 0 &&
				       hello.protocol == FRAME_PROTOCOL;
		if (frame.type != FRAME_END)
			continue;
		assert_int_equal(frame_get_end(frame.body, &scene->end, NULL), 0);
		(void)snprintf(scene->code, sizeof(scene->code), "%.*s",
			       (int)scene->end.message_code.len,
			       (const char *)scene->end.message_code.data);
		scene->ended = true;
	}
	return rc;
}

static void an_engine_that_closes_at_once_is_no_error(void **state)
{
	(void)state;
	struct scene scene;
	begin_scene(&scene);
	assert_int_equal(run(&scene, NULL), 0);
	assert_true(scene.hello && !scene.ended);
	end_scene(&scene);
}

#define OPTIONS "{\"options\":{},\"source\":{}}"
static void what_does_not_hold_is_a_failed_run_with_its_end(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct begin begin;
		enum err_code error;
		const char *code; /* NULL: any */
	} rows[] = {
		{ "unknown connector",
		  { FRAME_ROLE_FILE, "fax", OPTIONS, 0 },
		  ERR_CONFIG,
		  "E3255" },
		{ "a connector of another role",
		  { FRAME_ROLE_FILE, "rest_push", OPTIONS, 0 },
		  ERR_CONFIG,
		  "E3255" },
		{ "another role than ours",
		  { FRAME_ROLE_HTTP, "file_drop", OPTIONS, 0 },
		  ERR_PROTOCOL,
		  "E3253" },
		{ "a descriptor that did not come",
		  { FRAME_ROLE_FILE, "file_drop", OPTIONS, 1 },
		  ERR_PROTOCOL,
		  "E3253" },
		{ "options are missing",
		  { FRAME_ROLE_FILE, "file_drop", OPTIONS, 0 },
		  ERR_CONFIG,
		  NULL },
		{ "options are no JSON",
		  { FRAME_ROLE_FILE, "file_drop", "{\"options\":", 0 },
		  ERR_CONFIG,
		  NULL },
		{ "options are nothing",
		  { FRAME_ROLE_FILE, "file_drop", "", 0 },
		  ERR_CONFIG,
		  NULL },
		{ "no connector at all", { FRAME_ROLE_FILE, "", OPTIONS, 0 }, ERR_CONFIG, "E3255" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		struct err err = { 0 };
		begin_scene(&scene);
		send_begin(&scene, &rows[i].begin);
		int rc = run(&scene, &err);
		if (rc != 0 || !scene.ended || scene.end.status != FRAME_END_FAILED ||
		    -scene.end.error != rows[i].error ||
		    (rows[i].code != NULL && strcmp(scene.code, rows[i].code) != 0) ||
		    scene.end.message_vi.len == 0)
			fail_msg("%s: %d %s, error %d %s", rows[i].name, rc, err.text[LANGUAGE_EN],
				 scene.end.error, scene.code);
		end_scene(&scene);
	}
}

static void bytes_that_are_no_frames_end_the_run(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		uint8_t bytes[16];
		size_t len;
	} rows[] = {
		{ "another version", { 2, FRAME_BEGIN, 0, 0, 0, 0, 0, 0 }, 8 },
		{ "a frame of our own side", { 1, FRAME_ROW, 0, 0, 0, 0, 0, 0 }, 8 },
		{ "an unknown type", { 1, 99, 0, 0, 0, 0, 0, 0 }, 8 },
		{ "a length past the limit", { 1, FRAME_BEGIN, 0, 0, 0xff, 0, 0, 0 }, 8 },
		{ "cut in the header", { 1, FRAME_BEGIN, 0 }, 3 },
		{ "cut in the body", { 1, FRAME_BEGIN, 0, 0, 0, 0, 0, 9, 1 }, 9 },
		{ "an empty BEGIN", { 1, FRAME_BEGIN, 0, 0, 0, 0, 0, 0 }, 8 },
		{ "FINISH before BEGIN", { 1, FRAME_FINISH, 0, 0, 0, 0, 0, 0 }, 8 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		begin_scene(&scene);
		send_bytes(&scene, rows[i].bytes, rows[i].len);
		int rc = run(&scene, NULL);
		if (rc != 0 || !scene.ended || scene.end.error != -ERR_PROTOCOL)
			fail_msg("%s: %d, error %d", rows[i].name, rc, scene.end.error);
		end_scene(&scene);
	}
}

static void an_engine_that_is_gone_is_told_nothing(void **state)
{
	(void)state;
	struct scene scene;
	begin_scene(&scene);
	(void)close(scene.engine);
	assert_int_equal(host_run(scene.worker, FRAME_ROLE_FILE, 0, NULL), ERR_UNAVAILABLE);
	scene.engine = -1;
	end_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engine_that_closes_at_once_is_no_error),
		cmocka_unit_test(what_does_not_hold_is_a_failed_run_with_its_end),
		cmocka_unit_test(bytes_that_are_no_frames_end_the_run),
		cmocka_unit_test(an_engine_that_is_gone_is_told_nothing),
	};
	return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
