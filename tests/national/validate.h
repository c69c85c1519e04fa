/* The contract, and whether a request keeps it.
 *
 * The OpenAPI document is compiled once; every request is held against it by a JSON Schema library that
 * the client does not use, so that one misreading cannot hide in both.
 * Written in C++ behind this header, because the library is.
 */
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct contract;  /* opaque; safe to use from several threads */
struct operation; /* one method on one path; lives as long as its contract */

enum contract_verdict {
	CONTRACT_OK,
	CONTRACT_PERSONS,    /* only persons inside a batch's items break it */
	CONTRACT_INVALID,    /* anything else does */
	CONTRACT_MALFORMED,  /* the body is no JSON or form, or holds a key twice */
	CONTRACT_MEDIA_TYPE, /* the body is of another type than the contract's */
};

struct contract_parameter {
	const char *name;
	const char *value;
};

struct contract_request {
	const char *path_value; /* what stands for {…} in the path, or NULL */
	const char *media_type; /* Content-Type, or NULL */
	const char *body;
	size_t body_size;
	const struct contract_parameter *query;
	size_t query_count;
	const struct contract_parameter *headers;
	size_t header_count;
};

struct contract_result {
	char *body;   /* canonical JSON: keys sorted, no blanks; a form as an object of strings */
	char *errors; /* JSON array of {pointer, detail} */
};

/** Loads the JSON form of the contract. NULL with a line of text in `error` if it cannot be used. */
struct contract *contract_load(const char *path, char *error, size_t error_size);
void contract_free(struct contract *contract);

/** The operation of a method on a path, with the path's own value in `ret_value` (or NULL).
 *
 * NULL if there is none; `ret_path_known` then tells an unknown path from a wrong method.
 */
const struct operation *contract_route(const struct contract *contract, const char *method,
				       const char *path, const char **ret_value,
				       int *ret_path_known);

/** The operationId, for dispatch. */
const char *operation_id(const struct operation *operation);

/** Holds a request against its operation. The result's strings are the caller's, see contract_result_finish.
 *
 * Headers that the contract does not name are ignored, query parameters that it does not name are refused.
 */
enum contract_verdict contract_check(struct contract *contract, const struct operation *operation,
				     const struct contract_request *request,
				     struct contract_result *ret_result);

/** Holds a JSON text against the schema `name` of components/schemas: OK, INVALID or MALFORMED. */
enum contract_verdict contract_check_schema(struct contract *contract, const char *name,
					    const char *text, struct contract_result *ret_result);

void contract_result_finish(struct contract_result *result);

#ifdef __cplusplus
}
#endif
