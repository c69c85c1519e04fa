#include "connectors/file_drop/drop_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/base/err.h"

enum { READ_BYTES = 1 << 17 };

/* O_NONBLOCK: a FIFO must not hold us before fstat has told what it is. */
static int open_beneath(int folder_fd, const char *name)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};
	long fd = syscall(SYS_openat2, folder_fd, name, &how, sizeof(how));
	/* Older kernels and some containers lack the call; for a name without a slash this refuses the same. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(folder_fd, name,
			    O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	return (int)fd;
}

int drop_file_open(int folder_fd, const char *name, uint64_t max_bytes, struct drop_file *ret_file,
		   struct err *err)
{
	struct drop_file file = { .fd = open_beneath(folder_fd, name), .name = name };
	if (file.fd < 0 && (errno == ELOOP || errno == EXDEV || errno == ENXIO))
		return err_set(err, ERR_INVALID, MSG_DROP_NOT_PLAIN, ARG_PATH(name));
	if (file.fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, name);
	int rc = 0;
	if (fstat(file.fd, &file.opened) < 0)
		rc = err_set_errno(err, errno, MSG_FILE_READ, name);
	else if (!S_ISREG(file.opened.st_mode) || file.opened.st_nlink != 1)
		rc = err_set(err, ERR_INVALID, MSG_DROP_NOT_PLAIN, ARG_PATH(name));
	else if ((uint64_t)file.opened.st_size > max_bytes)
		rc = err_set(err, ERR_INVALID, MSG_DROP_TOO_LONG, ARG_PATH(name),
			     ARG_U("limit", max_bytes));
	if (rc < 0) {
		drop_file_close(&file);
		return rc;
	}
	*ret_file = file;
	return 0;
}

void drop_file_close(struct drop_file *file)
{
	if (file->fd >= 0)
		(void)close(file->fd);
	file->fd = -1;
}

int drop_file_read(void *ctx, char *out, size_t size, struct err *err)
{
	struct drop_file *file = ctx;
	ssize_t got;
	size = size < READ_BYTES ? size : READ_BYTES;
	do {
		got = pread(file->fd, out, size, (off_t)file->at);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set_errno(err, errno, MSG_FILE_READ, file->name);
	file->at += (uint64_t)got;
	return (int)got;
}

int drop_file_hash(struct drop_file *file, uint8_t out[SHA256_SIZE], struct err *err)
{
	CLEANUP(sha256_destroyp) struct sha256 *sha = NULL;
	CLEANUP(freep) char *space = malloc(READ_BYTES);
	int rc = sha256_create(&sha, err);
	if (rc < 0)
		return rc;
	if (space == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	sha256_begin(sha);
	file->at = 0;
	while ((rc = drop_file_read(file, space, READ_BYTES, err)) > 0)
		sha256_add(sha, space, (size_t)rc);
	if (rc == 0 && file->at != (uint64_t)file->opened.st_size)
		rc = err_set(err, ERR_INVALID, MSG_DROP_CHANGED, ARG_PATH(file->name));
	sha256_end(sha, out);
	explicit_bzero(space, READ_BYTES);
	file->at = 0;
	return rc;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

int drop_file_check(const struct drop_file *file, struct err *err)
{
	struct stat now;
	if (fstat(file->fd, &now) < 0)
		return err_set_errno(err, errno, MSG_FILE_READ, file->name);
	if (now.st_size == file->opened.st_size && same_time(&now.st_mtim, &file->opened.st_mtim) &&
	    same_time(&now.st_ctim, &file->opened.st_ctim))
		return 0;
	return err_set(err, ERR_INVALID, MSG_DROP_CHANGED, ARG_PATH(file->name));
}
