#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/doc.h"
#include "daemon/base/limits.h"

/* Who can write the file can tell the daemon what to publish. */
static bool file_is_safe(int fd, const char *shown, struct diag *diag)
{
	struct diag_place file = { .file = shown };
	struct stat st;
	if (fstat(fd, &st) < 0) {
		diag_error(diag, file, MSG_CONFIG_UNREADABLE, ARG_ERRNO(errno));
		return false;
	}
	size_t errors = diag->errors;
	if (!S_ISREG(st.st_mode))
		diag_error(diag, file, MSG_CONFIG_NOT_A_FILE);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		diag_error(diag, file, MSG_CONFIG_OWNER, ARG_U("uid", st.st_uid));
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		diag_error(diag, file, MSG_CONFIG_WRITABLE);
	if (st.st_size > LIMIT_CONFIG_BYTES)
		diag_error(diag, file, MSG_YAML_SIZE, ARG_U("limit", LIMIT_CONFIG_BYTES));
	return diag->errors == errors;
}

/* Up to one byte past the limit, which doc_parse() refuses: the file may grow while it is read. */
static int read_all(int fd, struct buf *text)
{
	while (text->len <= LIMIT_CONFIG_BYTES) {
		size_t room = LIMIT_CONFIG_BYTES + 1 - text->len;
		uint8_t *at = buf_grow(text, room < 65536 ? room : 65536);
		if (at == NULL)
			return 0; /* the caller sees it */
		size_t asked = text->len - (size_t)(at - text->data);
		ssize_t n = read(fd, at, asked);
		if (n < 0 && errno != EINTR)
			return -1;
		text->len -= asked - (n > 0 ? (size_t)n : 0);
		if (n == 0)
			return 0;
	}
	return 0;
}

struct doc *doc_load(int dir_fd, const char *name, const char *shown, struct diag *diag)
{
	struct diag_place file = { .file = shown };
	CLEANUP(close_fdp)
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		diag_error(diag, file, MSG_CONFIG_UNREADABLE, ARG_ERRNO(errno));
		return NULL;
	}
	if (!file_is_safe(fd, shown, diag))
		return NULL;
	CLEANUP(buf_finish) struct buf text = { 0 };
	if (read_all(fd, &text) < 0) {
		diag_error(diag, file, MSG_CONFIG_UNREADABLE, ARG_ERRNO(errno));
		return NULL;
	}
	if (!buf_ok(&text)) {
		diag->failed = true;
		return NULL;
	}
	return doc_parse(shown, buf_blob(&text), diag);
}
