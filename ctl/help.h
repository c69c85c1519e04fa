/* Help: the rows of command.h as text for people, as a man page and as shell completion. */
#pragma once

#include "ctl/command.h"
#include "daemon/base/bytes.h"

/** All commands, one line each, and the global options. */
void help_overview(const struct session *session, struct buf *out);

/** One command in full. */
void help_command(const struct session *session, const struct command *command, struct buf *out);

/** trithucctl(1) in man(7), in the session's language. */
void help_man(const struct session *session, struct buf *out);

/** Returns false for a shell that it does not know: bash, zsh, fish. */
bool help_completion(const char *shell, struct buf *out);
