/* config check: offline; the folder is read by the same code that the daemon starts with. */
#include "config/config.h"
#include "config/diag.h"
#include "ctl/command.h"
#include "daemon/base/json_writer.h"

static void put_pair(struct json_writer *json, const char *key, const char *key_vi,
		     char *const *texts)
{
	if (texts[LANGUAGE_EN] == NULL)
		return;
	json_member_text(json, key, texts[LANGUAGE_EN]);
	json_member_text(json, key_vi, texts[LANGUAGE_VI]);
}

static void put_finding(struct json_writer *json, const struct diag_entry *entry)
{
	json_object_begin(json);
	json_member_text(json, "code", message_code(entry->msg));
	json_member_unsigned(json, "column", entry->column);
	json_member_text(json, "file", entry->file);
	put_pair(json, "hint", "hint_vi", entry->hint);
	json_member_unsigned(json, "line", entry->line);
	json_member_text(json, "severity", entry->severity == DIAG_ERROR ? "error" : "warning");
	put_pair(json, "text", "text_vi", entry->text);
	json_object_end(json);
}

static void put_json(const struct diag *diag, struct buf *out)
{
	struct json_writer json = json_writer_of(out);
	json_object_begin(&json);
	json_member_unsigned(&json, "errors", diag->errors);
	json_key(&json, "findings");
	json_array_begin(&json);
	for (size_t i = 0; i < diag->count; i++)
		put_finding(&json, &diag->entries[i]);
	json_array_end(&json);
	json_member_unsigned(&json, "warnings", diag->warnings);
	json_object_end(&json);
	buf_put_text(out, "\n");
}

static int show(const struct session *session, const struct diag *diag, struct err *err)
{
	CLEANUP(buf_finish) struct buf out = { 0 };
	if (session->json)
		put_json(diag, &out);
	else
		diag_print(diag, session->language, true, &out);
	if (!buf_ok(&out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return session_write(session, out.data, out.len, err);
}

int verb_config_check(struct session *session, struct err *err)
{
	CLEANUP(diag_finish) struct diag diag = { 0 };
	CLEANUP(config_destroyp) struct config *config = NULL;
	struct err written = { 0 };
	int loaded = config_load(session->args[0], session->connectors, &diag, &config, err);
	if (show(session, &diag, &written) < 0) {
		*err = written;
		return err->code;
	}
	/* What is wrong stands on stdout, all of it; the exit code says that there is something. */
	if (loaded < 0)
		return diag.errors > 0 ? err_code_exit(loaded) : loaded;
	if (!session->json)
		say(session, MSG_CTL_CONFIG_GOOD, ARG_U("sources", config->source_count),
		    ARG_U("sinks", config->sink_count));
	return EXIT_OK;
}
