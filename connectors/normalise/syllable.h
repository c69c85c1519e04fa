/* Syllable: whether letters are a Vietnamese syllable: onset, vowels, tone and coda that go together.
 *
 * The share of such syllables tells in which encoding a name was written (DOMAIN.md, rule ENC1).
 * Orthography as the school rules have it: c/k/q, g/gh and ng/ngh by the vowel behind them; codas c ch p t
 * only with sắc or nặng. Where the tone mark stands (hoà, hòa) does not matter, nor does i or y in an open
 * syllable (lí, lý).
 */
#pragma once

#include <stdbool.h>

#include "daemon/base/bytes.h"

/** Whether `word` (NFC, one word) is a syllable in regular case: all small, all capitals, or one capital at its
 * head (ENC1).
 */
bool syllable_is_valid(struct blob word);

/** Whether every word of `text` is such a syllable; words stand between blanks and hyphens. False if there are
 * none.
 */
bool syllable_all_valid(struct blob text);

/** Whether `c` is a letter of Vietnamese, with or without a tone; f j w z are not. */
bool syllable_is_letter(int32_t c);
