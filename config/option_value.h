/* Option value: what the text of one value means; no places, no findings. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"

bool option_is_word(const char *text);
bool option_is_path(const char *text);
bool option_is_url(const char *text);
bool option_is_date(const char *text);
bool option_is_credential(const char *text); /* a file name without a folder */

/** INTEGER, DURATION (to ms), SIZE (to bytes), PERCENT (to hundredths); false if it is not one, or too large. */
bool option_number_parse(enum option_kind kind, const char *text, int64_t *ret_value);

enum { OPTION_NUMBER_SIZE = 32 };

/** The same as one would write it, in the largest unit that gives a whole number. */
void option_number_text(enum option_kind kind, int64_t value, char out[OPTION_NUMBER_SIZE]);
