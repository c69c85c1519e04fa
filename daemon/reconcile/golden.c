#include "daemon/reconcile/golden.h"

#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/reconcile/survivorship.h"
#include "daemon/record/element.h"
#include "daemon/record/schema.h"

struct work {
	const struct schema *schema;
	const struct survivorship *policy;
	struct record_builder *builder;
	struct element merged[LIMIT_LIST_ELEMENTS];
	size_t merged_count;
	struct element incoming[LIMIT_LIST_ELEMENTS];
	struct element_pair pairs[LIMIT_LIST_ELEMENTS];
};

/* The order of records that no field changes: what rule 3 says, sources apart. */
static int compare_contributions(const void *left, const void *right)
{
	const struct contribution *a = left, *b = right;
	if (a->ended != b->ended)
		return a->ended ? 1 : -1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	int newer = blob_compare(b->as_of, a->as_of);
	if (newer != 0)
		return newer;
	int key = blob_compare(a->source_key, b->source_key);
	if (key != 0)
		return key;
	return (a->ordinal < b->ordinal) - (a->ordinal > b->ordinal);
}

static bool counts(const struct contribution *contribution, const struct schema_field *field)
{
	return field->golden && (!contribution->ended || field->section->end == SCHEMA_KEEP);
}

/* True if `a` (earlier in the sorted order) keeps its place before `b` although the policy may say otherwise. */
static bool precedes(uint32_t rank_a, bool ended_a, uint32_t rank_b, bool ended_b)
{
	return ended_a != ended_b ? !ended_a : rank_a <= rank_b;
}

/* ---- fields outside of lists ---- */

static void add_scalar(struct work *work, const struct schema_field *field,
		       const struct contribution *contributions, size_t count)
{
	const struct contribution *best = NULL;
	uint32_t best_rank = 0;
	struct blob value = { 0 };
	for (size_t i = 0; i < count; i++) {
		const struct contribution *candidate = &contributions[i];
		struct blob theirs = record_value(&candidate->record, field->number);
		if (theirs.len == 0 || !counts(candidate, field))
			continue;
		uint32_t rank = survivorship_rank(work->policy, field, candidate->source);
		if (best != NULL && precedes(best_rank, best->ended, rank, candidate->ended))
			continue;
		best = candidate;
		best_rank = rank;
		value = theirs;
	}
	if (best != NULL)
		record_builder_add(work->builder, field->number, (struct blob){ 0 }, value);
}

/* ---- lists ---- */

static void merge_element(const struct schema_list *list, struct element *into,
			  const struct element *from)
{
	for (size_t f = 0; f < list->field_count; f++)
		if (into->values[f].data == NULL)
			into->values[f] = from->values[f];
}

static void merge_elements(struct work *work, const struct schema_list *list, size_t incoming)
{
	bool taken[LIMIT_LIST_ELEMENTS] = { false };
	size_t pairs = element_match(list, work->merged, work->merged_count, work->incoming,
				     incoming, work->pairs);
	for (size_t i = 0; i < pairs; i++) {
		taken[work->pairs[i].right] = true;
		merge_element(list, &work->merged[work->pairs[i].left],
			      &work->incoming[work->pairs[i].right]);
	}
	for (size_t i = 0; i < incoming && work->merged_count < list->max_items; i++)
		if (!taken[i])
			work->merged[work->merged_count++] = work->incoming[i];
}

/* The contributions to a list by its own order: `order` gets indices. */
static void order_for_list(const struct work *work, const struct schema_list *list,
			   const struct contribution *contributions, size_t count, size_t *order)
{
	uint32_t ranks[GOLDEN_CONTRIBUTIONS_MAX];
	for (size_t i = 0; i < count; i++) {
		ranks[i] = survivorship_list_rank(work->policy, list, contributions[i].source);
		size_t at = i; /* insertion sort: stable, and a person has few records */
		for (; at > 0; at--) {
			size_t before = order[at - 1];
			if (precedes(ranks[before], contributions[before].ended, ranks[i],
				     contributions[i].ended))
				break;
			order[at] = before;
		}
		order[at] = i;
	}
}

