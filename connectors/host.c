#include "connectors/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/doc.h"
#include "connectors/frame_sink.h"
#include "connectors/registry.h"
#include "connectors/source_options.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/random.h"
#include "daemon/record/code_list.h"
#include "daemon/record/frame_io.h"
#include "daemon/record/schema.h"

/* Everything that lives as long as the run. */
struct host {
	int socket;
	struct frame_reader reader;
	struct frame_sink *sink;
	struct buf begin_body; /* BEGIN, kept: a frame lives only until the next */
	struct frame_begin begin;
	int fds[LIMIT_FRAME_FDS];
	size_t fd_count;
	struct connector_fd named[LIMIT_FRAME_FDS];
	struct buf texts; /* names of descriptors and of the source, each ended by a NUL */

	const struct connector_ops *ops;
	struct doc *doc;
	void *options;
	struct source_options source_options;
	struct code_lists *code_lists;
	struct schema *schema;
	struct connector_env env;
};

static void host_finish(struct host *host)
{
	for (size_t i = 0; i < host->fd_count; i++)
		(void)close(host->fds[i]);
	if (host->options != NULL)
		option_finish(host->ops->rows, host->options);
	free(host->options);
	option_finish(source_option_rows, &host->source_options);
	schema_destroy(host->schema);
	code_lists_destroy(host->code_lists);
	doc_destroy(host->doc);
	frame_reader_finish(&host->reader);
	buf_cleanse(&host->begin_body);
	buf_finish(&host->texts);
	explicit_bzero(&host->env, sizeof(host->env));
	frame_sink_destroy(host->sink);
}

/* ---- BEGIN ---- */

/* 1 with BEGIN taken, 0 if the engine closed before. */
static int take_begin(struct host *host, enum frame_role role, struct err *err)
{
	struct frame frame;
	int rc = frame_io_receive(host->socket, &host->reader, &frame, host->fds, &host->fd_count,
				  err);
	if (rc <= 0)
		return rc;
	if (frame.type != FRAME_BEGIN)
		return err_set(err, ERR_PROTOCOL, MSG_HOST_FRAME);
	buf_put(&host->begin_body, frame.body.data, frame.body.len);
	if (!buf_ok(&host->begin_body))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	rc = frame_get_begin(buf_blob(&host->begin_body), &host->begin, err);
	if (rc < 0)
		return rc;
	if (host->begin.role != role || host->begin.fd_names.count != host->fd_count)
		return err_set(err, ERR_PROTOCOL, MSG_HOST_FRAME);
	return 1;
}

/* Appends a NUL-ended copy; its place, as the buffer may still move. */
static size_t keep_text(struct host *host, struct blob text)
{
	size_t begin = host->texts.len;
	buf_put(&host->texts, text.data, text.len);
	buf_put_u8(&host->texts, '\0');
	return begin;
}

static int name_descriptors(struct host *host, struct err *err)
{
	struct frame_list names = host->begin.fd_names;
	struct blob name;
	size_t begins[LIMIT_FRAME_FDS], source = keep_text(host, host->begin.source);
	for (size_t i = 0; frame_list_text(&names, &name); i++)
		begins[i] = keep_text(host, name);
	if (!buf_ok(&host->texts))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < host->fd_count; i++)
		host->named[i] = (struct connector_fd){ (const char *)host->texts.data + begins[i],
							host->fds[i] };
	host->env.source = (const char *)host->texts.data + source;
	host->env.fds = host->named;
	host->env.fd_count = host->fd_count;
	return 0;
}

