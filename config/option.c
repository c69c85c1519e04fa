#include "config/option.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/option_path.h"
#include "config/option_value.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

struct loader {
	struct diag *diag;
	struct diag_place where;     /* the nearest place above what is missing */
	char path[OPTION_PATH_SIZE]; /* "source.as_of.constant", cut where longer */
};

enum { ROWS_MAX = 64 };

static void load_section(struct loader *loader, const struct option_row *rows,
			 const struct doc_node *map, void *options);

/* ---- findings ---- */

static struct diag_place place_for(const struct option_row *row, const struct doc_node *node)
{
	struct diag_place place = doc_place(node);
	if (row->kind == OPTION_KIND_SECRET)
		place.hide_from = place.column; /* it may be the secret itself */
	return place;
}

#define load_error(loader, row, node, msg, ...) \
	diag_error((loader)->diag, place_for((row), (node)), (msg), \
		   ARG_WORD("key", (loader)->path), ##__VA_ARGS__)

/* What a value of each kind looks like, said where one does not. */
static const enum msg_id wanted[] = {
	[OPTION_KIND_TEXT] = MSG_WANT_TEXT,         [OPTION_KIND_WORD] = MSG_WANT_WORD,
	[OPTION_KIND_PATH] = MSG_WANT_PATH,         [OPTION_KIND_URL] = MSG_WANT_URL,
	[OPTION_KIND_DATE] = MSG_WANT_DATE,         [OPTION_KIND_BOOL] = MSG_WANT_BOOL,
	[OPTION_KIND_INTEGER] = MSG_WANT_INTEGER,   [OPTION_KIND_DURATION] = MSG_WANT_DURATION,
	[OPTION_KIND_SIZE] = MSG_WANT_SIZE,         [OPTION_KIND_PERCENT] = MSG_WANT_PERCENT,
	[OPTION_KIND_ENUM] = MSG_WANT_NAME,         [OPTION_KIND_SECRET] = MSG_WANT_SECRET,
	[OPTION_KIND_TEXTS] = MSG_WANT_TEXTS,       [OPTION_KIND_MAP] = MSG_WANT_MAP,
	[OPTION_KIND_SECTION] = MSG_WANT_SECTION,   [OPTION_KIND_MAYBE] = MSG_WANT_SECTION,
	[OPTION_KIND_SECTIONS] = MSG_WANT_SECTIONS,
};

static void not_wanted(struct loader *loader, const struct option_row *row,
		       const struct doc_node *node)
{
	enum msg_id msg = wanted[row->kind];
	load_error(loader, row, node, msg);
}

static bool is_kind(struct loader *loader, const struct option_row *row,
		    const struct doc_node *node, enum doc_kind kind)
{
	if (node->kind == kind)
		return true;
	not_wanted(loader, row, node);
	return false;
}

static bool in_range(struct loader *loader, const struct option_row *row,
		     const struct doc_node *node, int64_t value)
{
	if ((row->min == 0 && row->max == 0) || (value >= row->min && value <= row->max))
		return true;
	char min[OPTION_NUMBER_SIZE], max[OPTION_NUMBER_SIZE];
	option_number_text(row->kind, row->min, min);
	option_number_text(row->kind, row->max, max);
	load_error(loader, row, node, MSG_CONFIG_RANGE, ARG_WORD("min", min), ARG_WORD("max", max));
	return false;
}

/* "a, b or c" would need the language's own word; a plain list does not. */
static void join_names(const char *const *names, char *out, size_t size)
{
	size_t at = 0;
	out[0] = '\0';
	for (; *names != NULL && at < size; names++)
		at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "", *names);
}

static void hint_nearest(struct loader *loader, const char *word, const char *const *names)
{
	const char *nearest = diag_nearest(word, names);
	if (nearest != NULL)
		diag_hint(loader->diag, MSG_CONFIG_DID_YOU_MEAN, ARG_WORD("name", nearest));
}

