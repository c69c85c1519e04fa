/* Command: one row per verb; the rows drive dispatch, --help, the man page and shell completion, so that
 * none of these can say anything else than the program does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/session.h"

/* One bit per option; what is global may stand with every command. */
enum flag_bit {
	FLAG_SOCKET = 1 << 0,
	FLAG_JSON = 1 << 1,
	FLAG_COLOR = 1 << 2,
	FLAG_LANG = 1 << 3,
	FLAG_TIMEOUT = 1 << 4,
	FLAG_HELP = 1 << 5,
	FLAG_VERSION = 1 << 6,
	FLAG_WAIT = 1 << 7,
	FLAG_CANONICAL = 1 << 8,
	FLAG_REASON = 1 << 9,
	FLAG_LIMIT = 1 << 10,
	FLAG_AFTER = 1 << 11,
	FLAG_SOURCE = 1 << 12,
	FLAG_MAN = 1 << 13,
	FLAG_COMPLETION = 1 << 14,
};
enum {
	FLAGS_GLOBAL = FLAG_SOCKET | FLAG_JSON | FLAG_COLOR | FLAG_LANG | FLAG_TIMEOUT | FLAG_HELP |
		       FLAG_VERSION,
	FLAGS_LIST = FLAG_LIMIT | FLAG_AFTER,
};

struct flag_row {
	enum flag_bit bit;
	const char *name;
	char letter;          /* 0: none */
	const char *argument; /* "PATH"; NULL: none */
	enum msg_id help;
};

enum { COMMAND_EXAMPLES_MAX = 3 };

struct command {
	const char *name;      /* "records get" */
	const char *arguments; /* "UUID", "" */
	unsigned args_least, args_most;
	unsigned options; /* besides the global ones */
	const char
		*role; /* what the daemon asks for; "" where it asks for nothing or is not asked */
	enum msg_id summary, text;
	const char *examples[COMMAND_EXAMPLES_MAX];
	int (*run)(struct session *session, struct err *err);
};

const struct command *command_rows(size_t *ret_count);
const struct flag_row *flag_rows(size_t *ret_count);

/** The command that the first words of `args` name, and how many words that took; NULL if none. */
const struct command *command_find(const char *const *args, unsigned count, unsigned *ret_words);

/** Fill `session` from the command line. Returns -1 to go on, or the exit code of a finished program. */
int command_parse(struct session *session, int argc, char **argv);

/* ---- the verbs ---- */

int verb_status(struct session *session, struct err *err);
int verb_doctor(struct session *session, struct err *err);
int verb_run(struct session *session, struct err *err);
int verb_runs(struct session *session, struct err *err);
int verb_publish(struct session *session, struct err *err);
int verb_records_find(struct session *session, struct err *err);
int verb_records_get(struct session *session, struct err *err);
int verb_records_export(struct session *session, struct err *err);
int verb_review_list(struct session *session, struct err *err);
int verb_review_show(struct session *session, struct err *err);
int verb_quarantine_list(struct session *session, struct err *err);
int verb_quarantine_show(struct session *session, struct err *err);
int verb_audit_list(struct session *session, struct err *err);
int verb_audit_show(struct session *session, struct err *err);
int verb_audit_verify(struct session *session, struct err *err);
int verb_config_check(struct session *session, struct err *err);
int verb_version(struct session *session, struct err *err);
int verb_help(struct session *session, struct err *err);
