/* Leaf view: the bytes of a stored leaf checked and read, without a tree.
 *
 * A leaf is foreign here: it may come from a damaged or forged store. Accepted is exactly what
 * leaf_write() can write: one object of known members, canonical by RFC 8785 (members ascending, no
 * blanks, shortest escapes and numbers), NFC, within LIMIT_LEAF_BYTES and 8 levels.
 * So re-encoding it could give no other bytes.
 */
#pragma once

#include <stdbool.h>

#include "daemon/audit/act.h"
#include "daemon/base/digest.h"

struct err;

struct leaf_view {
	enum audit_act act;
	uint64_t seq;
	uint64_t mono_us;
	uint64_t run, batch, case_id; /* 0: none */
	bool has_payload;
	uint8_t commit[SHA256_SIZE], ct_sha256[SHA256_SIZE]; /* of the payload */
	struct blob ts, subject, source, boot_id; /* as they stand in the leaf; empty: none */
};

/** Errors: ERR_CORRUPT, with the byte where it stops being a leaf. */
MUST_CHECK int leaf_view_read(struct blob bytes, struct leaf_view *ret_view, struct err *err);
