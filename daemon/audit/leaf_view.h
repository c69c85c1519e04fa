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
#include "daemon/base/bytes.h"
#include "daemon/base/digest.h"

struct err;

/* Texts and hex digits as they stand in the leaf; empty, or 0: it does not have this member. */
struct leaf_view {
	enum audit_act act;
	uint64_t version, seq, mono_us;
	uint64_t run, batch, case_id;
	struct blob commit, ct_sha256; /* of the payload: both or none */
	struct blob ts, subject, boot_id;
};

/** Errors: ERR_CORRUPT, with the byte where it stops being a leaf. */
MUST_CHECK int leaf_view_read(struct blob bytes, struct leaf_view *ret_view, struct err *err);

/** True if `sealed`, as it is stored beside the leaf, is what the leaf was written with. */
bool leaf_view_seals(const struct leaf_view *view, struct sha256 *sha, struct blob sealed);

/** The JSON of an opened payload, once the leaf's commitment to it is found true (else ERR_CORRUPT). */
MUST_CHECK int leaf_view_payload(const struct leaf_view *view, struct sha256 *sha,
				 struct blob plain, struct blob *ret_json, struct err *err);
