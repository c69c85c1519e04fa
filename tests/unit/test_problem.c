#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/bytes.h"
#include "daemon/base/err.h"
#include "daemon/control/problem.h"
#include "daemon/record/json.h"

static void every_error_has_a_status_of_its_kind(void **state)
{
	(void)state;
	for (int code = 1; code < ERR_MAX_; code++) {
		struct err err = { 0 };
		(void)err_set(&err, (enum err_code) - code, MSG_NOMEM);
		unsigned status = problem_status(&err);
		if (status < 400 || status > 599)
			fail_msg("%s: %u", err_code_name(err.code), status);
	}
	static const struct {
		enum err_code code;
		unsigned status;
	} rows[] = { { ERR_INVALID, 400 },  { ERR_AUTH, 403 },        { ERR_NOT_FOUND, 404 },
		     { ERR_CONFLICT, 409 }, { ERR_UNAVAILABLE, 503 }, { ERR_CORRUPT, 500 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = { .code = rows[i].code };
		assert_int_equal(problem_status(&err), rows[i].status);
	}
}

static void foreign_text_in_an_error_stays_text(void **state)
{
	(void)state;
	struct err err = { 0 };
	struct buf out = { 0 };
	cJSON *json = NULL;
	const char *detail = NULL, *code = NULL;
	(void)err_set(&err, ERR_NOT_FOUND, MSG_FILE_OPEN, ARG_PATH("a\"},{\"x\":\n\xff"),
		      ARG_ERRNO(2));
	problem_write(&err, 404, &out);
	assert_int_equal(json_parse(buf_blob(&out), 4096, &json, NULL), 0);
	assert_int_equal(cJSON_GetArraySize(json), 7);
	assert_int_equal(json_get_text(json, "/detail", JSON_REQUIRED, &detail, NULL), 0);
	assert_int_equal(json_get_text(json, "/code", JSON_REQUIRED, &code, NULL), 0);
	assert_string_equal(detail, err.text[LANGUAGE_EN]);
	assert_string_equal(code, "E1002");
	cJSON_Delete(json);
	buf_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_status_of_its_kind),
		cmocka_unit_test(foreign_text_in_an_error_stays_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