/* Keys may have become equal or changed by merging, so they are made anew and numbered. */
static int add_merged(struct work *work, const struct schema_list *list, struct err *err)
{
	struct buf keys = { 0 };
	size_t starts[LIMIT_LIST_ELEMENTS + 1] = { 0 };
	for (size_t i = 0; i < work->merged_count; i++) {
		unsigned repeat = 1;
		bool unique = false;
		while (!unique) {
			keys.len = starts[i];
			element_key_put(list, &work->merged[i], repeat++, &keys);
			struct blob key = blob_of(keys.data + starts[i], keys.len - starts[i]);
			unique = true;
			for (size_t k = 0; k < i && unique; k++)
				unique = !blob_equal(key, blob_of(keys.data + starts[k],
								  starts[k + 1] - starts[k]));
			if (!buf_ok(&keys))
				break;
		}
		starts[i + 1] = keys.len;
	}
	for (size_t i = 0; i < work->merged_count && buf_ok(&keys); i++) {
		struct blob key = blob_of(keys.data + starts[i], starts[i + 1] - starts[i]);
		for (size_t f = 0; f < list->field_count; f++)
			if (work->merged[i].values[f].data != NULL)
				record_builder_add(work->builder, list->fields[f].number, key,
						   work->merged[i].values[f]);
	}
	bool ok = buf_ok(&keys);
	buf_cleanse(&keys);
	return ok ? 0 : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

static int add_list(struct work *work, const struct schema_list *list,
		    const struct contribution *contributions, size_t count, struct err *err)
{
	size_t order[GOLDEN_CONTRIBUTIONS_MAX];
	order_for_list(work, list, contributions, count, order);
	work->merged_count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct contribution *contribution = &contributions[order[i]];
		if (!counts(contribution, &list->fields[0]))
			continue;
		size_t incoming = element_collect(list, &contribution->record, work->incoming);
		merge_elements(work, list, incoming);
	}
	return work->merged_count == 0 ? 0 : add_merged(work, list, err);
}

static int add_contest(const struct schema *schema, const struct survivorship *policy,
		       const struct contribution *contributions, size_t count,
		       struct record_builder *builder, struct err *err)
{
	CLEANUP(freep) struct work *work = calloc(1, sizeof(*work));
	if (work == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	work->schema = schema;
	work->policy = policy;
	work->builder = builder;
	for (size_t i = 0; i < schema_field_count(schema); i++) {
		const struct schema_field *field = schema_field_at(schema, i);
		if (field->golden && field->list == NULL)
			add_scalar(work, field, contributions, count);
	}
	for (size_t i = 0; i < schema_list_count(schema); i++) {
		const struct schema_list *list = schema_list_at(schema, i);
		if (list->fields[0].golden && add_list(work, list, contributions, count, err) < 0)
			return err->code;
	}
	return 0;
}

/* ---- one record alone: the common case, which needs no contest ---- */

static void add_alone(const struct schema *schema, const struct contribution *only,
		      struct record_builder *builder)
{
	struct record_iter iter = record_iterate(&only->record);
	struct fact fact;
	while (record_next(&iter, &fact)) {
		const struct schema_field *field = schema_field_by_number(schema, fact.field);
		if (field != NULL && counts(only, field))
			record_builder_add(builder, fact.field, fact.key, fact.value);
	}
}

int golden_make(const struct schema *schema, const struct survivorship *policy,
		struct contribution *contributions, size_t count, struct record_builder *builder,
		struct buf *out, struct err *err)
{
	if (count > GOLDEN_CONTRIBUTIONS_MAX)
		return err_set(err, ERR_INVALID, MSG_GOLDEN_RECORDS, ARG_U("count", count),
			       ARG_U("limit", GOLDEN_CONTRIBUTIONS_MAX));
	qsort(contributions, count, sizeof(*contributions), compare_contributions);
	bool person = count == 0;
	for (size_t i = 0; i < count; i++)
		person |= contributions[i].record.type == RECORD_PERSON;
	record_builder_begin(builder, person ? RECORD_PERSON : RECORD_STUDENT);
	if (count == 1)
		add_alone(schema, &contributions[0], builder);
	else if (count > 1 && add_contest(schema, policy, contributions, count, builder, err) < 0)
		return err->code;
	return record_builder_encode(builder, out, err);
}
