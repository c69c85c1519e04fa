/* Client: requests to the control socket. The only file of ctl/ that knows libcurl.
 *
 * An answer that is not 2xx becomes an error with the code and both texts of its problem JSON.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct cJSON;
struct err;
struct client; /* opaque */

struct client_request {
	const char *method; /* "GET", "POST" */
	const char *path;   /* "/v1/runs?limit=50" */
	struct blob body;   /* JSON; data NULL: none */
	bool slow;          /* may be silent for minutes: only the time without a byte is limited */
};

/** `timeout_s` of a whole answer; of a slow one the time without a byte. 0: the defaults. */
MUST_CHECK int client_create(const char *socket_path, unsigned timeout_s,
			     struct client **ret_client, struct err *err);
void client_destroy(struct client *client);

/** One request and its whole answer.
 *
 * reply     gets the bytes as the daemon wrote them.
 * ret_json  the same behind the JSON gate; the caller's (cJSON_Delete).
 * Errors: ERR_UNAVAILABLE (nobody answers), ERR_AUTH, ERR_PROTOCOL, or that of the problem.
 */
MUST_CHECK int client_call(struct client *client, const struct client_request *request,
			   struct buf *reply, struct cJSON **ret_json, struct err *err);

/** As client_call(), the answer written to `fd` as it comes. ERR_PROTOCOL if it breaks off. */
MUST_CHECK int client_stream(struct client *client, const struct client_request *request, int fd,
			     struct err *err);

DEFINE_CLEANUP(struct client, client_destroy);
