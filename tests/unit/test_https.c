/* Https: each option of AUDIT-SECURITY.md section 7 as libcurl gets it, fates by code, and what is refused here. */
#include "tests/support/state.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include "connectors/transport/https.h"
#include "daemon/base/clock.h"
#include "daemon/base/limits.h"

/* ---- libcurl as it is, but every option that it is given is written down ---- */

#undef curl_easy_setopt

enum { SET_MAX = 64 };

static struct {
	CURLoption option;
	void *value;
	char text[64]; /* of a string option */
} set[SET_MAX];
static size_t set_count;

static bool is_text(CURLoption option, const void *value)
{
	return option >= CURLOPTTYPE_OBJECTPOINT && option < CURLOPTTYPE_FUNCTIONPOINT &&
	       value != NULL && option != CURLOPT_WRITEDATA && option != CURLOPT_HEADERDATA &&
	       option != CURLOPT_OPENSOCKETDATA && option != CURLOPT_XFERINFODATA &&
	       option != CURLOPT_READDATA && option != CURLOPT_SEEKDATA &&
	       option != CURLOPT_HTTPHEADER;
}

CURLcode curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	CURLcode (*real)(CURL *, CURLoption, ...);
	void *symbol = dlsym(RTLD_NEXT, "curl_easy_setopt");
	va_list args;
	assert_non_null(symbol);
	memcpy(&real, &symbol, sizeof(real));
	va_start(args, option);
	void *value = va_arg(args, void *); /* long, curl_off_t and pointers take one word each */
	va_end(args);
	assert_true(set_count < SET_MAX);
	set[set_count].option = option;
	set[set_count].value = value;
	set[set_count].text[0] = '\0';
	if (is_text(option, value))
		(void)snprintf(set[set_count].text, sizeof(set[0].text), "%s", (const char *)value);
	set_count++;
	return real(curl, option, value);
}

static int find_set(CURLoption option)
{
	int found = -1;
	for (size_t i = 0; i < set_count; i++)
		if (set[i].option == option)
			found = (int)i;
	return found;
}

/* ---- a client ---- */

static struct state state;
static struct https *https;
static struct https_answer answer;

static int open_ca(void)
{
	static const char pem[] =
		"-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
	state_spit(state_in(&state, "ca.pem"), pem, sizeof(pem) - 1);
	return open(state_in(&state, "ca.pem"), O_RDONLY | O_CLOEXEC);
}

static void make_client(bool allow_private)
{
	int ca = open_ca();
	const struct https_options options = { .ca_fd = ca,
					       .allow_private = allow_private,
					       .connect_timeout_ms = 7000,
					       .timeout_ms = 9000,
					       .clock = &clock_system };
	OK(https_create(&options, &https, &state_err));
	(void)close(ca);
}

static int begin(void **unused)
{
	(void)unused;
	state_make(&state);
	set_count = 0;
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	https_destroy(https);
	https = NULL;
	https_answer_finish(&answer);
	state_remove(&state);
	return 0;
}

static void get(const char *url)
{
	const struct https_request request = { .url = url };
	OK(https_exchange(https, &request, &answer, &state_err));
}

static void every_option_of_the_table_is_set(void **unused)
{
	(void)unused;
	static const struct {
		CURLoption option;
		long number;
		const char *text;
	} rows[] = {
		{ CURLOPT_PROTOCOLS_STR, 0, "https" },
		{ CURLOPT_REDIR_PROTOCOLS_STR, 0, "https" },
		{ CURLOPT_FOLLOWLOCATION, 0, NULL },
		{ CURLOPT_MAXREDIRS, 0, NULL },
		{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2, NULL },
		{ CURLOPT_SSL_CIPHER_LIST, 0, "ECDHE+AESGCM:ECDHE+CHACHA20" },
		{ CURLOPT_SSL_VERIFYPEER, 1, NULL },
		{ CURLOPT_SSL_VERIFYHOST, 2, NULL },
		{ CURLOPT_CAINFO, 0, NULL },
		{ CURLOPT_CAPATH, 0, NULL },
		{ CURLOPT_PROXY, 0, "" },
		{ CURLOPT_NOPROXY, 0, "*" },
		{ CURLOPT_NETRC, CURL_NETRC_IGNORED, NULL },
		{ CURLOPT_DISALLOW_USERNAME_IN_URL, 1, NULL },
		{ CURLOPT_UNRESTRICTED_AUTH, 0, NULL },
		{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1, NULL },
		{ CURLOPT_CONNECTTIMEOUT_MS, 7000, NULL },
		{ CURLOPT_TIMEOUT_MS, 9000, NULL },
		{ CURLOPT_LOW_SPEED_LIMIT, 1024, NULL },
		{ CURLOPT_LOW_SPEED_TIME, 30, NULL },
		{ CURLOPT_MAXLIFETIME_CONN, 3600, NULL },
		{ CURLOPT_MAXFILESIZE_LARGE, LIMIT_HTTP_ANSWER_BYTES, NULL },
		{ CURLOPT_NOSIGNAL, 1, NULL },
		{ CURLOPT_NOPROGRESS, 0, NULL },
	};
	make_client(true);
	get("https://127.0.0.1:1/");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int at = find_set(rows[i].option);
		if (at < 0)
			fail_msg("option %d is not set", (int)rows[i].option);
		if (rows[i].text != NULL)
			assert_string_equal(set[at].text, rows[i].text);
		else
			assert_int_equal((intptr_t)set[at].value, rows[i].number);
	}
	static const CURLoption functions[] = { CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION,
						CURLOPT_OPENSOCKETFUNCTION,
						CURLOPT_XFERINFOFUNCTION, CURLOPT_CAINFO_BLOB };
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		assert_true(find_set(functions[i]) >= 0 &&
			    set[find_set(functions[i])].value != NULL);
}

