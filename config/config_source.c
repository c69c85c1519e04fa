#include "config/config_source.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/limits.h"

static const char *const record_names[] = {
	[CONFIG_RECORD_PERSON] = "person", [CONFIG_RECORD_STUDENT] = "student", NULL
};
static const char *const list_names[] = { "some", "whole", NULL };

static const struct option_row as_of_rows[] = {
	OPTION_DATE("constant", struct config_as_of, constant, .help = MSG_HELP_AS_OF_CONSTANT),
	OPTION_END,
};

static const struct option_row whole_rows[] = {
	OPTION_BOOL("unproven", struct config_whole, unproven, .help = MSG_HELP_WHOLE_UNPROVEN),
	OPTION_TEXT("trailer", struct config_whole, trailer, .help = MSG_HELP_WHOLE_TRAILER),
	OPTION_END,
};

const struct option_row config_source_rows[] = {
	OPTION_WORD("name", struct config_source, name, .required = true,
		    .help = MSG_HELP_SOURCE_NAME),
	OPTION_TEXT("connector", struct config_source, connector_name, .required = true,
		    .help = MSG_HELP_CONNECTOR),
	OPTION_ENUM("record", struct config_source, record, record_names, .required = true,
		    .help = MSG_HELP_RECORD),
	OPTION_TEXT("owner", struct config_source, owner, .required = true, .help = MSG_HELP_OWNER),
	OPTION_TEXT("legal_basis", struct config_source, legal_basis, .required = true,
		    .help = MSG_HELP_LEGAL_BASIS),
	OPTION_TEXT("purpose", struct config_source, purpose, .required = true,
		    .help = MSG_HELP_PURPOSE),
	OPTION_MAP("code_lists", struct config_source, code_lists, .required = true, .min = 1,
		   .max = 64, .help = MSG_HELP_CODE_LISTS),
	OPTION_SECTION("as_of", struct config_source, as_of, struct config_as_of, as_of_rows,
		       .required = true, .one_of = true, .help = MSG_HELP_AS_OF),
	OPTION_SECTION("whole", struct config_source, whole, struct config_whole, whole_rows,
		       .required = true, .one_of = true, .bare = "unproven",
		       .help = MSG_HELP_WHOLE),
	OPTION_BOOL("publish", struct config_source, publish, .fallback = "false",
		    .help = MSG_HELP_SOURCE_PUBLISH),
	OPTION_MAP("lists", struct config_source, lists, .names = list_names,
		   .help = MSG_HELP_LISTS),
	OPTION_RAW("options", struct config_source, options, .help = MSG_HELP_OPTIONS),
	OPTION_END,
};

static const struct option_row batch_rows[] = {
	OPTION_INTEGER("max_items", struct config_batch, max_items, .fallback = "100", .min = 1,
		       .max = 10000, .help = MSG_HELP_BATCH_ITEMS),
	OPTION_SIZE("max_bytes", struct config_batch, max_bytes, .fallback = "512KiB", .min = 4096,
		    .max = LIMIT_FRAME_BODY, .help = MSG_HELP_BATCH_BYTES),
	OPTION_END,
};

static const struct option_row retry_rows[] = {
	OPTION_DURATION("first", struct config_retry, first_ms, .fallback = "1s", .min = 100,
			.max = 3600000, .help = MSG_HELP_RETRY_FIRST),
	OPTION_DURATION("max", struct config_retry, max_ms, .fallback = "10m", .min = 1000,
			.max = 86400000, .help = MSG_HELP_RETRY_MAX),
	OPTION_DURATION("retry_after_max", struct config_retry, retry_after_max_ms,
			.fallback = "1h", .min = 1000, .max = 86400000,
			.help = MSG_HELP_RETRY_AFTER_MAX),
	OPTION_DURATION("key_life", struct config_retry, key_life_ms, .fallback = "1d",
			.min = 60000, .max = 30 * 86400000ll, .help = MSG_HELP_RETRY_KEY_LIFE),
	OPTION_END,
};

