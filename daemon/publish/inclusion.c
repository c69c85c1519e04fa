#include "daemon/publish/inclusion.h"

#include <stdlib.h>
#include <string.h>

#include "config/option_value.h"
#include "daemon/base/err.h"
#include "daemon/record/code_list.h"

enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE };

struct line {
	const struct config_condition *condition;
	const struct schema_field *field;
	int rank_column; /* at_least: of the field's code list; else CODE_LIST_NONE */
	int64_t least_rank;
};

struct inclusion {
	size_t any_count, count; /* the first any_count lines are any_of, the rest none_of */
	struct line lines[];
};

/* ---- compiling ---- */

/* The rank of a row of the list; false where it has no place in the order. */
static bool rank_of(const struct code_list *list, int row, int column, int64_t *ret_rank)
{
	return row >= 0 && option_number_parse(OPTION_KIND_INTEGER,
					       code_list_cell(list, (size_t)row, column), ret_rank);
}

static int compile_at_least(struct line *line, struct err *err)
{
	const struct config_condition *condition = line->condition;
	const struct code_list *list = line->field->code_list;
	line->rank_column = list == NULL ? CODE_LIST_NONE : code_list_column(list, "rank");
	if (line->rank_column < 0)
		return err_set(err, ERR_CONFIG, MSG_INCLUSION_NO_ORDER,
			       ARG_TEXT("code", condition->code),
			       ARG_TEXT("field", condition->field));
	int row = code_list_find(list, blob_text(condition->at_least));
	if (!rank_of(list, row, line->rank_column, &line->least_rank))
		return err_set(err, ERR_CONFIG, MSG_INCLUSION_NO_RANK,
			       ARG_TEXT("code", condition->code),
			       ARG_TEXT("value", condition->at_least));
	return 0;
}

/* A code that its list does not have would never be met, and nobody would notice. */
static int check_one_of(const struct line *line, struct err *err)
{
	const struct code_list *list = line->field->code_list;
	const struct option_texts *texts = &line->condition->one_of;
	for (size_t i = 0; list != NULL && i < texts->count; i++)
		if (code_list_find(list, blob_text(texts->items[i])) < 0)
			return err_set(err, ERR_CONFIG, MSG_INCLUSION_NO_CODE,
				       ARG_TEXT("code", line->condition->code),
				       ARG_TEXT("value", texts->items[i]));
	return 0;
}

static int compile_line(const struct config_condition *condition, const struct schema *schema,
			struct line *line, struct err *err)
{
	*line = (struct line){ .condition = condition, .rank_column = CODE_LIST_NONE };
	line->field = schema_field_by_path(schema, condition->field);
	if (line->field == NULL || !line->field->golden)
		return err_set(err, ERR_CONFIG, MSG_INCLUSION_NO_FIELD,
			       ARG_TEXT("code", condition->code),
			       ARG_TEXT("field", condition->field));
	return condition->at_least != NULL ? compile_at_least(line, err) : check_one_of(line, err);
}

