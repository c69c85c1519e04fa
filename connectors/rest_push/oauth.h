/* Oauth: an access token by client credentials (RFC 6749 section 4.4), held in memory only.
 *
 * It is fetched when it is first needed, again after 80 % of its life (within 30 s and 1 h), and at once after
 * oauth_forget(), when the other side did not take it (AUDIT-SECURITY.md section 8).
 */
#pragma once

#include "config/secret.h"
#include "connectors/transport/https.h"
#include "daemon/base/bytes.h"

struct clock;

struct oauth {
	struct https *http;
	const struct clock *clock;
	const char *token_url, *client_id;
	struct secret secret;   /* owned */
	struct buf token;       /* empty: none */
	uint64_t refresh_at_us; /* boottime */
};

/** Overwrites token and secret. */
void oauth_finish(struct oauth *oauth);

/** The token, fetched if need be. Empty if there is none: `answer` then says what the token server did.
 * Errors: ERR_NOMEM, ERR_CONFIG (an id or url that may not be sent).
 */
MUST_CHECK int oauth_token(struct oauth *oauth, struct https_answer *answer, struct blob *ret_token,
			   struct err *err);
void oauth_forget(struct oauth *oauth);

/** Read a token answer: true and the token's text and life if it is one; pure.
 * Refused: another type than Bearer, characters outside of b64token (RFC 6750 section 2.1), no life.
 */
bool oauth_read_answer(const struct https_answer *answer, struct buf *token, uint64_t *ret_life_s);

/** When a token of this life is due for renewal, in seconds from now. */
uint64_t oauth_refresh_s(uint64_t life_s);

/** Append "Basic …" of id and secret, each form-encoded first (RFC 6749 section 2.3.1). */
void oauth_put_basic(struct buf *out, struct blob id, struct blob secret);
