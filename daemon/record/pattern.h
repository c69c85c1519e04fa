/* Pattern: the small part of regular expressions that the schema may use, compiled.
 *
 * `^[class]{m,n}[class]{m,n}…$`: a class holds single characters and ranges (`A-Z`, `-` first or last),
 * no escapes, no negation. A match takes time bounded by the pattern, never by luck: the lengths of
 * all parts together are at most PATTERN_CHARS_MAX, and so is any text that can match.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

enum { PATTERN_CHARS_MAX = 63, PATTERN_PARTS_MAX = 12, PATTERN_RANGES_MAX = 16 };

struct pattern_part {
	int32_t first[PATTERN_RANGES_MAX],
		last[PATTERN_RANGES_MAX]; /* code points, both included */
	uint8_t ranges;
	uint8_t min, max; /* how many characters */
};

struct pattern {
	struct pattern_part parts[PATTERN_PARTS_MAX];
	uint8_t count;
};

/** Returns 0, or -1 if `text` is not of the form above. */
MUST_CHECK int pattern_compile(const char *text, struct pattern *ret_pattern);

/** Whether the whole of `text` (valid UTF-8) matches. */
bool pattern_match(const struct pattern *pattern, struct blob text);