/* One attempt is one request: the body is read once, and libcurl may not go back in it. */
static void a_body_cannot_be_sent_twice(void **unused)
{
	(void)unused;
	const struct https_request request = { .url = "https://127.0.0.1:1/",
					       .body = blob_text("{}"),
					       .post = true };
	int (*seek)(void *, curl_off_t, int);
	make_client(true);
	OK(https_exchange(https, &request, &answer, &state_err));
	assert_true(find_set(CURLOPT_READFUNCTION) >= 0);
	assert_int_equal(find_set(CURLOPT_POSTFIELDS), -1);
	assert_true(find_set(CURLOPT_SEEKFUNCTION) >= 0);
	memcpy(&seek, &set[find_set(CURLOPT_SEEKFUNCTION)].value, sizeof(seek));
	assert_int_equal(seek(NULL, 0, SEEK_SET), CURL_SEEKFUNC_FAIL);
}

static void nothing_else_is_set(void **unused)
{
	(void)unused;
	static const CURLoption never[] = { CURLOPT_COOKIEFILE,      CURLOPT_COOKIEJAR,
					    CURLOPT_ACCEPT_ENCODING, CURLOPT_ALTSVC,
					    CURLOPT_DOH_URL,         CURLOPT_USERPWD,
					    CURLOPT_PROXYUSERPWD,    CURLOPT_VERBOSE,
					    CURLOPT_SSL_OPTIONS,     CURLOPT_AUTOREFERER,
					    CURLOPT_RESOLVE,         CURLOPT_UNIX_SOCKET_PATH };
	make_client(true);
	get("https://127.0.0.1:1/");
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_int_equal(find_set(never[i]), -1);
}

/* ---- fates ---- */

