/* Utf8: strict UTF-8 (RFC 3629), NFC, and the little that we ask of code points. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/** Decode the character at `*pos`; moves `*pos` behind it. Returns the code point, or -1 for an
 * ill-formed sequence (overlong, surrogate, beyond U+10FFFF, cut), `*pos` then one byte further.
 */
int32_t utf8_next(const char *text, size_t len, size_t *pos);

/** Append one code point (0..0x10FFFF, no surrogate). */
void utf8_put(struct buf *out, int32_t code_point);

bool utf8_valid(const char *text, size_t len);

/** Append `text` (valid UTF-8) in NFC to `out`. A failure of memory sticks in `out`. */
void utf8_nfc(const char *text, size_t len, struct buf *out);

bool utf8_is_nfc(const char *text, size_t len);

/** Simple case mapping of one code point. */
int32_t utf8_lower(int32_t code_point);
int32_t utf8_upper(int32_t code_point);
bool utf8_is_upper(int32_t code_point); /* has a small form of its own */
bool utf8_is_lower(int32_t code_point);

/** What may never stand in a stored text (rule ENC4): C0 but TAB and LF, DEL, C1, bidi controls, U+2028/9,
 * tags, noncharacters, private use.
 */
bool utf8_is_control(int32_t code_point);

/** The same, and what takes no room and so can hide a difference: soft hyphen, zero-width characters, byte order mark. */
bool utf8_is_hidden(int32_t code_point);

/** The largest length <= len that does not cut a character of `text`. */
size_t utf8_cut(const char *text, size_t len);

/** Columns that `text` takes on a terminal. */
size_t utf8_width(const char *text, size_t len);
