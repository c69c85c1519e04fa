#include "daemon/record/element.h"

#include <assert.h>

static int sub_field_of(const struct schema_list *list, uint16_t number)
{
	for (size_t i = 0; i < list->field_count; i++)
		if (list->fields[i].number == number)
			return (int)i;
	return -1;
}

/* The element with `key`, made where it belongs if it is new; NULL if there is no room. */
static struct element *element_of(struct element *elements, size_t *count, struct blob key)
{
	size_t at = *count;
	/* Facts come with rising keys per sub-field, so the place is near the end most of the time. */
	while (at > 0 && blob_compare(elements[at - 1].key, key) > 0)
		at--;
	if (at > 0 && blob_equal(elements[at - 1].key, key))
		return &elements[at - 1];
	if (*count == LIMIT_LIST_ELEMENTS)
		return NULL;
	memmove(&elements[at + 1], &elements[at], (*count - at) * sizeof(*elements));
	elements[at] = (struct element){ .key = key };
	(*count)++;
	return &elements[at];
}

size_t element_collect(const struct schema_list *list, const struct record *record,
		       struct element *elements)
{
	struct record_iter iter = record_iterate(record);
	struct fact fact;
	size_t count = 0;
	while (record_next(&iter, &fact)) {
		int sub_field = sub_field_of(list, fact.field);
		struct element *element =
			sub_field < 0 ? NULL : element_of(elements, &count, fact.key);
		if (element != NULL)
			element->values[sub_field] = fact.value;
	}
	return count;
}

/* ---- matching ---- */

enum { SCORE_IMPOSSIBLE = 0 };

/* How much two elements have in common, in one number whose order is that of element.h. */
static uint32_t score_of(const struct schema_list *list, const struct element *a,
			 const struct element *b)
{
	uint32_t agreeing = 0, equal = 0, differing = 0;
	for (size_t i = 0; i < list->field_count; i++) {
		if (a->values[i].data == NULL || b->values[i].data == NULL)
			continue;
		bool same = blob_equal(a->values[i], b->values[i]);
		if ((list->agree >> i & 1) == 0) {
			equal += same;
			differing += !same;
		} else if (same) {
			agreeing++;
		} else {
			return SCORE_IMPOSSIBLE;
		}
	}
	if (agreeing == 0)
		return SCORE_IMPOSSIBLE;
	return agreeing << 24 | equal << 16 | (SCHEMA_LIST_FIELDS - differing) << 8 |
	       (uint32_t)blob_equal(a->key, b->key);
}

/* Two pairs of equal score: the smaller key of each first, then the larger, whichever side they are on. */
static bool stands_before(const struct element *a, const struct element *b, const struct element *c,
			  const struct element *d)
{
	bool swap_first = blob_compare(a->key, b->key) > 0,
	     swap_second = blob_compare(c->key, d->key) > 0;
	int order = blob_compare(swap_first ? b->key : a->key, swap_second ? d->key : c->key);
	if (order == 0)
		order = blob_compare(swap_first ? a->key : b->key, swap_second ? c->key : d->key);
	return order < 0;
}

struct table {
	const struct element *left, *right;
	size_t left_count, right_count;
	uint32_t scores[LIMIT_LIST_ELEMENTS][LIMIT_LIST_ELEMENTS];
};

/* The best pair that is left; false if none is possible. */
static bool best_pair(const struct table *table, struct element_pair *ret_pair)
{
	const struct element *left = table->left, *right = table->right;
	uint32_t best = SCORE_IMPOSSIBLE;
	size_t at = 0, to = 0;
	for (size_t i = 0; i < table->left_count; i++) {
		for (size_t j = 0; j < table->right_count; j++) {
			uint32_t score = table->scores[i][j];
			if (score == SCORE_IMPOSSIBLE || score < best)
				continue;
			if (score == best &&
			    !stands_before(&left[i], &right[j], &left[at], &right[to]))
				continue;
			best = score;
			at = i;
			to = j;
		}
	}
	*ret_pair = (struct element_pair){ (uint16_t)at, (uint16_t)to };
	return best != SCORE_IMPOSSIBLE;
}

static void take_out(struct table *table, struct element_pair pair)
{
	for (size_t j = 0; j < table->right_count; j++)
		table->scores[pair.left][j] = SCORE_IMPOSSIBLE;
	for (size_t i = 0; i < table->left_count; i++)
		table->scores[i][pair.right] = SCORE_IMPOSSIBLE;
}

static void insert_by_left(struct element_pair *pairs, size_t count, struct element_pair pair)
{
	while (count > 0 && pairs[count - 1].left > pair.left) {
		pairs[count] = pairs[count - 1];
		count--;
	}
	pairs[count] = pair;
}

size_t element_match(const struct schema_list *list, const struct element *left, size_t left_count,
		     const struct element *right, size_t right_count, struct element_pair *pairs)
{
	assert(left_count <= LIMIT_LIST_ELEMENTS && right_count <= LIMIT_LIST_ELEMENTS);
	struct table table;
	struct element_pair pair;
	size_t count = 0;
	table.left = left;
	table.right = right;
	table.left_count = left_count;
	table.right_count = right_count;
	for (size_t i = 0; i < left_count; i++)
		for (size_t j = 0; j < right_count; j++)
			table.scores[i][j] = score_of(list, &left[i], &right[j]);
	while (best_pair(&table, &pair)) {
		take_out(&table, pair);
		insert_by_left(pairs, count++, pair);
	}
	return count;
}

void element_key_put(const struct schema_list *list, const struct element *element, unsigned repeat,
		     struct buf *out)
{
	if (list->plain) {
		buf_put(out, element->values[0].data, element->values[0].len);
		return;
	}
	for (size_t i = 0; i < list->key_count; i++) {
		struct blob part = element->values[list->key[i]];
		if (i > 0)
			buf_put_u8(out, '/');
		buf_put(out, part.data, part.len);
	}
	if (repeat > 1) {
		char number[24];
		struct arg arg = ARG_U("repeat", repeat);
		buf_put_u8(out, '#');
		buf_put(out, number, arg_render(&arg, number, sizeof(number)));
	}
}
