/* Oauth: how a client shows who it is, which token answers are taken, and when a token is renewed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/rest_push/oauth.h"
#include "daemon/base/limits.h"

static void id_and_secret_are_form_encoded_before_they_are_joined(void **unused)
{
	(void)unused;
	static const struct {
		const char *id, *secret, *expected;
	} rows[] = {
		/* RFC 7617 section 2, whose pair has nothing to encode but the space of the second */
		{ "Aladdin", "opensesame", "Basic QWxhZGRpbjpvcGVuc2VzYW1l" },
		{ "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuK3Nlc2FtZQ==" },
		{ "a:b", "c%d&ế", "Basic YSUzQWI6YyUyNWQlMjYlRTElQkElQkY=" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_finish) struct buf out = { 0 };
		oauth_put_basic(&out, blob_text(rows[i].id), blob_text(rows[i].secret));
		if (!blob_equal(buf_blob(&out), blob_text(rows[i].expected)))
			fail_msg("row %zu: %.*s", i, (int)out.len, (const char *)out.data);
	}
}

#define TOKEN "\"access_token\":\"abcdefghij.KLMN-_~+/==\""
#define BEARER "\"token_type\":\"Bearer\""

static void only_a_sound_token_is_taken(void **unused)
{
	(void)unused;
	static const struct {
		uint16_t status;
		const char *type, *body;
		uint64_t life_s; /* 0: refused */
	} rows[] = {
		{ 200, "application/json", "{" TOKEN "," BEARER ",\"expires_in\":3600}", 3600 },
		{ 200, "application/json",
		  "{" TOKEN ",\"token_type\":\"bearer\",\"expires_in\":1,\"scope\":\"x\"}", 1 },
		{ 201, "application/json", "{" TOKEN "," BEARER ",\"expires_in\":3600}", 0 },
		{ 401, "application/json", "{\"error\":\"invalid_client\"}", 0 },
		{ 200, "text/html", "{" TOKEN "," BEARER ",\"expires_in\":3600}", 0 },
		{ 200, "application/json", "{" TOKEN ",\"token_type\":\"mac\",\"expires_in\":3600}",
		  0 },
		{ 200, "application/json", "{" TOKEN ",\"expires_in\":3600}", 0 },
		{ 200, "application/json", "{" TOKEN "," BEARER "}", 0 },
		{ 200, "application/json", "{" TOKEN "," BEARER ",\"expires_in\":0}", 0 },
		{ 200, "application/json", "{" TOKEN "," BEARER ",\"expires_in\":-5}", 0 },
		{ 200, "application/json", "{" TOKEN "," BEARER ",\"expires_in\":\"3600\"}", 0 },
		{ 200, "application/json", "{" BEARER ",\"expires_in\":3600}", 0 },
		{ 200, "application/json", "{\"access_token\":\"\"," BEARER ",\"expires_in\":3600}",
		  0 },
		{ 200, "application/json",
		  "{\"access_token\":\"a\\r\\nX: y\"," BEARER ",\"expires_in\":3600}", 0 },
		{ 200, "application/json",
		  "{\"access_token\":\"a b\"," BEARER ",\"expires_in\":3600}", 0 },
		{ 200, "application/json", "{\"access_token\":7," BEARER ",\"expires_in\":3600}",
		  0 },
		{ 200, "application/json", "{" TOKEN "," TOKEN "," BEARER ",\"expires_in\":3600}",
		  0 },
		{ 200, "application/json", "", 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_finish) struct buf token = { 0 };
		struct https_answer answer = { .fate = HTTPS_ANSWERED, .status = rows[i].status };
		uint64_t life_s = 0;
		(void)snprintf(answer.type, sizeof(answer.type), "%s", rows[i].type);
		buf_put_text(&answer.body, rows[i].body);
		bool taken = oauth_read_answer(&answer, &token, &life_s);
		if (taken != (rows[i].life_s != 0) || life_s != rows[i].life_s)
			fail_msg("row %zu", i);
		if (taken)
			assert_true(
				blob_equal(buf_blob(&token), blob_text("abcdefghij.KLMN-_~+/==")));
		answer.fate = HTTPS_UNKNOWN;
		assert_false(oauth_read_answer(&answer, &token, &life_s));
		https_answer_finish(&answer);
	}
}

static void a_token_longer_than_the_limit_is_refused(void **unused)
{
	(void)unused;
	for (size_t len = LIMIT_HTTP_TOKEN_BYTES; len <= LIMIT_HTTP_TOKEN_BYTES + 1; len++) {
		CLEANUP(buf_finish) struct buf token = { 0 };
		struct https_answer answer = { .fate = HTTPS_ANSWERED,
					       .status = 200,
					       .type = "application/json" };
		uint64_t life_s;
		buf_put_text(&answer.body, "{\"access_token\":\"");
		for (size_t i = 0; i < len; i++)
			buf_put_u8(&answer.body, 'a');
		buf_put_text(&answer.body, "\"," BEARER ",\"expires_in\":60}");
		assert_int_equal(oauth_read_answer(&answer, &token, &life_s),
				 len == LIMIT_HTTP_TOKEN_BYTES);
		https_answer_finish(&answer);
	}
}

static void a_token_is_renewed_after_four_fifths_of_its_life_within_bounds(void **unused)
{
	(void)unused;
	static const struct {
		uint64_t life_s, refresh_s;
	} rows[] = { { 1, 30 },      { 37, 30 },      { 100, 80 },         { 3600, 2880 },
		     { 4500, 3600 }, { 86400, 3600 }, { UINT64_MAX, 3600 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(oauth_refresh_s(rows[i].life_s), rows[i].refresh_s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_and_secret_are_form_encoded_before_they_are_joined),
		cmocka_unit_test(only_a_sound_token_is_taken),
		cmocka_unit_test(a_token_longer_than_the_limit_is_refused),
		cmocka_unit_test(a_token_is_renewed_after_four_fifths_of_its_life_within_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
