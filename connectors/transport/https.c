#include "connectors/transport/https.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"

enum {
	LOW_SPEED_BYTES = 1024,
	LOW_SPEED_S = 30,
	CONNECTION_LIFE_S = 3600,
	DEADLINE_SLACK_MS = 2000
};

struct https {
	struct https_options options;
	CURL *curl;
	struct buf ca;
	/* of the request under way */
	struct https_answer *answer;
	struct blob unsent; /* of the body */
	uint64_t deadline_us;
	size_t header_bytes, header_lines;
	bool refused_address, too_long;
};

static void slist_cleanse(struct curl_slist **list)
{
	for (struct curl_slist *item = *list; item != NULL; item = item->next)
		OPENSSL_cleanse(item->data, strlen(item->data));
	curl_slist_free_all(*list);
}

/* ---- what libcurl calls back; each bounds what comes from outside ---- */

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
	struct https *https = ctx;
	size_t len = size * count;
	if (https->answer->body.len + len > LIMIT_HTTP_ANSWER_BYTES) {
		https->too_long = true;
		return CURL_WRITEFUNC_ERROR;
	}
	buf_put(&https->answer->body, data, len);
	return buf_ok(&https->answer->body) ? len : CURL_WRITEFUNC_ERROR;
}

static size_t on_read(char *out, size_t size, size_t count, void *ctx)
{
	struct https *https = ctx;
	size_t len = size * count < https->unsent.len ? size * count : https->unsent.len;
	if (len > 0)
		memcpy(out, https->unsent.data, len);
	https->unsent.data += len;
	https->unsent.len -= len;
	return len;
}

/* libcurl sends a request again by itself where a connection that it had used before breaks. It would have to
 * go back in the body for that, and may not: one attempt is one request, and what became of it is for
 * the engine to find out.
 */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
	(void)ctx;
	(void)offset;
	(void)origin;
	return CURL_SEEKFUNC_FAIL;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
	struct https *https = ctx;
	(void)data;
	https->header_bytes += size * count;
	https->header_lines++;
	https->too_long |= https->header_bytes > LIMIT_HTTP_HEADER_BYTES ||
			   https->header_lines > LIMIT_HTTP_HEADER_LINES;
	return https->too_long ? CURL_WRITEFUNC_ERROR : size * count;
}

/* The address that a name led to is judged where it is used, so that no second look-up can differ. */
static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct https *https = ctx;
	(void)purpose;
	if (!https->options.allow_private && !address_is_public(&address->addr, address->addrlen)) {
		https->refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int on_progress(void *ctx, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		       curl_off_t up)
{
	struct https *https = ctx;
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return clock_boottime_us(https->options.clock) > https->deadline_us;
}

/* ---- options ---- */

#define SET(option, value) (failed |= curl_easy_setopt(curl, (option), (value)) != CURLE_OK)

/* Who is spoken to, and by whose word it is the right one. */
static bool set_trust(CURL *curl, const struct buf *ca)
{
	bool failed = false;
	struct curl_blob blob = { .data = ca->data, .len = ca->len, .flags = CURL_BLOB_COPY };
	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_MAXREDIRS, 0L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20");
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO_BLOB, &blob);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(CURLOPT_UNRESTRICTED_AUTH, 0L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return !failed;
}

/* How long and how much. */
static bool set_bounds(CURL *curl, struct https *https)
{
	bool failed = false;
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)https->options.connect_timeout_ms);
	SET(CURLOPT_TIMEOUT_MS, (long)https->options.timeout_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)LOW_SPEED_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, (long)LOW_SPEED_S);
	SET(CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE_S);
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)LIMIT_HTTP_ANSWER_BYTES);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, https);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, https);
	SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(CURLOPT_OPENSOCKETDATA, https);
	SET(CURLOPT_NOPROGRESS, 0L);
	SET(CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(CURLOPT_XFERINFODATA, https);
	return !failed;
}

