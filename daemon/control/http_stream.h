/* Http stream: the output of a process as the body of an answer.
 *
 * The loop never waits for the process: while its pipe is empty the connection is suspended. The body
 * ends well only if the process ends with 0; otherwise the last chunk is withheld, so that the
 * caller sees a broken answer and never takes a part for the whole.
 */
#pragma once

#include <stdbool.h>

#include "daemon/control/http.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;
struct sd_event;

struct http_stream_place {
	struct sd_event *loop;
	struct MHD_Daemon *mhd;
	struct MHD_Connection *connection;
	/** Told whenever the stream gives bytes, or begins to wait for some. */
	void (*moved)(void *ctx, bool waits);
	void *ctx;
};

/** Takes over both descriptors in every case; the process is killed if the answer is cut off. */
MUST_CHECK int http_stream_response(const struct http_stream_place *place,
				    const struct http_stream *stream,
				    struct MHD_Response **ret_response, struct err *err);
