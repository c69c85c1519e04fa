/* Doc: a YAML or JSON text as nodes that know their place.
 *
 * Built over the events of libyaml, which bounds nothing by itself: depth, nodes and bytes have the
 * limits of limits.h. Refused are anchors, aliases, tags, merge keys, directives, a second document,
 * duplicate keys, control and bidi characters (AUDIT-SECURITY.md section 9, UX.md section 3).
 * A scalar is text; what it means is decided by who asks for it (`01`, `no` and `1e3` stay as they are).
 * Texts end in a NUL and hold none, so that they may be used as C strings.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diag.h"

struct doc; /* opaque: owns its nodes and the text of its file */

enum doc_kind { DOC_SCALAR, DOC_LIST, DOC_MAP };

struct doc_pair {
	struct doc_node *key; /* a scalar */
	struct doc_node *value;
};

struct doc_node {
	const struct doc *doc;
	enum doc_kind kind;
	bool quoted;      /* scalar: in quotes or a block, so that "null" is a text */
	uint32_t line;    /* from 1 */
	uint32_t column;  /* from 1, in characters */
	uint32_t span;    /* characters on its first line */
	const char *text; /* scalar */
	size_t len;
	size_t count; /* items of a list, pairs of a map */
	union {
		struct doc_node **items;
		struct doc_pair *pairs; /* in the order of the file */
	};
};

/** Parse `text`, which is copied; `name` stands for the file in messages.
 * Returns NULL if it is no sound document; `diag` then says all that could be found.
 */
struct doc *doc_parse(const char *name, struct blob text, struct diag *diag);

/** Read and parse the file `name` of the folder `dir_fd` (AT_FDCWD: a path); `shown` is what messages call it.
 * Refused, as a finding: not a regular file, a symbolic link, owned by neither root nor ourselves, writable for
 * group or others, too long.
 */
struct doc *doc_load(int dir_fd, const char *name, const char *shown, struct diag *diag);

void doc_destroy(struct doc *doc);
DEFINE_CLEANUP(struct doc, doc_destroy);

const struct doc_node *doc_root(const struct doc *doc);
const char *doc_name(const struct doc *doc);

/** The value under `key`, or NULL; `map` may be NULL or no map. */
const struct doc_node *doc_get(const struct doc_node *map, const char *key);

/** True for a plain scalar that is empty, `~` or `null`: the key stands there without a value. */
bool doc_is_null(const struct doc_node *node);

/** The place of a node for a finding. */
struct diag_place doc_place(const struct doc_node *node);

/** Append the node as canonical JSON: keys in byte order, every scalar a string. Two files that mean the
 * same give the same bytes; doc_parse() reads it back.
 */
void doc_json(const struct doc_node *node, struct buf *out);
