#include "connectors/rest_push/oauth.h"

#include <string.h>
#include <strings.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/limits.h"
#include "daemon/record/json.h"

enum { REFRESH_LEAST_S = 30, REFRESH_MOST_S = 3600, LIFE_MOST_S = 86400 };

void oauth_forget(struct oauth *oauth)
{
	buf_cleanse(&oauth->token);
}

void oauth_finish(struct oauth *oauth)
{
	oauth_forget(oauth);
	secret_finish(&oauth->secret);
}

/* ---- asking ---- */

/* application/x-www-form-urlencoded */
static void put_form(struct buf *out, struct blob text)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._";
	for (size_t i = 0; i < text.len; i++) {
		uint8_t byte = text.data[i];
		if (byte != '\0' && strchr(plain, byte) != NULL) {
			buf_put_u8(out, byte);
		} else if (byte == ' ') {
			buf_put_u8(out, '+');
		} else {
			buf_put_u8(out, '%');
			buf_put_u8(out, (uint8_t)digits[byte >> 4]);
			buf_put_u8(out, (uint8_t)digits[byte & 15]);
		}
	}
}

void oauth_put_basic(struct buf *out, struct blob id, struct blob secret)
{
	CLEANUP(buf_cleanse) struct buf pair = { 0 };
	put_form(&pair, id);
	buf_put_u8(&pair, ':');
	put_form(&pair, secret);
	buf_put_text(out, "Basic ");
	base64_encode(pair.data, pair.len, out);
	out->failed |= !buf_ok(&pair);
}

static int ask(struct oauth *oauth, struct https_answer *answer, struct err *err)
{
	static const char body[] = "grant_type=client_credentials";
	CLEANUP(buf_cleanse) struct buf basic = { 0 };
	oauth_put_basic(&basic, blob_text(oauth->client_id),
			blob_of(oauth->secret.data, oauth->secret.len));
	if (!buf_ok(&basic))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	const struct https_header headers[] = {
		{ "Authorization", buf_blob(&basic) },
		{ "Content-Type", blob_text("application/x-www-form-urlencoded") },
		{ "Accept", blob_text("application/json") },
	};
	struct https_request request = { .url = oauth->token_url,
					 .headers = headers,
					 .header_count = sizeof(headers) / sizeof(headers[0]),
					 .body = blob_text(body),
					 .post = true };
	return https_exchange(oauth->http, &request, answer, err);
}

/* ---- reading ---- */

static bool is_b64token(const char *text)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
	size_t len = strlen(text);
	return len > 0 && len <= LIMIT_HTTP_TOKEN_BYTES && strspn(text, set) == len;
}

bool oauth_read_answer(const struct https_answer *answer, struct buf *token, uint64_t *ret_life_s)
{
	CLEANUP(cJSON_Deletep) cJSON *tree = NULL;
	const char *text = NULL, *type = NULL;
	uint64_t life_s = 0;
	if (answer->fate != HTTPS_ANSWERED || answer->status != 200 ||
	    strcmp(answer->type, "application/json") != 0)
		return false;
	if (json_parse(buf_blob(&answer->body), LIMIT_HTTP_TOKEN_BYTES * 2, &tree, NULL) < 0 ||
	    json_get_text(tree, "/access_token", JSON_REQUIRED, &text, NULL) < 0 ||
	    json_get_text(tree, "/token_type", JSON_REQUIRED, &type, NULL) < 0 ||
	    json_get_unsigned(tree, "/expires_in", JSON_REQUIRED, &life_s, NULL) < 0)
		return false;
	if (!is_b64token(text) || strcasecmp(type, "Bearer") != 0 || life_s == 0)
		return false;
	buf_put_text(token, text);
	*ret_life_s = life_s;
	return buf_ok(token);
}

uint64_t oauth_refresh_s(uint64_t life_s)
{
	uint64_t refresh_s = life_s > LIFE_MOST_S ? REFRESH_MOST_S : life_s * 8 / 10;
	if (refresh_s < REFRESH_LEAST_S)
		return REFRESH_LEAST_S;
	return refresh_s > REFRESH_MOST_S ? REFRESH_MOST_S : refresh_s;
}

int oauth_token(struct oauth *oauth, struct https_answer *answer, struct blob *ret_token,
		struct err *err)
{
	uint64_t life_s;
	if (oauth->token.len == 0 || clock_boottime_us(oauth->clock) >= oauth->refresh_at_us) {
		oauth_forget(oauth);
		int error = ask(oauth, answer, err);
		if (error < 0)
			return error;
		if (oauth_read_answer(answer, &oauth->token, &life_s))
			oauth->refresh_at_us =
				clock_boottime_us(oauth->clock) + oauth_refresh_s(life_s) * 1000000;
		else
			oauth_forget(oauth);
	}
	*ret_token = buf_blob(&oauth->token);
	return 0;
}
