/* Any bytes as a name: what is accepted is NFC, has the form of a name and reads back as itself. */
#include <stdlib.h>

#include "connectors/normalise/name.h"
#include "daemon/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct name_rules rules = { 0 };
	struct name name = { 0 }, again = { 0 };
	if (name_read(blob_of(data, size), &rules, &name) == REASON_NONE) {
		if (name.text.len == 0 || !utf8_is_nfc((const char *)name.text.data, name.text.len))
			abort();
		if (name_read(buf_blob(&name.text), &rules, &again) == REASON_NONE &&
		    again.repaired)
			abort();
	}
	name_finish(&name);
	name_finish(&again);
	(void)name_seems_swapped(blob_of(data, size / 2),
				 blob_of(data + size / 2, size - size / 2));
	return 0;
}
