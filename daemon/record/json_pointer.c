#include "daemon/record/json_pointer.h"

#include "daemon/base/bytes.h"

bool json_pointer_next(const char **pointer, char token[JSON_TOKEN_SIZE])
{
	const char *at = *pointer;
	size_t len = 0;
	if (*at != '/')
		return false;
	for (at++; *at != '/' && *at != '\0'; at++) {
		char c = *at;
		if (c == '~') {
			at++;
			if (*at != '0' && *at != '1')
				return false;
			c = *at == '0' ? '~' : '/';
		}
		if (len == JSON_TOKEN_SIZE - 1)
			return false;
		token[len++] = c;
	}
	token[len] = '\0';
	*pointer = at;
	return true;
}

bool json_pointer_index(const char *token, size_t *ret_index)
{
	size_t index = 0;
	if (token[0] == '\0' || (token[0] == '0' && token[1] != '\0'))
		return false;
	for (size_t i = 0; token[i] != '\0'; i++) {
		if (token[i] < '0' || token[i] > '9' || i >= 9)
			return false;
		index = index * 10 + (size_t)(token[i] - '0');
	}
	*ret_index = index;
	return true;
}

void json_pointer_put(struct buf *out, const void *key, size_t len)
{
	const char *text = key;
	buf_put_text(out, "/");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '~')
			buf_put_text(out, "~0");
		else if (text[i] == '/')
			buf_put_text(out, "~1");
		else
			buf_put(out, &text[i], 1);
	}
}
