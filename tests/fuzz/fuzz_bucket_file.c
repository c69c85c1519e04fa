/* The key file: what is taken is rebuilt byte for byte from its parts. The checksum of the input is set
 * right first, so that the parser behind it is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/base/digest.h"
#include "daemon/keys/bucket_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bucket_file file;
	if (bucket_file_decode(blob_of(data, size), &file, NULL) == 0 && size < 4)
		abort();
	if (size < 4)
		return 0;
	uint8_t *bytes = malloc(size);
	memcpy(bytes, data, size);
	uint32_t sum = crc32c(bytes, size - 4);
	for (size_t i = 0; i < 4; i++)
		bytes[size - 4 + i] = (uint8_t)(sum >> (24 - 8 * i));
	if (bucket_file_decode(blob_of(bytes, size), &file, NULL) == 0) {
		struct buf again = { 0 };
		bucket_file_put_header(&again, file.id, file.check, file.count);
		for (uint32_t i = 0; i < file.count; i++)
			bucket_file_put_entry(&again, bucket_file_bucket(&file, i),
					      bucket_file_wrapped(&file, i));
		bucket_file_put_end(&again);
		if (!blob_equal(buf_blob(&again), blob_of(bytes, size)))
			abort();
		buf_finish(&again);
	}
	free(bytes);
	return 0;
}
