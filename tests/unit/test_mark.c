#include "tests/support/state.h"

#include "daemon/store/mark.h"

static const struct store_mark written = {
	.store_id = { 1, 2 }, .epoch = 7, .audit_size = 100, .audit_root = { 0xaa }
};

static void a_mark_comes_back(void **unused)
{
	(void)unused;
	struct state state;
	struct store_mark found;
	state_make(&state);
	FAILS(mark_read(state_in(&state, "mark"), &found, &state_err), ERR_NOT_FOUND);
	OK(mark_write(state_in(&state, "mark"), &written, &state_err));
	OK(mark_read(state_in(&state, "mark"), &found, &state_err));
	assert_memory_equal(found.store_id, written.store_id, STORE_ID_SIZE);
	assert_int_equal(found.epoch, 7);
	assert_int_equal(found.audit_size, 100);
	assert_memory_equal(found.audit_root, written.audit_root, SHA256_SIZE);

	size_t size;
	uint8_t *bytes = state_slurp(state_in(&state, "mark"), &size);
	assert_int_equal(size, MARK_SIZE);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		state_spit(state.path, bytes, size);
		int error = mark_read(state.path, &found, &state_err);
		assert_true(error == ERR_CORRUPT ||
			    (error == ERR_FORMAT && bit / 8 >= 8 && bit / 8 < 12));
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < size; len++) {
		state_spit(state.path, bytes, len);
		FAILS(mark_read(state.path, &found, &state_err), ERR_CORRUPT);
	}
	bytes = realloc(bytes, size + 1);
	bytes[size] = 0;
	state_spit(state.path, bytes, size + 1);
	FAILS(mark_read(state.path, &found, &state_err), ERR_CORRUPT);
	free(bytes);
	state_remove(&state);
}

static void a_store_behind_its_mark_is_told(void **unused)
{
	(void)unused;
	static const struct {
		const char *what;
		uint8_t id, root;
		uint64_t epoch, size;
		bool ahead;
	} rows[] = {
		{ "the same state", 1, 0xaa, 7, 100, false },
		{ "a later start", 1, 0xaa, 8, 100, false },
		{ "more leaves", 1, 0xbb, 7, 101, false },
		{ "more leaves in a later start", 1, 0xbb, 9, 5000, false },
		{ "another store", 9, 0xaa, 7, 100, true },
		{ "an earlier start", 1, 0xaa, 6, 100, true },
		{ "an earlier start with more leaves", 1, 0xbb, 6, 200, true },
		{ "fewer leaves", 1, 0xbb, 7, 99, true },
		{ "fewer leaves in a later start", 1, 0xbb, 9, 99, true },
		{ "another log of the same length", 1, 0xbb, 7, 100, true },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct store_mark now = { .store_id = { rows[i].id, 2 },
						.epoch = rows[i].epoch,
						.audit_size = rows[i].size,
						.audit_root = { rows[i].root } };
		if (mark_is_ahead(&written, &now) != rows[i].ahead)
			fail_msg("%s", rows[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_comes_back),
		cmocka_unit_test(a_store_behind_its_mark_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
