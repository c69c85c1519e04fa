#include "connectors/rest_push/push_answer.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"
#include "daemon/record/json.h"

enum { WORD_MAX = 40, ETAG_MAX = 66, ID_MAX = 64, RESULTS_MAX = 256 };

/* ---- small types of the contract ---- */

static bool is_id(const char *text)
{
	size_t len = strlen(text);
	return len >= 1 && len <= ID_MAX &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       len;
}

/* ^"[!#-~]{1,64}"$ */
static bool is_etag(const char *text)
{
	size_t len = strlen(text);
	if (len < 3 || len > ETAG_MAX || text[0] != '"' || text[len - 1] != '"')
		return false;
	for (size_t i = 1; i < len - 1; i++)
		if (text[i] < '!' || text[i] > '~' || text[i] == '"')
			return false;
	return true;
}

/* NULL if there is no text: what is only shown need not be there. */
static const char *text_at(const cJSON *node, const char *pointer)
{
	const cJSON *found = json_at(node, pointer);
	return cJSON_IsString(found) ? found->valuestring : NULL;
}

/* The last part of a problem's type, if it is a word of small letters; else "". Never fetched (RFC 9457
 * section 3.1.1).
 */
static const char *problem_word(const cJSON *problem)
{
	const char *type = text_at(problem, "/type");
	const char *slash = type != NULL ? strrchr(type, '/') : NULL;
	const char *word = slash != NULL ? slash + 1 : "";
	size_t len = strlen(word);
	return len <= WORD_MAX && strspn(word, "abcdefghijklmnopqrstuvwxyz-") == len ? word : "";
}

/* ---- one result ---- */

static const struct {
	const char *word, *problem; /* problem NULL: any */
	enum frame_item_status status;
} statuses[] = {
	/* the first row that fits */
	{ "created", NULL, FRAME_ITEM_ACCEPTED },
	{ "updated", NULL, FRAME_ITEM_ACCEPTED },
	{ "retired", NULL, FRAME_ITEM_ACCEPTED },
	{ "unchanged", NULL, FRAME_ITEM_UNCHANGED },
	{ "conflict", "exists", FRAME_ITEM_EXISTS },
	{ "conflict", NULL, FRAME_ITEM_CONFLICT },
	{ "invalid", NULL, FRAME_ITEM_INVALID },
	{ "rejected", "not-applied", FRAME_ITEM_RETRY },
	{ "rejected", "busy", FRAME_ITEM_RETRY },
	{ "rejected", NULL, FRAME_ITEM_INVALID },
	{ "retry", NULL, FRAME_ITEM_RETRY },
};

static bool find_status(const char *word, const char *problem, enum frame_item_status *ret_status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		bool fits =
			statuses[i].problem == NULL || strcmp(statuses[i].problem, problem) == 0;
		if (fits && strcmp(statuses[i].word, word) == 0) {
			*ret_status = statuses[i].status;
			return true;
		}
	}
	return false;
}

static void add_reason(struct buf *out, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	buf_put_text(out, out->len > 0 ? ": " : "");
	buf_put_text(out, text);
}

/* "invalid: detail: /items/0/person/birthDate: detail …", cut. The word stands first, for programs. */
static struct blob reason_text(const cJSON *problem, struct buf *out)
{
	const cJSON *error;
	buf_reset(out);
	if (problem == NULL)
		return buf_blob(out);
	add_reason(out, problem_word(problem));
	add_reason(out, text_at(problem, "/detail"));
	cJSON_ArrayForEach(error, json_at(problem, "/errors")) {
		add_reason(out, text_at(error, "/pointer"));
		add_reason(out, text_at(error, "/detail"));
	}
	if (out->len > LIMIT_HTTP_REASON_BYTES)
		out->len = utf8_cut((const char *)out->data, LIMIT_HTTP_REASON_BYTES);
	return buf_blob(out);
}

