#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/record/code_list.h"
#include "daemon/record/json.h"
#include "daemon/record/json_pointer.h"
#include "daemon/record/pattern.h"
#include "daemon/record/schema_compile.h"

static void put_place(struct buf *out, const struct place *at)
{
	if (at->up != NULL)
		put_place(out, at->up);
	if (at->name != NULL)
		json_pointer_put(out, at->name, strlen(at->name));
}

int schema_fault(struct compiler *c, const struct place *at, const char *keyword, enum msg_id fault)
{
	CLEANUP(buf_finish) struct buf pointer = { 0 };
	struct place inner = { .up = at, .name = keyword };
	put_place(&pointer, &inner);
	(void)err_set(c->err, ERR_CONFIG, fault);
	(void)err_wrap(c->err, MSG_SCHEMA_AT, ARG_TEXTN("pointer", pointer.data, pointer.len));
	return ERR_CONFIG;
}

int schema_out_of_memory(struct compiler *c)
{
	return err_set(c->err, ERR_NOMEM, MSG_NOMEM);
}

/* ---- keywords of leaves: one handler each ---- */

typedef int keyword_fn(struct compiler *c, const cJSON *value, struct schema_field *field);

enum { WRONG = 1 }; /* a handler's answer: the value is not of the form that the keyword takes */

static int take_sensitivity(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	static const char *const words[] = { "none", "basic", "sensitive" };
	(void)c;
	for (size_t i = 0; i < 3; i++)
		if (cJSON_IsString(value) && strcmp(value->valuestring, words[i]) == 0) {
			field->sensitivity = (enum schema_sensitivity)i;
			return 0;
		}
	return WRONG;
}

static int take_golden(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	(void)c;
	field->golden = cJSON_IsTrue(value);
	return cJSON_IsBool(value) ? 0 : WRONG;
}

static int take_chars(const cJSON *value, size_t *ret_chars)
{
	uint64_t chars = 0;
	if (json_get_unsigned(value, "", JSON_REQUIRED, &chars, NULL) < 0 ||
	    chars > LIMIT_VALUE_BYTES)
		return WRONG;
	*ret_chars = (size_t)chars;
	return 0;
}

static int take_min_length(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	(void)c;
	return take_chars(value, &field->min_chars);
}

static int take_max_length(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	(void)c;
	return take_chars(value, &field->max_chars);
}

/* Bounds have at most six places, so rounding gives back exactly what is written. */
static int take_bound(const cJSON *value, int64_t *ret_micro)
{
	double bound = cJSON_IsNumber(value) ? value->valuedouble * SCHEMA_MICRO : 0;
	if (!cJSON_IsNumber(value) || bound > 1e18 || bound < -1e18)
		return WRONG;
	*ret_micro = (int64_t)(bound < 0 ? bound - 0.5 : bound + 0.5);
	return 0;
}

static int take_minimum(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	(void)c;
	return take_bound(value, &field->minimum_micro);
}

static int take_maximum(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	(void)c;
	return take_bound(value, &field->maximum_micro);
}

static int take_pattern(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	struct pattern *pattern = calloc(1, sizeof(*pattern));
	if (pattern == NULL)
		return schema_out_of_memory(c);
	field->pattern = pattern;
	if (!cJSON_IsString(value) || pattern_compile(value->valuestring, pattern) < 0)
		return WRONG;
	if (strcmp(value->valuestring, SCHEMA_DATE_PATTERN) == 0)
		field->type = SCHEMA_DATE;
	return 0;
}

static int take_enum(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	size_t count = 0;
	const cJSON *choice;
	if (!cJSON_IsArray(value) || value->child == NULL)
		return WRONG;
	const char **choices = calloc((size_t)cJSON_GetArraySize(value) + 1, sizeof(*choices));
	if (choices == NULL)
		return schema_out_of_memory(c);
	field->choices = choices;
	cJSON_ArrayForEach(choice, value) {
		if (!cJSON_IsString(choice))
			return WRONG;
		choices[count++] = choice->valuestring;
	}
	return 0;
}

