/* Https: one request and its answer over HTTPS, within limits; the only user of libcurl in a worker.
 *
 * Words.  fate: what is sure of a request that has ended.
 *	ANSWERED	a status came, with the whole body
 *	NOT_SENT	no byte of the request left this machine's TLS connection
 *	UNKNOWN		it may have been worked on
 * Rules.  HTTPS only, TLS 1.2 or newer, the chain checked against the CA that was handed in and nothing else,
 *         no proxy, no redirect, no cookie, nothing from the environment (AUDIT-SECURITY.md section 7).
 *         A foreign answer is bounded while it comes. Blocking, and over within the timeout.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "connectors/transport/address.h"
#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"
#include "daemon/base/message.h"

struct clock;
struct err;
struct https; /* opaque: keeps its connections for the next request */

enum { HTTPS_HEADERS_MAX = 12, HTTPS_TYPE_SIZE = 128 };

struct https_options {
	int ca_fd;          /* PEM certificates; read once, stays the caller's */
	bool allow_private; /* addresses that are not public */
	uint64_t connect_timeout_ms, timeout_ms;
	const struct clock *clock;
};

struct https_header {
	const char *name;
	struct blob value; /* printable ASCII, else the request is refused */
};

struct https_request {
	const char *url;
	const struct https_header *headers;
	size_t header_count;
	struct blob body;
	bool post; /* else GET, without a body */
};

enum https_fate { HTTPS_ANSWERED, HTTPS_NOT_SENT, HTTPS_UNKNOWN };

struct https_answer {
	enum https_fate fate;
	uint16_t status;            /* 0: none came */
	uint32_t retry_after_s;     /* of seconds or a date; 0: not said */
	char type[HTTPS_TYPE_SIZE]; /* of the body, small letters, without parameters */
	char peer[ADDRESS_TEXT_SIZE];
	struct buf body;
	uint8_t body_sha256[SHA256_SIZE];
	enum msg_id cause; /* why it was not answered; MSG_NONE */
};

/** Errors: ERR_CONFIG (no certificate in the CA file), ERR_IO, ERR_NOMEM. */
MUST_CHECK int https_create(const struct https_options *options, struct https **ret_https,
			    struct err *err);
void https_destroy(struct https *https);

/** Send and wait. `answer` is zero or an earlier one; its fate says what came of it, an error only what is wrong on
 * our side: ERR_CONFIG (url or header that may not be sent), ERR_NOMEM.
 */
MUST_CHECK int https_exchange(struct https *https, const struct https_request *request,
			      struct https_answer *answer, struct err *err);
void https_answer_finish(struct https_answer *answer);

/** The fate by libcurl's code (RELIABILITY.md rule 4); pure. `begun`: bytes of the request were given to a connection. */
enum https_fate https_fate_of(int code, long status, bool begun);

DEFINE_CLEANUP(struct https, https_destroy);
