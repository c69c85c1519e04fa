/* Json gate: the strict scanner that stands in front of cJSON.
 *
 * cJSON alone damages identifiers: it takes 079880000001 as a number, keeps both of two equal keys,
 * cuts a text at \u0000 and passes broken UTF-8 on (RELIABILITY.md section 4). So every foreign JSON
 * text passes here first: RFC 8259 to the letter, and besides
 *   - UTF-8 as RFC 3629 has it, no byte order mark, no \u0000, no lone surrogate;
 *   - no two equal keys in an object, compared after their escapes are resolved;
 *   - no number beyond 2^53 either way, none that a double turns into infinity or zero;
 *   - depth, members and size within limits.h, and nothing after the value.
 * Iterative; its only allocation is the list of keys of the objects open at one time.
 */
#pragma once

#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;

/** Check that `text` is exactly one JSON value of at most `max_bytes`.
 *
 * Errors: ERR_INVALID (names the byte offset, the JSON pointer and what is wrong), ERR_NOMEM.
 */
MUST_CHECK int json_gate(struct blob text, size_t max_bytes, struct err *err);
