/* Template: how a connector declares what a section or total row looks like.
 *
 * A text with places in braces: {count} a number, with dots or blanks between its thousands; {roman} a Roman
 * numeral; {text} anything, at the end only. It is compared folded: "Tổng cộng: {count} người".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

/** Whether `text` is a template; `with_count`: whether {count} stands in it, once. */
bool template_is_valid(const char *text, bool with_count);

/** Whether `clean` is what `text` describes. `ret_count` may be NULL; it is set where {count} stands. */
bool template_match(const char *text, struct blob clean, uint64_t *ret_count);
