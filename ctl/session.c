#include "ctl/session.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl/client.h"

int session_client(struct session *session, struct client **ret_client, struct err *err)
{
	if (session->client == NULL &&
	    client_create(session->socket, session->timeout_s, &session->client, err) < 0)
		return err->code;
	*ret_client = session->client;
	return 0;
}

void session_finish(struct session *session)
{
	client_destroy(session->client);
	session->client = NULL;
}

static void put_line(const char *text, enum msg_id msg)
{
	if (msg == MSG_NONE)
		(void)fprintf(stderr, "%s\n", text);
	else
		(void)fprintf(stderr, "%s: %s [%s]\n", program_invocation_short_name, text,
			      message_code(msg));
}

void say_args(const struct session *session, enum msg_id msg, const struct arg *args)
{
	char text[2 * ERR_TEXT_SIZE];
	(void)message_format(session->language, msg, args, text, sizeof(text));
	put_line(text, MSG_NONE);
}

int complain_args(const struct session *session, enum msg_id msg, const struct arg *args)
{
	char text[2 * ERR_TEXT_SIZE];
	(void)message_format(session->language, msg, args, text, sizeof(text));
	put_line(text, msg);
	return EXIT_USAGE;
}

int session_fail(const struct session *session, const struct err *err)
{
	put_line(err->text[session->language], err->msg);
	return err_code_exit(err->code);
}

const char *session_text(const struct session *session, enum msg_id msg, char *out, size_t size)
{
	(void)message_format(session->language, msg, ARG_LIST(), out, size);
	return out;
}

int session_write(const struct session *session, const void *data, size_t len, struct err *err)
{
	(void)session;
	if ((len == 0 || fwrite(data, 1, len, stdout) == len) && fflush(stdout) == 0)
		return 0;
	return err_set(err, ERR_IO, MSG_CTL_OUTPUT, ARG_ERRNO(errno));
}