/* False if it is no result of the contract. */
static bool add_result(const cJSON *node, struct buf *reason, struct frame_list *list,
		       struct buf *out)
{
	const char *id = NULL, *status = NULL, *etag = "", *upstream_id = "";
	const cJSON *problem = NULL;
	struct frame_result result;
	if (json_get_text(node, "/itemId", JSON_REQUIRED, &id, NULL) < 0 ||
	    json_get_text(node, "/status", JSON_REQUIRED, &status, NULL) < 0 ||
	    json_get_text(node, "/etag", JSON_OPTIONAL, &etag, NULL) < 0 ||
	    json_get_text(node, "/upstreamId", JSON_OPTIONAL, &upstream_id, NULL) < 0 ||
	    json_get_object(node, "/problem", JSON_OPTIONAL, &problem, NULL) < 0)
		return false;
	if (!is_id(id) || (etag[0] != '\0' && !is_etag(etag)) ||
	    (upstream_id[0] != '\0' && !is_id(upstream_id)) ||
	    !find_status(status, problem != NULL ? problem_word(problem) : "", &result.status))
		return false;
	result.item_id = blob_text(id);
	result.etag = blob_text(etag);
	result.upstream_id = blob_text(upstream_id);
	result.problem = reason_text(problem, reason);
	frame_list_add_result(list, out, &result);
	return true;
}

/* ---- the body ---- */

static bool is_ours(const cJSON *tree, const struct frame_batch *batch)
{
	const char *id = NULL;
	char text[UUID_TEXT_SIZE];
	uuid_text(batch->uuid, text);
	return json_get_text(tree, "/batchId", JSON_REQUIRED, &id, NULL) == 0 &&
	       strcmp(id, text) == 0;
}

/* All results or none: 0 if the body is not a sound answer for this batch. */
static bool take_results(const struct frame_batch *batch, const struct https_answer *http,
			 struct buf *out, struct frame_list *list)
{
	CLEANUP(cJSON_Deletep) cJSON *tree = NULL;
	CLEANUP(buf_cleanse) struct buf reason = { 0 };
	const cJSON *results = NULL, *node;
	if (strcmp(http->type, "application/json") != 0 ||
	    json_parse(buf_blob(&http->body), LIMIT_HTTP_ANSWER_BYTES, &tree, NULL) < 0 ||
	    !is_ours(tree, batch) ||
	    json_get_array(tree, "/results", JSON_REQUIRED, &results, NULL) < 0 ||
	    cJSON_GetArraySize(results) > RESULTS_MAX)
		return false;
	cJSON_ArrayForEach(node, results) {
		if (!add_result(node, &reason, list, out))
			return false;
	}
	list->entries = buf_blob(out);
	return buf_ok(&reason);
}

static struct blob take_problem(const struct https_answer *http, struct buf *out)
{
	CLEANUP(cJSON_Deletep) cJSON *tree = NULL;
	if (strcmp(http->type, "application/problem+json") != 0 ||
	    json_parse(buf_blob(&http->body), LIMIT_HTTP_PROBLEM_BYTES, &tree, NULL) < 0)
		return blob_of(NULL, 0);
	buf_put_text(out, problem_word(tree));
	return buf_blob(out);
}

static enum frame_outcome outcome_of(uint16_t status, bool ask, struct blob problem)
{
	if (status == 404 && ask && blob_equal(problem, blob_text("unknown-batch")))
		return FRAME_NOT_SENT;
	bool unknown = (status >= 200 && status <= 299) || status == 408 || status >= 500;
	return unknown ? FRAME_UNKNOWN : FRAME_REFUSED;
}

int push_answer_make(const struct frame_batch *batch, const struct https_answer *http,
		     struct buf *scratch, struct frame_answer *ret_answer, struct err *err)
{
	struct frame_answer answer = { .batch = batch->batch,
				       .outcome = http->fate == HTTPS_NOT_SENT ? FRAME_NOT_SENT
									       : FRAME_UNKNOWN,
				       .http_status = http->status,
				       .retry_after_s = http->retry_after_s,
				       .peer = blob_text(http->peer) };
	memcpy(answer.response_sha256, http->body_sha256, SHA256_SIZE);
	buf_reset(scratch);
	if (http->fate == HTTPS_ANSWERED && http->status == 200) {
		if (take_results(batch, http, scratch, &answer.results))
			answer.outcome = FRAME_ANSWERED;
		else
			answer.results = (struct frame_list){ 0 };
	} else if (http->fate == HTTPS_ANSWERED) {
		answer.problem_type = take_problem(http, scratch);
		answer.outcome = outcome_of(http->status, batch->ask, answer.problem_type);
	}
	if (!buf_ok(scratch))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_answer = answer;
	return 0;
}
