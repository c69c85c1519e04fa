#include "daemon/base/arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/base/hex.h"
#include "daemon/base/utf8.h"

struct arg arg_word(const char *name, const char *value)
{
	const char *word = value == NULL ? "-" : value;
	return (struct arg){
		.name = name, .kind = ARG_KIND_WORD, .bytes = word, .len = strlen(word)
	};
}

struct arg arg_text(const char *name, const char *value)
{
	const char *text = value == NULL ? "" : value;
	return (struct arg){
		.name = name, .kind = ARG_KIND_TEXT, .bytes = text, .len = strlen(text)
	};
}

static size_t put(char *out, size_t size, size_t at, const char *text, size_t len)
{
	if (size == 0)
		return at;
	size_t room = size - 1 - at;
	size_t n = len <= room ? len : utf8_cut(text, room);
	memcpy(out + at, text, n);
	out[at + n] = '\0';
	return at + n;
}

/* Foreign text between single quotes: what could steer a terminal, end the quote or hide is escaped. */
static size_t render_text(const struct arg *arg, char *out, size_t size)
{
	const char *text = arg->bytes;
	size_t shown = arg->len <= LIMIT_ARG_TEXT ? arg->len : LIMIT_ARG_TEXT;
	size_t at = put(out, size, 0, "'", 1);
	for (size_t pos = 0; pos < shown;) {
		size_t start = pos;
		int32_t c = utf8_next(text, arg->len, &pos);
		char escaped[16];
		if (c >= 0 && !utf8_is_hidden(c) && c != '\n' && c != '\t' && c != '\'' &&
		    c != '\\') {
			at = put(out, size, at, text + start, pos - start);
			continue;
		}
		if (c >= 0)
			(void)snprintf(escaped, sizeof(escaped), "\\u{%x}", (unsigned)c);
		else
			(void)snprintf(escaped, sizeof(escaped), "\\x%02x",
				       (unsigned char)text[start]);
		at = put(out, size, at, escaped, strlen(escaped));
	}
	if (shown < arg->len)
		at = put(out, size, at, "…", strlen("…"));
	return put(out, size, at, "'", 1);
}

/* A word is ours, yet it must not break a line or a field of the journal if it ever is not. */
static size_t render_word(const struct arg *arg, char *out, size_t size)
{
	size_t len = put(out, size, 0, arg->bytes, arg->len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
	return len;
}

static size_t render_hex(const struct arg *arg, char *out, size_t size)
{
	char digits[33];
	hex_encode(arg->bytes, arg->len < 16 ? arg->len : 16, digits);
	return put(out, size, 0, digits, strlen(digits));
}

size_t arg_render(const struct arg *arg, char *out, size_t size)
{
	char text[128];
	switch (arg->kind) {
	case ARG_KIND_UNSIGNED:
		(void)snprintf(text, sizeof(text), "%" PRIu64, arg->number);
		break;
	case ARG_KIND_SIGNED:
		(void)snprintf(text, sizeof(text), "%" PRId64, arg->integer);
		break;
	case ARG_KIND_ERRNO: {
		const char *name = strerrordesc_np((int)arg->integer);
		(void)snprintf(text, sizeof(text), "%s", name == NULL ? "unknown error" : name);
		break;
	}
	case ARG_KIND_WORD:
		return render_word(arg, out, size);
	case ARG_KIND_TEXT:
		return render_text(arg, out, size);
	case ARG_KIND_HEX:
		return render_hex(arg, out, size);
	case ARG_KIND_END:
	default:
		return put(out, size, 0, "", 0);
	}
	return put(out, size, 0, text, strlen(text));
}

const struct arg *arg_find(const struct arg *args, const char *name, size_t len)
{
	for (; args != NULL && args->kind != ARG_KIND_END; args++)
		if (strlen(args->name) == len && memcmp(args->name, name, len) == 0)
			return args;
	return NULL;
}
