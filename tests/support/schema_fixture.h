/* The project's own schema and code lists, for tests that want the real thing. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/base/bytes.h"
#include "daemon/base/err.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"

/* SOURCE_ROOT comes from tests/unit/meson.build; by hand, run from the root. */
static inline const char *source_path(const char *path, char out[4096])
{
	const char *root = getenv("SOURCE_ROOT");
	(void)snprintf(out, 4096, "%s/%s", root == NULL ? "." : root, path);
	return out;
}

static inline struct buf source_file(const char *path)
{
	char full[4096];
	struct buf text = { 0 };
	FILE *file = fopen(source_path(path, full), "rbe");
	if (file == NULL)
		abort();
	for (int c = fgetc(file); c != EOF; c = fgetc(file))
		buf_put_u8(&text, (uint8_t)c);
	(void)fclose(file);
	return text;
}

static inline struct code_lists *source_code_lists(void)
{
	char full[4096];
	struct code_lists *lists = NULL;
	int folder_fd =
		open(source_path("config/codelists", full), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0 || code_lists_load(folder_fd, &lists, NULL) < 0)
		abort();
	(void)close(folder_fd);
	return lists;
}

static inline struct schema *source_schema(const struct code_lists *lists)
{
	struct buf text = source_file("schemas/person.schema.json");
	struct schema *schema = NULL;
	struct err err = { 0 };
	if (schema_compile(buf_blob(&text), lists, &schema, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text[LANGUAGE_EN]);
		abort();
	}
	buf_finish(&text);
	return schema;
}
