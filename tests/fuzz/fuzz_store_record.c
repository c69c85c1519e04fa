/* The encoding of records: what opens is what the encoder writes, byte by byte. */
#include <stdlib.h>

#include "daemon/record/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(record_builder_destroyp) struct record_builder *builder = NULL;
	CLEANUP(buf_finish) struct buf again = { 0 };
	struct record record;
	struct fact fact;
	uint32_t count = 0;
	if (record_open(blob_of(data, size), &record, NULL) < 0)
		return 0;
	if (record_builder_create(&builder, NULL) < 0)
		return 0;
	record_builder_begin(builder, record.type);
	for (struct record_iter iter = record_iterate(&record); record_next(&iter, &fact); count++)
		record_builder_add(builder, fact.field, fact.key, fact.value);
	if (record_builder_encode(builder, &again, NULL) < 0 || count != record.count ||
	    !blob_equal(record.encoding, buf_blob(&again)))
		abort();
	struct record_diff diff = record_diff_begin(&record, &record);
	struct record_change change;
	if (record_diff_next(&diff, &change))
		abort();
	return 0;
}
