/* Json: a tree of foreign JSON, only ever made behind the gate and only read with its types checked.
 *
 * Every access goes by a JSON pointer (RFC 6901, from the node handed in; "" is that node), compares keys
 * case-sensitively and checks the type; an error names the pointer, never the value. JSON's null
 * counts as absent. Outputs stay untouched when an optional value is absent.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;

DEFINE_CLEANUP(cJSON, cJSON_Delete);

enum json_need { JSON_OPTIONAL, JSON_REQUIRED };

/** Gate, then parse. The tree is the caller's (CLEANUP(cJSON_Deletep)).
 * Errors: ERR_INVALID, ERR_NOMEM.
 */
MUST_CHECK int json_parse(struct blob text, size_t max_bytes, cJSON **ret_tree, struct err *err);

/** The node at `pointer`, or NULL if nothing (or null) is there. */
const cJSON *json_at(const cJSON *node, const char *pointer);

/** Typed values; the text lives as long as the tree. Errors: ERR_INVALID. */
MUST_CHECK int json_get_text(const cJSON *node, const char *pointer, enum json_need need,
			     const char **ret_text, struct err *err);
/** Whole numbers 0..2^53 only. */
MUST_CHECK int json_get_unsigned(const cJSON *node, const char *pointer, enum json_need need,
				 uint64_t *ret_value, struct err *err);
MUST_CHECK int json_get_bool(const cJSON *node, const char *pointer, enum json_need need,
			     bool *ret_value, struct err *err);
MUST_CHECK int json_get_object(const cJSON *node, const char *pointer, enum json_need need,
			       const cJSON **ret_object, struct err *err);
MUST_CHECK int json_get_array(const cJSON *node, const char *pointer, enum json_need need,
			      const cJSON **ret_array, struct err *err);
