/* Code index: finding the code that a text means, in a list of config/codelists (DOMAIN.md, rule ETH3).
 *
 * In this order: the code itself, the name, a spelling, an alias; each after folding, hyphen = blank, no
 * apostrophes. The first of these that has a hit decides, and only a single hit counts.
 * Diacritics are never folded: Lào and Lao, Xá and Xa are different groups.
 */
#pragma once

#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/record/code_list.h"

struct err;
struct code_index; /* opaque */

enum code_parts { CODE_BY_CODE = 1, CODE_BY_TEXT = 2 };
enum code_hit { CODE_NOT_FOUND, CODE_FOUND, CODE_AMBIGUOUS };

/** `list` must outlive the index. Errors: ERR_NOMEM. */
MUST_CHECK int code_index_create(const struct code_list *list, struct code_index **ret_index,
				 struct err *err);
void code_index_destroy(struct code_index *index);

/** The row that `clean` means. `parts`: bits of enum code_parts. */
enum code_hit code_index_find(const struct code_index *index, struct blob clean, unsigned parts,
			      size_t *ret_row);

const struct code_list *code_index_list(const struct code_index *index);
/** The code of a row. */
const char *code_index_code(const struct code_index *index, size_t row);

DEFINE_CLEANUP(struct code_index, code_index_destroy);
