/* Export: the state of the store as text that two stores with the same history share, whatever their ids, times and keys.
 *
 * Lines of canonical JSON, sorted in byte order by who reads them: persons are named by their sorted source keys
 * ("noi-vu/LS.0797524"), with links, golden values and image; then cases; then quarantined rows. This is what
 * invariant 8 compares.
 */
#pragma once

#include "daemon/base/cleanup.h"

struct err;
struct schema;
struct store;

MUST_CHECK int export_canonical(struct store *store, const struct schema *schema, int out_fd,
				struct err *err);
