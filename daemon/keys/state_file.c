#include "daemon/keys/state_file.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/base/err.h"
#include "daemon/base/file.h"

int state_path(const char *folder, const char *name, char out[STATE_PATH_MAX], struct err *err)
{
	int len = snprintf(out, STATE_PATH_MAX, "%s/%s", folder, name);
	if (len < 0 || len >= STATE_PATH_MAX)
		return err_set(err, ERR_INVALID, MSG_TOO_LONG, ARG_WORD("what", "path"),
			       ARG_U("limit", STATE_PATH_MAX - 1));
	return 0;
}

static int sync_folder_of(const char *path, struct err *err)
{
	char folder[STATE_PATH_MAX];
	(void)snprintf(folder, sizeof(folder), "%s", path);
	CLEANUP(close_fdp) int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_set_errno(err, errno, MSG_FILE_WRITE, path);
	return 0;
}

int state_folder_ensure(const char *path, struct err *err)
{
	if (mkdir(path, 0700) == 0)
		return sync_folder_of(path, err);
	return errno == EEXIST ? 0 : err_set_errno(err, errno, MSG_FILE_WRITE, path);
}

bool state_file_exists(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && status.st_size > 0;
}

int state_file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	CLEANUP(close_fdp) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_FILE_OPEN, path);
	return file_read_fd(fd, path, max, out, err);
}

static int write_all(int fd, struct blob content)
{
	while (content.len > 0) {
		ssize_t n = write(fd, content.data, content.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		content = blob_of(content.data + n, content.len - (size_t)n);
	}
	return 0;
}

int state_file_replace(const char *path, struct blob content, struct err *err)
{
	char beside[STATE_PATH_MAX];
	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
		return err_set(err, ERR_INVALID, MSG_TOO_LONG, ARG_WORD("what", "path"),
			       ARG_U("limit", STATE_PATH_MAX - 1));
	CLEANUP(close_fdp)
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || write_all(fd, content) < 0 || fsync(fd) < 0 || rename(beside, path) < 0) {
		int error = errno;
		(void)unlink(beside);
		return err_set_errno(err, error, MSG_FILE_WRITE, path);
	}
	return sync_folder_of(path, err);
}
