/* Ident: which source records carry an identity number, found by its index.
 * Table ident (kind, index, source, ordinal). Writes fall anywhere in it: sort them within a transaction.
 */
#pragma once

#include "daemon/store/store.h"

struct ident {
	uint8_t kind; /* KEYRING_IDX_CCCD or KEYRING_IDX_CMND */
	uint8_t idx[KEYRING_IDX_SIZE];
	uint16_t source;
	uint32_t ordinal;
	uint8_t grade; /* how the number was written: the reconcile layer's */
};

MUST_CHECK int ident_put(struct store_txn *txn, const struct ident *ident, struct err *err);
/** No error if it was not there. */
MUST_CHECK int ident_delete(struct store_txn *txn, const struct ident *ident, struct err *err);
/** Walk the records with this number. */
MUST_CHECK int ident_scan(struct store_txn *txn, uint8_t kind, const uint8_t idx[KEYRING_IDX_SIZE],
			  struct store_scan **ret_scan, struct err *err);
MUST_CHECK int ident_next(struct store_scan *scan, struct ident *ret_ident, struct err *err);
