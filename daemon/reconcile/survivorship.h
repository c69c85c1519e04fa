/* Survivorship: whose word counts for which field, compiled from `survivorship:` of the configuration.
 *
 * An order of sources, the best first; an override may name a field ("contact.phone"), a section
 * ("contact") or a list ("degree"), the most special one counts. A source that an order does not name
 * comes after those that it does, in the general order.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct config_survivorship;
struct err;
struct schema;
struct schema_field;
struct schema_list;
struct survivorship; /* opaque */

enum { SURVIVORSHIP_HASH_SIZE = 8 };

/** The number of a source name; 0 if it has none (it never delivered anything). */
typedef uint16_t survivorship_number_fn(void *ctx, const char *source);

/** Compile. `schema` must outlive it. Errors: ERR_NOMEM. */
MUST_CHECK int survivorship_compile(const struct config_survivorship *config,
				    const struct schema *schema, survivorship_number_fn *number_of,
				    void *ctx, struct survivorship **ret_policy, struct err *err);
void survivorship_destroy(struct survivorship *policy);

/** 0 for the best source of a field, or of a list; lower wins. */
uint32_t survivorship_rank(const struct survivorship *policy, const struct schema_field *field,
			   uint16_t source);
uint32_t survivorship_list_rank(const struct survivorship *policy, const struct schema_list *list,
				uint16_t source);

/** What golden records carry, so that a new policy shows. */
const uint8_t *survivorship_hash(const struct survivorship *policy);

DEFINE_CLEANUP(struct survivorship, survivorship_destroy);
