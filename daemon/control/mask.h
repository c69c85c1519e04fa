/* Mask: what of a person's values is shown to those who only look (rule PRV2 of DOMAIN.md).
 *
 *	none                      shown as it stands
 *	basic, a date             the year: 1985
 *	basic, …_name             the initials: N.V.A.
 *	basic, with a pattern     an identifier: its last three characters, ••••345
 *	basic, all else           •••
 *	sensitive                 •••, whatever it is
 *
 * Nothing unmasks: the only way to clear values is the export with a reason, which writes a leaf.
 */
#pragma once

#include "daemon/base/bytes.h"

struct schema_field;

/** Append what may be seen of `value`. */
void mask_value(const struct schema_field *field, struct blob value, struct buf *out);

/** The element key of a list's fact: as it stands if all that forms it may be seen, else •••. */
void mask_element_key(const struct schema_field *field, struct blob key, struct buf *out);

/** An identifier that no schema knows (a source's own key). Short ones show nothing. */
void mask_identifier(struct blob value, struct buf *out);

/** A raw cell, of which nobody knows what it holds: its shape alone. Digits become 9, a run of letters
 * x, so "31/2/85 Lạng Sơn" is "99/9/99 x x". Cut to 64 characters.
 */
void mask_shape(struct blob text, struct buf *out);
