/* Findings: what a diag prints, parsed back to "3:4 E1239, 7:1 E1241", as an editor would do it. */
#pragma once

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "config/diag.h"

/* The last part of a path, so that tables need not know temporary folders. */
static inline const char *findings_base(char *path)
{
	char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

/* `with_file`: "trithucd.yaml:3:4 E1239"; a finding about a file as a whole has no line. */
static inline void findings_text(const struct diag *diag, bool with_file, char *out, size_t size)
{
	struct buf printed = { 0 };
	diag_print(diag, LANGUAGE_EN, false, &printed);
	buf_put_u8(&printed, '\0');
	assert(buf_ok(&printed));
	size_t at = 0;
	out[0] = '\0';
	char *rest = (char *)printed.data;
	for (char *line = strsep(&rest, "\n"); line != NULL && *line != '\0';
	     line = strsep(&rest, "\n")) {
		if (line[0] == ' ' || strstr(line, "more findings") != NULL)
			continue; /* a hint, or the count of the rest */
		char file[512];
		unsigned row = 0, column = 0;
		int fields = sscanf(line, "%511[^:]:%u:%u: ", file, &row, &column);
		const char *code = strrchr(line, '[');
		assert((fields == 1 || fields == 3) && code != NULL &&
		       strlen(code) == sizeof("[E1201]") - 1);
		at += (size_t)snprintf(out + at, size - at, "%s", at > 0 ? ", " : "");
		if (with_file)
			at += (size_t)snprintf(out + at, size - at, "%s%s", findings_base(file),
					       fields == 3 ? ":" : " ");
		if (fields == 3)
			at += (size_t)snprintf(out + at, size - at, "%u:%u ", row, column);
		at += (size_t)snprintf(out + at, size - at, "%.5s", code + 1);
		assert(at < size);
	}
	buf_finish(&printed);
}

/* False, and both shown, if the findings are not `expected`: tables show all their rows before they fail. */
static inline bool findings_are(const char *name, const struct diag *diag, bool with_file,
				const char *expected)
{
	char found[4096];
	findings_text(diag, with_file, found, sizeof(found));
	if (strcmp(found, expected) == 0)
		return true;
	(void)fprintf(stderr, "# %s: found \"%s\", expected \"%s\"\n", name, found, expected);
	return false;
}