/* The index of `text` in `names`, or -1 with a finding. */
static int find_name(struct loader *loader, const struct option_row *row,
		     const struct doc_node *node)
{
	for (int i = 0; row->names[i] != NULL; i++)
		if (strcmp(row->names[i], node->text) == 0)
			return i;
	char names[256];
	join_names(row->names, names, sizeof(names));
	load_error(loader, row, node, MSG_CONFIG_NOT_A_NAME, ARG_WORD("names", names));
	hint_nearest(loader, node->text, row->names);
	return -1;
}

/* ---- scalars ---- */

static size_t count_characters(const char *text, size_t len)
{
	size_t count = 0;
	for (size_t pos = 0; pos < len; count++)
		(void)utf8_next(text, len, &pos);
	return count;
}

static char *copy_nfc(struct loader *loader, const struct doc_node *node)
{
	struct buf text = { 0 };
	utf8_nfc(node->text, node->len, &text);
	buf_put_u8(&text, '\0');
	if (!buf_ok(&text)) {
		loader->diag->failed = true;
		buf_finish(&text);
		return NULL;
	}
	return (char *)text.data;
}

static bool text_length_is_right(struct loader *loader, const struct option_row *row,
				 const struct doc_node *node)
{
	size_t len = count_characters(node->text, node->len);
	bool own = row->kind == OPTION_KIND_TEXT && (row->min != 0 || row->max != 0);
	size_t min = own ? (size_t)row->min : 1, max = own ? (size_t)row->max : LIMIT_CONFIG_TEXT;
	if (len >= min && len <= max)
		return true;
	load_error(loader, row, node, MSG_CONFIG_LENGTH, ARG_U("min", min), ARG_U("max", max));
	return false;
}

static void load_text(struct loader *loader, const struct option_row *row,
		      const struct doc_node *node, void *field)
{
	static bool (*const checks[])(const char *) = {
		[OPTION_KIND_WORD] = option_is_word,
		[OPTION_KIND_PATH] = option_is_path,
		[OPTION_KIND_URL] = option_is_url,
		[OPTION_KIND_DATE] = option_is_date,
	};
	if (row->kind != OPTION_KIND_TEXT && !checks[row->kind](node->text))
		not_wanted(loader, row, node);
	else if (text_length_is_right(loader, row, node))
		*(char **)field = copy_nfc(loader, node);
}

static void load_bool(struct loader *loader, const struct option_row *row,
		      const struct doc_node *node, void *field)
{
	bool yes = strcmp(node->text, "true") == 0;
	if (yes || strcmp(node->text, "false") == 0)
		*(bool *)field = yes;
	else
		not_wanted(loader, row, node);
}

static void load_number(struct loader *loader, const struct option_row *row,
			const struct doc_node *node, void *field)
{
	int64_t value;
	if (!option_number_parse(row->kind, node->text, &value)) {
		not_wanted(loader, row, node);
		return;
	}
	if (!in_range(loader, row, node, value))
		return;
	if (row->kind == OPTION_KIND_INTEGER)
		*(int64_t *)field = value;
	else if (row->kind == OPTION_KIND_PERCENT)
		*(uint32_t *)field = (uint32_t)value;
	else
		*(uint64_t *)field = (uint64_t)value;
}

static void load_enum(struct loader *loader, const struct option_row *row,
		      const struct doc_node *node, void *field)
{
	int index = find_name(loader, row, node);
	if (index >= 0)
		*(int *)field = index;
}

/* ---- secrets ---- */