static int read_schema(int fd, struct buf *out, struct err *err)
{
	struct stat status;
	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		return err_set(err, ERR_PROTOCOL, MSG_HOST_FD, ARG_WORD("name", "schema"));
	if (status.st_size > LIMIT_SCHEMA_BYTES)
		return err_set(err, ERR_CONFIG, MSG_TOO_LONG, ARG_WORD("what", "schema"),
			       ARG_U("limit", LIMIT_SCHEMA_BYTES));
	size_t size = (size_t)status.st_size;
	uint8_t *space = buf_grow(out, size);
	if (space == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t done = 0; done < size;) {
		ssize_t got = pread(fd, space + done, size - done, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set_errno(err, got == 0 ? EIO : errno, MSG_FILE_READ, "schema");
		done += (size_t)got;
	}
	return 0;
}

static int load_schema(struct host *host, struct err *err)
{
	struct buf text = { 0 };
	int lists_fd = connector_fd(&host->env, "codelists");
	int rc = lists_fd < 0
			 ? err_set(err, ERR_PROTOCOL, MSG_HOST_FD, ARG_WORD("name", "codelists"))
			 : code_lists_load(lists_fd, &host->code_lists, err);
	if (rc == 0)
		rc = read_schema(connector_fd(&host->env, "schema"), &text, err);
	if (rc == 0)
		rc = schema_compile(buf_blob(&text), host->code_lists, &host->schema, err);
	if (rc == 0)
		rc = schema_take_numbers(host->schema, host->begin.numbers, err);
	buf_finish(&text);
	host->env.schema = host->schema;
	host->env.code_lists = host->code_lists;
	return rc;
}

static int load_options(struct host *host, struct err *err)
{
	struct diag diag = { 0 };
	host->options = calloc(1, host->ops->options_size);
	host->doc = doc_parse("BEGIN", host->begin.options, &diag);
	if (host->options == NULL)
		diag.failed = true;
	if (host->doc != NULL && host->options != NULL) {
		const struct doc_node *root = doc_root(host->doc);
		const struct doc_node *source = doc_get(root, "source");
		option_load(host->ops->rows, doc_get(root, "options"), doc_place(root), &diag,
			    host->options);
		if ((host->ops->capabilities & CONNECTOR_PULLS) != 0)
			option_load(source_option_rows, source, doc_place(root), &diag,
				    &host->source_options);
		host->env.sink = doc_get(root, "sink");
	}
	int rc = diag_result(&diag, err);
	diag_finish(&diag);
	host->env.source_options = &host->source_options;
	return rc;
}

static int prepare(struct host *host, struct err *err)
{
	host->ops = registry_find(host->begin.connector);
	if (host->ops == NULL || host->ops->role != host->begin.role) {
		host->ops = NULL;
		return err_set(
			err, ERR_CONFIG, MSG_HOST_CONNECTOR,
			ARG_TEXTN("name", host->begin.connector.data, host->begin.connector.len));
	}
	host->env.clock = &clock_system;
	host->env.random = &random_system;
	host->env.deadline_us = clock_boottime_us(&clock_system) + host->begin.deadline_ms * 1000;
	memcpy(host->env.cell_key, host->begin.cell_key, sizeof(host->env.cell_key));
	int rc = name_descriptors(host, err);
	if (rc == 0)
		rc = load_options(host, err);
	if (rc == 0 && (host->ops->capabilities & CONNECTOR_PULLS) != 0)
		rc = load_schema(host, err);
	return rc;
}

/* ---- the work ---- */

/* Batches until FINISH. An engine that closes without it has given up. */
static int serve_batches(struct host *host, struct connector *connector, struct err *err)
{
	for (;;) {
		struct frame frame;
		struct frame_batch batch;
		int rc = frame_io_receive(host->socket, &host->reader, &frame, NULL, NULL, err);
		if (rc == 0)
			return err_set(err, ERR_UNAVAILABLE, MSG_HOST_ENGINE_GONE);
		if (rc < 0)
			return rc;
		if (frame.type == FRAME_FINISH)
			return frame_get_nothing(frame.body, err);
		if (frame.type != FRAME_BATCH)
			return err_set(err, ERR_PROTOCOL, MSG_HOST_FRAME);
		rc = frame_get_batch(frame.body, &batch, err);
		if (rc == 0)
			rc = host->ops->push(connector, &batch, host->sink, err);
		if (rc < 0)
			return rc;
	}
}

static int work(struct host *host, struct pull_end *ret_end, struct err *err)
{
	struct connector *connector = NULL;
	int rc = host->ops->open(&host->env, host->options, &connector, err);
	if (rc == 0 && (host->ops->capabilities & CONNECTOR_PULLS) != 0)
		rc = host->ops->pull(connector, host->sink, ret_end, err);
	else if (rc == 0)
		rc = serve_batches(host, connector, err);
	host->ops->close(connector);
	return rc;
}

static int tell_end(struct host *host, int rc, const struct pull_end *done, const struct err *cause,
		    struct err *err)
{
	struct frame_end end = { .status = FRAME_END_OK,
				 .completeness = done->completeness,
				 .promised = done->promised,
				 .counted = done->counted };
	if (rc < 0) {
		const char *code = message_code(cause->msg);
		end.status = FRAME_END_FAILED;
		end.completeness = FRAME_INCOMPLETE;
		end.error = (uint8_t)-rc;
		end.message_code = blob_text(code == NULL ? "" : code);
		end.message_en = blob_text(cause->text[LANGUAGE_EN]);
		end.message_vi = blob_text(cause->text[LANGUAGE_VI]);
	}
	return frame_sink_end(host->sink, &end, err);
}

static int serve(struct host *host, enum frame_role role, uint32_t sandbox, struct err *err)
{
	struct pull_end done = { .completeness = FRAME_UNPROVEN };
	struct err cause = { 0 };
	int rc = frame_sink_hello(host->sink, sandbox, err);
	if (rc < 0)
		return rc;
	rc = take_begin(host, role, &cause);
	if (rc == 0)
		return 0;
	if (rc == 1)
		rc = prepare(host, &cause);
	if (rc == 0)
		rc = work(host, &done, &cause);
	if (rc == ERR_UNAVAILABLE) {
		*err = cause;
		return rc;
	}
	return tell_end(host, rc, &done, &cause, err);
}

int host_run(int socket_fd, enum frame_role role, uint32_t sandbox, struct err *err)
{
	struct host *host = calloc(1, sizeof(*host));
	if (host == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	host->socket = socket_fd;
	frame_reader_init(&host->reader, FRAME_FROM_ENGINE);
	int rc = frame_sink_create(socket_fd, &host->sink, err);
	if (rc == 0)
		rc = serve(host, role, sandbox, err);
	host_finish(host);
	free(host);
	return rc;
}