const struct option_row config_sink_rows[] = {
	OPTION_WORD("name", struct config_sink, name, .required = true, .help = MSG_HELP_SINK_NAME),
	OPTION_TEXT("connector", struct config_sink, connector_name, .required = true,
		    .help = MSG_HELP_CONNECTOR),
	OPTION_SECTION("batch", struct config_sink, batch, struct config_batch, batch_rows,
		       .help = MSG_HELP_BATCH),
	OPTION_SECTION("retry", struct config_sink, retry, struct config_retry, retry_rows,
		       .help = MSG_HELP_RETRY),
	OPTION_RAW("options", struct config_sink, options, .help = MSG_HELP_OPTIONS),
	OPTION_END,
};

const struct option_row config_file_rows[] = {
	OPTION_INTEGER("version", struct config_file, version, .fallback = "1", .min = 1, .max = 1,
		       .help = MSG_HELP_VERSION),
	OPTION_MAYBE("source", struct config_file, source, struct config_source, config_source_rows,
		     .help = MSG_HELP_SOURCE),
	OPTION_MAYBE("sink", struct config_file, sink, struct config_sink, config_sink_rows,
		     .help = MSG_HELP_SINK),
	OPTION_END,
};

static const struct connector_rows *find_connector(struct connector_list list, const char *name)
{
	for (size_t i = 0; i < list.count; i++)
		if (strcmp(list.items[i].name, name) == 0)
			return &list.items[i];
	return NULL;
}

/* A source's connector for a source, a sink's for a sink. */
static const struct connector_rows *choose_connector(const char *name, bool pushes,
						     const struct doc_node *section,
						     struct connector_list list, struct diag *diag)
{
	struct diag_place place = doc_place(doc_get(section, "connector"));
	const struct connector_rows *rows = find_connector(list, name);
	if (rows == NULL) {
		diag_error(diag, place, MSG_CONFIG_UNKNOWN_CONNECTOR, ARG_TEXT("name", name));
		const char *names[64];
		size_t count = 0;
		for (size_t i = 0; i < list.count && count < 63; i++)
			if (list.items[i].pushes == pushes)
				names[count++] = list.items[i].name;
		names[count] = NULL;
		const char *nearest = diag_nearest(name, names);
		if (nearest != NULL)
			diag_hint(diag, MSG_CONFIG_DID_YOU_MEAN, ARG_WORD("name", nearest));
	} else if (rows->pushes != pushes) {
		enum msg_id msg = pushes ? MSG_CONFIG_NOT_A_SINK : MSG_CONFIG_NOT_A_SOURCE;
		diag_error(diag, place, msg, ARG_WORD("name", rows->name));
		rows = NULL;
	}
	return rows;
}

void config_connector_load(struct config_connector *connector, const char *name, bool pushes,
			   const struct doc_node *section, struct connector_list list,
			   struct diag *diag)
{
	const struct doc_node *map = doc_get(section, "options");
	const struct connector_rows *rows =
		name == NULL ? NULL : choose_connector(name, pushes, section, list, diag);
	if (rows == NULL || (map != NULL && doc_is_null(map)))
		return; /* both are findings already */
	connector->options = calloc(1, rows->size);
	if (connector->options == NULL) {
		diag->failed = true;
		return;
	}
	connector->rows = rows;
	size_t errors = diag->errors;
	option_load(rows->rows, map, doc_place(section), diag, connector->options);
	if (rows->check != NULL && diag->errors == errors && !diag->failed)
		rows->check(connector->options, map, diag);
	if (map != NULL)
		doc_json(map, &connector->json);
	else
		buf_put_text(&connector->json, "{}");
	diag->failed |= !buf_ok(&connector->json);
}

void config_connector_finish(struct config_connector *connector)
{
	if (connector->options != NULL)
		option_finish(connector->rows->rows, connector->options);
	free(connector->options);
	buf_finish(&connector->json);
	*connector = (struct config_connector){ 0 };
}
