#include "daemon/run/reader.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "config/config.h"
#include "daemon/audit/verify.h"
#include "daemon/base/json_writer.h"
#include "daemon/reconcile/rebuild.h"
#include "daemon/run/export.h"
#include "daemon/run/foundation.h"

/* ---- inside the reader ---- */

static int write_out(struct buf *out, struct err *err)
{
	buf_put_u8(out, '\n');
	if (!buf_ok(out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	ssize_t n =
		write(STDOUT_FILENO, out->data, out->len); /* a pipe takes a short answer whole */
	return n == (ssize_t)out->len ? 0 : err_set_errno(err, errno, MSG_FILE_WRITE, "reader");
}

static int job_export(struct foundation *foundation, int *ret_exit, struct err *err)
{
	*ret_exit = 0;
	return export_canonical(foundation->store, foundation->schema, STDOUT_FILENO, err);
}

static void put_problem(struct json_writer *json, const char *key, bool holds, const char *text)
{
	json_key(json, key);
	if (holds)
		json_null(json);
	else
		json_text(json, text);
}

static int job_verify(struct foundation *foundation, int *ret_exit, struct err *err)
{
	struct verify_report report = { 0 };
	CLEANUP(buf_finish) struct buf out = { 0 };
	if (verify_whole(foundation->store, &report, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&out);
	/* VerifyResult of schemas/control-api.openapi.yaml: the control API hands it on as it stands. */
	json_object_begin(&json);
	json_key(&json, "first_bad");
	if (report.holds)
		json_null(&json);
	else
		json_unsigned(&json, report.verified);
	json_member_bool(&json, "ok", report.holds);
	put_problem(&json, "problem", report.holds, report.reason.text[LANGUAGE_EN]);
	put_problem(&json, "problem_vi", report.holds, report.reason.text[LANGUAGE_VI]);
	json_member_hex(&json, "root", report.root, sizeof(report.root));
	json_member_unsigned(&json, "size", report.size);
	json_object_end(&json);
	/* A log that does not hold is an answer; the exit code would cut the answer off at the control API. */
	*ret_exit = 0;
	return write_out(&out, err);
}

static int job_rebuild(struct foundation *foundation, int *ret_exit, struct err *err)
{
	struct rebuild_report report = { 0 };
	CLEANUP(buf_finish) struct buf out = { 0 };
	if (rebuild_check(foundation->store, foundation->schema, foundation->policy, &report, err) <
	    0)
		return err->code;
	struct json_writer json = json_writer_of(&out);
	json_object_begin(&json);
	json_member_unsigned(&json, "differ", report.differ);
	json_member_unsigned(&json, "persons", report.persons);
	json_object_end(&json);
	*ret_exit = report.differ > 0;
	return write_out(&out, err);
}

int reader_run(const struct config *config, const char *job, int *ret_exit, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct foundation *foundation, int *ret_exit, struct err *err);
	} jobs[] = { { "export", job_export },
		     { "verify", job_verify },
		     { "rebuild", job_rebuild } };
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		if (strcmp(jobs[i].name, job) != 0)
			continue;
		struct foundation foundation = { 0 };
		int status =
			foundation_open(config, FOUNDATION_READ, &random_system, &foundation, err);
		if (status == 0)
			status = jobs[i].run(&foundation, ret_exit, err);
		foundation_close(&foundation);
		return status;
	}
	return err_set(err, ERR_CONFIG, MSG_READER_JOB, ARG_TEXT("job", job));
}

/* ---- beside it ---- */

static int spawn(const char *program, const char *config_dir, const char *job, int out_fd,
		 pid_t *ret_pid, struct err *err)
{
	char name[4096], dir[4096], what[32], config_flag[] = "--config",
					      reader_flag[] = "--reader";
	(void)snprintf(name, sizeof(name), "%s", program);
	(void)snprintf(dir, sizeof(dir), "%s", config_dir);
	(void)snprintf(what, sizeof(what), "%s", job);
	char *const argv[] = { name, config_flag, dir, reader_flag, what, NULL };
	posix_spawn_file_actions_t actions;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int error = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn(ret_pid, name, &actions, NULL, argv,
				    environ); /* credentials are named there */
	(void)posix_spawn_file_actions_destroy(&actions);
	return error == 0 ? 0 : err_set_errno(err, error, MSG_READER_START, program);
}

int reader_start(const char *program, const char *config_dir, const char *job, int *ret_fd,
		 int *ret_pidfd, struct err *err)
{
	int pipes[2];
	pid_t pid = 0;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return err_set_errno(err, errno, MSG_READER_START, program);
	CLEANUP(close_fdp) int in_fd = pipes[0];
	CLEANUP(close_fdp) int out_fd = pipes[1];
	if (fcntl(in_fd, F_SETFL, O_NONBLOCK) < 0)
		return err_set_errno(err, errno, MSG_READER_START, program);
	if (spawn(program, config_dir, job, out_fd, &pid, err) < 0)
		return err->code;
	int pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		int error = errno;
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return err_set_errno(err, error, MSG_READER_START, program);
	}
	*ret_fd = TAKE_FD(in_fd);
	*ret_pidfd = pidfd;
	return 0;
}
