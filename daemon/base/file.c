#include "daemon/base/file.h"

#include <fcntl.h>

#include "daemon/base/bytes.h"
#include "daemon/base/err.h"

int file_read_fd(int fd, const char *shown, size_t max, struct buf *out, struct err *err)
{
	size_t before = out->len;
	for (;;) {
		char chunk[16384];
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, MSG_FILE_READ, shown);
		buf_put(out, chunk, (size_t)n);
		explicit_bzero(chunk, (size_t)n); /* it may be a key */
		if (out->len - before > max)
			return err_set(err, ERR_INVALID, MSG_FILE_TOO_LONG, ARG_PATH(shown),
				       ARG_U("limit", max));
		if (!buf_ok(out))
			return err_set(err, ERR_NOMEM, MSG_NOMEM);
	}
}

int file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, path);
	return file_read_fd(fd, path, max, out, err);
}
