/* File: reading a small file whole, with a bound. */
#pragma once

#include <stddef.h>

#include "daemon/base/cleanup.h"

struct buf;
struct err;

/** Append what `fd` still has to `out`. `shown` names it in errors.
 * Errors: ERR_INVALID (longer than `max` bytes), ERR_IO, ERR_NOMEM; `out` may then hold a part.
 */
MUST_CHECK int file_read_fd(int fd, const char *shown, size_t max, struct buf *out,
			    struct err *err);

/** The same for a path, which is opened close-on-exec. Errors: also ERR_NOT_FOUND, ERR_AUTH. */
MUST_CHECK int file_read(const char *path, size_t max, struct buf *out, struct err *err);
