#include "daemon/record/json.h"

#include "daemon/base/err.h"
#include "daemon/record/json_gate.h"
#include "daemon/record/json_pointer.h"

int json_parse(struct blob text, size_t max_bytes, cJSON **ret_tree, struct err *err)
{
	int result = json_gate(text, max_bytes, err);
	if (result < 0)
		return result;
	/* Behind the gate only memory can fail. */
	cJSON *tree = cJSON_ParseWithLengthOpts((const char *)text.data, text.len, NULL, false);
	if (tree == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_tree = tree;
	return 0;
}

static const cJSON *array_at(const cJSON *array, size_t index)
{
	const cJSON *element;
	cJSON_ArrayForEach(element, array)
		if (index-- == 0)
			return element;
	return NULL;
}

const cJSON *json_at(const cJSON *node, const char *pointer)
{
	char token[JSON_TOKEN_SIZE];
	size_t index;
	while (node != NULL && *pointer != '\0') {
		if (!json_pointer_next(&pointer, token))
			return NULL;
		if (cJSON_IsObject(node))
			node = cJSON_GetObjectItemCaseSensitive(node, token);
		else if (cJSON_IsArray(node) && json_pointer_index(token, &index))
			node = array_at(node, index);
		else
			return NULL;
	}
	return cJSON_IsNull(node) ? NULL : node;
}

/* The node if `is` holds for it; NULL with `*ret_result` = 0 where it may miss, and else an error. */
static const cJSON *typed_at(const cJSON *node, const char *pointer, enum json_need need,
			     cJSON_bool (*is)(const cJSON *), enum msg_id other, int *ret_result,
			     struct err *err)
{
	const cJSON *found = json_at(node, pointer);
	*ret_result = 0;
	if (found == NULL && need == JSON_REQUIRED)
		*ret_result =
			err_set(err, ERR_INVALID, MSG_JSON_ABSENT, ARG_TEXT("pointer", pointer));
	if (found == NULL || is(found))
		return found;
	*ret_result = err_set(err, ERR_INVALID, other, ARG_TEXT("pointer", pointer));
	return NULL;
}

int json_get_text(const cJSON *node, const char *pointer, enum json_need need,
		  const char **ret_text, struct err *err)
{
	int result;
	const cJSON *found =
		typed_at(node, pointer, need, cJSON_IsString, MSG_JSON_NO_TEXT, &result, err);
	if (found != NULL)
		*ret_text = found->valuestring;
	return result;
}

int json_get_unsigned(const cJSON *node, const char *pointer, enum json_need need,
		      uint64_t *ret_value, struct err *err)
{
	int result;
	const cJSON *found =
		typed_at(node, pointer, need, cJSON_IsNumber, MSG_JSON_NO_COUNT, &result, err);
	if (found == NULL)
		return result;
	/* The gate holds numbers within 2^53, where a double is exact. */
	double value = found->valuedouble;
	if (value < 0 || value != (double)(uint64_t)value)
		return err_set(err, ERR_INVALID, MSG_JSON_NO_COUNT, ARG_TEXT("pointer", pointer));
	*ret_value = (uint64_t)value;
	return 0;
}

int json_get_bool(const cJSON *node, const char *pointer, enum json_need need, bool *ret_value,
		  struct err *err)
{
	int result;
	const cJSON *found =
		typed_at(node, pointer, need, cJSON_IsBool, MSG_JSON_NO_BOOL, &result, err);
	if (found != NULL)
		*ret_value = cJSON_IsTrue(found);
	return result;
}

int json_get_object(const cJSON *node, const char *pointer, enum json_need need,
		    const cJSON **ret_object, struct err *err)
{
	int result;
	const cJSON *found =
		typed_at(node, pointer, need, cJSON_IsObject, MSG_JSON_NO_OBJECT, &result, err);
	if (found != NULL)
		*ret_object = found;
	return result;
}

int json_get_array(const cJSON *node, const char *pointer, enum json_need need,
		   const cJSON **ret_array, struct err *err)
{
	int result;
	const cJSON *found =
		typed_at(node, pointer, need, cJSON_IsArray, MSG_JSON_NO_ARRAY, &result, err);
	if (found != NULL)
		*ret_array = found;
	return result;
}
