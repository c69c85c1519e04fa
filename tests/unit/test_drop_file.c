/* Opening what was delivered, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "connectors/file_drop/drop_file.h"
#include "daemon/base/err.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static int folder_fd = -1;

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/drop_file.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder_fd < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = { "plain", "second", "link", "fifo", "twice" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlinkat(folder_fd, names[i], 0);
	(void)unlinkat(folder_fd, "folder", AT_REMOVEDIR);
	(void)close(folder_fd);
	return rmdir(folder);
}

static void write_file(const char *name, const char *text)
{
	int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
}

static void a_plain_file_is_hashed_and_read(void **state)
{
	(void)state;
	struct drop_file file;
	uint8_t told[SHA256_SIZE], wanted[SHA256_SIZE];
	char text[64] = { 0 };
	write_file("plain", "a;b\n1;2\n");
	assert_int_equal(drop_file_open(folder_fd, "plain", 8, &file, NULL), 0);
	assert_int_equal(drop_file_hash(&file, told, NULL), 0);
	sha256("a;b\n1;2\n", 8, wanted);
	assert_memory_equal(told, wanted, sizeof(told));
	assert_int_equal(drop_file_read(&file, text, sizeof(text), NULL), 8);
	assert_string_equal(text, "a;b\n1;2\n");
	assert_int_equal(drop_file_read(&file, text, sizeof(text), NULL), 0);
	assert_int_equal(drop_file_check(&file, NULL), 0);
	drop_file_close(&file);
}

static void anything_but_a_plain_file_with_one_name_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int rc;
	} rows[] = { { "link", ERR_INVALID },     { "fifo", ERR_INVALID },
		     { "folder", ERR_INVALID },   { "twice", ERR_INVALID },
		     { "../plain", ERR_INVALID }, { "/etc/passwd", ERR_INVALID },
		     { "missing", ERR_NOT_FOUND } };
	write_file("second", "x");
	assert_int_equal(symlinkat("second", folder_fd, "link"), 0);
	assert_int_equal(mkfifoat(folder_fd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(folder_fd, "folder", 0700), 0);
	assert_int_equal(linkat(folder_fd, "second", folder_fd, "twice", 0), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct drop_file file;
		struct err err = { 0 };
		int rc = drop_file_open(folder_fd, rows[i].name, 100, &file, &err);
		if (rc != rows[i].rc)
			fail_msg("%s: %d %s", rows[i].name, rc, err.text[LANGUAGE_EN]);
	}
}

static void a_file_past_its_limit_is_refused(void **state)
{
	(void)state;
	struct drop_file file;
	write_file("plain", "123456789");
	assert_int_equal(drop_file_open(folder_fd, "plain", 8, &file, NULL), ERR_INVALID);
}

static void a_file_that_grows_meanwhile_is_noticed(void **state)
{
	(void)state;
	struct drop_file file;
	uint8_t hash[SHA256_SIZE];
	write_file("plain", "1234");
	assert_int_equal(drop_file_open(folder_fd, "plain", 100, &file, NULL), 0);
	write_file("plain", "12345");
	assert_int_equal(drop_file_hash(&file, hash, NULL), ERR_INVALID);
	assert_int_equal(drop_file_check(&file, NULL), ERR_INVALID);
	drop_file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_is_hashed_and_read),
		cmocka_unit_test(anything_but_a_plain_file_with_one_name_is_refused),
		cmocka_unit_test(a_file_past_its_limit_is_refused),
		cmocka_unit_test(a_file_that_grows_meanwhile_is_noticed),
	};
	return cmocka_run_group_tests_name("drop_file", tests, set_up, tear_down);
}
