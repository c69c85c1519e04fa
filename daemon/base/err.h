/* Err: what went wrong, as a code to branch on and a chain of text for people in both languages.
 *
 * Words.  code: exists only where a caller branches. policy: how far the damage reaches; the
 *         table below is the source of ERROR_HANDLING.md.
 * Rules.  A function that can fail returns 0 or a negative code and takes `struct err *err` last.
 *         Each layer adds one context with err_wrap(). Reporting never allocates. `err` may be NULL.
 */
#pragma once

#include "daemon/base/arg.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/message.h"

/*    name         policy         exit  what it means */
#define ERR_CODES(X) \
	X(NOMEM, STOP_DAEMON, 75, "memory is out") \
	X(IO, STOP_DAEMON, 74, "a file of ours cannot be read or written") \
	X(NO_SPACE, STOP_RUN, 74, "the disk or the store's map is full") \
	X(CONFIG, STOP_DAEMON, 78, "the configuration does not hold") \
	X(NOT_FOUND, STOP_RUN, 66, "what was asked for is not there") \
	X(CONFLICT, STOP_RUN, 75, "somebody else was first, or holds it") \
	X(AUTH, STOP_RUN, 77, "not allowed") \
	X(THROTTLED, RETRY, 69, "the other side asks for patience") \
	X(UNAVAILABLE, RETRY, 69, "the other side does not answer") \
	X(PROTOCOL, STOP_RUN, 76, "the other side broke the protocol") \
	X(INVALID, SKIP_RECORD, 65, "foreign data does not keep the rules") \
	X(CORRUPT, STOP_DAEMON, 78, "stored bytes do not verify") \
	X(CANCELLED, STOP_RUN, 75, "ended on request") \
	X(FORMAT, STOP_DAEMON, 78, "written by a newer version") \
	X(BUSY, STOP_DAEMON, 73, "another daemon holds the state folder") \
	X(REOPEN, STOP_DAEMON, 75, "the store must be opened anew before it can go on")

enum err_code {
	ERR_NONE_ = 0,
#define ERR_ENUM_(name, policy, exit_code, text) ERR_##name##_,
	ERR_CODES(ERR_ENUM_)
#undef ERR_ENUM_
		ERR_MAX_,
#define ERR_NEGATIVE_(name, policy, exit_code, text) ERR_##name = -ERR_##name##_,
	ERR_CODES(ERR_NEGATIVE_)
#undef ERR_NEGATIVE_
};

enum err_policy {
	ERR_POLICY_RETRY,
	ERR_POLICY_SKIP_RECORD,
	ERR_POLICY_STOP_RUN,
	ERR_POLICY_STOP_DAEMON
};

enum { ERR_TEXT_SIZE = 512 };

struct err {
	enum err_code code;
	enum msg_id msg; /* the innermost cause */
	char text[LANGUAGE_MAX][ERR_TEXT_SIZE];
};

#define err_set(err, code, msg, ...) err_set_args((err), (code), (msg), ARG_LIST(__VA_ARGS__))
#define err_wrap(err, msg, ...) err_wrap_args((err), (msg), ARG_LIST(__VA_ARGS__))

/** Set the innermost cause; whatever stood there is forgotten. Returns `code`. */
int err_set_args(struct err *err, enum err_code code, enum msg_id msg, const struct arg *args);

/** Put a context in front ("context: cause"), the code unchanged. Returns the code. */
int err_wrap_args(struct err *err, enum msg_id msg, const struct arg *args);

/** Translate errno of a call on a file or socket of ours (ENOMEM, ENOSPC and EDQUOT, ENOENT, EACCES
 * and EPERM get their own code, all else is ERR_IO) under the message `msg`, which shows {path} and {cause}.
 */
int err_set_errno(struct err *err, int error, enum msg_id msg, const char *path);

/** The name of a code ("NO_SPACE"), its policy, and the exit code of a program that ends by it. */
const char *err_code_name(enum err_code code);
enum err_policy err_code_policy(enum err_code code);
int err_code_exit(enum err_code code);
