/* Text: what every cell goes through before anybody asks what it means.
 *
 * Words.  clean: valid UTF-8 in NFC without control characters, without blanks at its ends, every run of
 *         blanks and line breaks one blank (HR7), without zero-width characters (HR8).
 *         folded: clean, in small letters, for comparing; diacritics stay (ETH3, ADM5).
 *         null: a text that says nothing (HR3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/reason.h"

enum text_flags {
	/* Halves of damaged letters, for ENC1: the caller judges them. */
	TEXT_KEEP_C1 = 1,       /* U+0080–009F */
	TEXT_KEEP_NO_BREAK = 2, /* the no-break blank is no blank */
};

struct text_seen {
	bool hidden; /* zero-width characters were dropped */
	bool c1;     /* U+0080–009F stayed */
};

/** Append `raw` clean to `out`. `ret_seen` may be NULL.
 * Returns REASON_NONE, or REASON_TEXT_CONTROL (ENC4) with nothing appended.
 */
enum reason text_clean(struct blob raw, unsigned flags, struct buf *out,
		       struct text_seen *ret_seen);

/** Whether nothing but blanks stands in `raw`, which may be any bytes. */
bool text_is_blank(struct blob raw);

/** `raw` without the blanks at its ends; any bytes. */
struct blob text_trim(struct blob raw);

/** Empty, "-" or "…". */
bool text_is_null(struct blob clean);

/** Append `clean` in small letters. */
void text_fold(struct blob clean, struct buf *out);

/** Append `raw` as valid UTF-8 that may be shown: each ill-formed byte becomes U+FFFD. */
void text_make_valid(struct blob raw, struct buf *out);
