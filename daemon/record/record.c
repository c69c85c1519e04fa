#include "daemon/record/record.h"

#include <assert.h>
#include <stdlib.h>

#include "daemon/base/digest.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

int fact_compare(const struct fact *a, const struct fact *b)
{
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	int order = blob_compare(a->key, b->key);
	return order != 0 ? order : blob_compare(a->value, b->value);
}

/* ---- builder ---- */

/* A fact whose bytes stand in builder->bytes, which may move while it grows. */
struct slot {
	uint16_t field;
	uint32_t offset, key_len, value_len;
};

struct record_builder {
	enum record_type type;
	struct buf bytes;
	struct slot slots[LIMIT_FACTS];
	struct fact facts[LIMIT_FACTS]; /* for sorting */
	size_t count;
	enum msg_id fault; /* the first failure */
};

int record_builder_create(struct record_builder **ret_builder, struct err *err)
{
	struct record_builder *builder = calloc(1, sizeof(*builder));
	if (builder == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	record_builder_begin(builder, RECORD_PERSON);
	*ret_builder = builder;
	return 0;
}

void record_builder_destroy(struct record_builder *builder)
{
	if (builder == NULL)
		return;
	buf_cleanse(&builder->bytes);
	free(builder);
}

void record_builder_begin(struct record_builder *builder, enum record_type type)
{
	builder->type = type;
	builder->count = 0;
	builder->fault = MSG_NONE;
	buf_reset(&builder->bytes);
}

/* Most keys and values are ASCII, and every record passes here on both sides of a frame. */
static bool is_text(struct blob blob)
{
	size_t ascii = 0;
	while (ascii < blob.len && blob.data[ascii] < 0x80)
		ascii++;
	return ascii == blob.len || utf8_valid((const char *)blob.data + ascii, blob.len - ascii);
}

static enum msg_id fault_of(const struct record_builder *builder, struct blob key,
			    struct blob value)
{
	if (builder->count == LIMIT_FACTS)
		return MSG_RECORD_FACTS;
	if (value.len == 0)
		return MSG_RECORD_EMPTY;
	if (key.len > LIMIT_ELEMENT_KEY_BYTES)
		return MSG_RECORD_KEY_LONG;
	if (value.len > LIMIT_VALUE_BYTES ||
	    builder->bytes.len + key.len + value.len > LIMIT_RECORD_BYTES)
		return MSG_RECORD_LONG;
	if (!is_text(key) || !is_text(value))
		return MSG_RECORD_UTF8;
	return MSG_NONE;
}

void record_builder_add(struct record_builder *builder, uint16_t field, struct blob key,
			struct blob value)
{
	assert(field > 0);
	if (builder->fault == MSG_NONE)
		builder->fault = fault_of(builder, key, value);
	if (builder->fault != MSG_NONE)
		return;
	builder->slots[builder->count++] = (struct slot){
		.field = field,
		.offset = (uint32_t)builder->bytes.len,
		.key_len = (uint32_t)key.len,
		.value_len = (uint32_t)value.len,
	};
	buf_put(&builder->bytes, key.data, key.len);
	buf_put(&builder->bytes, value.data, value.len);
}

static int compare_facts(const void *a, const void *b)
{
	return fact_compare(a, b);
}

/* Facts of the builder in order and each once; returns how many. */
static size_t sort_facts(struct record_builder *builder)
{
	size_t count = 0;
	for (size_t i = 0; i < builder->count; i++) {
		const struct slot *slot = &builder->slots[i];
		const uint8_t *key = builder->bytes.data + slot->offset;
		builder->facts[i] = (struct fact){
			.field = slot->field,
			.key = blob_of(key, slot->key_len),
			.value = blob_of(key + slot->key_len, slot->value_len),
		};
	}
	qsort(builder->facts, builder->count, sizeof(builder->facts[0]), compare_facts);
	for (size_t i = 0; i < builder->count; i++)
		if (count == 0 || fact_compare(&builder->facts[count - 1], &builder->facts[i]) != 0)
			builder->facts[count++] = builder->facts[i];
	return count;
}

int record_builder_encode(struct record_builder *builder, struct buf *out, struct err *err)
{
	if (builder->fault != MSG_NONE)
		return err_set(err, ERR_INVALID, builder->fault);
	if (!buf_ok(&builder->bytes) || !buf_ok(out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	size_t begin = out->len, count = sort_facts(builder);
	buf_put_u8(out, RECORD_ENCODING_VERSION);
	buf_put_u8(out, (uint8_t)builder->type);
	buf_put_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		buf_put_varint(out, builder->facts[i].field);
		buf_put_varblob(out, builder->facts[i].key);
		buf_put_varblob(out, builder->facts[i].value);
	}
	if (buf_ok(out) && out->len - begin <= LIMIT_RECORD_BYTES)
		return 0;
	bool full = buf_ok(out);
	out->len = begin;
	return full ? err_set(err, ERR_INVALID, MSG_RECORD_LONG)
		    : err_set(err, ERR_NOMEM, MSG_NOMEM);
}

/* ---- view ---- */

/* Nearly all numbers of a record take one byte. */
static inline uint64_t take_varint(struct reader *in)
{
	if (in->failed || in->left == 0 || in->data[0] >= 0x80)
		return reader_varint(in);
	in->left--;
	return *in->data++;
}

static inline struct blob take_bytes(struct reader *in, size_t max_len)
{
	uint64_t len = take_varint(in);
	if (len > max_len || len > in->left)
		in->failed = true;
	if (in->failed)
		return (struct blob){ 0 };
	struct blob bytes = blob_of(in->data, (size_t)len);
	in->data += len;
	in->left -= (size_t)len;
	return bytes;
}

/* The next fact; the reader fails if there is none or it does not hold. */
static struct fact take_fact(struct reader *in)
{
	uint64_t field = take_varint(in);
	struct fact fact = { .field = (uint16_t)field };
	if (field == 0 || field > UINT16_MAX)
		in->failed = true;
	fact.key = take_bytes(in, LIMIT_ELEMENT_KEY_BYTES);
	fact.value = take_bytes(in, LIMIT_VALUE_BYTES);
	if (fact.value.len == 0)
		in->failed = true;
	return fact;
}

static bool facts_hold(struct reader *in, uint32_t count)
{
	struct fact last = { 0 };
	for (uint32_t i = 0; i < count; i++) {
		struct fact fact = take_fact(in);
		if (in->failed || (i > 0 && fact_compare(&last, &fact) >= 0))
			return false;
		if (!is_text(fact.key) || !is_text(fact.value))
			return false;
		last = fact;
	}
	return reader_done(in);
}

int record_open(struct blob encoding, struct record *ret_record, struct err *err)
{
	struct reader in = reader_of(encoding);
	uint8_t version = reader_u8(&in), type = reader_u8(&in);
	uint64_t count = reader_varint(&in);
	struct record record = {
		.encoding = encoding,
		.facts = blob_of(in.data, in.left),
		.type = (enum record_type)type,
		.count = (uint32_t)count,
	};
	if (encoding.len > LIMIT_RECORD_BYTES || in.failed || version != RECORD_ENCODING_VERSION ||
	    type == 0 || type >= RECORD_TYPE_MAX || count > LIMIT_FACTS ||
	    !facts_hold(&in, record.count))
		return err_set(err, ERR_INVALID, MSG_RECORD_BROKEN,
			       ARG_U("offset", encoding.len - in.left));
	*ret_record = record;
	return 0;
}

bool record_next(struct record_iter *iter, struct fact *ret_fact)
{
	if (iter->in.left == 0)
		return false;
	*ret_fact = take_fact(&iter->in);
	return !iter->in.failed;
}

bool record_find(const struct record *record, uint16_t field, struct fact *ret_fact)
{
	struct record_iter iter = record_iterate(record);
	struct fact fact;
	while (record_next(&iter, &fact) && fact.field <= field) {
		if (fact.field != field)
			continue;
		*ret_fact = fact;
		return true;
	}
	return false;
}

bool record_find_key(const struct record *record, uint16_t field, struct blob key,
		     struct fact *ret_fact)
{
	struct record_iter iter = record_iterate(record);
	struct fact fact;
	while (record_next(&iter, &fact) && fact.field <= field) {
		if (fact.field != field || !blob_equal(fact.key, key))
			continue;
		*ret_fact = fact;
		return true;
	}
	return false;
}

struct blob record_value(const struct record *record, uint16_t field)
{
	struct fact fact = { 0 };
	(void)record_find_key(record, field, (struct blob){ 0 }, &fact);
	return fact.value;
}

void record_hash(struct hmac *hmac, const struct record *record, uint8_t out[RECORD_HASH_SIZE])
{
	uint8_t whole[SHA256_SIZE];
	hmac_parts(hmac, &record->encoding, 1, whole);
	memcpy(out, whole, RECORD_HASH_SIZE);
}

/* ---- diff ---- */

static void next_left(struct record_diff *diff)
{
	diff->has_left = record_next(&diff->before, &diff->left);
}

static void next_right(struct record_diff *diff)
{
	diff->has_right = record_next(&diff->after, &diff->right);
}

struct record_diff record_diff_begin(const struct record *before, const struct record *after)
{
	struct record_diff diff = { .before = record_iterate(before),
				    .after = record_iterate(after) };
	next_left(&diff);
	next_right(&diff);
	return diff;
}

/* By field and key alone: what stands at the same place. */
static int place_compare(const struct record_diff *diff)
{
	if (!diff->has_left || !diff->has_right)
		return diff->has_left ? -1 : 1;
	if (diff->left.field != diff->right.field)
		return diff->left.field < diff->right.field ? -1 : 1;
	return blob_compare(diff->left.key, diff->right.key);
}

bool record_diff_next(struct record_diff *diff, struct record_change *ret_change)
{
	while (diff->has_left && diff->has_right && fact_compare(&diff->left, &diff->right) == 0) {
		next_left(diff);
		next_right(diff);
	}
	if (!diff->has_left && !diff->has_right)
		return false;
	int place = place_compare(diff);
	*ret_change = (struct record_change){ .kind = place < 0   ? RECORD_REMOVED
						      : place > 0 ? RECORD_ADDED
								  : RECORD_CHANGED };
	if (place <= 0) {
		ret_change->before = diff->left;
		next_left(diff);
	}
	if (place >= 0) {
		ret_change->after = diff->right;
		next_right(diff);
	}
	return true;
}
