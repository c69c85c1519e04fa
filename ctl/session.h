/* Session: one call of trithucctl: what was asked, in which language and on what kind of output.
 *
 * stdout carries data, stderr messages (DESIGN.md section 13). A verb returns an exit code, or a
 * negative error that main prints.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config_source.h"
#include "daemon/base/err.h"

struct client;
struct command;

enum { EXIT_OK = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 64, EXIT_BUG = 70 };

#define SESSION_SOCKET "/run/trithucd/control.sock"

struct session {
	enum language language;
	bool json;
	bool colour;
	bool out_is_terminal, err_is_terminal;
	const char *socket;
	unsigned timeout_s; /* 0: the default of the call */

	struct connector_list connectors; /* whose options a configuration may hold */

	const struct command *command;
	const char *const *args;
	unsigned arg_count;
	bool wait, canonical, man;
	const char *reason, *after, *source, *limit, *completion;

	struct client *client; /* made by session_client() */
};

/** The client, connected to nothing yet. */
MUST_CHECK int session_client(struct session *session, struct client **ret_client, struct err *err);
void session_finish(struct session *session);

#define say(session, msg, ...) say_args((session), (msg), ARG_LIST(__VA_ARGS__))
#define complain(session, msg, ...) complain_args((session), (msg), ARG_LIST(__VA_ARGS__))

/** One line on stderr. */
void say_args(const struct session *session, enum msg_id msg, const struct arg *args);
/** The same, as an error of usage; returns EXIT_USAGE. */
int complain_args(const struct session *session, enum msg_id msg, const struct arg *args);
/** Print the error and return its exit code. */
int session_fail(const struct session *session, const struct err *err);

/** The text of a message in the session's language, in a buffer of `size` bytes; returns `out`. */
const char *session_text(const struct session *session, enum msg_id msg, char *out, size_t size);

/** Bytes to stdout. Errors: ERR_IO. */
MUST_CHECK int session_write(const struct session *session, const void *data, size_t len,
			     struct err *err);
