/* Grade: the code of a salary grade or professional title (mã ngạch, mã CDNN; DOMAIN.md, rule HR5). */
#pragma once

#include "connectors/normalise/code_index.h"
#include "daemon/base/reason.h"

/** Append the code that `clean` is: "15.11" and float noise become 15.110, V.xx.xx.xx stays.
 * name   the clean name of the grade in the same row, empty if there is none: where the list knows the code under
 *        another name, nothing is appended.
 * Returns REASON_NONE, VALUE_LEFT_OUT or GRADE_CONTRADICTS. A code that the list does not know is kept.
 */
enum reason grade_read(struct blob clean, struct blob name, const struct code_index *grades,
		       struct buf *out);
