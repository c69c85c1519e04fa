/* trithucctl: the command line of trithucd. Looks at its surroundings and calls the verb. */
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connectors/registry_rows.h"
#include "ctl/command.h"

/* Tables need to know how wide a character is, whatever the locale's own coding. */
static void set_locale(void)
{
	if (setlocale(LC_CTYPE, "") == NULL || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
}

static bool colour_is_wanted(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	struct session session = {
		.socket = SESSION_SOCKET,
		.connectors = registry_rows,
		.language = language_from_environment(),
		.colour = colour_is_wanted(),
		.out_is_terminal = isatty(STDOUT_FILENO),
		.err_is_terminal = isatty(STDERR_FILENO),
	};
	struct err err = { 0 };
	set_locale();
	int code = command_parse(&session, argc, argv);
	if (code < 0)
		code = session.command->run(&session, &err);
	if (code < 0)
		code = session_fail(&session, &err);
	session_finish(&session);
	return code;
}
