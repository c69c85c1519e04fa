#include "config/doc.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

/* Nodes and their texts live in chunks that end with the doc. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) uint8_t bytes[];
};

struct doc {
	char *name;
	struct buf text;
	struct doc_node *root;
	struct chunk *chunks;
	size_t nodes;
};

enum { CHUNK_SIZE = 32768 };

static void *doc_alloc(struct doc *doc, size_t size)
{
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct chunk *chunk = doc->chunks;
	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		chunk = malloc(sizeof(*chunk) + room);
		if (chunk == NULL)
			return NULL;
		*chunk = (struct chunk){ .next = doc->chunks, .size = room };
		doc->chunks = chunk;
	}
	void *at = chunk->bytes + chunk->used;
	chunk->used += size;
	return at;
}

void doc_destroy(struct doc *doc)
{
	if (doc == NULL)
		return;
	while (doc->chunks != NULL) {
		struct chunk *next = doc->chunks->next;
		free(doc->chunks);
		doc->chunks = next;
	}
	buf_finish(&doc->text);
	free(doc->name);
	free(doc);
}

static struct doc *doc_create(const char *name, struct blob text)
{
	CLEANUP(doc_destroyp) struct doc *doc = calloc(1, sizeof(*doc));
	if (doc == NULL)
		return NULL;
	doc->name = strdup(name);
	buf_put(&doc->text, text.data, text.len);
	return doc->name == NULL || !buf_ok(&doc->text) ? NULL : TAKE(doc);
}

const struct doc_node *doc_root(const struct doc *doc)
{
	return doc->root;
}

const char *doc_name(const struct doc *doc)
{
	return doc->name;
}

/* ---- places ---- */

static struct diag_place place_in(const struct doc *doc, uint32_t line, uint32_t column,
				  uint32_t span)
{
	return (struct diag_place){ .file = doc->name,
				    .text = buf_blob(&doc->text),
				    .line = line,
				    .column = column,
				    .span = span };
}

struct diag_place doc_place(const struct doc_node *node)
{
	return place_in(node->doc, node->line, node->column, node->span);
}

static struct diag_place place_of_mark(const struct doc *doc, yaml_mark_t mark)
{
	return place_in(doc, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1, 1);
}

/* ---- the text before libyaml sees it ---- */

/* libyaml would report these without a place, and lets bidi controls through. */
static bool text_is_clean(const struct doc *doc, struct diag *diag)
{
	const char *text = (const char *)doc->text.data;
	size_t len = doc->text.len, before = diag->errors;
	uint32_t line = 1, column = 1;
	for (size_t pos = 0; pos < len;) {
		size_t start = pos;
		int32_t c = utf8_next(text, len, &pos);
		if (c < 0) {
			diag_error(diag, place_in(doc, line, column, 1), MSG_YAML_UTF8);
			return false; /* what follows is a guess */
		}
		bool line_end = c == '\r' && pos < len && text[pos] == '\n';
		if (utf8_is_hidden(c) && !line_end)
			diag_error(diag, place_in(doc, line, column, 1), MSG_YAML_HIDDEN,
				   ARG_HEX("character", text + start, pos - start));
		column++;
		if (c == '\n') {
			line++;
			column = 1;
		}
	}
	return diag->errors == before;
}

/* ---- building over events ---- */

struct level {
	struct doc_node *node;
	struct buf children; /* pointers to nodes; of a map key, value, key, … */
};

struct builder {
	struct doc *doc;
	struct diag *diag;
	struct level levels[LIMIT_CONFIG_DEPTH];
	unsigned depth;
	unsigned documents;
	bool stopped; /* nothing further can be said */
};

static void stop_without_memory(struct builder *builder)
{
	builder->diag->failed = true;
	builder->stopped = true;
}

