#include "connectors/rest_push/delivery.h"

#include <stdio.h>
#include <string.h>

#include "connectors/rest_push/push_answer.h"
#include "daemon/base/err.h"

enum { URL_SIZE = 1200, EPOCH_SIZE = 24 };

void delivery_finish(struct delivery *delivery)
{
	oauth_finish(&delivery->oauth);
	https_answer_finish(&delivery->answer);
	buf_cleanse(&delivery->scratch);
}

static void make_url(const struct delivery *delivery, const struct frame_batch *batch,
		     char out[URL_SIZE])
{
	char id[UUID_TEXT_SIZE];
	uuid_text(batch->uuid, id);
	if (batch->ask)
		snprintf(out, URL_SIZE, "%s/v1/batches/%s", delivery->options->endpoint, id);
	else
		snprintf(out, URL_SIZE, "%s/v1/persons/batch", delivery->options->endpoint);
}

static void add(struct https_request *request, struct https_header *headers, const char *name,
		struct blob value)
{
	headers[request->header_count++] = (struct https_header){ .name = name, .value = value };
}

static int exchange(struct delivery *delivery, const struct frame_batch *batch, struct blob token,
		    struct err *err)
{
	struct https_header headers[HTTPS_HEADERS_MAX];
	struct https_request request = { .headers = headers, .post = !batch->ask };
	char url[URL_SIZE], epoch[EPOCH_SIZE];
	CLEANUP(buf_cleanse) struct buf bearer = { 0 };
	make_url(delivery, batch, url);
	request.url = url;
	buf_put_text(&bearer, "Bearer ");
	buf_put(&bearer, token.data, token.len);
	if (!buf_ok(&bearer))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	add(&request, headers, "Authorization", buf_blob(&bearer));
	add(&request, headers, "Accept", blob_text("application/json, application/problem+json"));
	if (!batch->ask) {
		request.body = batch->body;
		add(&request, headers, "Content-Type", blob_text("application/json"));
		add(&request, headers, "Idempotency-Key", batch->idempotency_key);
		add(&request, headers, "Schema-Version",
		    blob_text(delivery->options->schema_version));
	}
	if (!batch->ask && delivery->options->epoch && batch->epoch != 0) {
		snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)batch->epoch);
		add(&request, headers, "Client-Epoch", blob_text(epoch));
	}
	return https_exchange(delivery->http, &request, &delivery->answer, err);
}

/* Without a token nothing of the batch left. What the token server refuses for good stops the endpoint; what it
 * only could not do now is tried again.
 */
static struct frame_answer without_token(const struct delivery *delivery,
					 const struct frame_batch *batch)
{
	const struct https_answer *http = &delivery->answer;
	bool refused = http->fate == HTTPS_ANSWERED && http->status >= 300 && http->status < 500 &&
		       http->status != 408 && http->status != 425 && http->status != 429;
	struct frame_answer answer = { .batch = batch->batch,
				       .outcome = refused ? FRAME_REFUSED : FRAME_NOT_SENT,
				       .http_status = http->status,
				       .retry_after_s = http->retry_after_s,
				       .problem_type = blob_text("token"),
				       .peer = blob_text(http->peer) };
	memcpy(answer.response_sha256, http->body_sha256, SHA256_SIZE);
	return answer;
}

static bool token_was_refused(const struct https_answer *answer)
{
	return answer->fate == HTTPS_ANSWERED && answer->status == 401;
}

int delivery_send(struct delivery *delivery, const struct frame_batch *batch,
		  struct frame_answer *ret_answer, struct err *err)
{
	struct blob token = { 0 };
	int error = 0;
	for (unsigned tries = 0; tries < 2; tries++) {
		error = oauth_token(&delivery->oauth, &delivery->answer, &token, err);
		if (error < 0 || token.len == 0)
			break;
		error = exchange(delivery, batch, token, err);
		if (error < 0 || !token_was_refused(&delivery->answer))
			break;
		oauth_forget(&delivery->oauth);
	}
	if (error < 0)
		return error;
	if (token.len > 0)
		return push_answer_make(batch, &delivery->answer, &delivery->scratch, ret_answer,
					err);
	*ret_answer = without_token(delivery, batch);
	return 0;
}
