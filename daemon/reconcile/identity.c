#include "daemon/reconcile/identity.h"

static enum sign compare_numbers(const struct identity *a, const struct identity *b)
{
	if (a->cccd_grade != NUMBER_VALID || b->cccd_grade != NUMBER_VALID)
		return SIGN_MISSING;
	return blob_equal(a->cccd, b->cccd) ? SIGN_AGREES : SIGN_CONTRADICTS;
}

static enum sign compare_names(const struct identity *a, const struct identity *b)
{
	if (a->name.count == 0 || b->name.count == 0)
		return SIGN_MISSING;
	return skeleton_agree(&a->name, &b->name) ? SIGN_AGREES : SIGN_CONTRADICTS;
}

/* Dates of unlike precision are compared as far as both go. */
static enum sign compare_dates(struct blob a, struct blob b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	if (shorter == 0)
		return SIGN_MISSING;
	return memcmp(a.data, b.data, shorter) == 0 ? SIGN_AGREES : SIGN_CONTRADICTS;
}

struct signs identity_compare(const struct identity *a, const struct identity *b)
{
	return (struct signs){
		.number = compare_numbers(a, b),
		.name = compare_names(a, b),
		.birth_date = compare_dates(a->birth_date, b->birth_date),
	};
}

static unsigned count_sign(struct signs signs, enum sign sign)
{
	return (unsigned)(signs.number == sign) + (unsigned)(signs.name == sign) +
	       (unsigned)(signs.birth_date == sign);
}

enum continuation identity_continues(struct signs signs, bool after_end)
{
	unsigned agree = count_sign(signs, SIGN_AGREES);
	unsigned contradict = count_sign(signs, SIGN_CONTRADICTS);
	if (contradict == 3)
		return SOMEBODY_ELSE;
	if (!after_end && (agree >= 2 || (agree == 1 && contradict == 0)))
		return CONTINUES;
	return CONTINUES_IN_DOUBT;
}

static bool both_contradict(struct signs signs)
{
	return signs.name == SIGN_CONTRADICTS && signs.birth_date == SIGN_CONTRADICTS;
}

/* What one candidate alone would mean. LINK_RULE_NONE: nothing, it is a stranger. */
static enum link_rule judge(const struct candidate *candidate)
{
	struct signs signs = candidate->best;
	if (candidate->by_valid_cccd) {
		/* Invariant 5: the number may be that of an ended record, while a live one holds another. */
		if (both_contradict(signs) || candidate->other_cccd)
			return LINK_RULE_CCCD_CONFLICT;
		return candidate->has_live_record_of_source ? LINK_RULE_NUMBER_TWICE
							    : LINK_RULE_CCCD;
	}
	bool agrees = signs.name == SIGN_AGREES && signs.birth_date == SIGN_AGREES;
	if (both_contradict(signs) || (candidate->other_cccd && !agrees))
		return LINK_RULE_NONE;
	if (!agrees || candidate->other_cccd)
		return LINK_RULE_WEAK_DOUBT;
	return candidate->has_live_record_of_source ? LINK_RULE_NUMBER_TWICE
						    : LINK_RULE_WEAK_NUMBER;
}

static bool rule_joins(enum link_rule rule)
{
	return rule == LINK_RULE_CCCD || rule == LINK_RULE_WEAK_NUMBER;
}

struct link_decision identity_link(const struct candidate *candidates, size_t count)
{
	size_t joins = 0;
	uint32_t person = 0;
	enum link_rule join_rule = LINK_RULE_NONE;
	enum link_rule doubt = LINK_RULE_NONE; /* the gravest: the lowest number */
	for (size_t i = 0; i < count; i++) {
		enum link_rule rule = judge(&candidates[i]);
		if (rule_joins(rule)) {
			joins++;
			person = candidates[i].person;
			join_rule = rule;
		} else if (rule != LINK_RULE_NONE && (doubt == LINK_RULE_NONE || rule < doubt)) {
			doubt = rule;
		}
	}
	if (joins > 1)
		return (struct link_decision){ LINK_NEW_WITH_CASE, LINK_RULE_SEVERAL_PERSONS, 0 };
	/* A weak number joins only where nobody else could be meant. */
	if (joins == 1 && (join_rule == LINK_RULE_CCCD || doubt == LINK_RULE_NONE))
		return (struct link_decision){ LINK_JOIN, join_rule, person };
	if (doubt != LINK_RULE_NONE)
		return (struct link_decision){ LINK_NEW_WITH_CASE, doubt, 0 };
	return (struct link_decision){ LINK_NEW, LINK_RULE_NO_NUMBER, 0 };
}

const char *link_rule_name(enum link_rule rule)
{
	static const char *const names[LINK_RULE_MAX] = {
		[LINK_RULE_NONE] = "none",
		[LINK_RULE_NO_NUMBER] = "no_number",
		[LINK_RULE_CCCD] = "cccd",
		[LINK_RULE_WEAK_NUMBER] = "weak_number",
		[LINK_RULE_CCCD_CONFLICT] = "cccd_conflict",
		[LINK_RULE_NUMBER_TWICE] = "number_twice",
		[LINK_RULE_SEVERAL_PERSONS] = "several_persons",
		[LINK_RULE_WEAK_DOUBT] = "weak_doubt",
		[LINK_RULE_KEY_REUSED] = "key_reused",
		[LINK_RULE_SPLIT_BY_CCCD] = "split_by_cccd",
	};
	return rule >= 0 && rule < LINK_RULE_MAX ? names[rule] : "none";
}

const char *case_state_name(uint8_t state)
{
	return state == CASE_OPEN ? "open" : "";
}
