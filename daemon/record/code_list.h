/* Code list: the small tables of config/codelists, one CSV file each, read once.
 *
 * Lines that begin with # stand above the header; the first column is the key of a row. Where it is
 * called `code` it is unique; other tables are maps between lists and may say several rows of one key. What a list means never changes in place: another meaning is another file, because
 * stored records name the list (config/codelists/README.md).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"

struct err;
struct code_list;  /* one table */
struct code_lists; /* a folder of them */

enum { CODE_LIST_NONE = -1 };

/** Read one list from the bytes of its file; `name` is for errors and look-up.
 * Errors: ERR_CONFIG (names the list and the line), ERR_NOMEM.
 */
MUST_CHECK int code_list_parse(const char *name, struct blob text, struct code_list **ret_list,
			       struct err *err);
void code_list_destroy(struct code_list *list);

const char *code_list_name(const struct code_list *list);
size_t code_list_rows(const struct code_list *list);

/** The column called `name`, or CODE_LIST_NONE. */
int code_list_column(const struct code_list *list, const char *name);

/** The cell (NUL-terminated, "" where the file has nothing); lives as long as the list. */
const char *code_list_cell(const struct code_list *list, size_t row, int column);

/** The first row whose key is exactly `code`, or CODE_LIST_NONE. Does not allocate. */
int code_list_find(const struct code_list *list, struct blob code);

/** Read every *.csv of a folder. `folder_fd` stays the caller's.
 * Errors: ERR_CONFIG, ERR_NOMEM, or what reading gives.
 */
MUST_CHECK int code_lists_load(int folder_fd, struct code_lists **ret_lists, struct err *err);
void code_lists_destroy(struct code_lists *lists);

/** A list by its name (file name without .csv), or NULL; NULL lists have none. */
const struct code_list *code_lists_get(const struct code_lists *lists, const char *name);

/** SHA-256 over names and bytes of all files: a part of the interpretation. */
void code_lists_hash(const struct code_lists *lists, uint8_t out[SHA256_SIZE]);

DEFINE_CLEANUP(struct code_list, code_list_destroy);
DEFINE_CLEANUP(struct code_lists, code_lists_destroy);
