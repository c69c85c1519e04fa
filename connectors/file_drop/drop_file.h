/* Drop file: a delivered file, opened so that nothing but a plain file of the folder can be read.
 *
 * One open; everything is read from that descriptor (AUDIT-SECURITY.md section 9). A link, a device, a file with a
 * second name, one that is too long is refused. The file is hashed before it is read, and must not have changed
 * when it has been.
 */
#pragma once

#include <stdint.h>
#include <sys/stat.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"

struct err;

struct drop_file {
	int fd;
	const char *name; /* borrowed */
	struct stat opened;
	uint64_t at; /* bytes read so far */
};

/** Open `name` in the folder. Errors: ERR_NOT_FOUND, ERR_AUTH, ERR_INVALID (no plain file, or too long), ERR_IO. */
MUST_CHECK int drop_file_open(int folder_fd, const char *name, uint64_t max_bytes,
			      struct drop_file *ret_file, struct err *err);
void drop_file_close(struct drop_file *file);

/** Read it whole and hash it; reading begins anew afterwards. Errors: ERR_IO, ERR_INVALID (it changed), ERR_NOMEM. */
MUST_CHECK int drop_file_hash(struct drop_file *file, uint8_t out[SHA256_SIZE], struct err *err);

/** A csv_read_fn; `ctx` is the file. */
int drop_file_read(void *ctx, char *out, size_t size, struct err *err);

/** ERR_INVALID if anybody has written to the file since it was opened. */
MUST_CHECK int drop_file_check(const struct drop_file *file, struct err *err);
