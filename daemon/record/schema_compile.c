#include "daemon/record/schema_compile.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/record/json.h"

/* An object with the keywords of `where`, closed by additionalProperties: false. */
static int check_object(struct compiler *c, const struct place *at, unsigned where,
			const cJSON **ret_properties)
{
	int result = schema_check_keywords(c, at, where);
	if (result < 0)
		return result;
	if (!schema_has_type(at->node, "object"))
		return schema_fault(c, at, "type", MSG_SCHEMA_FORM);
	if (!cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(at->node, "additionalProperties")))
		return schema_fault(c, at, "additionalProperties", MSG_SCHEMA_FORM);
	const cJSON *properties = cJSON_GetObjectItemCaseSensitive(at->node, "properties");
	if (!cJSON_IsObject(properties) || properties->child == NULL)
		return schema_fault(c, at, "properties", MSG_SCHEMA_FORM);
	*ret_properties = properties;
	return 0;
}

/* What a list, section or record names: fields, by the last part of their path. */
struct fields {
	struct schema_field *first;
	size_t count;
};

static struct schema_field *field_named(const struct fields *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(strrchr(fields->first[i].path, '.') + 1, name) == 0)
			return &fields->first[i];
	return NULL;
}

static bool mark_required(void *ctx, const char *name)
{
	struct schema_field *field = field_named(ctx, name);
	if (field != NULL)
		field->required = true;
	return field != NULL;
}

/* The properties of a section or an element. */
static int compile_leaves(struct compiler *c, const struct place *up, const cJSON *properties,
			  const char *front, const char *middle, struct fields *ret_fields)
{
	const cJSON *property;
	struct fields fields = { .first = &c->schema->fields[c->schema->field_count] };
	struct place inner = { .up = up, .name = "properties" };
	cJSON_ArrayForEach(property, properties) {
		struct place at;
		struct schema_field *field;
		int result = schema_enter(c, &inner, property->string, property, &at);
		if (result == 0 && !schema_is_name(property->string))
			result = schema_fault(c, &at, NULL, MSG_SCHEMA_NAME);
		if (result == 0)
			result = schema_compile_leaf(
				c, &at, schema_join_path(front, middle, property->string), &field);
		if (result < 0)
			return result;
		fields.count++;
	}
	*ret_fields = fields;
	return schema_each_name(c, up, up->node, "required", mark_required, &fields);
}

/* ---- lists ---- */

static int new_list(struct compiler *c, const struct place *at, char *path,
		    struct schema_list **ret_list)
{
	uint64_t max_items = 0;
	CLEANUP(freep) char *owned = path;
	if (path == NULL)
		return schema_out_of_memory(c);
	int result = schema_check_keywords(c, at, AT_LIST);
	if (result < 0)
		return result;
	if (json_get_unsigned(at->node, "/maxItems", JSON_REQUIRED, &max_items, NULL) < 0 ||
	    max_items == 0 || max_items > LIMIT_LIST_ELEMENTS)
		return schema_fault(c, at, "maxItems", MSG_SCHEMA_FORM);
	if (c->schema->list_count == SCHEMA_LISTS_MAX)
		return schema_fault(c, at, NULL, MSG_SCHEMA_MANY);
	struct schema_list *list = &c->schema->lists[c->schema->list_count++];
	*list = (struct schema_list){ .path = TAKE(owned), .max_items = (size_t)max_items };
	schema_take_titles(at->node, list->title);
	*ret_list = list;
	return 0;
}

static void own_fields(struct schema_list *list, const struct fields *fields)
{
	list->fields = fields->first;
	list->field_count = fields->count;
	for (size_t i = 0; i < fields->count; i++)
		fields->first[i].list = list;
}

/* A list of strings inside of a section, such as evidence.note. */
static int compile_plain_list(struct compiler *c, const struct place *at, const char *section)
{
	struct schema_list *list;
	struct schema_field *field;
	struct place items;
	int result = new_list(c, at, schema_join_path(section, ".", at->name), &list);
	if (result == 0)
		result = schema_enter(c, at, "items",
				      cJSON_GetObjectItemCaseSensitive(at->node, "items"), &items);
	if (result == 0)
		result = schema_compile_leaf(c, &items, schema_join_path(section, ".", at->name),
					     &field);
	if (result < 0)
		return result;
	memcpy(field->title, list->title, sizeof(field->title));
	list->plain = true;
	list->agree = 1;
	own_fields(list, &(struct fields){ .first = field, .count = 1 });
	return 0;
}

struct list_rule {
	struct schema_list *list;
	struct fields fields;
	uint32_t agree, may_differ;
};

