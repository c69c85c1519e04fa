/* Reconcile state: a store, a log, the project's schema and a reconciler, and rows written by a short text. */
#pragma once

#include "tests/support/audit_state.h"
#include "tests/support/schema_fixture.h"

#include "config/config_policy.h"
#include "daemon/reconcile/reconciler.h"
#include "daemon/reconcile/survivorship.h"
#include "daemon/store/dictionary.h"

static struct code_lists *lists;
static struct schema *schema;
static struct survivorship *policy;
static struct reconciler *reconciler;
static struct record_builder *builder;

enum { SOURCE_HR = 1, SOURCE_COLLEGE = 2, SOURCE_THIRD = 3 };
static const char *const source_names[] = { "noi-vu", "cao-dang", "doanh-nghiep" };

static inline uint16_t state_source_number(void *ctx, const char *name)
{
	(void)ctx;
	for (uint16_t i = 0; i < 3; i++)
		if (strcmp(source_names[i], name) == 0)
			return (uint16_t)(i + 1);
	return 0;
}

/* noi-vu before cao-dang before doanh-nghiep; but the college knows phones and degrees better. */
static inline struct survivorship *state_policy(void)
{
	char *all[] = { (char *)(uintptr_t) "noi-vu", (char *)(uintptr_t) "cao-dang",
			(char *)(uintptr_t) "doanh-nghiep" };
	char *college[] = { (char *)(uintptr_t) "cao-dang", (char *)(uintptr_t) "noi-vu" };
	char *fields[] = { (char *)(uintptr_t) "contact.phone", (char *)(uintptr_t) "degree" };
	struct config_order override = { .fields = { fields, 2 }, .sources = { college, 2 } };
	const struct config_survivorship config = { .sources = { all, 3 },
						    .overrides = &override,
						    .override_count = 1 };
	struct survivorship *made = NULL;
	OK(survivorship_compile(&config, schema, state_source_number, NULL, &made, &state_err));
	return made;
}

static inline int reconcile_state_make(void **unused)
{
	(void)audit_state_make(unused);
	lists = source_code_lists();
	schema = source_schema(lists);
	policy = state_policy();
	const struct reconciler_options options = { .store = store,
						    .audit = audit,
						    .schema = schema,
						    .policy = policy,
						    .provinces =
							    code_lists_get(lists, "cccd-provinces"),
						    .random = &random_system,
						    .clock = &audit_state_clock };
	OK(reconciler_create(&options, &reconciler, &state_err));
	OK(record_builder_create(&builder, &state_err));
	return 0;
}

static inline int reconcile_state_end(void **unused)
{
	reconciler_destroy(reconciler);
	record_builder_destroy(builder);
	survivorship_destroy(policy);
	schema_destroy(schema);
	code_lists_destroy(lists);
	return audit_state_end(unused);
}

/* Facts as "path=value" or "path[key]=value" lines, encoded into `out`. */
static inline struct record state_record(const char *text, struct buf *out)
{
	struct record record;
	size_t start = out->len;
	record_builder_begin(builder, RECORD_PERSON);
	while (*text != '\0') {
		size_t line = strcspn(text, "\n"), equals = strcspn(text, "=");
		char path[128] = { 0 };
		struct blob key = { 0 };
		size_t open = strcspn(text, "<");
		size_t path_len = equals;
		if (open < equals) {
			size_t close = strcspn(text, ">");
			key = blob_of(text + open + 1, close - open - 1);
			path_len = open;
		}
		memcpy(path, text, path_len);
		const struct schema_field *field = schema_field_by_path(schema, path);
		assert_non_null(field);
		record_builder_add(builder, field->number, key,
				   blob_of(text + equals + 1, line - equals - 1));
		text += line + (text[line] == '\n');
	}
	OK(record_builder_encode(builder, out, &state_err));
	OK(record_open(blob_of(out->data + start, out->len - start), &record, &state_err));
	return record;
}

#define RECONCILE_CASE(name) \
	cmocka_unit_test_setup_teardown(name, reconcile_state_make, reconcile_state_end)
