#include "connectors/frame_sink.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/record/frame_io.h"

enum { SEND_BYTES = 65536 };

struct frame_sink {
	int socket;
	struct buf out;
	struct frame_counts counts;
};

int frame_sink_create(int socket_fd, struct frame_sink **ret_sink, struct err *err)
{
	struct frame_sink *sink = calloc(1, sizeof(*sink));
	if (sink == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sink->socket = socket_fd;
	*ret_sink = sink;
	return 0;
}

void frame_sink_destroy(struct frame_sink *sink)
{
	if (sink == NULL)
		return;
	buf_cleanse(&sink->out);
	free(sink);
}

static int flush(struct frame_sink *sink, struct err *err)
{
	int rc = frame_io_send(sink->socket, buf_blob(&sink->out), NULL, 0, err);
	buf_reset(&sink->out);
	return rc;
}

/* Ends the frame that was opened at `at`, and sends when enough is gathered or `now`. */
static int close_frame(struct frame_sink *sink, size_t at, bool now, struct err *err)
{
	frame_close(&sink->out, at);
	if (!buf_ok(&sink->out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return now || sink->out.len >= SEND_BYTES ? flush(sink, err) : 0;
}

int frame_sink_file(struct frame_sink *sink, const struct frame_file *file, struct err *err)
{
	size_t at = frame_open(&sink->out, FRAME_FILE);
	frame_put_file(&sink->out, file);
	return close_frame(sink, at, true, err);
}

int frame_sink_row(struct frame_sink *sink, const struct frame_row *row, struct err *err)
{
	size_t at = frame_open(&sink->out, FRAME_ROW);
	frame_put_row(&sink->out, row);
	sink->counts.read++;
	sink->counts.accepted++;
	return close_frame(sink, at, false, err);
}

int frame_sink_reject(struct frame_sink *sink, const struct frame_reject *reject, struct err *err)
{
	size_t at = frame_open(&sink->out, FRAME_REJECT);
	frame_put_reject(&sink->out, reject);
	sink->counts.read++;
	sink->counts.quarantined++;
	return close_frame(sink, at, false, err);
}

int frame_sink_skip(struct frame_sink *sink, const struct frame_skip *skip, struct err *err)
{
	size_t at = frame_open(&sink->out, FRAME_SKIP);
	frame_put_skip(&sink->out, skip);
	sink->counts.read++;
	sink->counts.skipped[skip->kind]++;
	return close_frame(sink, at, false, err);
}

int frame_sink_progress(struct frame_sink *sink, uint64_t done, uint64_t total, struct err *err)
{
	const struct frame_progress progress = { .done = done, .total = total };
	size_t at = frame_open(&sink->out, FRAME_PROGRESS);
	frame_put_progress(&sink->out, &progress);
	return close_frame(sink, at, true, err);
}

int frame_sink_answer(struct frame_sink *sink, const struct frame_answer *answer, struct err *err)
{
	size_t at = frame_open(&sink->out, FRAME_ANSWER);
	frame_put_answer(&sink->out, answer);
	return close_frame(sink, at, true, err);
}

int frame_sink_hello(struct frame_sink *sink, uint32_t sandbox, struct err *err)
{
	const struct frame_hello hello = { .protocol = FRAME_PROTOCOL, .sandbox = sandbox };
	size_t at = frame_open(&sink->out, FRAME_HELLO);
	frame_put_hello(&sink->out, &hello);
	return close_frame(sink, at, true, err);
}

int frame_sink_end(struct frame_sink *sink, struct frame_end *end, struct err *err)
{
	end->read = sink->counts.read;
	end->accepted = sink->counts.accepted;
	end->quarantined = sink->counts.quarantined;
	memcpy(end->skipped, sink->counts.skipped, sizeof(end->skipped));
	size_t at = frame_open(&sink->out, FRAME_END);
	frame_put_end(&sink->out, end);
	return close_frame(sink, at, true, err);
}

const struct frame_counts *frame_sink_counts(const struct frame_sink *sink)
{
	return &sink->counts;
}
