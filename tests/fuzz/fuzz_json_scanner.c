/* The gate before cJSON: what passes, cJSON reads, and the walk over an array gives parts that pass too. */
#include <stdlib.h>

#include "daemon/base/utf8.h"
#include "daemon/record/json.h"
#include "daemon/record/json_elements.h"
#include "daemon/record/json_gate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 20 };

static void walk(struct blob text, const char *pointer)
{
	struct json_elements elements;
	struct blob element;
	if (json_elements_begin(text, pointer, &elements, NULL) < 0)
		return;
	while (json_elements_next(&elements, &element))
		if (json_gate(element, ROOM, NULL) < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct blob text = blob_of(data, size);
	CLEANUP(cJSON_Deletep) cJSON *tree = NULL;
	if (json_gate(text, ROOM, NULL) < 0)
		return 0;
	if (size > ROOM || !utf8_valid((const char *)data, size))
		abort();
	if (json_parse(text, ROOM, &tree, NULL) < 0)
		abort();
	walk(text, "");
	walk(text, "/results");
	walk(text, "/0/items");
	return 0;
}
