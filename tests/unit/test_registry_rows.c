/* The option rows of all connectors, on the examples that are installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/doc.h"
#include "connectors/registry_rows.h"
#include "daemon/base/err.h"

#include <dirent.h>
#include <fcntl.h>

/* Loads one file as the daemon does; the findings as text. */
static void load(int folder, const char *name, struct buf *findings)
{
	struct diag diag = { 0 };
	struct config_file file = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = doc_load(folder, name, name, &diag);
	if (doc != NULL) {
		const struct doc_node *root = doc_root(doc);
		option_load(config_file_rows, root, doc_place(root), &diag, &file);
	}
	if (file.source != NULL) {
		config_connector_load(&file.source->connector, file.source->connector_name, false,
				      doc_get(doc_root(doc), "source"), registry_rows, &diag);
		config_connector_finish(&file.source->connector);
	}
	if (file.sink != NULL) {
		config_connector_load(&file.sink->connector, file.sink->connector_name, true,
				      doc_get(doc_root(doc), "sink"), registry_rows, &diag);
		config_connector_finish(&file.sink->connector);
	}
	diag_print(&diag, LANGUAGE_EN, true, findings);
	diag_finish(&diag);
	option_finish(config_file_rows, &file);
}

static void every_example_loads(void **state)
{
	(void)state;
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/config/examples/connectors.d",
		       getenv("SOURCE_ROOT"));
	CLEANUP(close_fdp) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder >= 0);
	DIR *dir = opendir(path);
	size_t count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct buf findings = { 0 };
		if (strstr(entry->d_name, ".yaml") == NULL)
			continue;
		load(folder, entry->d_name, &findings);
		if (findings.len > 0)
			fail_msg("%.*s", (int)findings.len, (const char *)findings.data);
		buf_finish(&findings);
		count++;
	}
	(void)closedir(dir);
	assert_true(count >= 3);
}

static void the_rows_stand_sorted_and_have_help(void **state)
{
	(void)state;
	for (size_t i = 0; i < registry_rows.count; i++) {
		const struct connector_rows *rows = &registry_rows.items[i];
		assert_true(i == 0 || strcmp(registry_rows.items[i - 1].name, rows->name) < 0);
		for (const struct option_row *row = rows->rows; row->kind != OPTION_KIND_END; row++)
			if (row->help == MSG_NONE)
				fail_msg("%s: %s has no help", rows->name, row->key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_example_loads),
		cmocka_unit_test(the_rows_stand_sorted_and_have_help),
	};
	return cmocka_run_group_tests_name("registry_rows", tests, NULL, NULL);
}
