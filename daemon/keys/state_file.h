/* State file: a small file of the state folder that is read whole and replaced whole.
 *
 * Replacing: write beside it (NAME.new), fsync, rename, fsync the folder. A crash at any point leaves
 * the old file or the new one; a NAME.new that a crash left behind is overwritten by the next.
 * A failed fsync is never tried again: what the kernel holds is unknown then (ERR_IO ends the daemon).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;

enum { STATE_PATH_MAX = 4096 };

/** `folder`/`name` into `out`. ERR_INVALID if it is too long. */
MUST_CHECK int state_path(const char *folder, const char *name, char out[STATE_PATH_MAX],
			  struct err *err);
/** Create a folder for us alone, if it is not there. */
MUST_CHECK int state_folder_ensure(const char *path, struct err *err);
bool state_file_exists(const char *path);

/** Append the whole file to `out`. ERR_NOT_FOUND; ERR_INVALID if it is longer than `max`. */
MUST_CHECK int state_file_read(const char *path, size_t max, struct buf *out, struct err *err);
/** Durable on return. Blocks for two fsyncs. */
MUST_CHECK int state_file_replace(const char *path, struct blob content, struct err *err);
