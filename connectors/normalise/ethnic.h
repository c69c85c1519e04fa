/* Ethnic: the group that a cell names, by name or by the code of a declared list (DOMAIN.md section 4).
 *
 * ETH1: a code means nothing without its list. ETH2: name and code that differ leave the field empty.
 * ETH3: only a unique name counts. "Thổ" is never mapped: in old files of the province it most likely means Tày.
 */
#pragma once

#include "connectors/normalise/code_index.h"
#include "daemon/base/reason.h"

enum ethnic_system { ETHNIC_UNDECLARED, ETHNIC_VN1979, ETHNIC_VN2008, ETHNIC_PORTAL };

/** Read `clean`: "Nùng", "07", "07 - Nùng", "Nùng (07)". The list of `index` is ethnic-1979.
 * ret_code  its code of 1979, or NULL where the group is not known; lives as long as the list.
 * Returns REASON_NONE, or the warning why a text that is not null gave nothing.
 */
enum reason ethnic_read(struct blob clean, enum ethnic_system system,
			const struct code_index *index, const char **ret_code);
