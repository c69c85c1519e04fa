/* Record: facts in their one encoding, the same in frames and in the store.
 *
 * Words.  fact: (field, element key, value). element key: empty outside of lists.
 * Format. "record encoding v1" (docs/store-format.md): u8 version 1 | u8 record type | varint count |
 *         per fact: varint field | varint length, key | varint length, value. Varints are LEB128 in
 *         their shortest form. Facts stand strictly rising by (field, key, value) in byte order, so
 *         that one set of facts has one encoding and equal bytes mean an equal record.
 * Rules.  Keys and values are UTF-8 text; a value is never empty: what is not there has no fact.
 *         The decoder refuses whatever the encoder would not write.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/base/bytes.h"
#include "daemon/base/cleanup.h"

struct err;
struct hmac;
struct record_builder; /* opaque */

enum { RECORD_ENCODING_VERSION = 1, RECORD_HASH_SIZE = 16 };
enum record_type { RECORD_PERSON = 1, RECORD_STUDENT = 2, RECORD_TYPE_MAX };

struct fact {
	uint16_t field; /* 1..65535 */
	struct blob key;
	struct blob value;
};

/** <0, 0, >0 by (field, key, value). */
int fact_compare(const struct fact *a, const struct fact *b);

/* ---- writing ---- */

MUST_CHECK int record_builder_create(struct record_builder **ret_builder, struct err *err);
void record_builder_destroy(struct record_builder *builder); /* overwrites what it held */

/** Empty again, for a record of `type`; keeps its memory, so that a loop over rows does not allocate. */
void record_builder_begin(struct record_builder *builder, enum record_type type);

/** Add one fact in any order; bytes are copied. The first failure sticks until record_builder_encode(). */
void record_builder_add(struct record_builder *builder, uint16_t field, struct blob key,
			struct blob value);

/** Append the encoding to `out`. The same fact twice counts once.
 * Errors: ERR_INVALID (too many facts, an empty value, a key or value too long or not UTF-8), ERR_NOMEM; `out` unchanged.
 */
MUST_CHECK int record_builder_encode(struct record_builder *builder, struct buf *out,
				     struct err *err);

DEFINE_CLEANUP(struct record_builder, record_builder_destroy);

/* ---- reading: views into bytes that must stay ---- */

struct record {
	struct blob encoding;
	struct blob facts; /* the part behind the count */
	enum record_type type;
	uint32_t count;
};

/** Check all of `encoding` and make a view. Errors: ERR_INVALID (names the byte). */
MUST_CHECK int record_open(struct blob encoding, struct record *ret_record, struct err *err);

struct record_iter {
	struct reader in;
};

static inline struct record_iter record_iterate(const struct record *record)
{
	return (struct record_iter){ .in = reader_of(record->facts) };
}

bool record_next(struct record_iter *iter, struct fact *ret_fact);

/** The first fact of a field, or of a field under one element key; false if there is none. */
bool record_find(const struct record *record, uint16_t field, struct fact *ret_fact);
bool record_find_key(const struct record *record, uint16_t field, struct blob key,
		     struct fact *ret_fact);

/** The value of a field outside of lists; an empty blob if there is none. */
struct blob record_value(const struct record *record, uint16_t field);

/** What tells two records apart: HMAC-SHA256 over the encoding, cut to 128 bits. Keyed, because it lies in
 * clear in the store and a record can be guessed.
 */
void record_hash(struct hmac *hmac, const struct record *record, uint8_t out[RECORD_HASH_SIZE]);

/* ---- comparing ---- */

enum record_change_kind { RECORD_ADDED, RECORD_REMOVED, RECORD_CHANGED };

struct record_change {
	enum record_change_kind kind;
	struct fact before; /* REMOVED, CHANGED */
	struct fact after;  /* ADDED, CHANGED: the same field and key, another value */
};

struct record_diff {
	struct record_iter before, after;
	struct fact left, right; /* the next of each side, while has_… */
	bool has_left, has_right;
};

/** Walk what differs, rising by (field, key). Both records must stay until the end. */
struct record_diff record_diff_begin(const struct record *before, const struct record *after);
bool record_diff_next(struct record_diff *diff, struct record_change *ret_change);