static int read_ca(int fd, struct buf *ca, struct err *err)
{
	struct stat info;
	if (fstat(fd, &info) < 0)
		return err_set(err, ERR_IO, MSG_HTTP_CA, ARG_ERRNO(errno));
	if (info.st_size <= 0 || info.st_size > LIMIT_HTTP_CA_BYTES)
		return err_set(err, ERR_CONFIG, MSG_HTTP_CA_SIZE,
			       ARG_U("limit", LIMIT_HTTP_CA_BYTES));
	uint8_t *data = buf_grow(ca, (size_t)info.st_size);
	if (data == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	ssize_t len = pread(fd, data, ca->len, 0);
	if (len < 0)
		return err_set(err, ERR_IO, MSG_HTTP_CA, ARG_ERRNO(errno));
	ca->len = (size_t)len;
	return memmem(ca->data, ca->len, "-----BEGIN CERTIFICATE-----", 27) != NULL
		       ? 0
		       : err_set(err, ERR_CONFIG, MSG_HTTP_CA_NONE);
}

int https_create(const struct https_options *options, struct https **ret_https, struct err *err)
{
	CLEANUP(https_destroyp) struct https *https = calloc(1, sizeof(*https));
	if (https == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	https->options = *options;
	int error = read_ca(options->ca_fd, &https->ca, err);
	if (error < 0)
		return error;
	https->curl = curl_easy_init();
	if (https->curl == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_https = TAKE(https);
	return 0;
}

void https_destroy(struct https *https)
{
	if (https == NULL)
		return;
	if (https->curl != NULL)
		curl_easy_cleanup(https->curl);
	buf_finish(&https->ca);
	free(https);
	curl_global_cleanup();
}

/* ---- one request ---- */

/* Nothing but printable ASCII: no line break can add a header of its own. */
static bool may_be_sent(struct blob value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] < 0x20 || value.data[i] > 0x7e)
			return false;
	return true;
}

static int add_header(struct curl_slist **list, const struct https_header *header, struct err *err)
{
	CLEANUP(buf_cleanse) struct buf line = { 0 };
	if (!may_be_sent(header->value))
		return err_set(err, ERR_CONFIG, MSG_HTTP_HEADER, ARG_WORD("name", header->name));
	buf_put_text(&line, header->name);
	buf_put_text(&line, ": ");
	buf_put(&line, header->value.data, header->value.len);
	buf_put_u8(&line, '\0');
	struct curl_slist *longer =
		buf_ok(&line) ? curl_slist_append(*list, (const char *)line.data) : NULL;
	if (longer == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*list = longer;
	return 0;
}

static int make_headers(const struct https_request *request, struct curl_slist **list,
			struct err *err)
{
	/* libcurl would wait a second for a 100 that gateways do not send. */
	*list = curl_slist_append(NULL, "Expect:");
	int error = *list == NULL ? err_set(err, ERR_NOMEM, MSG_NOMEM) : 0;
	for (size_t i = 0; error == 0 && i < request->header_count; i++)
		error = add_header(list, &request->headers[i], err);
	return error;
}

static bool set_request(CURL *curl, struct https *https, const struct https_request *request,
			struct curl_slist *headers)
{
	bool failed = false;
	SET(CURLOPT_URL, request->url);
	SET(CURLOPT_HTTPHEADER, headers);
	if (request->post) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, https);
		SET(CURLOPT_SEEKFUNCTION, on_seek);
		SET(CURLOPT_SEEKDATA, https);
	} else {
		SET(CURLOPT_HTTPGET, 1L);
	}
	return !failed;
}

enum https_fate https_fate_of(int code, long status, bool begun)
{
	switch (code) {
	case CURLE_OK:
		return status >= 100 ? HTTPS_ANSWERED : HTTPS_UNKNOWN;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_LOGIN_DENIED: /* a user name in the URL */
		return begun ? HTTPS_UNKNOWN : HTTPS_NOT_SENT;
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_ABORTED_BY_CALLBACK:
		return begun ? HTTPS_UNKNOWN : HTTPS_NOT_SENT;
	default:
		return HTTPS_UNKNOWN;
	}
}

