/* OAuth2 client credentials: RFC 6749 sections 2.3.1, 4.4 and 5. Tokens live in memory only, so a server that was
 * killed forgets them, as real ones do. */
#include "tests/national/reply.h"
#include "tests/national/server.h"

#include <cjson/cJSON.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void refuse(struct call *call, unsigned status, const char *error)
{
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "error", error);
	reply_json(call->reply, status, body);
	if (status == 401)
		reply_header(call->reply, "WWW-Authenticate", "Basic realm=\"national\"");
}

static bool same_secret(const char *left, const char *right)
{
	size_t size = strlen(right);
	return strlen(left) == size && CRYPTO_memcmp(left, right, size) == 0;
}

/* RFC 6749 section 2.3.1: both halves are form-encoded before they are joined and put into base64. */
static bool form_decode(char *text)
{
	char *to = text;
	for (const char *from = text; *from != '\0'; from++) {
		unsigned code;
		if (*from == '%' && sscanf(from + 1, "%2x", &code) == 1 && from[2] != '\0') {
			*to++ = (char)code;
			from += 2;
		} else if (*from == '%') {
			return false;
		} else {
			*to++ = *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
	return true;
}

static bool decode_basic(const char *header, char *ret_id, char *ret_secret, size_t size)
{
	unsigned char plain[1024];
	size_t length = strlen(header);
	if (length == 0 || length % 4 != 0 || length > 1000)
		return false;
	int decoded = EVP_DecodeBlock(plain, (const unsigned char *)header, (int)length);
	if (decoded < 0)
		return false;
	for (const char *end = header + length; end[-1] == '='; end--)
		decoded--; /* EVP_DecodeBlock counts the padding too */
	plain[decoded] = '\0';
	char *colon = strchr((char *)plain, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	snprintf(ret_id, size, "%s", (char *)plain);
	snprintf(ret_secret, size, "%s", colon + 1);
	return form_decode(ret_id) && form_decode(ret_secret);
}

static const char *form_field(const cJSON *form, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(form, name));
}

/* True if the client is ours; else the answer is there. */
static bool authenticate(struct call *call, const cJSON *form)
{
	char id[1024] = "", secret[1024] = "";
	const char *body_id = form_field(form, "client_id");
	const char *body_secret = form_field(form, "client_secret");
	bool basic = call->authorization != NULL;
	if (basic && body_secret != NULL) {
		refuse(call, 400, "invalid_request"); /* one method at a time */
		return false;
	}
	if (basic && strncasecmp(call->authorization, "Basic ", 6) == 0)
		basic = decode_basic(call->authorization + 6, id, secret, sizeof(id));
	else if (!basic && body_id != NULL && body_secret != NULL) {
		snprintf(id, sizeof(id), "%s", body_id);
		snprintf(secret, sizeof(secret), "%s", body_secret);
	}
	const struct settings *ours = &call->server->settings;
	bool known = same_secret(id, ours->client_id) & same_secret(secret, ours->secret);
	if (!known)
		refuse(call, 401, "invalid_client");
	return known;
}

/* No scope asked for means all of them (RFC 6749 section 3.3). */
static bool read_scope(const char *scope, struct token *token)
{
	char copy[257], *rest = copy;
	token->can_write = token->can_read = scope == NULL;
	if (scope == NULL)
		return true;
	snprintf(copy, sizeof(copy), "%s", scope);
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		if (strcmp(word, "persons.write") == 0)
			token->can_write = true;
		else if (strcmp(word, "persons.read") == 0)
			token->can_read = true;
		else
			return false;
	}
	return true;
}

static void issue(struct call *call, struct token *token)
{
	struct server *server = call->server;
	unsigned char random[32];
	if (RAND_bytes(random, sizeof(random)) != 1)
		abort();
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(token->text + 2 * i, 3, "%02x", random[i]);
	token->expires_ms = now_ms() + 1000 * server->settings.token_ttl_s;
	pthread_mutex_lock(&server->lock);
	server->tokens[server->next_token++ % TOKENS_MAX] = *token;
	pthread_mutex_unlock(&server->lock);
	cJSON *body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "access_token", token->text);
	cJSON_AddStringToObject(body, "token_type", "Bearer");
	cJSON_AddNumberToObject(body, "expires_in", (double)server->settings.token_ttl_s);
	reply_json(call->reply, 200, body);
	reply_header(call->reply, "Cache-Control", "no-store");
	count(server, STAT_TOKENS);
}

void token_answer(struct call *call)
{
	struct token token = { 0 };
	cJSON *form = cJSON_Parse(call->checked.body);
	const char *grant = form_field(form, "grant_type");
	if (grant != NULL && strcmp(grant, "client_credentials") != 0)
		refuse(call, 400, "unsupported_grant_type");
	else if (call->verdict != CONTRACT_OK)
		refuse(call, 400, "invalid_request");
	else if (authenticate(call, form)) {
		if (read_scope(form_field(form, "scope"), &token))
			issue(call, &token);
		else
			refuse(call, 400, "invalid_scope");
	}
	cJSON_Delete(form);
}

static struct token *find(struct server *server, const char *authorization)
{
	if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	for (size_t i = 0; i < TOKENS_MAX; i++)
		if (server->tokens[i].text[0] != '\0' &&
		    same_secret(authorization + 7, server->tokens[i].text))
			return &server->tokens[i];
	return NULL;
}

bool token_allows(struct call *call, bool write)
{
	enum problem problem = PROBLEM_MAX;
	pthread_mutex_lock(&call->server->lock);
	const struct token *token = find(call->server, call->authorization);
	if (token == NULL)
		problem = PROBLEM_UNAUTHENTICATED;
	else if (now_ms() >= token->expires_ms)
		problem = PROBLEM_TOKEN_EXPIRED;
	else if (write ? !token->can_write : !token->can_read)
		problem = PROBLEM_FORBIDDEN;
	pthread_mutex_unlock(&call->server->lock);
	if (problem == PROBLEM_MAX)
		return true;
	count(call->server, STAT_UNAUTHENTICATED);
	reply_problem(call->reply, problem, NULL);
	return false;
}

void token_forget(struct server *server, const char *authorization)
{
	pthread_mutex_lock(&server->lock);
	struct token *token = find(server, authorization);
	if (token != NULL)
		token->expires_ms = 0;
	pthread_mutex_unlock(&server->lock);
}
