/* File drop options: rows of the YAML, and the struct that they fill. Linked by who reads configuration too. */
#pragma once

#include <stdint.h>

#include "config/option.h"
#include "connectors/map/map_options.h"

enum file_drop_delimiter { FILE_DROP_COMMA, FILE_DROP_SEMICOLON, FILE_DROP_TAB };

struct file_drop_options {
	char *folder; /* opened by the engine; the worker has its descriptor */
	char *file;
	unsigned delimiter; /* enum file_drop_delimiter */
	uint64_t max_bytes;
	struct option_texts sections; /* templates of section rows */
	struct map_options map;
};

extern const struct option_row file_drop_option_rows[];

/** What rows cannot say. `map` is the section `options` and may be NULL. */
void file_drop_options_check(const void *options, const struct doc_node *map, struct diag *diag);
