#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/record/json.h"

enum { CALL_TIMEOUT_S = 60, STALL_TIMEOUT_S = 600, CONNECT_TIMEOUT_S = 5 };

struct client {
	CURL *curl;
	struct curl_slist *headers;
	const char *socket_path;
	unsigned timeout_s;
};

/* Where the bytes of one answer go. */
struct sink {
	struct client *client;
	struct buf *body; /* of a whole answer, and of a problem */
	int fd;           /* >= 0: a good answer goes here */
	int write_errno;
};

void client_destroy(struct client *client)
{
	if (client == NULL)
		return;
	curl_slist_free_all(client->headers);
	curl_easy_cleanup(client->curl);
	free(client);
}

int client_create(const char *socket_path, unsigned timeout_s, struct client **ret_client,
		  struct err *err)
{
	CLEANUP(client_destroyp) struct client *client = calloc(1, sizeof(*client));
	if (client == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	client->socket_path = socket_path;
	client->timeout_s = timeout_s;
	client->curl = curl_easy_init();
	client->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (client->curl == NULL || client->headers == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_client = TAKE(client);
	return 0;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, data, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		data += done;
		len -= (size_t)done;
	}
	return true;
}

static size_t on_data(char *data, size_t size, size_t count, void *ctx)
{
	struct sink *sink = ctx;
	size_t len = size * count;
	long status = 0;
	(void)curl_easy_getinfo(sink->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (sink->fd < 0 || status / 100 != 2) {
		buf_put(sink->body, data, len);
		return buf_ok(sink->body) ? len : 0;
	}
	if (write_all(sink->fd, data, len))
		return len;
	sink->write_errno = errno;
	return 0;
}

/* Everything that one request needs; nothing is left of the one before. */
static bool set_up(struct client *client, const struct client_request *request, struct sink *sink,
		   char *url)
{
	CURL *curl = client->curl;
	bool slow = request->slow;
	bool has_body = request->body.data != NULL;
	long timeout_s = client->timeout_s != 0 ? (long)client->timeout_s
			 : slow                 ? STALL_TIMEOUT_S
						: CALL_TIMEOUT_S;
	CURLcode r = CURLE_OK;

	curl_easy_reset(curl);
#define SET(option, value) \
	if (r == CURLE_OK) \
	r = curl_easy_setopt(curl, option, value)
	SET(CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http");
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	SET(CURLOPT_TIMEOUT, slow ? 0L : timeout_s);
	SET(CURLOPT_LOW_SPEED_LIMIT, slow ? 1L : 0L);
	SET(CURLOPT_LOW_SPEED_TIME, slow ? timeout_s : 0L);
	SET(CURLOPT_WRITEFUNCTION, on_data);
	SET(CURLOPT_WRITEDATA, sink);
	SET(CURLOPT_CUSTOMREQUEST, request->method);
	if (has_body) {
		SET(CURLOPT_HTTPHEADER, client->headers);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		SET(CURLOPT_POSTFIELDS, (const char *)request->body.data);
	}
#undef SET
	return r == CURLE_OK;
}

static int transfer_failed(struct client *client, CURLcode failure, const struct sink *sink,
			   struct err *err)
{
	long cause = 0;
	(void)curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &cause);
	if (sink->write_errno != 0)
		return err_set(err, ERR_IO, MSG_CTL_OUTPUT, ARG_ERRNO(sink->write_errno));
	if (!buf_ok(sink->body))
		return err_set(err, ERR_PROTOCOL, MSG_CTL_REPLY_SIZE,
			       ARG_U("limit", LIMIT_REPLY_BYTES));
	switch (failure) {
	case CURLE_COULDNT_CONNECT:
		return cause == EACCES ? err_set(err, ERR_AUTH, MSG_CTL_NOT_ALLOWED,
						 ARG_PATH(client->socket_path))
				       : err_set(err, ERR_UNAVAILABLE, MSG_CTL_NOBODY,
						 ARG_PATH(client->socket_path));
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, ERR_UNAVAILABLE, MSG_CTL_TIMEOUT);
	case CURLE_OUT_OF_MEMORY:
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	default:
		return err_set(err, ERR_PROTOCOL, MSG_CTL_BROKEN,
			       ARG_WORD("cause", curl_easy_strerror(failure)));
	}
}

static enum err_code code_by_name(const char *name)
{
	for (int code = 1; code < ERR_MAX_; code++)
		if (strcmp(err_code_name((enum err_code) - code), name) == 0)
			return (enum err_code) - code;
	return ERR_PROTOCOL;
}

/* Take an error over as the daemon said it. */
static int problem_of_reply(const struct buf *body, long status, struct err *err)
{
	CLEANUP(cJSON_Deletep) cJSON *json = NULL;
	const char *code = "", *error = "", *english = "", *vietnamese = "";
	if (json_parse(buf_blob(body), LIMIT_REPLY_BYTES, &json, NULL) < 0 ||
	    json_get_text(json, "/code", JSON_REQUIRED, &code, NULL) < 0 ||
	    json_get_text(json, "/error", JSON_REQUIRED, &error, NULL) < 0 ||
	    json_get_text(json, "/detail", JSON_REQUIRED, &english, NULL) < 0 ||
	    json_get_text(json, "/detail_vi", JSON_REQUIRED, &vietnamese, NULL) < 0)
		return err_set(err, ERR_PROTOCOL, MSG_CTL_STATUS, ARG_I("status", status));
	err->code = code_by_name(error);
	err->msg = message_by_code(code);
	(void)snprintf(err->text[LANGUAGE_EN], ERR_TEXT_SIZE, "%s", english);
	(void)snprintf(err->text[LANGUAGE_VI], ERR_TEXT_SIZE, "%s", vietnamese);
	return err->code;
}

static int perform(struct client *client, const struct client_request *request, struct sink *sink,
		   struct err *err)
{
	char url[512];
	long status = 0;
	int len = snprintf(url, sizeof(url), "http://trithucd%s", request->path);
	if (len < 0 || (size_t)len >= sizeof(url))
		return err_set(err, ERR_INVALID, MSG_TOO_LONG, ARG_WORD("what", "path"),
			       ARG_U("limit", sizeof(url) - 1));
	if (!set_up(client, request, sink, url))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	CURLcode r = curl_easy_perform(client->curl);
	if (r != CURLE_OK)
		return transfer_failed(client, r, sink, err);
	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	return status / 100 == 2 ? 0 : problem_of_reply(sink->body, status, err);
}

int client_call(struct client *client, const struct client_request *request, struct buf *reply,
		cJSON **ret_json, struct err *err)
{
	reply->max = LIMIT_REPLY_BYTES;
	struct sink sink = { .client = client, .body = reply, .fd = -1 };
	if (perform(client, request, &sink, err) < 0)
		return err->code;
	if (json_parse(buf_blob(reply), LIMIT_REPLY_BYTES, ret_json, err) < 0) {
		err->code = ERR_PROTOCOL; /* our own daemon's mistake, not the caller's */
		return err_wrap(err, MSG_CTL_REPLY);
	}
	return 0;
}

int client_stream(struct client *client, const struct client_request *request, int fd,
		  struct err *err)
{
	struct buf problem = { .max = LIMIT_REPLY_BYTES };
	struct sink sink = { .client = client, .body = &problem, .fd = fd };
	int r = perform(client, request, &sink, err);
	buf_finish(&problem);
	return r;
}
