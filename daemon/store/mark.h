/* Mark: the file mark/highwater, which tells a restored or cloned store from the one that last spoke.
 *
 * Layout (big-endian): "TRITHUCM" | u32 format | store id 16 | u64 epoch | u64 audit size | root 32 | CRC32C
 */
#pragma once

#include "daemon/store/store.h"

enum { MARK_FORMAT = 1, MARK_SIZE = 8 + 4 + STORE_ID_SIZE + 8 + 8 + SHA256_SIZE + 4 };

/** ERR_CORRUPT, ERR_FORMAT. */
MUST_CHECK int mark_decode(struct blob bytes, struct store_mark *ret_mark, struct err *err);
/** ERR_NOT_FOUND if there is none. */
MUST_CHECK int mark_read(const char *path, struct store_mark *ret_mark, struct err *err);
/** Durable on return. */
MUST_CHECK int mark_write(const char *path, const struct store_mark *mark, struct err *err);

/** True if the store whose state is `now` cannot be what the mark was written of, or a later state of it.
 * `now` may hold more leaves than the mark: whether they go on from it is for audit/ to verify.
 */
bool mark_is_ahead(const struct store_mark *mark, const struct store_mark *now);
