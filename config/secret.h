/* Secret: what configuration only points to, and the one way to read it.
 *
 * A secret is a systemd credential ($CREDENTIALS_DIRECTORY/NAME) or a file that nobody else can read.
 * The engine opens it and hands the descriptor to the one worker that needs it; checks are made on the
 * opened descriptor, so that nothing can be swapped between the check and the reading.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct err;

enum secret_kind { SECRET_NONE, SECRET_CREDENTIAL, SECRET_FILE };

struct secret_ref {
	enum secret_kind kind;
	char *name; /* of the credential, or the path; owned */
};

/* The value: overwritten when it ends. `data` ends in a NUL that `len` does not count. */
struct secret {
	uint8_t *data;
	size_t len;
};

/** Open the secret for reading; close-on-exec.
 * Errors: ERR_NOT_FOUND, ERR_AUTH (others can read it, or it is not a plain file), ERR_CONFIG (no credentials
 * folder), ERR_IO.
 */
MUST_CHECK int secret_open(const struct secret_ref *ref, int *ret_fd, struct err *err);

/** Read the secret whole, from its beginning, without one trailing newline. Empty or longer than
 * LIMIT_SECRET_BYTES is ERR_INVALID. `name` stands for it in messages.
 */
MUST_CHECK int secret_read_fd(int fd, const char *name, struct secret *ret_secret, struct err *err);
MUST_CHECK int secret_read(const struct secret_ref *ref, struct secret *ret_secret,
			   struct err *err);

/** As it stands, for keys: the last of 32 random bytes may be a newline. secret_trim() takes one off. */
MUST_CHECK int secret_read_bytes(const struct secret_ref *ref, struct secret *ret_secret,
				 struct err *err);
void secret_trim(struct secret *secret);

/** Overwrite and free; leaves `secret` empty. */
void secret_finish(struct secret *secret);
