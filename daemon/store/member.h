/* Member: the link between a person and a source record. Table member (person, source, ordinal). */
#pragma once

#include "daemon/store/store.h"

enum member_how { MEMBER_NEW = 1, MEMBER_EXACT = 2, MEMBER_AUTO = 3, MEMBER_MANUAL = 4 };

struct member {
	uint32_t person;
	uint16_t source;
	uint32_t ordinal;
	uint8_t how; /* enum member_how */
	bool live;   /* false: undone, its facts count no more */
	uint16_t rule;
	uint16_t model;
	int32_t score;
	uint32_t run;
};

MUST_CHECK int member_put(struct store_txn *txn, const struct member *member, struct err *err);
MUST_CHECK int member_find(struct store_txn *txn, uint32_t person, uint16_t source,
			   uint32_t ordinal, struct member *ret_member, struct err *err);
/** Walk the links of one person, in the order of (source, ordinal). */
MUST_CHECK int member_scan(struct store_txn *txn, uint32_t person, struct store_scan **ret_scan,
			   struct err *err);
MUST_CHECK int member_next(struct store_scan *scan, struct member *ret_member, struct err *err);
