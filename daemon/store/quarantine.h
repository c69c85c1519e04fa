/* Quarantine: rows that were not accepted, each under a key of its own.
 * Table quarantine (source, index of the source key, or of the place where there is none).
 */
#pragma once

#include "daemon/store/store.h"

enum { QUARANTINE_CODES_SIZE = 128 };

struct quarantine_row {
	uint16_t source;
	uint8_t idx[KEYRING_IDX_SIZE]; /* source_key_idx(), or store_idx(KEYRING_IDX_LOCATOR) */
	uint32_t run;
	uint64_t row; /* line or record number in the delivery */
	uint8_t class;
	char codes[QUARANTINE_CODES_SIZE]; /* "R0102 R0107": the reasons' codes */
	uint8_t cells_hash[16];
	uint8_t interpretation[8];
};

struct quarantine_body {
	struct blob file, key, cells, reasons; /* as the run layer encodes them */
};

/** Put or replace. */
MUST_CHECK int quarantine_put(struct store_txn *txn, const struct quarantine_row *row,
			      const struct quarantine_body *body, struct err *err);
MUST_CHECK int quarantine_find(struct store_txn *txn, uint16_t source,
			       const uint8_t idx[KEYRING_IDX_SIZE], struct quarantine_row *ret_row,
			       struct err *err);
/** Decrypt into `plain`, which ret_body points into. */
MUST_CHECK int quarantine_body(struct store_txn *txn, const struct quarantine_row *row,
			       struct buf *plain, struct quarantine_body *ret_body,
			       struct err *err);
/** No error if it was not there. */
MUST_CHECK int quarantine_delete(struct store_txn *txn, uint16_t source,
				 const uint8_t idx[KEYRING_IDX_SIZE], struct err *err);
/** Walk the rows from (source, idx) on; `idx` NULL: from the source's first. Goes on into the next source. */
MUST_CHECK int quarantine_scan(struct store_txn *txn, uint16_t source, const uint8_t *idx,
			       struct store_scan **ret_scan, struct err *err);
MUST_CHECK int quarantine_next(struct store_scan *scan, struct quarantine_row *ret_row,
			       struct err *err);
