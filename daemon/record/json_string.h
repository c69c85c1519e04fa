/* Json string: characters of strings as they stand in a JSON text; for the gate and the element walker. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The unit of the four hex digits at `text`, or -1. */
int32_t json_hex4(const char *text, size_t len);
bool json_is_low_surrogate(int32_t unit);
bool json_is_high_surrogate(int32_t unit);

/** The next character of a string that has passed the gate, its escape resolved; moves `*pos` behind it. */
int32_t json_string_next(const char *text, size_t len, size_t *pos);

static inline bool json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