#define builder_error(builder, mark, msg, ...) \
	diag_error((builder)->diag, place_of_mark((builder)->doc, (mark)), (msg), ##__VA_ARGS__)

static struct doc_node *add_node(struct builder *builder, enum doc_kind kind,
				 const yaml_event_t *event)
{
	struct doc *doc = builder->doc;
	if (++doc->nodes > LIMIT_CONFIG_NODES) {
		builder_error(builder, event->start_mark, MSG_YAML_NODES,
			      ARG_U("limit", LIMIT_CONFIG_NODES));
		builder->stopped = true;
		return NULL;
	}
	struct doc_node *node = doc_alloc(doc, sizeof(*node));
	if (node == NULL) {
		stop_without_memory(builder);
		return NULL;
	}
	uint32_t span = 1;
	if (kind == DOC_SCALAR && event->end_mark.line == event->start_mark.line &&
	    event->end_mark.column > event->start_mark.column)
		span = (uint32_t)(event->end_mark.column - event->start_mark.column);
	*node = (struct doc_node){ .doc = doc,
				   .kind = kind,
				   .line = (uint32_t)event->start_mark.line + 1,
				   .column = (uint32_t)event->start_mark.column + 1,
				   .span = span,
				   .text = "" };
	if (builder->depth == 0) {
		doc->root = node;
		return node;
	}
	struct buf *children = &builder->levels[builder->depth - 1].children;
	buf_put(children, &node, sizeof(struct doc_node *));
	if (!buf_ok(children))
		stop_without_memory(builder);
	return node;
}

static void refuse_extras(struct builder *builder, const yaml_event_t *event, const void *anchor,
			  const void *tag)
{
	if (anchor != NULL)
		builder_error(builder, event->start_mark, MSG_YAML_ANCHOR);
	if (tag != NULL)
		builder_error(builder, event->start_mark, MSG_YAML_TAG);
}

static void open_level(struct builder *builder, enum doc_kind kind, const yaml_event_t *event)
{
	if (builder->depth == LIMIT_CONFIG_DEPTH) {
		builder_error(builder, event->start_mark, MSG_YAML_DEPTH,
			      ARG_U("limit", LIMIT_CONFIG_DEPTH));
		builder->stopped = true;
		return;
	}
	struct doc_node *node = add_node(builder, kind, event);
	if (node != NULL)
		builder->levels[builder->depth++] = (struct level){ .node = node };
}

static void add_scalar(struct builder *builder, const yaml_event_t *event)
{
	refuse_extras(builder, event, event->data.scalar.anchor, event->data.scalar.tag);
	struct doc_node *node = add_node(builder, DOC_SCALAR, event);
	if (node == NULL)
		return;
	const char *value = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	char *text = doc_alloc(builder->doc, len + 1);
	if (text == NULL) {
		stop_without_memory(builder);
		return;
	}
	memcpy(text, value, len);
	text[len] = '\0';
	node->text = text;
	node->len = len;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	for (size_t pos = 0; pos < len;) { /* escapes can write what the text may not hold */
		size_t start = pos;
		int32_t c = utf8_next(value, len, &pos);
		if (c < 0 || utf8_is_hidden(c)) {
			diag_error(builder->diag, doc_place(node), MSG_YAML_HIDDEN,
				   ARG_HEX("character", value + start, pos - start));
			return;
		}
	}
}

static bool is_merge_key(const struct doc_node *key)
{
	return !key->quoted && strcmp(key->text, "<<") == 0;
}

/* Takes from the children the pairs whose key can be one. */
static void fill_pairs(struct builder *builder, struct doc_node *map, struct doc_node **children,
		       size_t count)
{
	for (size_t i = 0; i + 1 < count; i += 2) {
		struct doc_node *key = children[i];
		if (key->kind != DOC_SCALAR)
			diag_error(builder->diag, doc_place(key), MSG_YAML_KEY_SCALAR);
		else if (is_merge_key(key))
			diag_error(builder->diag, doc_place(key), MSG_YAML_MERGE);
		else if (key->len == 0 || key->len > LIMIT_CONFIG_KEY_BYTES)
			diag_error(builder->diag, doc_place(key), MSG_YAML_KEY_LENGTH,
				   ARG_U("limit", LIMIT_CONFIG_KEY_BYTES));
		else
			map->pairs[map->count++] = (struct doc_pair){ key, children[i + 1] };
	}
}

static int compare_pairs(const void *a, const void *b)
{
	const struct doc_node *left = ((const struct doc_pair *)a)->key;
	const struct doc_node *right = ((const struct doc_pair *)b)->key;
	int order = blob_compare(blob_of(left->text, left->len), blob_of(right->text, right->len));
	if (order == 0)
		order = (left->line > right->line) - (left->line < right->line);
	if (order == 0)
		order = (left->column > right->column) - (left->column < right->column);
	return order;
}

/* A copy of the pairs in byte order of their keys; NULL if memory is out. */
static struct doc_pair *sorted_pairs(const struct doc_node *map)
{
	struct doc_pair *sorted = reallocarray(NULL, map->count + 1, sizeof(*sorted));
	if (sorted == NULL)
		return NULL;
	if (map->count > 0)
		memcpy(sorted, map->pairs, map->count * sizeof(*sorted));
	qsort(sorted, map->count, sizeof(*sorted), compare_pairs);
	return sorted;
}

static void refuse_duplicates(struct builder *builder, const struct doc_node *map)
{
	CLEANUP(freep) struct doc_pair *sorted = sorted_pairs(map);
	if (sorted == NULL) {
		stop_without_memory(builder);
		return;
	}
	for (size_t i = 1; i < map->count; i++) {
		const struct doc_node *first = sorted[i - 1].key, *again = sorted[i].key;
		if (strcmp(first->text, again->text) == 0)
			diag_error(builder->diag, doc_place(again), MSG_YAML_DUPLICATE,
				   ARG_TEXT("key", again->text), ARG_U("line", first->line),
				   ARG_U("column", first->column));
	}
}

static void close_level(struct builder *builder)
{
	struct level *level = &builder->levels[builder->depth - 1];
	struct doc_node *node = level->node;
	size_t count = level->children.len / sizeof(struct doc_node *);
	struct doc_node **children = (struct doc_node **)(void *)level->children.data;
	/* A map of n pairs needs as much room as a list of 2n items. */
	void *room = doc_alloc(builder->doc, count * sizeof(struct doc_node *) + 1);
	if (room == NULL) {
		stop_without_memory(builder);
	} else if (node->kind == DOC_LIST) {
		node->items = room;
		node->count = count;
		if (count > 0)
			memcpy(room, children, count * sizeof(struct doc_node *));
	} else {
		node->pairs = room;
		fill_pairs(builder, node, children, count);
		refuse_duplicates(builder, node);
	}
	buf_finish(&level->children);
	builder->depth--;
}

static void begin_document(struct builder *builder, const yaml_event_t *event)
{
	if (event->data.document_start.version_directive != NULL ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		builder_error(builder, event->start_mark, MSG_YAML_DIRECTIVE);
	if (++builder->documents > 1) {
		builder_error(builder, event->start_mark, MSG_YAML_DOCUMENTS);
		builder->stopped = true;
	}
}

static void take_event(struct builder *builder, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		begin_document(builder, event);
		break;
	case YAML_ALIAS_EVENT:
		builder_error(builder, event->start_mark, MSG_YAML_ALIAS);
		(void)add_node(builder, DOC_SCALAR, event); /* keeps keys and values paired */
		break;
	case YAML_SCALAR_EVENT:
		add_scalar(builder, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_extras(builder, event, event->data.sequence_start.anchor,
			      event->data.sequence_start.tag);
		open_level(builder, DOC_LIST, event);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_extras(builder, event, event->data.mapping_start.anchor,
			      event->data.mapping_start.tag);
		open_level(builder, DOC_MAP, event);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_level(builder);
		break;
	default:
		break;
	}
}

/* The sentences of libyaml that people meet, in words of ours. */
static const struct {
	const char *problem;
	enum msg_id msg;
} problems[] = {
	{ "did not find expected <document start>", MSG_YAML_INDENT },
	{ "did not find expected hexdecimal number", MSG_YAML_ESCAPE },
	{ "found invalid Unicode character escape code", MSG_YAML_ESCAPE },
	{ "mapping values are not allowed in this context", MSG_YAML_COLON },
	{ "could not find expected ':'", MSG_YAML_NO_COLON },
	{ "did not find expected key", MSG_YAML_INDENT },
	{ "did not find expected '-' indicator", MSG_YAML_INDENT_LIST },
	{ "block sequence entries are not allowed in this context", MSG_YAML_INDENT_LIST },
	{ "did not find expected ',' or ']'", MSG_YAML_BRACKET },
	{ "did not find expected ',' or '}'", MSG_YAML_BRACKET },
	{ "did not find expected node content", MSG_YAML_BRACKET },
	{ "found unexpected end of stream", MSG_YAML_QUOTE },
	{ "found character that cannot start any token", MSG_YAML_CHARACTER },
	{ "found unknown escape character", MSG_YAML_ESCAPE },
};

/* The first byte of the character at a mark (libyaml counts characters); 0 past the end. */
static uint8_t byte_at(const struct buf *text, yaml_mark_t mark)
{
	size_t pos = 0;
	for (size_t line = 0; line < mark.line && pos < text->len; pos++)
		line += text->data[pos] == '\n';
	for (size_t column = 0; column < mark.column && pos < text->len; column++)
		(void)utf8_next((const char *)text->data, text->len, &pos);
	return pos < text->len ? text->data[pos] : 0;
}

static void report_syntax(struct builder *builder, const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR) {
		stop_without_memory(builder);
		return;
	}
	const char *problem = parser->problem == NULL ? "" : parser->problem;
	const struct buf *text = &builder->doc->text;
	yaml_mark_t mark = parser->problem_mark;
	/* An unclosed quote or bracket is seen at the end of the file, a lost colon in the next line; where it
	 * began is what helps. */
	if (parser->context != NULL &&
	    (byte_at(text, mark) == 0 || strcmp(problem, "could not find expected ':'") == 0))
		mark = parser->context_mark;
	if (byte_at(text, mark) == '\t') {
		builder_error(builder, mark, MSG_YAML_TAB);
		return;
	}
	for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
		if (strcmp(problems[i].problem, problem) == 0) {
			builder_error(builder, mark, problems[i].msg);
			return;
		}
	}
	builder_error(builder, mark, MSG_YAML_SYNTAX, ARG_WORD("problem", problem));
}

