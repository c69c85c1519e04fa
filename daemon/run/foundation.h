/* Foundation: what the engine and its readers both stand on: code lists, schema, store and policy of a configuration. */
#pragma once

#include <stdbool.h>

#include "daemon/base/cleanup.h"
#include "daemon/base/digest.h"
#include "daemon/base/random.h"

struct code_lists;
struct config;
struct err;
struct schema;
struct store;
struct survivorship;

enum foundation_mode { FOUNDATION_WRITE, FOUNDATION_READ };

struct foundation {
	struct code_lists *lists;
	struct schema *schema; /* with the store's numbers */
	struct store *store;
	struct survivorship *policy;
	uint8_t lists_hash[SHA256_SIZE];
};

/** Open; a daemon numbers new fields and sources on the way. End it by foundation_close() also after a failure.
 * Errors: those of store_open(), code_lists_load() and schema_compile(); ERR_AUTH, ERR_NOT_FOUND (master key).
 */
MUST_CHECK int foundation_open(const struct config *config, enum foundation_mode mode,
			       const struct random_source *random, struct foundation *foundation,
			       struct err *err);
void foundation_close(struct foundation *foundation);
