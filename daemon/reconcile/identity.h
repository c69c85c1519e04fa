/* Identity: who is behind a source key, and may a record join a person? (DESIGN.md section 9)
 *
 * Pure functions over what a record says of its human. Three signs: number, name, birth date; each
 * agrees, contradicts or is missing, and missing is no contradiction. The case tables stand in
 * tests/unit/test_identity.c, row for row.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/reconcile/skeleton.h"

enum sign { SIGN_MISSING, SIGN_AGREES, SIGN_CONTRADICTS };

enum number_grade {
	NUMBER_NONE,
	NUMBER_WEAK, /* padded (rule ID6), or of a province that is not listed (ID3): no key of its own */
	NUMBER_VALID,
};

/* What a record says of its human. The blobs are borrowed. */
struct identity {
	struct blob cccd;
	enum number_grade cccd_grade;
	struct blob cmnd;
	struct skeleton name;
	struct blob birth_date; /* "YYYY", "YYYY-MM" or "YYYY-MM-DD" */
};

struct signs {
	enum sign number; /* valid CCCDs only */
	enum sign name;
	enum sign birth_date;
};

struct signs identity_compare(const struct identity *a, const struct identity *b);

enum continuation {
	CONTINUES,          /* the same human */
	CONTINUES_IN_DOUBT, /* the same until a person decides otherwise: case key_reused */
	SOMEBODY_ELSE,      /* a new incarnation */
};

/** Does a known source key still mean the same human? `after_end`: the key comes back after it ended. */
enum continuation identity_continues(struct signs signs, bool after_end);

/* A person whom the number of a new record leads to. */
struct candidate {
	uint32_t person;
	bool has_live_record_of_source; /* of the new record's source */
	bool by_valid_cccd; /* both sides hold the number as a valid CCCD; else a weaker one */
	bool other_cccd;    /* a live record of the person holds another valid CCCD */
	struct signs best;  /* against the live record that agrees most */
};

enum link_action { LINK_NEW, LINK_JOIN, LINK_NEW_WITH_CASE };

/* Why, as the audit log and `explain` name it. Numbers are stored: append only. */
enum link_rule {
	LINK_RULE_NONE = 0,
	LINK_RULE_NO_NUMBER = 1, /* nobody holds its number */
	LINK_RULE_CCCD = 2,      /* equal valid CCCD, name and birth date do not both contradict */
	LINK_RULE_WEAK_NUMBER = 3,   /* equal CMND or padded number, name and birth date agree */
	LINK_RULE_CCCD_CONFLICT = 4, /* equal valid CCCD, name and birth date both contradict */
	LINK_RULE_NUMBER_TWICE = 5,  /* a live record of the same source holds the number (ID11) */
	LINK_RULE_SEVERAL_PERSONS = 6, /* more than one person would do */
	LINK_RULE_WEAK_DOUBT = 7,      /* equal weak number, but only part of the rest agrees */
	LINK_RULE_KEY_REUSED = 8,      /* the key is in doubt, see enum continuation */
	LINK_RULE_SPLIT_BY_CCCD = 9, /* a corrected number contradicts the person's other records */
	LINK_RULE_MAX,
};

struct link_decision {
	enum link_action action;
	enum link_rule rule;
	uint32_t person; /* LINK_JOIN: whom */
};

/** Whom does a record without a link join? The answer does not depend on the order of candidates. */
struct link_decision identity_link(const struct candidate *candidates, size_t count);

const char *link_rule_name(enum link_rule rule);

/* Where a case stands. Stored: append only. */
enum case_state { CASE_OPEN = 1, CASE_STATE_MAX };
/** "" for a number that is none. */
const char *case_state_name(uint8_t state);
