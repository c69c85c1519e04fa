/* Any bytes as delimited text: rows lie within the text, their places rise, pieces change nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "connectors/format/csv.h"
#include "daemon/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct feed {
	const uint8_t *data;
	size_t left, step;
};

static int feed_read(void *ctx, char *out, size_t size, struct err *err)
{
	struct feed *feed = ctx;
	size_t n = feed->left < size ? feed->left : size;
	(void)err;
	n = n < feed->step ? n : feed->step;
	memcpy(out, feed->data, n);
	feed->data += n;
	feed->left -= n;
	return (int)n;
}

static uint64_t sum_of_rows(const uint8_t *data, size_t size, char delimiter, size_t step,
			    int *ret_end)
{
	struct feed feed = { data, size, step };
	CLEANUP(csv_destroyp) struct csv *csv = NULL;
	struct csv_row row;
	uint64_t sum = 0, last = 0;
	if (csv_create(feed_read, &feed, delimiter, &csv, NULL) < 0)
		abort();
	while ((*ret_end = csv_next(csv, &row, NULL)) == 1) {
		if (row.count == 0 || row.byte_offset >= size ||
		    (row.number > 1 && row.byte_offset <= last))
			abort();
		last = row.byte_offset;
		sum = sum * 31 + row.byte_offset + row.count;
		for (size_t i = 0; i < row.count; i++)
			for (size_t k = 0; k < row.cells[i].len; k++)
				sum = sum * 31 + (uint8_t)row.cells[i].text[k];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char delimiters[] = { ',', ';', '\t' };
	if (size == 0)
		return 0;
	int whole_end, parts_end;
	char delimiter = delimiters[data[0] % 3];
	uint64_t whole = sum_of_rows(data + 1, size - 1, delimiter, SIZE_MAX, &whole_end);
	uint64_t parts = sum_of_rows(data + 1, size - 1, delimiter, 1 + data[0] % 5, &parts_end);
	if (whole != parts || whole_end != parts_end)
		abort();
	return 0;
}
