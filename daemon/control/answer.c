#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/control/handlers.h"
#include "daemon/record/json.h"
#include "daemon/store/dictionary.h"

enum { LIST_ROWS = 50, HTTP_ACCEPTED = 202 };

static bool decimal(const char *text, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t len = strspn(text, "0123456789");
	if (len == 0 || len > 19 || text[len] != '\0')
		return false;
	for (size_t i = 0; i < len; i++)
		value = value * 10 + (uint64_t)(text[i] - '0');
	*ret_value = value;
	return true;
}

int take_number(const char *text, const char *name, uint64_t fallback, uint64_t least,
		uint64_t most, uint64_t *ret_value, struct err *err)
{
	uint64_t value = fallback;
	if (text != NULL && (!decimal(text, &value) || value < least || value > most))
		return err_set(err, ERR_INVALID, MSG_CONTROL_NUMBER, ARG_WORD("name", name),
			       ARG_U("least", least), ARG_U("most", most));
	*ret_value = value;
	return 0;
}

int take_limit(const char *text, unsigned *ret_limit, struct err *err)
{
	uint64_t limit = 0;
	if (take_number(text, "limit", LIST_ROWS, 1, LIMIT_LIST_ROWS, &limit, err) < 0)
		return err->code;
	*ret_limit = (unsigned)limit;
	return 0;
}

int take_uuid(const char *text, const char *name, uint8_t out[UUID_SIZE], struct err *err)
{
	if (uuid_parse(text, out) < 0)
		return err_set(err, ERR_INVALID, MSG_CONTROL_UUID, ARG_WORD("name", name));
	return 0;
}

int take_text(const struct http_request *request, const char *name, size_t max_bytes,
	      const char **ret_text, struct err *err)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(request->json, name);
	if (!cJSON_IsString(member) || member->valuestring[0] == '\0' ||
	    strlen(member->valuestring) > max_bytes)
		return err_set(err, ERR_INVALID, MSG_CONTROL_TEXT, ARG_WORD("name", name),
			       ARG_U("limit", max_bytes));
	*ret_text = member->valuestring;
	return 0;
}

static bool is_listed(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

int take_only(const struct http_request *request, const char *const *names, struct err *err)
{
	const cJSON *member;
	cJSON_ArrayForEach(member, request->json)
		if (!is_listed(member->string, names))
			return err_set(err, ERR_INVALID, MSG_CONTROL_BODY_MEMBER);
	return 0;
}

void put_time(struct json_writer *json, const char *key, uint64_t realtime_us)
{
	char stamp[CLOCK_STAMP_SIZE];
	json_key(json, key);
	if (realtime_us == 0) {
		json_null(json);
		return;
	}
	clock_stamp(realtime_us, stamp);
	json_text(json, stamp);
}

void put_number_or_null(struct json_writer *json, const char *key, uint64_t number)
{
	json_key(json, key);
	if (number == 0)
		json_null(json);
	else
		json_unsigned(json, number);
}

int answer_started(struct http_response *response, uint32_t run)
{
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_member_unsigned(&json, "run", run);
	json_object_end(&json);
	response->status = HTTP_ACCEPTED;
	return 0;
}

int answer_reader(struct http_response *response, const struct engine_reader *reader,
		  const char *content_type)
{
	response->stream = (struct http_stream){ .fd = reader->fd, .pidfd = reader->pidfd };
	response->content_type = content_type;
	return 0;
}

const char *source_name(const struct control *control, uint16_t number)
{
	const char *name = dictionary_name(control->store, DICTIONARY_SOURCE, number);
	return name == NULL ? "?" : name;
}

int not_found(const char *what, struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, MSG_CONTROL_NOT_FOUND, ARG_WORD("what", what));
}
