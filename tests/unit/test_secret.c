#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/secret.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"

static char folder[64];
static char path[96];

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/test_secret.XXXXXX");
	(void)snprintf(path, sizeof(path), "%s/s", mkdtemp(folder));
	return setenv("CREDENTIALS_DIRECTORY", folder, 1);
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void write_secret(const void *data, size_t len, mode_t mode)
{
	(void)unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static struct secret_ref by(enum secret_kind kind)
{
	static char name[] = "s";
	return (struct secret_ref){ .kind = kind, .name = kind == SECRET_FILE ? path : name };
}

static void both_ways_lead_to_the_value_without_its_newline(void **state)
{
	(void)state;
	static const struct {
		const char *written, *expected;
	} rows[] = { { "abc", "abc" },
		     { "abc\n", "abc" },
		     { "abc\n\n", "abc\n" },
		     { " a b ", " a b " },
		     { "\xff", "\xff" } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (enum secret_kind kind = SECRET_CREDENTIAL; kind <= SECRET_FILE; kind++) {
			write_secret(rows[i].written, strlen(rows[i].written), 0400);
			struct secret_ref ref = by(kind);
			CLEANUP(secret_finish) struct secret secret = { 0 };
			assert_int_equal(secret_read(&ref, &secret, NULL), 0);
			assert_int_equal(secret.len, strlen(rows[i].expected));
			assert_string_equal((const char *)secret.data, rows[i].expected);
		}
	}
}

static void binary_values_keep_their_length(void **state)
{
	(void)state;
	static const char value[] = { 'a', 0, 'b', 0 };
	write_secret(value, sizeof(value), 0400);
	struct secret_ref ref = by(SECRET_FILE);
	CLEANUP(secret_finish) struct secret secret = { 0 };
	assert_int_equal(secret_read(&ref, &secret, NULL), 0);
	assert_int_equal(secret.len, sizeof(value));
	assert_memory_equal(secret.data, value, sizeof(value));
}

static void bytes_keep_a_newline_at_their_end(void **state)
{
	(void)state;
	struct secret secret = { 0 };
	struct secret_ref ref = by(SECRET_FILE);
	write_secret("key\n\n", 5, 0600);
	assert_int_equal(secret_read_bytes(&ref, &secret, NULL), 0);
	assert_int_equal(secret.len, 5);
	assert_memory_equal(secret.data, "key\n\n", 6);
	secret_trim(&secret);
	assert_string_equal((const char *)secret.data, "key\n");
	secret_finish(&secret);
	write_secret("", 0, 0600);
	assert_int_equal(secret_read_bytes(&ref, &secret, NULL), ERR_INVALID);
}

static void what_others_can_read_is_refused(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		int as_file, as_credential;
	} rows[] = {
		{ 0400, 0, 0 },
		{ 0600, 0, 0 },
		{ 0440, ERR_AUTH,
		  0 }, /* the mask of a credential's ACL stands in the bits of the group */
		{ 0460, ERR_AUTH, ERR_AUTH },
		{ 0404, ERR_AUTH, ERR_AUTH },
		{ 0644, ERR_AUTH, ERR_AUTH },
		{ 0402, ERR_AUTH, ERR_AUTH },
		{ 0401, ERR_AUTH, ERR_AUTH },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (enum secret_kind kind = SECRET_CREDENTIAL; kind <= SECRET_FILE; kind++) {
			write_secret("abc", 3, rows[i].mode);
			struct secret_ref ref = by(kind);
			struct err err = { 0 };
			CLEANUP(secret_finish) struct secret secret = { 0 };
			int expected =
				kind == SECRET_FILE ? rows[i].as_file : rows[i].as_credential;
			if (secret_read(&ref, &secret, &err) != expected)
				fail_msg("mode %o, kind %d", rows[i].mode, (int)kind);
			assert_null(strstr(err.text[LANGUAGE_EN], "abc"));
		}
	}
}

static void what_is_not_a_plain_file_is_refused_without_waiting(void **state)
{
	(void)state;
	struct secret_ref ref = by(SECRET_FILE);
	CLEANUP(close_fdp) int fd = -1;
	struct err err = { 0 };
	(void)unlink(path);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_NOT_FOUND);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_AUTH);
	assert_int_equal(err.msg, MSG_SECRET_NOT_A_FILE);
	(void)unlink(path);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_IO); /* ELOOP */
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_AUTH);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(fd, -1);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_secret("abc", 3, 0400);
	assert_int_equal(chown(path, 12345, 12345), 0);
	struct secret_ref ref = by(SECRET_FILE);
	CLEANUP(close_fdp) int fd = -1;
	assert_int_equal(secret_open(&ref, &fd, NULL), ERR_AUTH);
}

static void empty_and_endless_values_are_refused(void **state)
{
	(void)state;
	static const struct {
		size_t len;
		int expected;
	} rows[] = { { 0, ERR_INVALID },
		     { LIMIT_SECRET_BYTES, 0 },
		     { LIMIT_SECRET_BYTES + 1, ERR_INVALID } };
	static char value[LIMIT_SECRET_BYTES + 1];
	memset(value, 'x', sizeof(value));
	struct secret_ref ref = by(SECRET_FILE);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_secret(value, rows[i].len, 0400);
		CLEANUP(secret_finish) struct secret secret = { 0 };
		assert_int_equal(secret_read(&ref, &secret, NULL), rows[i].expected);
		assert_int_equal(secret.len, rows[i].expected == 0 ? rows[i].len : 0);
	}
	write_secret("\n", 1, 0400);
	CLEANUP(secret_finish) struct secret secret = { 0 };
	assert_int_equal(secret_read(&ref, &secret, NULL), ERR_INVALID);
}

static void without_a_credentials_folder_the_text_says_what_to_do(void **state)
{
	(void)state;
	struct secret_ref ref = by(SECRET_CREDENTIAL);
	CLEANUP(close_fdp) int fd = -1;
	struct err err = { 0 };
	assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_CONFIG);
	assert_non_null(strstr(err.text[LANGUAGE_EN], "LoadCredential="));
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "relative", 1), 0);
	assert_int_equal(secret_open(&ref, &fd, &err), ERR_CONFIG);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
}

static void a_handed_on_descriptor_is_read_from_its_beginning(void **state)
{
	(void)state;
	write_secret("abcdef", 6, 0400);
	struct secret_ref ref = by(SECRET_FILE);
	CLEANUP(close_fdp) int fd = -1;
	assert_int_equal(secret_open(&ref, &fd, NULL), 0);
	assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
	CLEANUP(secret_finish) struct secret secret = { 0 };
	assert_int_equal(secret_read_fd(fd, "s", &secret, NULL), 0);
	assert_string_equal((const char *)secret.data, "abcdef");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways_lead_to_the_value_without_its_newline),
		cmocka_unit_test(binary_values_keep_their_length),
		cmocka_unit_test(bytes_keep_a_newline_at_their_end),
		cmocka_unit_test(what_others_can_read_is_refused),
		cmocka_unit_test(what_is_not_a_plain_file_is_refused_without_waiting),
		cmocka_unit_test(a_file_of_somebody_else_is_refused),
		cmocka_unit_test(empty_and_endless_values_are_refused),
		cmocka_unit_test(without_a_credentials_folder_the_text_says_what_to_do),
		cmocka_unit_test(a_handed_on_descriptor_is_read_from_its_beginning),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
