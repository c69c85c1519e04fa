/* Name: a person's name as it is stored (DOMAIN.md, rules HR7, HR8, ENC1, ENC2, EDU3).
 *
 * Words.  title: an abbreviation in front, with its full stop (PGS.). note: a remark behind, in round brackets.
 *         repaired: zero-width characters dropped, look-alikes of other scripts replaced.
 *         decoded: the field stood in a legacy encoding and was converted.
 * Rules.  A name is never rewritten beyond that: typing errors, dropped tones, i or y stay as written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/reason.h"

enum { NAME_NOTES_MAX = 8 };

struct name_rules {
	const struct blob *notes; /* further notes, clean and folded; behind those of HR7 */
	size_t note_count;
};

struct name {
	struct buf text;  /* the name; empty if there is a reason */
	struct buf notes; /* titles and notes, each ended by a LF */
	bool repaired, decoded;
};

/** Judge `raw` (the cell, or the cells joined by a blank, family name first). `ret_name` is emptied first and
 * keeps its memory; name_finish() ends it.
 * Returns REASON_NONE, NAME_MISSING, TEXT_LOSSY, TEXT_CONTROL or NAME_FORM.
 */
enum reason name_read(struct blob raw, const struct name_rules *rules, struct name *ret_name);
void name_finish(struct name *name);

/** EDU3: whether `given` is one of the family names that are hardly ever given names, and `family` (its first
 * word) is not. Both raw, from columns of their own.
 */
bool name_seems_swapped(struct blob family, struct blob given);
