/* Skeleton: what is left of a Vietnamese name when everything that people write differently is folded.
 *
 * Marks and tones go, đ becomes d, y becomes i, case goes, and tokens lose their order; a stored name
 * is never changed by it (rule HR8). Skeletons decide nothing alone: they are one of three signs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"

enum { SKELETON_TOKENS_MAX = 12, SKELETON_BYTES_MAX = 192 };

/* Tokens in the order written, each a run of a-z and what has no Latin form. Cut at the limits, so
 * that two names which agree up to there agree.
 */
struct skeleton {
	size_t count;
	uint8_t start[SKELETON_TOKENS_MAX +
		      1]; /* token i is text[start[i]] .. text[start[i + 1] - 1] */
	char text[SKELETON_BYTES_MAX];
};

void skeleton_make(struct blob name, struct skeleton *ret_skeleton);

/** True if the token sets are equal whatever the order, or one name lacks middle tokens of the other
 * (LINKAGE.md 2.2: order, dropped middle). False if either is empty.
 */
bool skeleton_agree(const struct skeleton *a, const struct skeleton *b);
