/* Any bytes as a date: what is read exists, and its written form reads back as the same. */
#include <stdlib.h>

#include "connectors/normalise/date.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct date date = { 0 }, again = { 0 };
	struct buf out = { 0 };
	if (date_read(blob_of(data, size), &date) == DATE_GOOD) {
		if (!date_exists(&date) || date.year < 1900 || date.year > 2100)
			abort();
		date_put(&date, &out);
		/* YYYY-MM is written, but read only as m/yyyy */
		if ((date.day > 0 || date.month == 0) &&
		    (date_read(buf_blob(&out), &again) != DATE_GOOD || again.year != date.year ||
		     again.month != date.month || again.day != date.day))
			abort();
	}
	buf_finish(&out);
	return 0;
}
