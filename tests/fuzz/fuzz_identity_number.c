/* Any bytes as an identity number, and any row around it: never a number without its digits, never two outcomes. */
#include <stdlib.h>
#include <string.h>

#include "connectors/normalise/identity_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_listed(const void *ctx, unsigned province)
{
	(void)ctx;
	return province < 97;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	struct identity_input input = { .number_count = 1,
					.sex = (enum sex)(data[0] % 3),
					.as_of = { 2026, 9, 30 },
					.province_is_listed = is_listed };
	input.numbers[0].type = (enum cell_type)(data[1] % 3);
	size_t birth = data[2] % (size - 2);
	input.birth_form = date_read(blob_of(data + 3, birth), &input.birth);
	if (identity_number_read(blob_of(data + 3 + birth, size - 3 - birth),
				 &input.numbers[0].digits) != REASON_NONE &&
	    input.numbers[0].digits.count != 0)
		abort();
	struct identity_result result = identity_check(&input);
	size_t cccd = strlen(result.cccd), cmnd = strlen(result.cmnd);
	if ((cccd != 0 && cccd != 12) || (cmnd != 0 && cmnd != 9) || (cccd != 0 && cmnd != 0))
		abort();
	if (input.numbers[0].digits.count != 0 && cccd + cmnd == 0 && result.number_reasons[0] == 0)
		abort(); /* a number may not vanish without a reason */
	return 0;
}
