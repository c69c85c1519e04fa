/* The reader of audit leaves: what it takes is one line of NFC text of a known act, whatever the input. */
#include <stdlib.h>

#include "daemon/audit/leaf_view.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct leaf_view view;
	if (leaf_view_read(blob_of(data, size), &view, NULL) < 0)
		return 0;
	const char *text = (const char *)data;
	if (size > LIMIT_LEAF_BYTES || view.act == AUDIT_ACT_NONE || view.version != 1)
		abort();
	if (!utf8_valid(text, size) || !utf8_is_nfc(text, size))
		abort();
	for (size_t i = 0; i < size; i++)
		if (data[i] < 0x20) /* a leaf is one line of any export */
			abort();
	return 0;
}
