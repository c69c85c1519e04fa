/* Legacy: text in an encoding from before Unicode that was read as Windows-1252 (DOMAIN.md section 7).
 *
 * TCVN3 (.VnTime) has one byte per letter; capitals with a tone share the byte of the small letter, only the font
 * told them apart. VNI writes base letter and mark, some letters alone. The third is UTF-8 itself.
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/bytes.h"

enum legacy { LEGACY_TCVN3, LEGACY_VNI, LEGACY_UTF8, LEGACY_MAX };

/** Append what the bytes behind `damaged` (valid UTF-8, each character a byte of Windows-1252 or Latin-1) mean.
 * False if it cannot be such a text; `out` then holds what it held.
 */
bool legacy_decode(enum legacy encoding, struct blob damaged, struct buf *out);
