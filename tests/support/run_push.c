/* run_push PROGRAM OPTIONS.json CA SECRET: drive a real worker with the connector rest_push, as the engine does.
 *
 * Each line of standard input is one batch: `send|ask NUMBER UUID KEY EPOCH BODYFILE ITEM[,ITEM…]`; one JSON line
 * comes back for its ANSWER. At the end of input FINISH is sent and END printed. Exit code: 0 if the worker
 * said END and left well, 1 if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/random.h"
#include "daemon/record/frame_control.h"
#include "daemon/record/frame_io.h"
#include "daemon/record/frame_push.h"

static int engine_socket;
static struct frame_reader reader;

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "run_push: %s: %s\n", what,
		      err == NULL ? strerror(errno) : err->text[LANGUAGE_EN]);
	exit(2);
}

static struct buf read_file(const char *path)
{
	struct buf text = { 0 };
	uint8_t piece[4096];
	size_t len;
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		die(path, NULL);
	while ((len = fread(piece, 1, sizeof(piece), file)) > 0)
		buf_put(&text, piece, len);
	(void)fclose(file);
	return text;
}

static pid_t spawn_worker(const char *program)
{
	int pair[2];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "--role",
			 (char *)(uintptr_t) "http", NULL };
	extern char **environ; /* the worker must not care what stands there */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair", NULL);
	int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 50);
	engine_socket = fcntl(pair[0], F_DUPFD_CLOEXEC, 50);
	(void)close(pair[0]);
	(void)close(pair[1]);
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, theirs, 3) != 0 ||
	    posix_spawn(&pid, program, &actions, NULL, argv, environ) != 0)
		die(program, NULL);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(theirs);
	return pid;
}

static void send_frame(struct buf *out, const int *fds, size_t count)
{
	struct err err = { 0 };
	if (!buf_ok(out) || frame_io_send(engine_socket, buf_blob(out), fds, count, &err) < 0)
		die("sending", &err);
	buf_finish(out);
}

