#include "connectors/normalise/code_index.h"

#include <stdlib.h>
#include <string.h>

#include "connectors/normalise/text.h"
#include "daemon/base/err.h"
#include "daemon/base/utf8.h"

/* Where a text stands in its row decides its rank: the lower rank wins. */
enum rank { RANK_CODE, RANK_NAME, RANK_SPELLING, RANK_ALIAS, RANK_MAX };

struct entry {
	uint32_t begin, len; /* folded text in `texts` */
	uint32_t row;
	enum rank rank;
};

struct code_index {
	const struct code_list *list;
	int code_column;
	struct buf texts;
	struct buf entries; /* struct entry, sorted by (text, rank, row) once all are there */
};

/* Folded, hyphen = blank, ' = ’ = no mark. */
static void fold(struct blob clean, struct buf *out)
{
	struct buf small = { 0 };
	text_fold(clean, &small);
	struct blob text = buf_blob(&small);
	size_t begin = out->len;
	for (size_t pos = 0; pos < text.len;) {
		size_t from = pos;
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (c == '\'' || c == 0x2019)
			continue;
		bool blank = c == ' ' || c == '-';
		if (blank && (out->len == begin || out->data[out->len - 1] == ' '))
			continue;
		if (blank)
			buf_put_u8(out, ' ');
		else
			buf_put(out, text.data + from, pos - from);
	}
	if (out->len > begin && out->data[out->len - 1] == ' ')
		out->len--;
	if (!buf_ok(&small))
		out->failed = true;
	buf_finish(&small);
}

static void add(struct code_index *index, struct blob text, uint32_t row, enum rank rank)
{
	struct buf clean = { 0 };
	struct entry entry = { .begin = (uint32_t)index->texts.len, .row = row, .rank = rank };
	if (text_clean(text, 0, &clean, NULL) == REASON_NONE)
		fold(buf_blob(&clean), &index->texts);
	entry.len = (uint32_t)(index->texts.len - entry.begin);
	if (entry.len > 0)
		buf_put(&index->entries, &entry, sizeof(entry));
	buf_finish(&clean);
}

/* Several texts separated by ";". */
static void add_each(struct code_index *index, const char *texts, uint32_t row, enum rank rank)
{
	while (*texts != '\0') {
		size_t len = strcspn(texts, ";");
		add(index, blob_of(texts, len), row, rank);
		texts += len + (texts[len] == ';');
	}
}

static struct blob entry_text(const struct code_index *index, const struct entry *entry)
{
	return blob_of(index->texts.data + entry->begin, entry->len);
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct entry *left = a, *right = b;
	int order = blob_compare(entry_text(ctx, left), entry_text(ctx, right));
	if (order != 0)
		return order;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return left->row < right->row ? -1 : left->row > right->row;
}

int code_index_create(const struct code_list *list, struct code_index **ret_index, struct err *err)
{
	static const char *const columns[RANK_MAX] = { "code", "name", "spellings", "aliases" };
	CLEANUP(code_index_destroyp) struct code_index *index = calloc(1, sizeof(*index));
	if (index == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	index->list = list;
	index->code_column = code_list_column(list, "code");
	for (uint32_t row = 0; row < code_list_rows(list); row++) {
		for (int rank = RANK_CODE; rank < RANK_MAX; rank++) {
			int column = code_list_column(list, columns[rank]);
			const char *cell =
				column == CODE_LIST_NONE ? "" : code_list_cell(list, row, column);
			if (rank <= RANK_NAME)
				add(index, blob_text(cell), row, (enum rank)rank);
			else
				add_each(index, cell, row, (enum rank)rank);
		}
	}
	if (!buf_ok(&index->texts) || !buf_ok(&index->entries))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (index->entries.len > 0)
		qsort_r(index->entries.data, index->entries.len / sizeof(struct entry),
			sizeof(struct entry), compare, index);
	*ret_index = TAKE(index);
	return 0;
}

void code_index_destroy(struct code_index *index)
{
	if (index == NULL)
		return;
	buf_finish(&index->texts);
	buf_finish(&index->entries);
	free(index);
}

/* The first entry whose text is not before `text`. */
static size_t lower_bound(const struct code_index *index, const struct entry *entries, size_t count,
			  struct blob text)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (blob_compare(entry_text(index, &entries[middle]), text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_wanted(enum rank rank, unsigned parts)
{
	return (parts & (rank == RANK_CODE ? CODE_BY_CODE : CODE_BY_TEXT)) != 0;
}

enum code_hit code_index_find(const struct code_index *index, struct blob clean, unsigned parts,
			      size_t *ret_row)
{
	const struct entry *entries = (const void *)index->entries.data;
	size_t count = index->entries.len / sizeof(struct entry);
	const struct entry *hit = NULL;
	enum code_hit found = CODE_NOT_FOUND;
	struct buf folded = { 0 };
	fold(clean, &folded);
	struct blob text = buf_blob(&folded);
	for (size_t i = lower_bound(index, entries, count, text); i < count; i++) {
		if (!blob_equal(entry_text(index, &entries[i]), text) ||
		    (hit != NULL && entries[i].rank != hit->rank))
			break;
		if (!is_wanted(entries[i].rank, parts))
			continue;
		if (hit != NULL && entries[i].row != hit->row)
			found = CODE_AMBIGUOUS;
		else if (hit == NULL)
			found = CODE_FOUND;
		hit = hit == NULL ? &entries[i] : hit;
	}
	if (found == CODE_FOUND)
		*ret_row = hit->row;
	buf_finish(&folded);
	return found;
}

const struct code_list *code_index_list(const struct code_index *index)
{
	return index->list;
}

const char *code_index_code(const struct code_index *index, size_t row)
{
	return code_list_cell(index->list, row, index->code_column);
}
