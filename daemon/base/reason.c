#include "daemon/base/reason.h"

static const struct {
	const char *name;
	enum reason_class class;
	enum msg_id message;
} table[REASON_MAX] = {
	[REASON_NONE] = { "unknown", REASON_WARNING, MSG_REASON_UNKNOWN },

	[REASON_RAGGED] = { "ragged", REASON_INVALID, MSG_REASON_RAGGED },
	[REASON_NO_KEY] = { "no_key", REASON_INVALID, MSG_REASON_NO_KEY },
	[REASON_DUPLICATE_KEY] = { "duplicate_key", REASON_INVALID, MSG_REASON_DUPLICATE_KEY },
	[REASON_NAME_MISSING] = { "name_missing", REASON_INVALID, MSG_REASON_NAME_MISSING },
	[REASON_TEXT_LOSSY] = { "text_lossy", REASON_INVALID, MSG_REASON_TEXT_LOSSY },
	[REASON_TEXT_CONTROL] = { "text_control", REASON_INVALID, MSG_REASON_TEXT_CONTROL },
	[REASON_DATE_INVALID] = { "date_invalid", REASON_INVALID, MSG_REASON_DATE_INVALID },
	[REASON_DATE_RANGE] = { "date_range", REASON_INVALID, MSG_REASON_DATE_RANGE },
	[REASON_ID_LOSSY] = { "id_lossy", REASON_INVALID, MSG_REASON_ID_LOSSY },
	[REASON_ID_MALFORMED] = { "id_malformed", REASON_INVALID, MSG_REASON_ID_MALFORMED },

	[REASON_NAME_FORM] = { "name_form", REASON_NEEDS_DECISION, MSG_REASON_NAME_FORM },
	[REASON_NAME_ORDER] = { "name_order", REASON_NEEDS_DECISION, MSG_REASON_NAME_ORDER },
	[REASON_DATE_TWO_DIGIT] = { "date_two_digit", REASON_NEEDS_DECISION,
				    MSG_REASON_DATE_TWO_DIGIT },
	[REASON_ID_CONFLICT] = { "id_conflict", REASON_NEEDS_DECISION, MSG_REASON_ID_CONFLICT },
	[REASON_ID_PADDING] = { "id_padding", REASON_NEEDS_DECISION, MSG_REASON_ID_PADDING },
	[REASON_ID_AMBIGUOUS] = { "id_ambiguous", REASON_NEEDS_DECISION, MSG_REASON_ID_AMBIGUOUS },
	[REASON_SEX_FORM] = { "sex_form", REASON_NEEDS_DECISION, MSG_REASON_SEX_FORM },

	[REASON_VALUE_LEFT_OUT] = { "value_left_out", REASON_WARNING, MSG_REASON_VALUE_LEFT_OUT },
	[REASON_CODE_UNKNOWN] = { "code_unknown", REASON_WARNING, MSG_REASON_CODE_UNKNOWN },
	[REASON_CODE_AMBIGUOUS] = { "code_ambiguous", REASON_WARNING, MSG_REASON_CODE_AMBIGUOUS },
	[REASON_ETHNIC_CONTRADICTS] = { "ethnic_contradicts", REASON_WARNING,
					MSG_REASON_ETHNIC_CONTRADICTS },
	[REASON_ETHNIC_NO_LIST] = { "ethnic_no_list", REASON_WARNING, MSG_REASON_ETHNIC_NO_LIST },
	[REASON_GRADE_CONTRADICTS] = { "grade_contradicts", REASON_WARNING,
				       MSG_REASON_GRADE_CONTRADICTS },
	[REASON_ID_PROVINCE] = { "id_province", REASON_WARNING, MSG_REASON_ID_PROVINCE },
	[REASON_ID_PADDED] = { "id_padded", REASON_WARNING, MSG_REASON_ID_PADDED },
	[REASON_NAME_REPAIRED] = { "name_repaired", REASON_WARNING, MSG_REASON_NAME_REPAIRED },
	[REASON_NAME_DECODED] = { "name_decoded", REASON_WARNING, MSG_REASON_NAME_DECODED },
	[REASON_ELEMENT_LEFT_OUT] = { "element_left_out", REASON_WARNING,
				      MSG_REASON_ELEMENT_LEFT_OUT },
};

static enum reason known(enum reason reason)
{
	return reason < REASON_MAX && table[reason].name != NULL ? reason : REASON_NONE;
}

const char *reason_name(enum reason reason)
{
	return table[known(reason)].name;
}

enum reason_class reason_class(enum reason reason)
{
	return table[known(reason)].class;
}

enum msg_id reason_message(enum reason reason)
{
	return table[known(reason)].message;
}

enum reason reason_by_name(struct blob name)
{
	for (size_t i = 1; i < REASON_MAX; i++)
		if (table[i].name != NULL && blob_equal(name, blob_text(table[i].name)))
			return (enum reason)i;
	return REASON_NONE;
}

enum reason_class reason_set_class(reason_set reasons)
{
	enum reason_class worst = REASON_WARNING;
	for (unsigned i = 1; i < REASON_MAX; i++)
		if ((reasons >> i & 1) != 0 && reason_class((enum reason)i) < worst)
			worst = reason_class((enum reason)i);
	return worst;
}

void reason_set_put(reason_set reasons, struct buf *out)
{
	const char *separator = "";
	for (unsigned i = 1; i < REASON_MAX; i++) {
		if ((reasons >> i & 1) == 0)
			continue;
		buf_put_text(out, separator);
		buf_put_text(out, reason_name((enum reason)i));
		separator = ";";
	}
}

const char *reason_class_name(enum reason_class class)
{
	static const char *const names[] = { "invalid", "needs_decision", "warning" };
	return names[class];
}
