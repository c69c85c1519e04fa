/* Option: the one loader that fills structs by their option rows, from the nodes of a document.
 *
 * Keys that no row names are findings, with the nearest name; keys that begin with "x-" are free.
 * A scalar is typed by its row alone: `yes` is no boolean, `30` no duration, and `01` stays a text.
 */
#pragma once

#include <stddef.h>

#include "config/diag.h"
#include "config/doc.h"
#include "config/option_row.h"

struct err;

/** Fill `options`, a zeroed struct of the rows, from `map`; NULL gives the defaults, and `where` is then the
 * place of what is missing. All that is wrong goes to `diag`; what is right is filled nevertheless.
 * End it with option_finish() in every case.
 */
void option_load(const struct option_row *rows, const struct doc_node *map, struct diag_place where,
		 struct diag *diag, void *options);

/** Free what the rows own; the struct is zero afterwards. */
void option_finish(const struct option_row *rows, void *options);

/** The worker's way: parse canonical JSON and load it, the first finding as `err`.
 * *ret_doc keeps RAW nodes alive; `options` is zero on failure.
 */
MUST_CHECK int option_load_text(const struct option_row *rows, const char *name, struct blob text,
				void *options, struct doc **ret_doc, struct err *err);

/* What the engine opens for the worker: the paths with `pass`, and every secret that is set. */
struct option_passed {
	const char
		*name; /* "folder"; a secret: "secret:" and its keys, "secret:auth.client_secret" */
	const char *path;                /* NULL for a secret */
	const struct secret_ref *secret; /* NULL for a path */
};
typedef int option_passed_fn(void *ctx, const struct option_passed *passed, struct err *err);

/** Call `fn` for each in the order of rows; a negative return of `fn` ends it and is returned. */
MUST_CHECK int option_each_passed(const struct option_row *rows, const void *options,
				  option_passed_fn *fn, void *ctx, struct err *err);
