#include <stdio.h>
#include <string.h>

#include "config/option.h"
#include "config/option_path.h"

struct passing {
	option_passed_fn *fn;
	void *ctx;
	char path[OPTION_PATH_SIZE];
};

static int pass_rows(struct passing *passing, const struct option_row *rows, const void *options,
		     struct err *err);

static int pass_value(struct passing *passing, const struct option_row *row, const void *options,
		      struct err *err)
{
	const void *field = (const uint8_t *)options + row->offset;
	const void *const *pointer = field;
	if (row->kind == OPTION_KIND_SECTION)
		return pass_rows(passing, row->rows, field, err);
	if (row->kind == OPTION_KIND_MAYBE && *pointer != NULL)
		return pass_rows(passing, row->rows, *pointer, err);
	struct option_passed passed = { 0 };
	char name[sizeof(passing->path) + sizeof("secret:")];
	if (row->kind == OPTION_KIND_PATH && row->pass != NULL && *pointer != NULL) {
		passed = (struct option_passed){ .name = row->pass, .path = *pointer };
	} else if (row->kind == OPTION_KIND_SECRET &&
		   ((const struct secret_ref *)field)->kind != SECRET_NONE) {
		(void)snprintf(name, sizeof(name), "secret:%s", passing->path);
		passed = (struct option_passed){ .name = name, .secret = field };
	}
	return passed.name == NULL ? 0 : passing->fn(passing->ctx, &passed, err);
}

static int pass_rows(struct passing *passing, const struct option_row *rows, const void *options,
		     struct err *err)
{
	int r = 0;
	for (; rows->kind != OPTION_KIND_END && r >= 0; rows++) {
		size_t mark = path_enter(passing->path, rows->key);
		r = pass_value(passing, rows, options, err);
		path_leave(passing->path, mark);
	}
	return r < 0 ? r : 0;
}

int option_each_passed(const struct option_row *rows, const void *options, option_passed_fn *fn,
		       void *ctx, struct err *err)
{
	struct passing passing = { .fn = fn, .ctx = ctx };
	return pass_rows(&passing, rows, options, err);
}