static void load_secret(struct loader *loader, const struct option_row *row,
			const struct doc_node *node, void *field)
{
	if (node->kind == DOC_SCALAR) {
		load_error(loader, row, node, MSG_CONFIG_SECRET_LITERAL);
		diag_hint(loader->diag, MSG_CONFIG_SECRET_FIX);
		return;
	}
	const struct doc_node *value =
		node->kind == DOC_MAP && node->count == 1 ? node->pairs[0].value : NULL;
	const char *how =
		value == NULL || value->kind != DOC_SCALAR ? "" : node->pairs[0].key->text;
	struct secret_ref *ref = field;
	if (strcmp(how, "credential") == 0 && option_is_credential(value->text))
		ref->kind = SECRET_CREDENTIAL;
	else if (strcmp(how, "file") == 0 && option_is_path(value->text))
		ref->kind = SECRET_FILE;
	else
		not_wanted(loader, row, node);
	if (ref->kind != SECRET_NONE)
		ref->name = copy_nfc(loader, value);
}

/* ---- lists and maps ---- */

static bool item_is_text(struct loader *loader, const struct option_row *row,
			 const struct doc_node *item)
{
	if (item->kind != DOC_SCALAR || doc_is_null(item) || item->len == 0) {
		not_wanted(loader, row, item);
		return false;
	}
	if (item->len > LIMIT_CONFIG_TEXT) {
		load_error(loader, row, item, MSG_CONFIG_LENGTH, ARG_U("min", 1),
			   ARG_U("max", LIMIT_CONFIG_TEXT));
		return false;
	}
	return row->names == NULL || find_name(loader, row, item) >= 0;
}

static void *allocate(struct loader *loader, size_t count, size_t size)
{
	void *items = calloc(count == 0 ? 1 : count, size);
	if (items == NULL)
		loader->diag->failed = true;
	return items;
}

static void load_texts(struct loader *loader, const struct option_row *row,
		       const struct doc_node *node, void *field)
{
	struct option_texts *texts = field;
	if (!is_kind(loader, row, node, DOC_LIST) ||
	    !in_range(loader, row, node, (int64_t)node->count))
		return;
	texts->items = allocate(loader, node->count, sizeof(*texts->items));
	for (size_t i = 0; texts->items != NULL && i < node->count; i++)
		if (item_is_text(loader, row, node->items[i]))
			texts->items[texts->count++] = copy_nfc(loader, node->items[i]);
}

static int compare_map_pairs(const void *a, const void *b)
{
	return strcmp(((const struct option_map_pair *)a)->key,
		      ((const struct option_map_pair *)b)->key);
}

static void load_map(struct loader *loader, const struct option_row *row,
		     const struct doc_node *node, void *field)
{
	struct option_map *map = field;
	if (!is_kind(loader, row, node, DOC_MAP) ||
	    !in_range(loader, row, node, (int64_t)node->count))
		return;
	map->pairs = allocate(loader, node->count, sizeof(*map->pairs));
	for (size_t i = 0; map->pairs != NULL && i < node->count; i++) {
		const struct doc_pair *pair = &node->pairs[i];
		if (!item_is_text(loader, row, pair->value))
			continue;
		struct option_map_pair *copy = &map->pairs[map->count];
		*copy = (struct option_map_pair){ copy_nfc(loader, pair->key),
						  copy_nfc(loader, pair->value) };
		map->count++;
	}
	if (!loader->diag->failed && map->count > 0)
		qsort(map->pairs, map->count, sizeof(*map->pairs), compare_map_pairs);
	for (size_t i = 1; !loader->diag->failed && i < map->count; i++)
		if (strcmp(map->pairs[i - 1].key, map->pairs[i].key) ==
		    0) /* written in two forms of Unicode */
			load_error(loader, row, node, MSG_CONFIG_SAME_KEY,
				   ARG_TEXT("name", map->pairs[i].key));
}

/* ---- sections ---- */

static const struct option_row *find_row(const struct option_row *rows, const char *key)
{
	for (; rows->kind != OPTION_KIND_END; rows++)
		if (strcmp(rows->key, key) == 0)
			return rows;
	return NULL;
}

