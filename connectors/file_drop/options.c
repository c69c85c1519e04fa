#include "connectors/file_drop/options.h"

#include <string.h>

#include "connectors/map/template.h"
#include "daemon/base/limits.h"

static const char *const delimiter_names[] = { [FILE_DROP_COMMA] = "comma",
					       [FILE_DROP_SEMICOLON] = "semicolon",
					       [FILE_DROP_TAB] = "tab",
					       NULL };

const struct option_row file_drop_option_rows[] = {
	OPTION_PATH("folder", struct file_drop_options, folder, .required = true, .pass = "folder",
		    .help = MSG_HELP_DROP_FOLDER),
	OPTION_TEXT("file", struct file_drop_options, file, .required = true,
		    .max = LIMIT_FILE_NAME_BYTES, .help = MSG_HELP_DROP_FILE),
	OPTION_ENUM("delimiter", struct file_drop_options, delimiter, delimiter_names,
		    .required = true, .help = MSG_HELP_DROP_DELIMITER),
	OPTION_SIZE("max_size", struct file_drop_options, max_bytes, .fallback = "1GiB", .min = 1,
		    .max = (int64_t)LIMIT_FILE_MIB << 20, .help = MSG_HELP_DROP_MAX_SIZE),
	OPTION_TEXTS("sections", struct file_drop_options, sections, .max = LIMIT_MAP_NAMES,
		     .help = MSG_HELP_DROP_SECTIONS),
	OPTION_SECTION("map", struct file_drop_options, map, struct map_options, map_option_rows,
		       .required = true, .help = MSG_HELP_DROP_MAP),
	OPTION_END,
};

/* A plain name; what programs write before they rename it is never a delivery. */
static bool is_plain_name(const char *name)
{
	static const char *const unfinished[] = { ".tmp", ".part", ".filepart" };
	size_t len = strlen(name);
	if (name[0] == '.' || strchr(name, '/') != NULL)
		return false;
	for (size_t i = 0; i < sizeof(unfinished) / sizeof(unfinished[0]); i++) {
		size_t end = strlen(unfinished[i]);
		if (len >= end && strcmp(name + len - end, unfinished[i]) == 0)
			return false;
	}
	return true;
}

static struct diag_place place_of(const struct doc_node *map, const char *key)
{
	const struct doc_node *node = doc_get(map, key);
	return node == NULL ? (struct diag_place){ 0 } : doc_place(node);
}

void file_drop_options_check(const void *options, const struct doc_node *map, struct diag *diag)
{
	const struct file_drop_options *drop = options;
	if (!is_plain_name(drop->file))
		diag_error(diag, place_of(map, "file"), MSG_DROP_NAME,
			   ARG_TEXT("name", drop->file));
	for (size_t i = 0; i < drop->sections.count; i++)
		if (!template_is_valid(drop->sections.items[i], false))
			diag_error(diag, place_of(map, "sections"), MSG_MAP_TEMPLATE,
				   ARG_TEXT("text", drop->sections.items[i]));
	map_options_check(&drop->map, doc_get(map, "map"), diag);
}
