#include "connectors/normalise/decimal.h"

#include <inttypes.h>
#include <stdio.h>

enum { DECIMAL_PLACES_MAX = 6 };

static int64_t power_of_ten(unsigned exponent)
{
	int64_t power = 1;
	while (exponent-- > 0)
		power *= 10;
	return power;
}

bool decimal_read(struct blob clean, unsigned places, int64_t *ret_scaled)
{
	int64_t value = 0;
	unsigned decimals = 0;
	bool mark = false, round_up = false;
	for (size_t i = 0; i < clean.len; i++) {
		uint8_t c = clean.data[i];
		if ((c == '.' || c == ',') && !mark && i > 0 && i + 1 < clean.len) {
			mark = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		if (mark && decimals == places) {
			round_up = c >= '5';
			decimals++;
		}
		if (mark && decimals > places)
			continue;
		value = value * 10 + (c - '0');
		decimals += mark;
		if (value > power_of_ten(9 + DECIMAL_PLACES_MAX))
			return false;
	}
	if (clean.len == 0)
		return false;
	for (; decimals < places; decimals++)
		value *= 10;
	value += round_up;
	if (value > power_of_ten(9 + places))
		return false;
	*ret_scaled = value;
	return true;
}

bool decimal_read_share(struct blob clean, int64_t *ret_scaled)
{
	enum { ONE = 10000 };
	int64_t scaled;
	bool percent = clean.len > 1 && clean.data[clean.len - 1] == '%';
	if (percent) {
		clean.len--;
		while (clean.len > 0 && clean.data[clean.len - 1] == ' ')
			clean.len--;
	}
	if (!decimal_read(clean, percent ? 2 : 4, &scaled) || scaled > ONE)
		return false;
	*ret_scaled = scaled;
	return true;
}

void decimal_put(int64_t scaled, unsigned places, struct buf *out)
{
	char text[48];
	while (places > 0 && scaled % 10 == 0) {
		scaled /= 10;
		places--;
	}
	int64_t one = power_of_ten(places);
	(void)snprintf(text, sizeof(text), "%" PRId64, scaled / one);
	buf_put_text(out, text);
	if (places == 0)
		return;
	(void)snprintf(text, sizeof(text), ".%0*" PRId64, (int)places, scaled % one);
	buf_put_text(out, text);
}
