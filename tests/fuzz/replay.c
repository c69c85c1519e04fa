/* Replays a folder of inputs through one fuzz target, so that every seed and every former crash is
 * an ordinary test. Prints TAP: one line per file.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay(const char *path)
{
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		return -1;
	size_t cap = 1 << 22;
	uint8_t *data = malloc(cap);
	size_t size = data == NULL ? 0 : fread(data, 1, cap, file);
	(void)fclose(file);
	/* An exact copy, so that the sanitizer sees a read of one byte past the end. */
	uint8_t *exact = malloc(size == 0 ? 1 : size);
	if (data == NULL || exact == NULL)
		return -1;
	memcpy(exact, data, size);
	free(data);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	int count = argc == 2 ? scandir(argv[1], &entries, visible, alphasort) : -1;
	if (count <= 0) {
		(void)printf("1..1\nnot ok 1 - no corpus\n");
		return 1;
	}
	(void)printf("1..%d\n", count);
	int failures = 0;
	for (int i = 0; i < count; i++) {
		char path[4096];
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
		int failed = replay(path) < 0;
		(void)printf("%s %d - %s\n", failed ? "not ok" : "ok", i + 1, entries[i]->d_name);
		(void)fflush(stdout);
		failures += failed;
		free(entries[i]);
	}
	free(entries);
	return failures > 0;
}
