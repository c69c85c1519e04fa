#include "daemon/base/message.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/utf8.h"

struct message {
	const char *code;
	const char *text[LANGUAGE_MAX];
};

static const struct message catalogue[MSG_MAX] = {
	[MSG_NONE] = { "E0000", { "", "" } },
#define MESSAGE(code, id, english, vietnamese) [MSG_##id] = { code, { english, vietnamese } },
#include "daemon/base/messages/all.def"
#undef MESSAGE
};

const char *message_code(enum msg_id id)
{
	return catalogue[id].code;
}

enum msg_id message_by_code(const char *code)
{
	for (int id = 1; id < MSG_MAX; id++)
		if (strcmp(catalogue[id].code, code) == 0)
			return (enum msg_id)id;
	return MSG_NONE;
}

struct output {
	char *text;
	size_t size;
	size_t len;
};

static void output_add(struct output *out, const char *text, size_t len)
{
	size_t room = out->size - 1 - out->len;
	size_t n = len <= room ? len : utf8_cut(text, room);
	memcpy(out->text + out->len, text, n);
	out->len += n;
}

/* Put one placeholder, whose name stands at `name`. */
static void output_placeholder(struct output *out, const struct arg *args, const char *name,
			       size_t len)
{
	const struct arg *arg = arg_find(args, name, len);
	if (arg == NULL) {
		output_add(out, name - 1, len + 2);
		return;
	}
	char value[ARG_VALUE_SIZE];
	output_add(out, value, arg_render(arg, value, sizeof(value)));
}

size_t message_format(enum language language, enum msg_id id, const struct arg *args, char *text,
		      size_t size)
{
	if (size == 0)
		return 0;
	struct output out = { .text = text, .size = size };
	for (const char *at = catalogue[id].text[language]; *at != '\0';) {
		size_t plain = strcspn(at, "{");
		output_add(&out, at, plain);
		at += plain;
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		if (end == NULL) {
			output_add(&out, at, strlen(at));
			break;
		}
		output_placeholder(&out, args, at + 1, (size_t)(end - at - 1));
		at = end + 1;
	}
	text[out.len] = '\0';
	return out.len;
}

enum language language_from_environment(void)
{
	static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return strncmp(value, "vi", 2) == 0 ? LANGUAGE_VI : LANGUAGE_EN;
	}
	return LANGUAGE_EN;
}
