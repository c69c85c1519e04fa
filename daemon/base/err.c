#include "daemon/base/err.h"

#include <stdio.h>
#include <string.h>

#include "daemon/base/utf8.h"

int err_set_args(struct err *err, enum err_code code, enum msg_id msg, const struct arg *args)
{
	if (err == NULL)
		return code;
	err->code = code;
	err->msg = msg;
	for (int language = 0; language < LANGUAGE_MAX; language++)
		(void)message_format((enum language)language, msg, args, err->text[language],
				     ERR_TEXT_SIZE);
	return code;
}

int err_wrap_args(struct err *err, enum msg_id msg, const struct arg *args)
{
	if (err == NULL)
		return ERR_IO; /* the caller has the code already; any negative value keeps the contract */
	for (int language = 0; language < LANGUAGE_MAX; language++) {
		char cause[ERR_TEXT_SIZE];
		memcpy(cause, err->text[language], sizeof(cause));
		char *text = err->text[language];
		size_t len =
			message_format((enum language)language, msg, args, text, ERR_TEXT_SIZE);
		size_t room = ERR_TEXT_SIZE - len > 3 ? ERR_TEXT_SIZE - len - 3 : 0,
		       all = strlen(cause);
		(void)snprintf(text + len, ERR_TEXT_SIZE - len, ": %.*s",
			       (int)(all <= room ? all : utf8_cut(cause, room)), cause);
	}
	return err->code;
}

int err_set_errno(struct err *err, int error, enum msg_id msg, const char *path)
{
	enum err_code code = ERR_IO;
	switch (error) {
	case ENOMEM:
		code = ERR_NOMEM;
		break;
	case ENOSPC:
	case EDQUOT:
		code = ERR_NO_SPACE;
		break;
	case ENOENT:
		code = ERR_NOT_FOUND;
		break;
	case EACCES:
	case EPERM:
		code = ERR_AUTH;
		break;
	default:
		break;
	}
	return err_set(err, code, msg, ARG_PATH(path), ARG_ERRNO(error));
}

static const struct {
	const char *name;
	enum err_policy policy;
	int exit_code;
} table[ERR_MAX_] = {
#define ERR_ROW_(name, policy, exit_code, text) \
	[ERR_##name##_] = { #name, ERR_POLICY_##policy, exit_code },
	ERR_CODES(ERR_ROW_)
#undef ERR_ROW_
};

static size_t row_of(enum err_code code)
{
	int row = -(int)code;
	return row > 0 && row < ERR_MAX_ ? (size_t)row : (size_t)ERR_IO_;
}

const char *err_code_name(enum err_code code)
{
	return table[row_of(code)].name;
}

enum err_policy err_code_policy(enum err_code code)
{
	return table[row_of(code)].policy;
}

int err_code_exit(enum err_code code)
{
	return table[row_of(code)].exit_code;
}