static void a_fate_is_what_is_sure(void **unused)
{
	(void)unused;
	static const struct {
		int code;
		long status;
		bool begun;
		enum https_fate fate;
	} rows[] = {
		{ CURLE_OK, 200, true, HTTPS_ANSWERED },
		{ CURLE_OK, 503, true, HTTPS_ANSWERED },
		{ CURLE_OK, 0, true, HTTPS_UNKNOWN }, /* curl issue 2801 */
		{ CURLE_COULDNT_RESOLVE_HOST, 0, false, HTTPS_NOT_SENT },
		{ CURLE_COULDNT_CONNECT, 0, false, HTTPS_NOT_SENT },
		{ CURLE_SSL_CONNECT_ERROR, 0, false, HTTPS_NOT_SENT },
		{ CURLE_PEER_FAILED_VERIFICATION, 0, false, HTTPS_NOT_SENT },
		{ CURLE_UNSUPPORTED_PROTOCOL, 0, false, HTTPS_NOT_SENT },
		{ CURLE_OPERATION_TIMEDOUT, 0, false, HTTPS_NOT_SENT }, /* while connecting */
		{ CURLE_ABORTED_BY_CALLBACK, 0, false, HTTPS_NOT_SENT },
		/* a second connection after the first took the request */
		{ CURLE_COULDNT_CONNECT, 0, true, HTTPS_UNKNOWN },
		{ CURLE_SSL_CONNECT_ERROR, 0, true, HTTPS_UNKNOWN },
		{ CURLE_OPERATION_TIMEDOUT, 0, true, HTTPS_UNKNOWN },
		{ CURLE_OPERATION_TIMEDOUT, 200, true,
		  HTTPS_UNKNOWN }, /* in the middle of the body */
		{ CURLE_ABORTED_BY_CALLBACK, 0, true, HTTPS_UNKNOWN },
		{ CURLE_GOT_NOTHING, 0, true, HTTPS_UNKNOWN },
		{ CURLE_RECV_ERROR, 0, true, HTTPS_UNKNOWN },
		{ CURLE_SEND_ERROR, 0, true, HTTPS_UNKNOWN },
		{ CURLE_SEND_ERROR, 0, false, HTTPS_UNKNOWN },
		{ CURLE_PARTIAL_FILE, 200, true, HTTPS_UNKNOWN },
		{ CURLE_WRITE_ERROR, 200, true, HTTPS_UNKNOWN },
		{ CURLE_FILESIZE_EXCEEDED, 200, true, HTTPS_UNKNOWN },
		{ CURLE_HTTP2_STREAM, 0, true, HTTPS_UNKNOWN },
		{ CURLE_WEIRD_SERVER_REPLY, 0, true, HTTPS_UNKNOWN },
		{ 9999, 0, false, HTTPS_UNKNOWN }, /* a code of a later libcurl */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (https_fate_of(rows[i].code, rows[i].status, rows[i].begun) != rows[i].fate)
			fail_msg("row %zu, code %d", i, rows[i].code);
}

static void what_may_not_be_spoken_to_is_not(void **unused)
{
	(void)unused;
	static const struct {
		const char *url;
		bool allow_private;
		enum msg_id cause;
	} rows[] = {
		{ "https://127.0.0.1:1/", false, MSG_HTTP_PRIVATE },
		{ "https://[::1]:1/", false, MSG_HTTP_PRIVATE },
		{ "https://localhost:1/", false, MSG_HTTP_PRIVATE },
		{ "https://169.254.169.254/", false, MSG_HTTP_PRIVATE },
		{ "https://127.0.0.1:1/", true, MSG_HTTP_CONNECT },
		{ "http://127.0.0.1:1/", true, MSG_HTTP_BROKEN },
		{ "file:///etc/hostname", true, MSG_HTTP_BROKEN },
		{ "https://user@127.0.0.1:1/", true, MSG_HTTP_BROKEN },
		{ "https://does-not-exist.invalid/", true, MSG_HTTP_NAME },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set_count = 0;
		make_client(rows[i].allow_private);
		get(rows[i].url);
		if (answer.fate != HTTPS_NOT_SENT || answer.cause != rows[i].cause ||
		    answer.status != 0)
			fail_msg("%s: fate %d, %s", rows[i].url, (int)answer.fate,
				 message_code(answer.cause));
		https_destroy(https);
		https = NULL;
	}
}

static void a_header_that_could_break_out_is_refused(void **unused)
{
	(void)unused;
	static const char *const values[] = { "a\r\nX: y", "a\nb", "\t", "\x7f", "caf\xc3\xa9" };
	make_client(true);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		set_count = 0;
		const struct https_header header = { .name = "Idempotency-Key",
						     .value = blob_text(values[i]) };
		const struct https_request request = { .url = "https://127.0.0.1:1/",
						       .headers = &header,
						       .header_count = 1 };
		FAILS(https_exchange(https, &request, &answer, &state_err), ERR_CONFIG);
		assert_int_equal(set_count, 0);
	}
	const struct https_header nul = { .name = "X", .value = blob_of("a\0b", 3) };
	const struct https_request request = { .url = "https://127.0.0.1:1/",
					       .headers = &nul,
					       .header_count = 1 };
	FAILS(https_exchange(https, &request, &answer, &state_err), ERR_CONFIG);
}

static void a_ca_without_a_certificate_is_refused(void **unused)
{
	(void)unused;
	static const char *const texts[] = { "",
					     "-----BEGIN "
					     "PRIVATE KEY-----\n",
					     "not PEM" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		state_spit(state_in(&state, "ca.pem"), texts[i], strlen(texts[i]));
		int ca = open(state_in(&state, "ca.pem"), O_RDONLY | O_CLOEXEC);
		const struct https_options options = { .ca_fd = ca,
						       .timeout_ms = 1000,
						       .clock = &clock_system };
		FAILS(https_create(&options, &https, &state_err), ERR_CONFIG);
		(void)close(ca);
	}
	const struct https_options none = { .ca_fd = -1,
					    .timeout_ms = 1000,
					    .clock = &clock_system };
	FAILS(https_create(&none, &https, &state_err), ERR_IO);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_option_of_the_table_is_set),
		CASE(a_body_cannot_be_sent_twice),
		CASE(nothing_else_is_set),
		CASE(a_fate_is_what_is_sure),
		CASE(what_may_not_be_spoken_to_is_not),
		CASE(a_header_that_could_break_out_is_refused),
		CASE(a_ca_without_a_certificate_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