static void key_names(const struct option_row *rows, const char *names[ROWS_MAX])
{
	size_t count = 0;
	for (; rows->kind != OPTION_KIND_END; rows++) {
		assert(count < ROWS_MAX - 1);
		names[count++] = rows->key;
	}
	names[count] = NULL;
}

static void refuse_unknown(struct loader *loader, const struct option_row *rows,
			   const struct doc_node *map)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct doc_node *key = map->pairs[i].key;
		if (find_row(rows, key->text) != NULL || strncmp(key->text, "x-", 2) == 0)
			continue;
		struct diag_place place = doc_place(key);
		place.hide_from =
			place.column + place.span; /* a mistyped key may be that of a secret */
		if (loader->path[0] == '\0')
			diag_error(loader->diag, place, MSG_CONFIG_UNKNOWN_KEY,
				   ARG_TEXT("key", key->text));
		else
			diag_error(loader->diag, place, MSG_CONFIG_UNKNOWN_KEY_IN,
				   ARG_TEXT("key", key->text), ARG_WORD("section", loader->path));
		const char *names[ROWS_MAX];
		key_names(rows, names);
		hint_nearest(loader, key->text, names);
	}
}

static void require_one(struct loader *loader, const struct option_row *row,
			const struct doc_node *map)
{
	size_t present = 0;
	for (size_t i = 0; i < map->count; i++)
		present += find_row(row->rows, map->pairs[i].key->text) != NULL;
	if (present == 1)
		return;
	const char *names[ROWS_MAX];
	char joined[256];
	key_names(row->rows, names);
	join_names(names, joined, sizeof(joined));
	load_error(loader, row, map, MSG_CONFIG_ONE_OF, ARG_WORD("names", joined));
}

/* `whole: unproven` for `whole: {unproven: true}`. */
static bool load_bare(const struct option_row *row, const struct doc_node *node, void *options)
{
	if (row->bare == NULL || node->kind != DOC_SCALAR || strcmp(node->text, row->bare) != 0)
		return false;
	const struct option_row *flag = find_row(row->rows, row->bare);
	assert(flag != NULL && flag->kind == OPTION_KIND_BOOL);
	*(bool *)((uint8_t *)options + flag->offset) = true;
	return true;
}

static void load_struct(struct loader *loader, const struct option_row *row,
			const struct doc_node *node, void *options)
{
	if (load_bare(row, node, options) || !is_kind(loader, row, node, DOC_MAP))
		return;
	if (row->one_of)
		require_one(loader, row, node);
	load_section(loader, row->rows, node, options);
}

static void load_maybe(struct loader *loader, const struct option_row *row,
		       const struct doc_node *node, void *field)
{
	void *options = allocate(loader, 1, row->size);
	*(void **)field = options;
	if (options != NULL)
		load_struct(loader, row, node, options);
}

static void load_sections(struct loader *loader, const struct option_row *row,
			  const struct doc_node *node, void *options)
{
	if (!is_kind(loader, row, node, DOC_LIST) ||
	    !in_range(loader, row, node, (int64_t)node->count))
		return;
	uint8_t *items = allocate(loader, node->count, row->size);
	*(void **)((uint8_t *)options + row->offset) = items;
	if (items == NULL)
		return;
	*(size_t *)((uint8_t *)options + row->count_offset) = node->count;
	for (size_t i = 0; i < node->count; i++) {
		size_t mark = path_enter_index(loader->path, i);
		load_struct(loader, row, node->items[i], items + i * row->size);
		path_leave(loader->path, mark);
	}
}

/* ---- one row ---- */

