#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "daemon/base/err.h"
#include "daemon/control/http.h"

enum { BACKLOG = 16 };

static int make_socket(int *ret_fd, const char *path, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_CONTROL_SOCKET, path);
	*ret_fd = fd;
	return 0;
}

/* A plain file refuses a connection as a dead socket does. */
static bool is_socket(const char *path)
{
	struct stat info;
	if (lstat(path, &info) < 0)
		return false;
	errno = ENOTSOCK;
	return S_ISSOCK(info.st_mode);
}

/* A socket that nobody answers on is left over from a process that died. */
static int remove_dead(const char *path, const struct sockaddr_un *address, struct err *err)
{
	CLEANUP(close_fdp) int fd = -1;
	if (make_socket(&fd, path, err) < 0)
		return err->code;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		return err_set(err, ERR_CONFLICT, MSG_CONTROL_SOCKET_BUSY, ARG_PATH(path));
	if (errno == ENOENT)
		return 0;
	if (errno != ECONNREFUSED || !is_socket(path) || unlink(path) < 0)
		return err_set_errno(err, errno, MSG_CONTROL_SOCKET, path);
	return 0;
}

/* Who may connect: the owner and the group; what he may do is decided per request. */
static int open_to_group(const char *path, const char *group, struct err *err)
{
	const struct group *found = getgrnam(group);
	if (found != NULL && chown(path, (uid_t)-1, found->gr_gid) < 0)
		return err_set_errno(err, errno, MSG_CONTROL_SOCKET, path);
	if (chmod(path, 0660) < 0)
		return err_set_errno(err, errno, MSG_CONTROL_SOCKET, path);
	return 0;
}

int http_listen(const char *path, const char *group, int *ret_fd, struct err *err)
{
	CLEANUP(close_fdp) int fd = -1;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_CONFIG, MSG_TOO_LONG, ARG_WORD("what", path),
			       ARG_U("limit", sizeof(address.sun_path) - 1));
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (remove_dead(path, &address, err) < 0 || make_socket(&fd, path, err) < 0)
		return err->code;

	mode_t mask = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	int cause = errno;
	(void)umask(mask);
	if (bound < 0)
		return err_set_errno(err, cause, MSG_CONTROL_SOCKET, path);
	if (open_to_group(path, group, err) < 0)
		return err->code;
	if (listen(fd, BACKLOG) < 0)
		return err_set_errno(err, errno, MSG_CONTROL_SOCKET, path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