static int take_code_list(struct compiler *c, const cJSON *value, struct schema_field *field)
{
	if (!cJSON_IsString(value))
		return WRONG;
	field->code_list_name = value->valuestring;
	field->code_list = code_lists_get(c->lists, value->valuestring);
	return 0;
}

static const struct keyword {
	const char *name;
	unsigned where;
	keyword_fn *take; /* NULL: read by the function of its node, or for people only */
} keywords[] = {
	{ "$schema", AT_ROOT, NULL },
	{ "$id", AT_ROOT, NULL },
	{ "definitions", AT_ROOT, NULL },
	{ "title", AT_ANY, NULL },
	{ "x-title-vi", AT_ANY, NULL },
	{ "description", AT_ANY, NULL },
	{ "type", AT_OBJECT | AT_LIST | AT_LEAF, NULL },
	{ "properties", AT_OBJECT, NULL },
	{ "required", AT_OBJECT, NULL },
	{ "additionalProperties", AT_OBJECT, NULL },
	{ "x-end", AT_SECTION | AT_LIST, NULL },
	{ "items", AT_LIST, NULL },
	{ "maxItems", AT_LIST, NULL },
	{ "x-list-key", AT_LIST, NULL },
	{ "x-match", AT_LIST, NULL },
	{ "x-sensitivity", AT_LEAF, take_sensitivity },
	{ "x-golden", AT_LEAF, take_golden },
	{ "minLength", AT_TEXT, take_min_length },
	{ "maxLength", AT_TEXT, take_max_length },
	{ "pattern", AT_TEXT, take_pattern },
	{ "enum", AT_TEXT, take_enum },
	{ "x-code-list", AT_TEXT, take_code_list },
	{ "minimum", AT_NUMBER, take_minimum },
	{ "maximum", AT_NUMBER, take_maximum },
};

static const struct keyword *find_keyword(const char *name, unsigned where)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if ((keywords[i].where & where) != 0 && strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* ---- what all nodes share ---- */

int schema_check_keywords(struct compiler *c, const struct place *at, unsigned where)
{
	const cJSON *value;
	if (!cJSON_IsObject(at->node))
		return schema_fault(c, at, NULL, MSG_SCHEMA_FORM);
	cJSON_ArrayForEach(value, at->node) {
		if (find_keyword(value->string, where) == NULL)
			return schema_fault(c, at, value->string, MSG_SCHEMA_KEYWORD);
	}
	return 0;
}

bool schema_has_type(const cJSON *node, const char *type)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(node, "type");
	return cJSON_IsString(value) && strcmp(value->valuestring, type) == 0;
}

void schema_take_titles(const cJSON *node, const char *titles[LANGUAGE_MAX])
{
	static const char *const names[LANGUAGE_MAX] = {
		[LANGUAGE_EN] = "/title", [LANGUAGE_VI] = "/x-title-vi"
	};
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		const char *title = cJSON_GetStringValue(json_at(node, names[language]));
		titles[language] = title == NULL ? "" : title;
	}
}

int schema_enter(struct compiler *c, const struct place *up, const char *name, const cJSON *node,
		 struct place *ret_place)
{
	static const char prefix[] = "#/definitions/";
	struct place at = { .up = up, .name = name, .node = node };
	const cJSON *ref = cJSON_GetObjectItemCaseSensitive(node, "$ref");
	if (ref != NULL) {
		if (!cJSON_IsString(ref) || cJSON_GetArraySize(node) != 1 ||
		    strncmp(ref->valuestring, prefix, sizeof(prefix) - 1) != 0)
			return schema_fault(c, &at, "$ref", MSG_SCHEMA_REF);
		at.node = json_at(c->schema->tree, ref->valuestring + 1);
		if (at.node == NULL || cJSON_GetObjectItemCaseSensitive(at.node, "$ref") != NULL)
			return schema_fault(c, &at, "$ref", MSG_SCHEMA_REF);
	}
	*ret_place = at;
	return 0;
}

