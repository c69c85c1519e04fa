/* Sex: nam, nữ or not known, as people and systems write it (DOMAIN.md, rule HR13). */
#pragma once

#include "daemon/base/bytes.h"
#include "daemon/base/reason.h"

enum sex { SEX_UNKNOWN, SEX_MALE, SEX_FEMALE };

/** Read `clean`. Returns REASON_NONE or REASON_SEX_FORM (then `*ret_sex` is SEX_UNKNOWN). */
enum reason sex_read(struct blob clean, enum sex *ret_sex);

/** "nam", "nữ", or "" where it is not known. */
const char *sex_text(enum sex sex);
