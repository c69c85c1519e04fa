/* Log: the operating log, for administrators; not the audit log.
 *
 * Lines are messages of the catalogue with typed args: journald fields when stderr is the journal,
 * one JSON object per line otherwise, plain text on a terminal. One layer logs: the callbacks of the
 * loop, and main; below that an error is returned, never printed.
 */
#pragma once

#include "daemon/base/arg.h"
#include "daemon/base/message.h"

struct err;

enum log_level {
	LOG_LEVEL_ERR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

enum log_form { LOG_FORM_AUTO, LOG_FORM_JSON, LOG_FORM_TEXT, LOG_FORM_JOURNAL };

#define log_event(level, msg, ...) log_event_args((level), (msg), ARG_LIST(__VA_ARGS__))

/** Choose form and the least important level that is written. Without it: AUTO, INFO. */
void log_setup(enum log_form form, enum log_level level);

void log_event_args(enum log_level level, enum msg_id msg, const struct arg *args);

/** Write an error that ends here, with its code and chain; `msg` says what was given up. */
void log_err(enum log_level level, enum msg_id msg, const struct err *err);
