#include "config/config_policy.h"

#include <string.h>

static const struct option_row condition_rows[] = {
	OPTION_TEXT("code", struct config_condition, code, .required = true, .min = 1, .max = 40,
		    .help = MSG_HELP_CONDITION_CODE),
	OPTION_TEXT("field", struct config_condition, field, .required = true, .min = 1, .max = 200,
		    .help = MSG_HELP_CONDITION_FIELD),
	OPTION_TEXT("at_least", struct config_condition, at_least,
		    .help = MSG_HELP_CONDITION_AT_LEAST),
	OPTION_TEXTS("one_of", struct config_condition, one_of, .min = 1, .max = 1000,
		     .help = MSG_HELP_CONDITION_ONE_OF),
	OPTION_BOOL("present", struct config_condition, present,
		    .help = MSG_HELP_CONDITION_PRESENT),
	OPTION_END,
};

const struct option_row config_inclusion_rows[] = {
	OPTION_TEXT("version", struct config_inclusion, version, .min = 1, .max = 40,
		    .help = MSG_HELP_INCLUSION_VERSION),
	OPTION_SECTIONS("any_of", struct config_inclusion, any_of, any_of_count,
			struct config_condition, condition_rows, .min = 1, .max = 100,
			.help = MSG_HELP_INCLUSION_ANY_OF),
	OPTION_SECTIONS("none_of", struct config_inclusion, none_of, none_of_count,
			struct config_condition, condition_rows,
			.help = MSG_HELP_INCLUSION_NONE_OF),
	OPTION_END,
};

static const struct option_row order_rows[] = {
	OPTION_TEXTS("fields", struct config_order, fields, .required = true, .min = 1, .max = 1000,
		     .help = MSG_HELP_ORDER_FIELDS),
	OPTION_TEXTS("sources", struct config_order, sources, .required = true, .min = 1,
		     .max = 256, .help = MSG_HELP_ORDER_SOURCES),
	OPTION_END,
};

const struct option_row config_survivorship_rows[] = {
	OPTION_TEXTS("sources", struct config_survivorship, sources,
		     .help = MSG_HELP_SURVIVORSHIP_SOURCES),
	OPTION_SECTIONS("overrides", struct config_survivorship, overrides, override_count,
			struct config_order, order_rows, .help = MSG_HELP_SURVIVORSHIP_OVERRIDES),
	OPTION_END,
};

static void check_conditions(const struct doc_node *list, struct diag *diag)
{
	for (size_t i = 0; list != NULL && list->kind == DOC_LIST && i < list->count; i++) {
		const struct doc_node *map = list->items[i];
		const struct doc_node *present = doc_get(map, "present");
		int tests = (doc_get(map, "at_least") != NULL) + (doc_get(map, "one_of") != NULL) +
			    (present != NULL);
		if (map->kind == DOC_MAP && tests != 1)
			diag_error(diag, doc_place(map), MSG_CONFIG_CONDITION);
		if (present != NULL && present->kind == DOC_SCALAR &&
		    strcmp(present->text, "false") == 0)
			diag_error(diag, doc_place(present), MSG_CONFIG_PRESENT_FALSE);
	}
}

/* Codes stand in reports as the reason: one line, one code. */
static void check_codes(const struct doc_node *inclusion, struct diag *diag)
{
	const struct doc_node *seen[256];
	size_t count = 0;
	static const char *const lists[] = { "any_of", "none_of" };
	for (size_t l = 0; l < 2; l++) {
		const struct doc_node *list = doc_get(inclusion, lists[l]);
		for (size_t i = 0; list != NULL && list->kind == DOC_LIST && i < list->count; i++) {
			const struct doc_node *code = doc_get(list->items[i], "code");
			if (code == NULL || code->kind != DOC_SCALAR)
				continue;
			for (size_t j = 0; j < count; j++)
				if (strcmp(seen[j]->text, code->text) == 0)
					diag_error(diag, doc_place(code), MSG_CONFIG_CODE_TWICE,
						   ARG_TEXT("code", code->text),
						   ARG_U("line", seen[j]->line));
			if (count < sizeof(seen) / sizeof(seen[0]))
				seen[count++] = code;
		}
	}
}

void config_inclusion_check(const struct doc_node *node, struct diag_place where, struct diag *diag)
{
	if (doc_get(node, "version") == NULL)
		diag_error(diag, where, MSG_CONFIG_MISSING,
			   ARG_WORD("key", "publish.inclusion.version"));
	if (doc_get(node, "any_of") == NULL)
		diag_error(diag, where, MSG_CONFIG_MISSING,
			   ARG_WORD("key", "publish.inclusion.any_of"));
	check_conditions(doc_get(node, "any_of"), diag);
	check_conditions(doc_get(node, "none_of"), diag);
	check_codes(node, diag);
}

static bool contains(const struct option_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

/* Every name is a source, and none stands twice. */
static void check_order(const struct doc_node *list, const struct option_texts *sources,
			struct diag *diag)
{
	for (size_t i = 0; list != NULL && list->kind == DOC_LIST && i < list->count; i++) {
		const struct doc_node *item = list->items[i];
		if (item->kind != DOC_SCALAR)
			continue;
		if (!contains(sources, item->text)) {
			diag_error(diag, doc_place(item), MSG_CONFIG_UNKNOWN_SOURCE,
				   ARG_TEXT("name", item->text));
			const char *names[64] = { NULL };
			for (size_t n = 0; n < sources->count && n < 63; n++)
				names[n] = sources->items[n];
			const char *nearest = diag_nearest(item->text, names);
			if (nearest != NULL)
				diag_hint(diag, MSG_CONFIG_DID_YOU_MEAN, ARG_WORD("name", nearest));
		}
		for (size_t j = 0; j < i; j++)
			if (list->items[j]->kind == DOC_SCALAR &&
			    strcmp(list->items[j]->text, item->text) == 0)
				diag_error(diag, doc_place(item), MSG_CONFIG_SOURCE_TWICE,
					   ARG_TEXT("name", item->text));
	}
}

void config_survivorship_check(const struct config_survivorship *survivorship,
			       const struct doc_node *node, struct diag_place where,
			       const struct option_texts *sources, struct diag *diag)
{
	const struct doc_node *list = doc_get(node, "sources");
	check_order(list, sources, diag);
	struct diag_place place = list != NULL ? doc_place(list) : where;
	for (size_t i = 0; i < sources->count; i++)
		if (!contains(&survivorship->sources, sources->items[i]))
			diag_error(diag, place, MSG_CONFIG_SOURCE_UNRANKED,
				   ARG_WORD("name", sources->items[i]));
	const struct doc_node *overrides = doc_get(node, "overrides");
	for (size_t i = 0; overrides != NULL && overrides->kind == DOC_LIST && i < overrides->count;
	     i++)
		check_order(doc_get(overrides->items[i], "sources"), sources, diag);
}
