/* Any valid text in each legacy encoding: what is converted is valid UTF-8. */
#include <stdlib.h>

#include "connectors/normalise/legacy.h"
#include "connectors/normalise/syllable.h"
#include "daemon/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!utf8_valid((const char *)data, size))
		return 0;
	for (int encoding = 0; encoding < LEGACY_MAX; encoding++) {
		struct buf out = { 0 };
		if (legacy_decode((enum legacy)encoding, blob_of(data, size), &out)) {
			if (!utf8_valid((const char *)out.data, out.len))
				abort();
			(void)syllable_all_valid(buf_blob(&out));
		} else if (out.len != 0) {
			abort();
		}
		buf_finish(&out);
	}
	return 0;
}
