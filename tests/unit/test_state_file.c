#include "tests/support/state.h"

#include <signal.h>
#include <sys/resource.h>

#include "daemon/keys/state_file.h"

static struct state state;

static int make(void **unused)
{
	(void)unused;
	state_make(&state);
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	state_remove(&state);
	return 0;
}

static void expect_content(const char *name, const char *text)
{
	struct buf bytes = { 0 };
	OK(state_file_read(state_in(&state, name), 1000, &bytes, &state_err));
	assert_int_equal(bytes.len, strlen(text));
	assert_memory_equal(bytes.data, text, bytes.len);
	buf_finish(&bytes);
}

static void what_was_written_is_read(void **unused)
{
	(void)unused;
	OK(state_file_replace(state_in(&state, "file"), blob_text("one"), &state_err));
	expect_content("file", "one");
	OK(state_file_replace(state_in(&state, "file"), blob_text("another"), &state_err));
	expect_content("file", "another");
	struct stat status;
	assert_int_equal(stat(state_in(&state, "file"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(access(state_in(&state, "file.new"), F_OK), -1);
}

static void what_a_crash_left_beside_it_does_not_count(void **unused)
{
	(void)unused;
	OK(state_file_replace(state_in(&state, "file"), blob_text("old"), &state_err));
	state_spit(state_in(&state, "file.new"), "half of a long new conte", 24);
	expect_content("file", "old");
	OK(state_file_replace(state_in(&state, "file"), blob_text("new"), &state_err));
	expect_content("file", "new");
}

static void a_failed_write_leaves_the_old_file(void **unused)
{
	(void)unused;
	OK(state_file_replace(state_in(&state, "file"), blob_text("old"), &state_err));
	uint8_t *big = calloc(1, 100000);
	struct rlimit unlimited, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
	small = (struct rlimit){ .rlim_cur = 50000, .rlim_max = unlimited.rlim_max };
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int error = state_file_replace(state_in(&state, "file"), blob_of(big, 100000), &state_err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	(void)signal(SIGXFSZ, before);
	free(big);
	FAILS(error, ERR_IO);
	expect_content("file", "old");
	assert_int_equal(access(state_in(&state, "file.new"), F_OK), -1);
}

static void what_cannot_be_read_says_so(void **unused)
{
	(void)unused;
	struct buf bytes = { 0 };
	FAILS(state_file_read(state_in(&state, "none"), 10, &bytes, NULL), ERR_NOT_FOUND);
	OK(state_file_replace(state_in(&state, "file"), blob_text("0123456789"), &state_err));
	FAILS(state_file_read(state_in(&state, "file"), 9, &bytes, NULL), ERR_INVALID);
	buf_reset(&bytes);
	OK(state_file_read(state_in(&state, "file"), 10, &bytes, &state_err));
	assert_int_equal(symlink("file", state_in(&state, "link")), 0);
	FAILS(state_file_read(state_in(&state, "link"), 10, &bytes, NULL), ERR_IO);
	FAILS(state_file_replace(state_in(&state, "no/folder"), blob_text("x"), NULL),
	      ERR_NOT_FOUND);
	char name[STATE_PATH_MAX + 1], path[STATE_PATH_MAX];
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	FAILS(state_path("/tmp", name, path, NULL), ERR_INVALID);
	buf_finish(&bytes);
}

static void a_folder_is_ours_alone(void **unused)
{
	(void)unused;
	OK(state_folder_ensure(state_in(&state, "folder"), &state_err));
	OK(state_folder_ensure(state_in(&state, "folder"), &state_err));
	struct stat status;
	assert_int_equal(stat(state_in(&state, "folder"), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	FAILS(state_folder_ensure(state_in(&state, "no/folder"), NULL), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read, make, end),
		cmocka_unit_test_setup_teardown(what_a_crash_left_beside_it_does_not_count, make,
						end),
		cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file, make, end),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_says_so, make, end),
		cmocka_unit_test_setup_teardown(a_folder_is_ours_alone, make, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