int inclusion_create(const struct config_inclusion *rule, const struct schema *schema,
		     struct inclusion **ret_inclusion, struct err *err)
{
	size_t count = rule->any_of_count + rule->none_of_count;
	if (count > INCLUSION_CODES_MAX)
		return err_set(err, ERR_CONFIG, MSG_INCLUSION_TOO_LONG, ARG_U("lines", count),
			       ARG_U("limit", INCLUSION_CODES_MAX));
	CLEANUP(inclusion_destroyp)
	struct inclusion *inclusion = calloc(1, sizeof(*inclusion) + count * sizeof(struct line));
	if (inclusion == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	inclusion->any_count = rule->any_of_count;
	inclusion->count = count;
	for (size_t i = 0; i < count; i++) {
		const struct config_condition *condition =
			i < rule->any_of_count ? &rule->any_of[i]
					       : &rule->none_of[i - rule->any_of_count];
		int error = compile_line(condition, schema, &inclusion->lines[i], err);
		if (error < 0)
			return error;
	}
	*ret_inclusion = TAKE(inclusion);
	return 0;
}

void inclusion_destroy(struct inclusion *inclusion)
{
	free(inclusion);
}

/* ---- judging ---- */

static enum truth judge_value(const struct line *line, struct blob value)
{
	const struct option_texts *texts = &line->condition->one_of;
	int64_t rank;
	if (line->condition->present)
		return TRUTH_TRUE;
	if (line->condition->at_least != NULL) {
		int row = code_list_find(line->field->code_list, value);
		if (!rank_of(line->field->code_list, row, line->rank_column, &rank))
			return TRUTH_UNKNOWN;
		return rank >= line->least_rank ? TRUTH_TRUE : TRUTH_FALSE;
	}
	for (size_t i = 0; i < texts->count; i++)
		if (blob_equal(value, blob_text(texts->items[i])))
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

/* The best of its values; `absent` if it has none. */
static enum truth judge_line(const struct line *line, const struct record *golden,
			     enum truth absent)
{
	struct record_iter iter = record_iterate(golden);
	struct fact fact;
	bool there = false;
	enum truth best = TRUTH_FALSE;
	while (best != TRUTH_TRUE && record_next(&iter, &fact)) {
		if (fact.field != line->field->number)
			continue;
		enum truth truth = judge_value(line, fact.value);
		best = truth > best ? truth : best;
		there = true;
	}
	return there ? best : absent;
}

static enum inclusion_outcome outcome_of(enum truth any, enum truth none)
{
	if (none == TRUTH_TRUE || any == TRUTH_FALSE)
		return INCLUSION_OUT;
	return none == TRUTH_UNKNOWN || any == TRUTH_UNKNOWN ? INCLUSION_UNKNOWN : INCLUSION_IN;
}

void inclusion_judge(const struct inclusion *inclusion, const struct record *golden,
		     struct inclusion_result *ret_result)
{
	enum truth of[2] = { TRUTH_FALSE, TRUTH_FALSE }; /* any_of, none_of */
	ret_result->code_count = 0;
	for (size_t i = 0; i < inclusion->count; i++) {
		const struct line *line = &inclusion->lines[i];
		bool excludes = i >= inclusion->any_count;
		enum truth absent =
			excludes || line->condition->present ? TRUTH_FALSE : TRUTH_UNKNOWN;
		enum truth truth = judge_line(line, golden, absent);
		of[excludes] = truth > of[excludes] ? truth : of[excludes];
		if (truth == TRUTH_TRUE)
			ret_result->codes[ret_result->code_count++] = line->condition->code;
	}
	ret_result->outcome = outcome_of(of[0], of[1]);
}

static void put_ranks(const struct line *line, struct buf *out)
{
	const struct code_list *list = line->field->code_list;
	for (size_t row = 0; line->rank_column >= 0 && row < code_list_rows(list); row++) {
		buf_put_blob(out, blob_text(code_list_cell(list, row, 0)));
		buf_put_blob(out, blob_text(code_list_cell(list, row, line->rank_column)));
	}
}

void inclusion_put_meaning(const struct inclusion *inclusion, struct buf *out)
{
	buf_put_u32(out, (uint32_t)inclusion->any_count);
	buf_put_u32(out, (uint32_t)inclusion->count);
	for (size_t i = 0; i < inclusion->count; i++) {
		const struct config_condition *condition = inclusion->lines[i].condition;
		const char *at_least = condition->at_least != NULL ? condition->at_least : "";
		buf_put_blob(out, blob_text(condition->field));
		buf_put_blob(out, blob_text(at_least));
		buf_put_u8(out, condition->present);
		buf_put_u32(out, (uint32_t)condition->one_of.count);
		for (size_t j = 0; j < condition->one_of.count; j++)
			buf_put_blob(out, blob_text(condition->one_of.items[j]));
		put_ranks(&inclusion->lines[i], out);
	}
}

const char *inclusion_outcome_name(enum inclusion_outcome outcome)
{
	static const char *const names[] = {
		[INCLUSION_IN] = "in", [INCLUSION_OUT] = "out", [INCLUSION_UNKNOWN] = "unknown"
	};
	return (size_t)outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "";
}
