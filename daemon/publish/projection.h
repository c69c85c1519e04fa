/* Projection: what the national contract takes of a golden record, as the bytes that are sent.
 *
 * The table in projection.c is the one place that says which field of person.schema.json fills which
 * property of `Person` in schemas/national-api.openapi.yaml (x-source there names the same field).
 * Rules.  Canonical JSON (RFC 8785), so that equal desired states are equal bytes.
 *         Elements of a list stand in the order of their keys; an object without members is left out.
 *         Enrolments and evidence have no place in the table: they are never sent.
 *         A value that the contract cannot take is left out and counted, so that it does not hold
 *         the rest of the person back.
 */
#pragma once

#include <stddef.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"
#include "daemon/record/record.h"
#include "daemon/record/schema.h"

struct err;
struct projection; /* opaque: the table with the store's field numbers */

/* One row of the table. */
struct projection_place {
	const char *source; /* degree[].level */
	const char
		*object; /* property of Person that holds it ("degrees"); NULL: it is one itself */
	const char *key; /* property there; of identifiers the value of `system` */
};

/** `schema` (with the store's numbers) must outlive it. Errors: ERR_CONFIG (a field of the table is not in the
 * schema), ERR_NOMEM.
 */
MUST_CHECK int projection_create(const struct schema *schema, struct projection **ret_projection,
				 struct err *err);
void projection_destroy(struct projection *projection);

/** Append the Person of a golden record to `out`; pure.
 * ret_left_out  how many facts the contract cannot take.
 * Errors: ERR_INVALID (no name: the contract has no such person), ERR_NOMEM; `out` is then to be dropped.
 */
MUST_CHECK int projection_write(const struct projection *projection, const struct record *golden,
				struct buf *out, size_t *ret_left_out, struct err *err);

/** The table, for a test and for documents; NULL behind the last row. */
const struct projection_place *projection_place_at(size_t index);

DEFINE_CLEANUP(struct projection, projection_destroy);
