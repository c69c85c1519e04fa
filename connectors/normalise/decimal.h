/* Decimal: numbers as cells have them, with float noise and decimal commas, without floating point.
 *
 * Rules HR5 (grade code: three decimals), HR6 (step 1–16, coefficient 1.00–10.00, two decimals).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

/** Read digits with at most one dot or comma between them, rounded half up to `places` (0..6) decimals; the
 * value is scaled by 10^places. False for anything else, and beyond 10^9.
 */
bool decimal_read(struct blob clean, unsigned places, int64_t *ret_scaled);

/** A share of the whole: "30%" or "0,3", scaled by 10000. False outside of 0..1. */
bool decimal_read_share(struct blob clean, int64_t *ret_scaled);

/** Append `scaled` / 10^places without zeros at its end: the canonical form of a number in a record. */
void decimal_put(int64_t scaled, unsigned places, struct buf *out);
