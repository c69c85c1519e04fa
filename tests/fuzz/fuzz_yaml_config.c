/* Any bytes as a configuration file: no crash, no leak; what is taken keeps the limits, and its canonical
 * JSON reads back as the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "config/config_source.h"
#include "config/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load_rows(const struct doc_node *root)
{
	struct diag diag = { 0 };
	struct config_file file = { 0 };
	option_load(config_file_rows, root, doc_place(root), &diag, &file);
	struct buf printed = { 0 };
	diag_print(&diag, LANGUAGE_VI, true, &printed);
	assert(buf_ok(&printed) && !diag.failed);
	buf_finish(&printed);
	option_finish(config_file_rows, &file);
	diag_finish(&diag);
}

static void read_back(const struct doc_node *root)
{
	struct diag diag = { 0 };
	struct buf json = { 0 }, again = { 0 };
	doc_json(root, &json);
	CLEANUP(doc_destroyp) struct doc *doc = doc_parse("fuzz.json", buf_blob(&json), &diag);
	if (doc != NULL) { /* escapes can make it longer than a file may be */
		doc_json(doc_root(doc), &again);
		assert(blob_equal(buf_blob(&json), buf_blob(&again)));
	}
	buf_finish(&json);
	buf_finish(&again);
	diag_finish(&diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag diag = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = doc_parse("fuzz.yaml", blob_of(data, size), &diag);
	assert((doc == NULL) == (diag.errors > 0) && !diag.failed);
	struct buf printed = { 0 };
	diag_print(&diag, LANGUAGE_EN, true, &printed);
	buf_finish(&printed);
	diag_finish(&diag);
	if (doc != NULL) {
		load_rows(doc_root(doc));
		read_back(doc_root(doc));
	}
	return 0;
}