int schema_each_name(struct compiler *c, const struct place *at, const cJSON *node,
		     const char *keyword, mark_fn *mark, void *ctx)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(node, keyword), *name;
	if (names == NULL)
		return 0;
	if (!cJSON_IsArray(names))
		return schema_fault(c, at, keyword, MSG_SCHEMA_FORM);
	cJSON_ArrayForEach(name, names) {
		if (!cJSON_IsString(name) || !mark(ctx, name->valuestring))
			return schema_fault(c, at, keyword, MSG_SCHEMA_NAMES);
	}
	return 0;
}

/* ---- leaves ---- */

bool schema_is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return len > 0 && len <= 64 && name[len] == '\0';
}

char *schema_join_path(const char *front, const char *middle, const char *name)
{
	struct buf path = { 0 };
	buf_put_text(&path, front);
	buf_put_text(&path, middle);
	buf_put(&path, name, strlen(name) + 1);
	if (!buf_ok(&path))
		buf_finish(&path);
	return (char *)path.data;
}

static unsigned leaf_kind(const cJSON *node, enum schema_type *ret_type)
{
	static const struct {
		const char *word;
		enum schema_type type;
		unsigned where;
	} kinds[] = {
		{ "string", SCHEMA_TEXT, AT_TEXT },
		{ "integer", SCHEMA_INTEGER, AT_NUMBER },
		{ "number", SCHEMA_NUMBER, AT_NUMBER },
		{ "boolean", SCHEMA_BOOLEAN, AT_BOOLEAN },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (schema_has_type(node, kinds[i].word)) {
			*ret_type = kinds[i].type;
			return kinds[i].where;
		}
	return 0;
}

/* What the keywords must be together. */
static enum msg_id leaf_fault(const struct schema_field *field)
{
	if (field->code_list_name != NULL && field->code_list == NULL)
		return MSG_SCHEMA_CODE_LIST;
	if (field->min_chars > field->max_chars || field->minimum_micro > field->maximum_micro)
		return MSG_SCHEMA_BOUNDS;
	return MSG_NONE;
}

int schema_compile_leaf(struct compiler *c, const struct place *at, char *path,
			struct schema_field **ret_field)
{
	CLEANUP(freep) char *owned = path;
	struct schema *schema = c->schema;
	if (path == NULL)
		return schema_out_of_memory(c);
	if (schema->field_count == LIMIT_SCHEMA_FIELDS)
		return schema_fault(c, at, NULL, MSG_SCHEMA_MANY);
	struct schema_field *field = &schema->fields[schema->field_count];
	*field = (struct schema_field){
		.golden = true,
		.max_chars = LIMIT_VALUE_BYTES,
		.minimum_micro = INT64_MIN,
		.maximum_micro = INT64_MAX,
	};
	unsigned where = leaf_kind(at->node, &field->type);
	if (where == 0)
		return schema_fault(c, at, "type", MSG_SCHEMA_FORM);
	int result = schema_check_keywords(c, at, where);
	if (result < 0)
		return result;
	field->path = TAKE(owned);
	field->number =
		(uint16_t)++schema->field_count; /* from here on schema_destroy() frees it */
	schema_take_titles(at->node, field->title);
	const cJSON *value;
	cJSON_ArrayForEach(value, at->node) {
		const struct keyword *keyword = find_keyword(value->string, where);
		result = keyword->take == NULL ? 0 : keyword->take(c, value, field);
		if (result != 0)
			return result == WRONG ? schema_fault(c, at, value->string, MSG_SCHEMA_FORM)
					       : result;
	}
	if (leaf_fault(field) != MSG_NONE)
		return schema_fault(c, at, NULL, leaf_fault(field));
	*ret_field = field;
	return 0;
}