static void build(struct builder *builder)
{
	yaml_parser_t parser;
	if (yaml_parser_initialize(&parser) == 0) {
		stop_without_memory(builder);
		return;
	}
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	const struct buf *text = &builder->doc->text;
	/* It takes no NULL, which is where an empty text is. */
	yaml_parser_set_input_string(&parser, text->len == 0 ? (const uint8_t *)"" : text->data,
				     text->len);
	for (bool ended = false; !ended && !builder->stopped;) {
		yaml_event_t event;
		if (yaml_parser_parse(&parser, &event) == 0) {
			report_syntax(builder, &parser);
			break;
		}
		take_event(builder, &event);
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	while (builder->depth > 0)
		buf_finish(&builder->levels[--builder->depth].children);
}

struct doc *doc_parse(const char *name, struct blob text, struct diag *diag)
{
	struct diag_place file = { .file = name };
	size_t errors = diag->errors;
	if (text.len > LIMIT_CONFIG_BYTES) {
		diag_error(diag, file, MSG_YAML_SIZE, ARG_U("limit", LIMIT_CONFIG_BYTES));
		return NULL;
	}
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		text = blob_of(text.data + 3,
			       text.len - 3); /* a byte order mark would count as a column */
	CLEANUP(doc_destroyp) struct doc *doc = doc_create(name, text);
	if (doc == NULL) {
		diag->failed = true;
		return NULL;
	}
	if (text_is_clean(doc, diag)) {
		struct builder builder = { .doc = doc, .diag = diag };
		build(&builder);
		if (diag->errors == errors && doc->root == NULL)
			diag_error(diag, file, MSG_YAML_EMPTY);
	}
	return diag->errors > errors || diag->failed ? NULL : TAKE(doc);
}

/* ---- queries ---- */

const struct doc_node *doc_get(const struct doc_node *map, const char *key)
{
	if (map == NULL || map->kind != DOC_MAP)
		return NULL;
	for (size_t i = 0; i < map->count; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

bool doc_is_null(const struct doc_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
	if (node->kind != DOC_SCALAR || node->quoted)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(node->text, nulls[i]) == 0)
			return true;
	return false;
}

/* Depth is that of the file, at most LIMIT_CONFIG_DEPTH. */
static void write_json(const struct doc_node *node, struct json_writer *json)
{
	if (node->kind == DOC_SCALAR) {
		json_text_blob(json, blob_of(node->text, node->len));
	} else if (node->kind == DOC_LIST) {
		json_array_begin(json);
		for (size_t i = 0; i < node->count; i++)
			write_json(node->items[i], json);
		json_array_end(json);
	} else {
		CLEANUP(freep) struct doc_pair *sorted = sorted_pairs(node);
		json_object_begin(json);
		for (size_t i = 0; sorted != NULL && i < node->count; i++) {
			json_key_blob(json, blob_of(sorted[i].key->text, sorted[i].key->len));
			write_json(sorted[i].value, json);
		}
		json_object_end(json);
		json->out->failed |= sorted == NULL;
	}
}

void doc_json(const struct doc_node *node, struct buf *out)
{
	struct json_writer json = json_writer_of(out);
	write_json(node, &json);
}
