/* Exchange: one request and its answer, as libmicrohttpd hands it over: first the headers, then the
 * body in pieces, then a call without one. Everything that is refused, is refused here.
 */
#pragma once

#include <microhttpd.h>

#include "daemon/base/err.h"
#include "daemon/control/http.h"

struct sd_event;

struct http_connection {
	const struct http_options *options;
	struct sd_event *loop;
	struct MHD_Daemon *daemon;
	struct MHD_Connection *mhd;
	int fd;
	struct peer peer;
	struct err unknown;   /* why the peer is not known; ERR_NONE_ if it is */
	uint64_t deadline_us; /* BOOTTIME; past it the connection is cut */
	bool suspended;
	struct http_connection *prev, *next;
};

/** Set the deadline for the next piece of work, or take it away while we wait for ourselves. */
void http_connection_expect(struct http_connection *connection, bool waits);

struct exchange_call {
	const char *url, *method, *version, *data;
};

/** One call of libmicrohttpd; `slot` holds the exchange between calls. */
enum MHD_Result exchange_step(struct http_connection *connection, const struct exchange_call *call,
			      size_t *data_len, void **slot);
void exchange_end(void **slot);
