#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"

enum { OPEN_FLAGS = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY };

static int open_file(const char *path, int *ret_fd, struct err *err)
{
	int fd = open(path, OPEN_FLAGS);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_SECRET_OPEN, path);
	*ret_fd = fd;
	return 0;
}

static int open_credential(const char *name, int *ret_fd, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	if (folder == NULL || folder[0] != '/')
		return err_set(err, ERR_CONFIG, MSG_SECRET_NO_CREDENTIALS, ARG_TEXT("name", name));
	CLEANUP(close_fdp) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = dir < 0 ? -1 : openat(dir, name, OPEN_FLAGS);
	if (fd < 0)
		return err_set_errno(err, errno, MSG_SECRET_CREDENTIAL, name);
	*ret_fd = fd;
	return 0;
}

/* A credential may carry an ACL for the service's user, whose mask stands in the bits of the group; systemd keeps
 * the others out by the folder. A file of the administrator's must be closed to all but its owner.
 */
static int check_access(int fd, const struct secret_ref *ref, struct err *err)
{
	mode_t refused = ref->kind == SECRET_FILE ? S_IRWXG | S_IRWXO : S_IWGRP | S_IRWXO;
	struct stat st;
	if (fstat(fd, &st) < 0)
		return err_set_errno(err, errno, MSG_SECRET_OPEN, ref->name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_AUTH, MSG_SECRET_NOT_A_FILE, ARG_PATH(ref->name));
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, ERR_AUTH, MSG_SECRET_OWNER, ARG_PATH(ref->name),
			       ARG_U("uid", st.st_uid));
	if ((st.st_mode & refused) != 0)
		return err_set(err, ERR_AUTH, MSG_SECRET_OPEN_TO_OTHERS, ARG_PATH(ref->name));
	return 0;
}

int secret_open(const struct secret_ref *ref, int *ret_fd, struct err *err)
{
	CLEANUP(close_fdp) int fd = -1;
	int r = ref->kind == SECRET_CREDENTIAL ? open_credential(ref->name, &fd, err)
					       : open_file(ref->name, &fd, err);
	if (r < 0)
		return r;
	r = check_access(fd, ref, err);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Reads at most `size` bytes; pread, so that a descriptor handed on is read from its beginning. */
static ssize_t read_up_to(int fd, uint8_t *out, size_t size)
{
	size_t len = 0;
	while (len < size) {
		ssize_t n = pread(fd, out + len, size - len, (off_t)len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

static int read_bytes(int fd, const char *name, struct secret *ret_secret, struct err *err)
{
	CLEANUP(secret_finish)
	struct secret secret = { .data = malloc(LIMIT_SECRET_BYTES + 2),
				 .len = LIMIT_SECRET_BYTES + 1 };
	if (secret.data == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	ssize_t n = read_up_to(fd, secret.data, LIMIT_SECRET_BYTES + 1);
	if (n < 0)
		return err_set_errno(err, errno, MSG_SECRET_OPEN, name);
	if (n > LIMIT_SECRET_BYTES)
		return err_set(err, ERR_INVALID, MSG_SECRET_TOO_LONG, ARG_PATH(name),
			       ARG_U("limit", LIMIT_SECRET_BYTES));
	if (n == 0)
		return err_set(err, ERR_INVALID, MSG_SECRET_EMPTY, ARG_PATH(name));
	secret.data[n] = '\0';
	*ret_secret = (struct secret){ .data = TAKE(secret.data), .len = (size_t)n };
	return 0;
}

void secret_trim(struct secret *secret)
{
	if (secret->len > 0 && secret->data[secret->len - 1] == '\n')
		secret->data[--secret->len] = '\0';
}

int secret_read_fd(int fd, const char *name, struct secret *ret_secret, struct err *err)
{
	CLEANUP(secret_finish) struct secret secret = { 0 };
	int r = read_bytes(fd, name, &secret, err);
	if (r < 0)
		return r;
	secret_trim(&secret);
	if (secret.len == 0)
		return err_set(err, ERR_INVALID, MSG_SECRET_EMPTY, ARG_PATH(name));
	*ret_secret = (struct secret){ .data = TAKE(secret.data), .len = secret.len };
	return 0;
}

int secret_read(const struct secret_ref *ref, struct secret *ret_secret, struct err *err)
{
	CLEANUP(close_fdp) int fd = -1;
	int r = secret_open(ref, &fd, err);
	return r < 0 ? r : secret_read_fd(fd, ref->name, ret_secret, err);
}

int secret_read_bytes(const struct secret_ref *ref, struct secret *ret_secret, struct err *err)
{
	CLEANUP(close_fdp) int fd = -1;
	int r = secret_open(ref, &fd, err);
	return r < 0 ? r : read_bytes(fd, ref->name, ret_secret, err);
}

void secret_finish(struct secret *secret)
{
	if (secret->data != NULL)
		OPENSSL_cleanse(secret->data, secret->len);
	free(secret->data);
	*secret = (struct secret){ 0 };
}
