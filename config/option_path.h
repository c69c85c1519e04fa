/* Option path: where one is among the keys, "source.as_of.constant"; cut where it gets too long. */
#pragma once

#include <stdio.h>
#include <string.h>

enum { OPTION_PATH_SIZE = 256 };

/* Each returns what path_leave() wants. */
static inline size_t path_enter(char path[static OPTION_PATH_SIZE], const char *key)
{
	size_t len = strlen(path);
	(void)snprintf(path + len, OPTION_PATH_SIZE - len, "%s%s", len > 0 ? "." : "", key);
	return len;
}

static inline size_t path_enter_index(char path[static OPTION_PATH_SIZE], size_t index)
{
	size_t len = strlen(path);
	(void)snprintf(path + len, OPTION_PATH_SIZE - len, "[%zu]", index);
	return len;
}

static inline void path_leave(char path[static OPTION_PATH_SIZE], size_t len)
{
	path[len] = '\0';
}
