#include "daemon/base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/base/bytes.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"

/* The one global of the program: where a line goes is a fact of the process. */
static struct {
	enum log_form form;
	enum log_level level;
} log_state = { LOG_FORM_AUTO, LOG_LEVEL_INFO };

void log_setup(enum log_form form, enum log_level level)
{
	log_state.form = form;
	log_state.level = level;
}

/* JOURNAL_STREAM names device and inode of the journal's socket (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	unsigned long device, inode;
	if (stream == NULL || fstat(STDERR_FILENO, &st) < 0 ||
	    sscanf(stream, "%lu:%lu", &device, &inode) != 2)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

static enum log_form form_in_force(void)
{
	if (log_state.form == LOG_FORM_AUTO) {
		if (stderr_is_journal())
			log_state.form = LOG_FORM_JOURNAL;
		else
			log_state.form = isatty(STDERR_FILENO) ? LOG_FORM_TEXT : LOG_FORM_JSON;
	}
	return log_state.form;
}

static void write_line(struct buf *line)
{
	if (!buf_ok(line))
		return; /* no memory to say so either */
	(void)!write(STDERR_FILENO, line->data, line->len);
}

static const char *level_name(enum log_level level)
{
	static const char *const names[] = { "emerg",   "alert",  "crit", "error",
					     "warning", "notice", "info", "debug" };
	return names[level & 7];
}

static void json_arg(struct json_writer *json, const struct arg *arg)
{
	char value[ARG_VALUE_SIZE];
	json_key(json, arg->name);
	switch (arg->kind) {
	case ARG_KIND_UNSIGNED:
		json_unsigned(json, arg->number);
		break;
	case ARG_KIND_SIGNED:
		json_signed(json, arg->integer);
		break;
	default:
		json_text_blob(json, blob_of(value, arg_render(arg, value, sizeof(value))));
		break;
	}
}

static void write_json(enum log_level level, enum msg_id msg, const char *text,
		       const struct arg *args)
{
	struct buf line = { 0 };
	struct json_writer json = json_writer_of(&line);
	char stamp[CLOCK_STAMP_SIZE];
	clock_stamp(clock_realtime_us(&clock_system), stamp);
	json_object_begin(&json);
	json_member_text(&json, "ts", stamp);
	json_member_text(&json, "level", level_name(level));
	json_member_text(&json, "code", message_code(msg));
	json_member_text(&json, "text", text);
	for (; args->kind != ARG_KIND_END; args++)
		json_arg(&json, args);
	json_object_end(&json);
	buf_put_u8(&line, '\n');
	write_line(&line);
	buf_finish(&line);
}

static void write_text(enum log_level level, enum msg_id msg, const char *text)
{
	struct buf line = { 0 };
	buf_put_text(&line, level_name(level));
	buf_put_text(&line, ": ");
	buf_put_text(&line, text);
	buf_put_text(&line, " [");
	buf_put_text(&line, message_code(msg));
	buf_put_text(&line, "]\n");
	write_line(&line);
	buf_finish(&line);
}

/* One field of the journal's native protocol; our values never hold a line break (arg_render escapes). */
static void journal_field(struct buf *entry, const char *prefix, const char *name,
			  const char *value)
{
	buf_put_text(entry, prefix);
	for (; *name != '\0'; name++)
		buf_put_u8(entry, (uint8_t)toupper((unsigned char)*name));
	buf_put_u8(entry, '=');
	buf_put_text(entry, value);
	buf_put_u8(entry, '\n');
}

static void write_journal(enum log_level level, enum msg_id msg, const char *text,
			  const struct arg *args)
{
	struct buf entry = { 0 };
	char priority[2] = { (char)('0' + level), '\0' };
	journal_field(&entry, "", "PRIORITY", priority);
	journal_field(&entry, "", "SYSLOG_IDENTIFIER", program_invocation_short_name);
	journal_field(&entry, "TRITHUC_", "CODE", message_code(msg));
	journal_field(&entry, "", "MESSAGE", text);
	for (; args->kind != ARG_KIND_END; args++) {
		char value[ARG_VALUE_SIZE];
		(void)arg_render(args, value, sizeof(value));
		journal_field(&entry, "TRITHUC_", args->name, value);
	}
	struct sockaddr_un address = { .sun_family = AF_UNIX,
				       .sun_path = "/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || !buf_ok(&entry) ||
	    sendto(fd, entry.data, entry.len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
		   sizeof(address)) < 0)
		write_text(level, msg, text);
	close_fdp(&fd);
	buf_finish(&entry);
}

void log_event_args(enum log_level level, enum msg_id msg, const struct arg *args)
{
	if (level > log_state.level)
		return;
	char text[1024];
	(void)message_format(LANGUAGE_EN, msg, args, text, sizeof(text));
	switch (form_in_force()) {
	case LOG_FORM_JOURNAL:
		write_journal(level, msg, text, args);
		break;
	case LOG_FORM_TEXT:
		write_text(level, msg, text);
		break;
	default:
		write_json(level, msg, text, args);
		break;
	}
}

void log_err(enum log_level level, enum msg_id msg, const struct err *err)
{
	struct arg cause = { .name = "err",
			     .kind = ARG_KIND_WORD,
			     .bytes = err->text[LANGUAGE_EN],
			     .len = strlen(err->text[LANGUAGE_EN]) };
	const struct arg args[] = { cause,
				    arg_word("err_code", message_code(err->msg)),
				    { .kind = ARG_KIND_END } };
	log_event_args(level, msg, args);
}