static bool mark_bit(const struct list_rule *rule, const char *name, uint32_t *bits)
{
	const struct schema_field *field = field_named(&rule->fields, name);
	if (field == NULL)
		return false;
	uint32_t bit = UINT32_C(1) << (field - rule->fields.first);
	if (((rule->agree | rule->may_differ) & bit) != 0)
		return false;
	*bits |= bit;
	return true;
}

static bool mark_agree(void *ctx, const char *name)
{
	struct list_rule *rule = ctx;
	return mark_bit(rule, name, &rule->agree);
}

static bool mark_may_differ(void *ctx, const char *name)
{
	struct list_rule *rule = ctx;
	return mark_bit(rule, name, &rule->may_differ);
}

static bool mark_key(void *ctx, const char *name)
{
	struct list_rule *rule = ctx;
	const struct schema_field *field = field_named(&rule->fields, name);
	if (field == NULL || rule->list->key_count == SCHEMA_LIST_FIELDS)
		return false;
	rule->list->key[rule->list->key_count++] = (uint8_t)(field - rule->fields.first);
	return true;
}

/* x-list-key and x-match; every sub-field stands in exactly one half of x-match. */
static int compile_list_rule(struct compiler *c, const struct place *at, struct list_rule *rule)
{
	struct place match = { .up = at, .name = "x-match" };
	match.node = cJSON_GetObjectItemCaseSensitive(at->node, "x-match");
	int result = schema_each_name(c, at, at->node, "x-list-key", mark_key, rule);
	if (result == 0)
		result = schema_each_name(c, &match, match.node, "agree", mark_agree, rule);
	if (result == 0)
		result = schema_each_name(c, &match, match.node, "may_differ", mark_may_differ,
					  rule);
	if (result < 0)
		return result;
	uint32_t all =
		rule->fields.count == 32 ? UINT32_MAX : (UINT32_C(1) << rule->fields.count) - 1;
	if (cJSON_GetArraySize(match.node) != 2 || rule->agree == 0 ||
	    (rule->agree | rule->may_differ) != all)
		return schema_fault(c, at, "x-match", MSG_SCHEMA_NAMES);
	if (rule->list->key_count == 0)
		return schema_fault(c, at, "x-list-key", MSG_SCHEMA_NAMES);
	rule->list->agree = rule->agree;
	return 0;
}

static int compile_list(struct compiler *c, const struct place *at)
{
	struct list_rule rule = { 0 };
	struct place items;
	const cJSON *properties = NULL;
	int result = new_list(c, at, schema_join_path(at->name, "", ""), &rule.list);
	if (result == 0)
		result = schema_enter(c, at, "items",
				      cJSON_GetObjectItemCaseSensitive(at->node, "items"), &items);
	if (result == 0)
		result = check_object(c, &items, AT_ELEMENT, &properties);
	if (result == 0 && cJSON_GetArraySize(properties) > SCHEMA_LIST_FIELDS)
		result = schema_fault(c, &items, "properties", MSG_SCHEMA_MANY);
	if (result == 0)
		result = compile_leaves(c, &items, properties, at->name, "[].", &rule.fields);
	if (result < 0)
		return result;
	own_fields(rule.list, &rule.fields);
	return compile_list_rule(c, at, &rule);
}

/* ---- sections and records ---- */

static int compile_plain_section(struct compiler *c, const struct place *at)
{
	const cJSON *properties = NULL, *property;
	struct fields fields = { .first = &c->schema->fields[c->schema->field_count] };
	struct place inner = { .up = at, .name = "properties" };
	int result = check_object(c, at, AT_SECTION, &properties);
	if (result < 0)
		return result;
	cJSON_ArrayForEach(property, properties) {
		struct place leaf;
		struct schema_field *field;
		result = schema_enter(c, &inner, property->string, property, &leaf);
		if (result == 0 && !schema_is_name(property->string))
			result = schema_fault(c, &leaf, NULL, MSG_SCHEMA_NAME);
		if (result == 0 && schema_has_type(leaf.node, "array"))
			result = compile_plain_list(c, &leaf, at->name);
		else if (result == 0)
			result = schema_compile_leaf(
				c, &leaf, schema_join_path(at->name, ".", property->string),
				&field);
		if (result < 0)
			return result;
		fields.count++;
	}
	return schema_each_name(c, at, at->node, "required", mark_required, &fields);
}

static int take_end(struct compiler *c, const struct place *at, enum schema_end *ret_end)
{
	const char *end = "keep";
	if (json_get_text(at->node, "/x-end", JSON_OPTIONAL, &end, NULL) < 0 ||
	    (strcmp(end, "keep") != 0 && strcmp(end, "close") != 0))
		return schema_fault(c, at, "x-end", MSG_SCHEMA_FORM);
	*ret_end = strcmp(end, "close") == 0 ? SCHEMA_CLOSE : SCHEMA_KEEP;
	return 0;
}

static struct schema_section *section_named(struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->section_count; i++)
		if (strcmp(schema->sections[i].name, name) == 0)
			return &schema->sections[i];
	return NULL;
}

