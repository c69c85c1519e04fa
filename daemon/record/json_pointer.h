/* Json pointer: RFC 6901 token by token. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/limits.h"

struct buf;

enum { JSON_TOKEN_SIZE = LIMIT_JSON_KEY_BYTES + 1 };

/** Take the next token off `*pointer`, its escapes resolved; false at the end or where it is no pointer. */
bool json_pointer_next(const char **pointer, char token[JSON_TOKEN_SIZE]);

/** The array index that a token stands for; false if it is none. */
bool json_pointer_index(const char *token, size_t *ret_index);

/** Append "/" and `key` with its escapes. */
void json_pointer_put(struct buf *out, const void *key, size_t len);
