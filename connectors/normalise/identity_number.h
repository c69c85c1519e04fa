/* Identity number: a cell of a column for CCCD or CMND, as far as it tells by itself (DOMAIN.md, rules ID1, ID2, ID8).
 *
 * What needs the rest of the row (padding, contradictions, ID3–ID5) is in identity_check.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/reason.h"

enum { ID_DIGITS_MAX = 12 };

/* What kind of cell a value stood in. CSV does not tell numbers from texts, so its cells may be either. */
enum cell_type { CELL_TEXT, CELL_NUMBER, CELL_UNTYPED };

struct id_digits {
	char text[ID_DIGITS_MAX + 1];
	unsigned count;   /* 0: the cell is null; else 8..12 */
	bool number_cell; /* a trailing ".0" told that the value went through one */
};

/** ID1. Returns REASON_NONE, ID_LOSSY or ID_MALFORMED. */
enum reason identity_number_read(struct blob clean, struct id_digits *ret_digits);

/* ID2, for 12 digits. */
struct cccd_parts {
	unsigned province; /* PPP */
	int year;
	bool female;
};
struct cccd_parts identity_number_decode(const char digits[ID_DIGITS_MAX]);

/** ID8: whether ten digits pass the check digit of a tax code. */
bool identity_number_is_tax_code(const char digits[10]);
