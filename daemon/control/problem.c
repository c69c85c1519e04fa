#include "daemon/control/problem.h"

#include <stdio.h>

#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"

unsigned problem_status(const struct err *err)
{
	static const unsigned short status[ERR_MAX_] = {
		[ERR_NONE_] = 500,        [ERR_NOMEM_] = 503,     [ERR_IO_] = 500,
		[ERR_NO_SPACE_] = 507,    [ERR_CONFIG_] = 500,    [ERR_NOT_FOUND_] = 404,
		[ERR_CONFLICT_] = 409,    [ERR_AUTH_] = 403,      [ERR_THROTTLED_] = 429,
		[ERR_UNAVAILABLE_] = 503, [ERR_PROTOCOL_] = 502,  [ERR_INVALID_] = 400,
		[ERR_CORRUPT_] = 500,     [ERR_CANCELLED_] = 409, [ERR_FORMAT_] = 500,
		[ERR_BUSY_] = 503,        [ERR_REOPEN_] = 503,
	};
	enum err_code code = err->code < 0 ? -err->code : err->code;
	return code < ERR_MAX_ ? status[code] : 500;
}

void problem_write(const struct err *err, unsigned status, struct buf *out)
{
	char type[64];
	(void)snprintf(type, sizeof(type), "urn:trithucd:%s", message_code(err->msg));

	struct json_writer json = json_writer_of(out);
	json_object_begin(&json);
	json_member_text(&json, "code", message_code(err->msg));
	json_member_text(&json, "detail", err->text[LANGUAGE_EN]);
	json_member_text(&json, "detail_vi", err->text[LANGUAGE_VI]);
	json_member_text(&json, "error", err_code_name(err->code));
	json_member_unsigned(&json, "status", status);
	json_member_text(&json, "title", err_code_name(err->code));
	json_member_text(&json, "type", type);
	json_object_end(&json);
}
