/* Mapping fixture: a map written as YAML, compiled against the real schema and code lists of this tree. */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/doc.h"
#include "connectors/map/header.h"
#include "connectors/map/mapping.h"
#include "daemon/base/err.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"

struct mapping_fixture {
	struct code_lists *lists;
	struct schema *schema;
	struct map_options options;
	struct doc *doc;
	struct mapping *mapping;
	struct diag diag; /* what the rows and map_options_check() found */
	struct err err;
};

static inline int fixture_open(const char *name, int flags)
{
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/%s", getenv("SOURCE_ROOT"), name);
	return open(path, flags | O_RDONLY | O_CLOEXEC);
}

static inline void fixture_load(struct mapping_fixture *fixture)
{
	static uint8_t text[1 << 20];
	int lists_fd = fixture_open("config/codelists", O_DIRECTORY);
	int schema_fd = fixture_open("schemas/person.schema.json", 0);
	ssize_t len = read(schema_fd, text, sizeof(text));
	if (len <= 0 || code_lists_load(lists_fd, &fixture->lists, &fixture->err) < 0 ||
	    schema_compile(blob_of(text, (size_t)len), fixture->lists, &fixture->schema,
			   &fixture->err) < 0)
		abort();
	(void)close(lists_fd);
	(void)close(schema_fd);
}

/* Returns what mapping_create() does; -1 with findings in diag if the options do not hold. */
static inline int fixture_map(struct mapping_fixture *fixture, const char *yaml,
			      enum record_type type)
{
	static char police[] = "Công an tỉnh Lạng Sơn";
	static char *excluded[] = { police };
	static const struct option_texts excluded_orgs = { excluded, 1 };
	const struct mapping_source source = { .record_type = type,
					       .excluded_orgs = &excluded_orgs,
					       .as_of = { 2026, 9, 30 },
					       .ethnic_system = ETHNIC_VN1979 };
	fixture->doc = doc_parse("map", blob_text(yaml), &fixture->diag);
	if (fixture->doc == NULL)
		return -1;
	const struct doc_node *root = doc_root(fixture->doc);
	option_load(map_option_rows, root, doc_place(root), &fixture->diag, &fixture->options);
	if (fixture->diag.errors == 0)
		map_options_check(&fixture->options, root, &fixture->diag);
	if (fixture->diag.errors > 0)
		return -1;
	return mapping_create(&fixture->options, fixture->schema, fixture->lists, source,
			      &fixture->mapping, &fixture->err);
}

/* Binds to a header of columns separated by "|". */
static inline int fixture_bind(struct mapping_fixture *fixture, const char *header)
{
	struct blob cells[64];
	size_t count = 0;
	for (const char *at = header;; at++) {
		size_t len = strcspn(at, "|");
		cells[count++] = blob_of(at, len);
		at += len;
		if (*at == '\0')
			break;
	}
	return header_bind(fixture->mapping, cells, count, 1, &fixture->err);
}

static inline void fixture_unmap(struct mapping_fixture *fixture)
{
	mapping_destroy(fixture->mapping);
	fixture->mapping = NULL;
	option_finish(map_option_rows, &fixture->options);
	doc_destroy(fixture->doc);
	fixture->doc = NULL;
	diag_finish(&fixture->diag);
	fixture->diag = (struct diag){ 0 };
}

static inline void fixture_finish(struct mapping_fixture *fixture)
{
	fixture_unmap(fixture);
	schema_destroy(fixture->schema);
	code_lists_destroy(fixture->lists);
}