static int new_section(struct compiler *c, const struct place *at)
{
	struct schema *schema = c->schema;
	size_t first = schema->field_count;
	if (schema->section_count == SCHEMA_SECTIONS_MAX)
		return schema_fault(c, at, NULL, MSG_SCHEMA_MANY);
	struct schema_section *section = &schema->sections[schema->section_count];
	*section = (struct schema_section){ .name = at->name };
	schema->section_nodes[schema->section_count++] = at->node;
	schema_take_titles(at->node, section->title);
	int result = take_end(c, at, &section->end);
	if (result == 0)
		result = schema_has_type(at->node, "array") ? compile_list(c, at)
							    : compile_plain_section(c, at);
	for (size_t i = first; i < schema->field_count; i++)
		schema->fields[i].section = section;
	return result;
}

/* A section that two record types share is one section, so both must mean the same node by $ref. */
static int compile_section(struct compiler *c, const struct place *at, enum record_type type)
{
	struct schema *schema = c->schema;
	struct schema_section *section = section_named(schema, at->name);
	if (!schema_is_name(at->name))
		return schema_fault(c, at, NULL, MSG_SCHEMA_NAME);
	if (section == NULL) {
		int result = new_section(c, at);
		if (result < 0)
			return result;
		section = section_named(schema, at->name);
	} else if (schema->section_nodes[section - schema->sections] != at->node) {
		return schema_fault(c, at, NULL, MSG_SCHEMA_TWICE);
	}
	section->record_types |= (uint8_t)(1u << type);
	return 0;
}

struct required_sections {
	struct schema *schema;
	enum record_type type;
};

static bool mark_section(void *ctx, const char *name)
{
	const struct required_sections *required = ctx;
	struct schema_section *section = section_named(required->schema, name);
	uint8_t bit = (uint8_t)(1u << required->type);
	if (section == NULL || (section->record_types & bit) == 0)
		return false;
	section->required |= bit;
	return true;
}

static int compile_record(struct compiler *c, const struct place *root, const char *name,
			  enum record_type type)
{
	struct place definitions = { .up = root, .name = "definitions" };
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(root->node, "definitions"), name);
	const cJSON *properties = NULL, *property;
	struct place at = { .up = &definitions, .name = name, .node = node };
	struct place inner = { .up = &at, .name = "properties" };
	int result = check_object(c, &at, AT_RECORD, &properties);
	if (result < 0)
		return result;
	cJSON_ArrayForEach(property, properties) {
		struct place section;
		result = schema_enter(c, &inner, property->string, property, &section);
		if (result == 0)
			result = compile_section(c, &section, type);
		if (result < 0)
			return result;
	}
	struct required_sections required = { .schema = c->schema, .type = type };
	return schema_each_name(c, &at, node, "required", mark_section, &required);
}

/* ---- the whole ---- */

static int compare_paths(const void *a, const void *b, void *schema)
{
	const struct schema_field *fields = ((const struct schema *)schema)->fields;
	return strcmp(fields[*(const uint16_t *)a].path, fields[*(const uint16_t *)b].path);
}

static void build_indices(struct schema *schema)
{
	for (size_t i = 0; i < schema->field_count; i++) {
		schema->fields[i].record_types = schema->fields[i].section->record_types;
		schema->by_path[i] = (uint16_t)i;
		schema->by_number[i + 1] = (uint16_t)(i + 1);
	}
	qsort_r(schema->by_path, schema->field_count, sizeof(schema->by_path[0]), compare_paths,
		schema);
}

int schema_compile(struct blob text, const struct code_lists *lists, struct schema **ret_schema,
		   struct err *err)
{
	CLEANUP(schema_destroyp) struct schema *schema = calloc(1, sizeof(*schema));
	struct compiler c = { .schema = schema, .lists = lists, .err = err };
	if (schema == NULL)
		return schema_out_of_memory(&c);
	int result = json_parse(text, LIMIT_SCHEMA_BYTES, &schema->tree, err);
	if (result == ERR_NOMEM)
		return result;
	if (result < 0) { /* foreign to the gate, but this file is configuration */
		(void)err_wrap(err, MSG_SCHEMA_JSON);
		if (err != NULL)
			err->code = ERR_CONFIG;
		return ERR_CONFIG;
	}
	sha256(text.data, text.len, schema->hash);
	struct place root = { .node = schema->tree };
	result = schema_check_keywords(&c, &root, AT_ROOT);
	if (result == 0)
		result = compile_record(&c, &root, "person", RECORD_PERSON);
	if (result == 0)
		result = compile_record(&c, &root, "student", RECORD_STUDENT);
	if (result < 0)
		return result;
	build_indices(schema);
	*ret_schema = TAKE(schema);
	return 0;
}