static void load_value(struct loader *loader, const struct option_row *row,
		       const struct doc_node *node, void *options)
{
	static void (*const handlers[])(struct loader *, const struct option_row *,
					const struct doc_node *, void *) = {
		[OPTION_KIND_TEXT] = load_text,      [OPTION_KIND_WORD] = load_text,
		[OPTION_KIND_PATH] = load_text,      [OPTION_KIND_URL] = load_text,
		[OPTION_KIND_DATE] = load_text,      [OPTION_KIND_BOOL] = load_bool,
		[OPTION_KIND_INTEGER] = load_number, [OPTION_KIND_DURATION] = load_number,
		[OPTION_KIND_SIZE] = load_number,    [OPTION_KIND_PERCENT] = load_number,
		[OPTION_KIND_ENUM] = load_enum,      [OPTION_KIND_SECRET] = load_secret,
		[OPTION_KIND_TEXTS] = load_texts,    [OPTION_KIND_MAP] = load_map,
		[OPTION_KIND_SECTION] = load_struct, [OPTION_KIND_MAYBE] = load_maybe,
	};
	void *field = (uint8_t *)options + row->offset;
	if (row->kind == OPTION_KIND_RAW)
		*(const struct doc_node **)field = node;
	else if (row->kind == OPTION_KIND_SECTIONS)
		load_sections(loader, row, node, options);
	else if (row->kind >= OPTION_KIND_SECRET || is_kind(loader, row, node, DOC_SCALAR))
		handlers[row->kind](loader, row, node, field);
}

static void load_absent(struct loader *loader, const struct option_row *row, void *options)
{
	if (row->required) {
		diag_error(loader->diag, loader->where, MSG_CONFIG_MISSING,
			   ARG_WORD("key", loader->path));
		if (row->help != MSG_NONE)
			diag_hint(loader->diag, row->help);
	} else if (row->fallback != NULL) {
		size_t errors = loader->diag->errors;
		struct doc_node node = { .kind = DOC_SCALAR,
					 .quoted = true,
					 .text = row->fallback,
					 .len = strlen(row->fallback) };
		load_value(loader, row, &node, options);
		assert(loader->diag->errors == errors); /* a default of ours keeps our own rules */
	} else if (row->kind == OPTION_KIND_SECTION) {
		load_section(loader, row->rows, NULL, (uint8_t *)options + row->offset);
	}
}

static void load_row(struct loader *loader, const struct option_row *row,
		     const struct doc_node *map, void *options)
{
	const struct doc_node *node = doc_get(map, row->key);
	size_t mark = path_enter(loader->path, row->key);
	if (node == NULL) {
		load_absent(loader, row, options);
	} else if (doc_is_null(node)) {
		load_error(loader, row, node, MSG_CONFIG_NO_VALUE);
	} else {
		load_value(loader, row, node, options);
	}
	path_leave(loader->path, mark);
}

static void load_section(struct loader *loader, const struct option_row *rows,
			 const struct doc_node *map, void *options)
{
	struct diag_place above = loader->where;
	if (map != NULL) {
		loader->where = doc_place(map);
		refuse_unknown(loader, rows, map);
	}
	for (; rows->kind != OPTION_KIND_END; rows++)
		load_row(loader, rows, map, options);
	loader->where = above;
}

void option_load(const struct option_row *rows, const struct doc_node *map, struct diag_place where,
		 struct diag *diag, void *options)
{
	struct loader loader = { .diag = diag, .where = where };
	if (map != NULL && map->kind != DOC_MAP)
		diag_error(diag, doc_place(map), MSG_CONFIG_NOT_A_MAP);
	else
		load_section(&loader, rows, map, options);
}

/* ---- for workers ---- */

int option_load_text(const struct option_row *rows, const char *name, struct blob text,
		     void *options, struct doc **ret_doc, struct err *err)
{
	CLEANUP(diag_finish) struct diag diag = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = doc_parse(name, text, &diag);
	if (doc != NULL)
		option_load(rows, doc_root(doc), (struct diag_place){ .file = name }, &diag,
			    options);
	int r = diag_result(&diag, err);
	if (r < 0) {
		option_finish(rows, options);
		return r;
	}
	*ret_doc = TAKE(doc);
	return 0;
}
