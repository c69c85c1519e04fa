/* Schema compile: what the two halves of the compiler share; nobody else includes it.
 *
 * schema_keyword.c knows the keywords and compiles leaves, schema_compile.c what leaves stand in: lists,
 * sections, records. Every function returns 0, or a code with compiler->err set to a JSON pointer.
 */
#pragma once

#include <stdbool.h>

#include "daemon/record/schema_struct.h"

/* Where the compiler stands; the chain is the JSON pointer that an error names. */
struct place {
	const struct place *up;
	const char *name;
	const cJSON *node;
};

struct compiler {
	struct schema *schema;
	const struct code_lists *lists;
	struct err *err;
};

/* What a node is; a keyword is allowed at some of them. */
enum {
	AT_ROOT = 1,
	AT_RECORD = 2,
	AT_SECTION = 4,
	AT_LIST = 8,
	AT_ELEMENT = 16,
	AT_TEXT = 32,
	AT_NUMBER = 64,
	AT_BOOLEAN = 128,
	AT_LEAF = AT_TEXT | AT_NUMBER | AT_BOOLEAN,
	AT_OBJECT = AT_RECORD | AT_SECTION | AT_ELEMENT,
	AT_ANY = AT_ROOT | AT_OBJECT | AT_LIST | AT_LEAF,
};

/* The error `fault` about `keyword` of the node at `at`, or about the node itself where NULL. */
int schema_fault(struct compiler *c, const struct place *at, const char *keyword,
		 enum msg_id fault);
int schema_out_of_memory(struct compiler *c);

/* A node must be an object whose keywords are all allowed at `where`. */
int schema_check_keywords(struct compiler *c, const struct place *at, unsigned where);
bool schema_has_type(const cJSON *node, const char *type);
void schema_take_titles(const cJSON *node, const char *titles[LANGUAGE_MAX]);

/* A place inside of `up`, a $ref followed; one step only, so there are no circles. */
int schema_enter(struct compiler *c, const struct place *up, const char *name, const cJSON *node,
		 struct place *ret_place);

/* Call `mark` for each name of an array of texts under `keyword`; it says whether the name may stand there. */
typedef bool mark_fn(void *ctx, const char *name);
int schema_each_name(struct compiler *c, const struct place *at, const cJSON *node,
		     const char *keyword, mark_fn *mark, void *ctx);

/* Names are small letters, digits and "_": they stand in paths, configs and commands. */
bool schema_is_name(const char *name);
char *schema_join_path(const char *front, const char *middle, const char *name);

/* Add the field of a leaf, which takes `path` over; NULL stands for memory that was out. */
int schema_compile_leaf(struct compiler *c, const struct place *at, char *path,
			struct schema_field **ret_field);
