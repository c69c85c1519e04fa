/* Json elements: walks an array inside a text that has passed the gate, so that cJSON sees one element at a
 * time: a whole tree takes more than six times its text (RELIABILITY.md section 4.2).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;

struct json_elements {
	struct blob text;
	size_t pos;
};

/** Stand before the first element of the array at `pointer` (RFC 6901; "" is the whole text).
 * Errors: ERR_INVALID (nothing there, or not an array). `text` must have passed json_gate().
 */
MUST_CHECK int json_elements_begin(struct blob text, const char *pointer,
				   struct json_elements *ret_elements, struct err *err);

/** The next element without blanks around it; false behind the last. */
bool json_elements_next(struct json_elements *elements, struct blob *ret_element);