static enum msg_id cause_of(const struct https *https, CURLcode code)
{
	if (https->refused_address)
		return MSG_HTTP_PRIVATE;
	if (https->too_long || code == CURLE_FILESIZE_EXCEEDED)
		return MSG_HTTP_TOO_LONG;
	switch (code) {
	case CURLE_OK:
		return MSG_NONE;
	case CURLE_COULDNT_RESOLVE_HOST:
		return MSG_HTTP_NAME;
	case CURLE_COULDNT_CONNECT:
		return MSG_HTTP_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
		return MSG_HTTP_TLS;
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_ABORTED_BY_CALLBACK:
		return MSG_HTTP_LATE;
	default:
		return MSG_HTTP_BROKEN;
	}
}

/* "Application/JSON; charset=utf-8" is "application/json". */
static void take_type(CURL *curl, char out[HTTPS_TYPE_SIZE])
{
	const char *type = NULL;
	size_t len = 0;
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	for (; type != NULL && type[len] > ' ' && type[len] < 0x7f && type[len] != ';' &&
	       len < HTTPS_TYPE_SIZE - 1;
	     len++)
		out[len] = (char)(type[len] >= 'A' && type[len] <= 'Z' ? type[len] - 'A' + 'a'
								       : type[len]);
	out[len] = '\0';
}

static void take_peer(CURL *curl, char out[ADDRESS_TEXT_SIZE])
{
	const char *address = NULL;
	long port = 0;
	(void)curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address);
	(void)curl_easy_getinfo(curl, CURLINFO_PRIMARY_PORT, &port);
	if (address != NULL && address[0] != '\0')
		snprintf(out, ADDRESS_TEXT_SIZE,
			 strchr(address, ':') != NULL ? "[%s]:%ld" : "%s:%ld", address, port);
}

static void take_answer(struct https *https, CURLcode code)
{
	struct https_answer *answer = https->answer;
	curl_off_t retry_after_s = 0;
	long status = 0, request_bytes = 0;
	(void)curl_easy_getinfo(https->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(https->curl, CURLINFO_REQUEST_SIZE, &request_bytes);
	(void)curl_easy_getinfo(https->curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	answer->fate = https_fate_of(code, status, request_bytes > 0);
	answer->status = status >= 100 && status <= 999 ? (uint16_t)status : 0;
	answer->retry_after_s = retry_after_s < 0            ? 0
				: retry_after_s > UINT32_MAX ? UINT32_MAX
							     : (uint32_t)retry_after_s;
	answer->cause = cause_of(https, code);
	take_type(https->curl, answer->type);
	take_peer(https->curl, answer->peer);
	sha256(answer->body.data, answer->body.len, answer->body_sha256);
}

int https_exchange(struct https *https, const struct https_request *request,
		   struct https_answer *answer, struct err *err)
{
	CLEANUP(slist_cleanse) struct curl_slist *headers = NULL;
	struct buf body = answer->body;
	buf_reset(&body);
	*answer = (struct https_answer){ .fate = HTTPS_NOT_SENT, .body = body };
	int error = make_headers(request, &headers, err);
	if (error < 0)
		return error;
	https->answer = answer;
	https->unsent = request->body;
	https->header_bytes = https->header_lines = 0;
	https->refused_address = https->too_long = false;
	https->deadline_us = clock_boottime_us(https->options.clock) +
			     (https->options.timeout_ms + DEADLINE_SLACK_MS) * 1000;
	curl_easy_reset(https->curl);
	if (!set_trust(https->curl, &https->ca) || !set_bounds(https->curl, https) ||
	    !set_request(https->curl, https, request, headers))
		return err_set(err, ERR_CONFIG, MSG_HTTP_OPTION);
	CURLcode code = curl_easy_perform(https->curl);
	take_answer(https, code);
	curl_easy_reset(https->curl); /* it points to what ends here */
	return buf_ok(&answer->body) ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

void https_answer_finish(struct https_answer *answer)
{
	buf_cleanse(&answer->body);
	*answer = (struct https_answer){ 0 };
}