static void send_begin(const char *options_path, const char *ca_path, const char *secret_path)
{
	static const char *const names[] = { "ca", "secret:secret" };
	int fds[] = { open(ca_path, O_RDONLY | O_CLOEXEC),
		      open(secret_path, O_RDONLY | O_CLOEXEC) };
	struct buf out = { 0 }, entries = { 0 }, options = read_file(options_path);
	if (fds[0] < 0 || fds[1] < 0)
		die("opening", NULL);
	struct frame_begin begin = { .role = FRAME_ROLE_HTTP,
				     .connector = blob_text("rest_push"),
				     .source = blob_text("quoc-gia"),
				     .run = 1,
				     .deadline_ms = 600000,
				     .options = buf_blob(&options) };
	for (size_t i = 0; i < 2; i++)
		frame_list_add_text(&begin.fd_names, &entries, blob_text(names[i]));
	begin.fd_names.entries = buf_blob(&entries);
	size_t at = frame_open(&out, FRAME_BEGIN);
	frame_put_begin(&out, &begin);
	frame_close(&out, at);
	send_frame(&out, fds, 2);
	buf_finish(&entries);
	buf_finish(&options);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* The words of one line into a BATCH frame. */
static void send_batch(char *line)
{
	enum { WORDS = 7 };
	char *words[WORDS], *rest = line;
	struct buf out = { 0 }, ids = { 0 };
	for (size_t i = 0; i < WORDS; i++)
		if ((words[i] = strsep(&rest, " \n")) == NULL)
			die("a line has too few words", NULL);
	struct buf body = read_file(words[5]);
	struct frame_batch batch = { .batch = strtoull(words[1], NULL, 10),
				     .ask = strcmp(words[0], "ask") == 0,
				     .epoch = strtoull(words[4], NULL, 10),
				     .idempotency_key = blob_text(words[3]),
				     .body = buf_blob(&body) };
	if (uuid_parse(words[2], batch.uuid) < 0)
		die("a batch id is no UUID", NULL);
	for (char *id, *list = words[6]; (id = strsep(&list, ",")) != NULL;)
		frame_list_add_text(&batch.items, &ids, blob_text(id));
	batch.items.entries = buf_blob(&ids);
	size_t at = frame_open(&out, FRAME_BATCH);
	frame_put_batch(&out, &batch);
	frame_close(&out, at);
	send_frame(&out, NULL, 0);
	buf_finish(&ids);
	buf_finish(&body);
}

static void put_answer(struct json_writer *json, const struct frame_answer *answer)
{
	static const char *const outcomes[] = { "", "answered", "unknown", "not_sent", "refused" };
	static const char *const statuses[] = { "",         "accepted", "unchanged", "exists",
						"conflict", "invalid",  "retry" };
	struct frame_list results = answer->results;
	struct frame_result result;
	json_member_unsigned(json, "batch", answer->batch);
	json_member_text(json, "outcome", outcomes[answer->outcome]);
	json_member_unsigned(json, "status", answer->http_status);
	json_member_unsigned(json, "retry_after", answer->retry_after_s);
	json_member_blob(json, "problem", answer->problem_type);
	json_member_blob(json, "peer", answer->peer);
	json_member_hex(json, "sha256", answer->response_sha256, SHA256_SIZE);
	json_key(json, "items");
	json_object_begin(json);
	while (frame_list_result(&results, &result)) {
		json_key_blob(json, result.item_id);
		json_array_begin(json);
		json_text(json, statuses[result.status]);
		json_text_blob(json, result.etag);
		json_text_blob(json, result.problem);
		json_array_end(json);
	}
	json_object_end(json);
}

/* The next frame as a line; its type, or 0 where the stream ends. */
static unsigned print_frame(void)
{
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	struct err err = { 0 };
	struct frame frame;
	struct frame_answer answer;
	struct frame_end end;
	int got = frame_io_receive(engine_socket, &reader, &frame, NULL, NULL, &err);
	if (got < 0)
		die("receiving", &err);
	if (got == 0)
		return 0;
	json_object_begin(&json);
	if (frame.type == FRAME_ANSWER) {
		if (frame_get_answer(frame.body, &answer, &err) < 0)
			die("ANSWER", &err);
		put_answer(&json, &answer);
	} else if (frame.type == FRAME_END) {
		if (frame_get_end(frame.body, &end, &err) < 0)
			die("END", &err);
		json_member_text(&json, "end", end.status == FRAME_END_OK ? "ok" : "failed");
		json_member_blob(&json, "code", end.message_code);
		json_member_blob(&json, "message", end.message_en);
	}
	json_object_end(&json);
	if (frame.type != FRAME_HELLO) {
		(void)printf("%.*s\n", (int)out.len, (const char *)out.data);
		(void)fflush(stdout);
	}
	buf_finish(&out);
	return frame.type;
}

int main(int argc, char **argv)
{
	static char line[65536];
	struct buf out = { 0 };
	unsigned type;
	int status = 0;
	if (argc != 5) {
		(void)fputs("usage: run_push PROGRAM OPTIONS.json CA SECRET\n", stderr);
		return 2;
	}
	pid_t pid = spawn_worker(argv[1]);
	frame_reader_init(&reader, FRAME_FROM_WORKER);
	send_begin(argv[2], argv[3], argv[4]);
	type = print_frame();
	while (type != 0 && type != FRAME_END && fgets(line, sizeof(line), stdin) != NULL) {
		send_batch(line);
		type = print_frame();
	}
	if (type != 0 && type != FRAME_END) {
		frame_close(&out, frame_open(&out, FRAME_FINISH));
		send_frame(&out, NULL, 0);
		type = print_frame();
	}
	(void)waitpid(pid, &status, 0);
	frame_reader_finish(&reader);
	return type == FRAME_END && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
