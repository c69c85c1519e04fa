#include "daemon/audit/leaf_writer.h"

#include <assert.h>
#include <stdio.h>

#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

enum {
	FIELD_SALT_SIZE = SHA256_SIZE,
	/* What may follow the lists of fields and files in a leaf: its own numbers, and the texts of
	 * leaf_upstream at their longest. The lists stop there, the rest of them is counted.
	 */
	TAIL_BYTES = 6144,
};

static const uint64_t NUMBER_MAX = (1ull << 53) - 1;

struct leaf_writer {
	struct sha256 *sha;
	struct buf payload; /* salt and JSON */
	struct buf bytes;
	struct buf escaped, text; /* of a foreign text */
	uint8_t commit[SHA256_SIZE];
	const struct leaf *leaf; /* whose payload stands ready */
	uint64_t stamped_ms;     /* the moment that `ts` shows */
	char ts[CLOCK_STAMP_SIZE];
};

int leaf_writer_create(struct leaf_writer **ret_writer, struct err *err)
{
	CLEANUP(leaf_writer_destroyp) struct leaf_writer *writer = calloc(1, sizeof(*writer));
	if (writer == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	int r = sha256_create(&writer->sha, err);
	if (r < 0)
		return r;
	*ret_writer = TAKE(writer);
	return 0;
}

void leaf_writer_destroy(struct leaf_writer *writer)
{
	if (writer == NULL)
		return;
	sha256_destroy(writer->sha);
	buf_cleanse(&writer->payload);
	buf_finish(&writer->bytes);
	buf_finish(&writer->escaped);
	buf_finish(&writer->text);
	free(writer);
}

/* ---- payload ---- */

static const struct {
	size_t offset;
	char part;
	const char *private_name, *hash_name;
} field_parts[] = {
	{ offsetof(struct leaf_field, after), 'a', "after", "after_h" },
	{ offsetof(struct leaf_field, before), 'b', "before", "before_h" },
	{ offsetof(struct leaf_field, key), 'k', "key", "key_h" },
};
enum { PART_AFTER, PART_BEFORE, PART_KEY };

static const struct blob *part_of(const struct leaf_field *field, size_t part)
{
	return (const struct blob *)((const char *)field + field_parts[part].offset);
}

static bool has_private_part(const struct leaf_field *field)
{
	return field->after.data != NULL || field->before.data != NULL || field->key.data != NULL;
}

static size_t count_private_fields(const struct leaf *leaf)
{
	size_t count = 0;
	for (size_t i = 0; i < leaf->field_count; i++)
		count += has_private_part(&leaf->fields[i]);
	return count;
}

static void put_private_part(struct json_writer *json, const struct leaf_field *field, size_t part)
{
	const struct blob *value = part_of(field, part);
	if (value->data != NULL)
		json_member_blob(json, field_parts[part].private_name, *value);
}

static void put_private_field(struct json_writer *json, const struct leaf_field *field)
{
	json_object_begin(json);
	put_private_part(json, field, PART_AFTER);
	put_private_part(json, field, PART_BEFORE);
	json_member_text(json, "field", field->path);
	put_private_part(json, field, PART_KEY);
	json_object_end(json);
}

static void put_payload(struct json_writer *json, const struct leaf *leaf, size_t private_fields)
{
	json_object_begin(json);
	if (private_fields > 0) {
		json_key(json, "fields");
		json_array_begin(json);
		for (size_t i = 0; i < leaf->field_count; i++)
			if (has_private_part(&leaf->fields[i]))
				put_private_field(json, &leaf->fields[i]);
		json_array_end(json);
	}
	if (leaf->private_count > 0) {
		json_key(json, "texts");
		json_object_begin(json);
		for (size_t i = 0; i < leaf->private_count; i++)
			json_member_blob(json, leaf->privates[i].name, leaf->privates[i].text);
		json_object_end(json);
	}
	json_object_end(json);
}

void leaf_commitment(struct sha256 *sha, struct blob payload, uint8_t out[SHA256_SIZE])
{
	static const char label[] = "trithuc/commit/v1"; /* its NUL counts */
	sha256_begin(sha);
	sha256_add(sha, label, sizeof(label));
	sha256_add(sha, payload.data, payload.len);
	sha256_end(sha, out);
}

int leaf_write_payload(struct leaf_writer *writer, const struct leaf *leaf,
		       const uint8_t salt[LEAF_SALT_SIZE], struct blob *ret_payload,
		       struct err *err)
{
	buf_reset(&writer->payload);
	writer->leaf = leaf;
	size_t private_fields = count_private_fields(leaf);
	if (private_fields == 0 && leaf->private_count == 0) {
		*ret_payload = (struct blob){ 0 };
		return 0;
	}
	struct json_writer json = json_writer_of(&writer->payload);
	buf_put(&writer->payload, salt, LEAF_SALT_SIZE);
	put_payload(&json, leaf, private_fields);
	if (!buf_ok(&writer->payload))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);

	leaf_commitment(writer->sha, buf_blob(&writer->payload), writer->commit);
	*ret_payload = buf_blob(&writer->payload);
	return 0;
}

/* ---- members ---- */

/* Past what a double holds, a number says "at least this": a foreign offset must not stop a run. */
static void put_number(struct json_writer *json, const char *key, uint64_t value)
{
	json_member_unsigned(json, key, value < NUMBER_MAX ? value : NUMBER_MAX);
}

static void put_number_if(struct json_writer *json, const char *key, uint64_t value)
{
	if (value != 0)
		put_number(json, key, value);
}

static void put_signed(struct json_writer *json, const char *key, int64_t value)
{
	json_key(json, key);
	json_signed(json, value);
}

static void put_word_if(struct json_writer *json, const char *key, const char *word)
{
	if (word != NULL)
		json_member_text(json, key, word);
}

static void put_hash_if(struct json_writer *json, const char *key, const uint8_t *hash, size_t len)
{
	if (hash == NULL)
		return;
	char digits[2 * SHA256_SIZE + 3] = { '"' };
	hex_encode(hash, len, digits + 1);
	digits[1 + 2 * len] = '"';
	json_key(json, key);
	json_raw(json, blob_of(digits, 2 * len + 2));
}

/* Foreign text: cut, in NFC, and nothing in it that a terminal or a line-based tool would obey. */
static void put_foreign(struct leaf_writer *writer, struct json_writer *json, const char *key,
			struct blob foreign, size_t max_len)
{
	if (foreign.len == 0)
		return;
	const char *chars = (const char *)foreign.data;
	size_t len = foreign.len <= max_len ? foreign.len : utf8_cut(chars, max_len);
	buf_reset(&writer->escaped);
	for (size_t pos = 0; pos < len;) {
		int32_t c = utf8_next(chars, len, &pos);
		char code[16];
		if (c < 0) {
			utf8_put(&writer->escaped, 0xfffd);
		} else if (c < 0x20 || utf8_is_hidden(c)) {
			(void)snprintf(code, sizeof(code), "\\u{%x}", (unsigned)c);
			buf_put_text(&writer->escaped, code);
		} else {
			utf8_put(&writer->escaped, c);
		}
	}
	buf_reset(&writer->text);
	utf8_nfc((const char *)writer->escaped.data, writer->escaped.len, &writer->text);
	if (!buf_ok(&writer->escaped) || !buf_ok(&writer->text))
		json->out->failed = true;
	json_member_blob(json, key, buf_blob(&writer->text));
}

static void put_actor(struct leaf_writer *writer, struct json_writer *json,
		      const struct leaf_actor *actor)
{
	if (actor == NULL)
		return;
	json_key(json, "actor");
	json_object_begin(json);
	put_foreign(writer, json, "name", actor->name, LIMIT_LEAF_TEXT_BYTES);
	json_member_text(json, "type", actor->type);
	if (actor->name.len > 0)
		put_number(json, "uid", actor->uid);
	json_member_text(json, "via", actor->via);
	json_object_end(json);
}

static void put_counts(struct json_writer *json, const struct leaf *leaf)
{
	if (leaf->count_count == 0)
		return;
	json_key(json, "counts");
	json_object_begin(json);
	for (size_t i = 0; i < leaf->count_count; i++)
		put_number(json, leaf->counts[i].name, leaf->counts[i].value);
	json_object_end(json);
}

static void put_hashes(struct json_writer *json, const struct leaf *leaf)
{
	if (leaf->hash_count == 0)
		return;
	json_key(json, "hashes");
	json_object_begin(json);
	for (size_t i = 0; i < leaf->hash_count; i++)
		put_hash_if(json, leaf->hashes[i].name, leaf->hashes[i].sha256, SHA256_SIZE);
	json_object_end(json);
}

static void put_error(struct json_writer *json, const struct leaf *leaf)
{
	if (leaf->err_code == NULL)
		return;
	json_key(json, "err");
	json_object_begin(json);
	put_word_if(json, "class", leaf->err_class);
	json_member_text(json, "code", leaf->err_code);
	json_object_end(json);
}

/* ---- fields and files: lists that stop where the room does ---- */

static void put_field_hash(struct leaf_writer *writer, struct json_writer *json,
			   const struct leaf_field *field,
			   const uint8_t field_salt[FIELD_SALT_SIZE], size_t part)
{
	const struct blob *value = part_of(field, part);
	if (value->data == NULL)
		return;
	uint8_t hash[SHA256_SIZE];
	sha256_begin(writer->sha);
	sha256_add(writer->sha, field_salt, FIELD_SALT_SIZE);
	sha256_add(writer->sha, &field_parts[part].part, 1);
	sha256_add(writer->sha, value->data, value->len);
	sha256_end(writer->sha, hash);
	put_hash_if(json, field_parts[part].hash_name, hash, LEAF_FIELD_HASH_SIZE);
}

static void field_salt(struct leaf_writer *writer, size_t index, uint8_t out[FIELD_SALT_SIZE])
{
	static const char label[] = "trithuc/field/v1"; /* its NUL counts */
	uint8_t input[sizeof(label) + LEAF_SALT_SIZE + 2];
	memcpy(input, label, sizeof(label));
	memcpy(input + sizeof(label), writer->payload.data, LEAF_SALT_SIZE);
	input[sizeof(input) - 2] = (uint8_t)(index >> 8);
	input[sizeof(input) - 1] = (uint8_t)index;
	sha256_begin(writer->sha);
	sha256_add(writer->sha, input, sizeof(input));
	sha256_end(writer->sha, out);
}

static void put_field(struct leaf_writer *writer, struct json_writer *json, const struct leaf *leaf,
		      size_t index)
{
	static const char *const ops[] = { "set", "clear", "keep", "reject" };
	const struct leaf_field *field = &leaf->fields[index];
	uint8_t salt[FIELD_SALT_SIZE];
	if (has_private_part(field))
		field_salt(writer, index, salt);
	json_object_begin(json);
	put_field_hash(writer, json, field, salt, PART_AFTER);
	put_field_hash(writer, json, field, salt, PART_BEFORE);
	json_member_text(json, "field", field->path);
	put_field_hash(writer, json, field, salt, PART_KEY);
	json_member_text(json, "op", ops[field->op]);
	json_object_end(json);
}

/* Elements of a list share their fields: each is named once, for facts are sorted by field. */
static void put_field_name(struct leaf_writer *writer, struct json_writer *json,
			   const struct leaf *leaf, size_t index)
{
	(void)writer;
	const char *path = leaf->fields[index].path;
	if (index == 0 || strcmp(path, leaf->fields[index - 1].path) != 0)
		json_text(json, path);
}

static void put_file(struct leaf_writer *writer, struct json_writer *json, const struct leaf *leaf,
		     size_t index)
{
	const struct leaf_file *file = &leaf->files[index];
	json_object_begin(json);
	put_foreign(writer, json, "name", file->name, LIMIT_LEAF_FILE_NAME_BYTES);
	put_hash_if(json, "sha256", file->sha256, SHA256_SIZE);
	put_number(json, "size", file->size);
	json_object_end(json);
}

typedef void (*put_item_fn)(struct leaf_writer *writer, struct json_writer *json,
			    const struct leaf *leaf, size_t index);

static void put_list(struct leaf_writer *writer, struct json_writer *json, const struct leaf *leaf,
		     size_t count, const char *key, const char *rest_key, put_item_fn put_item)
{
	if (count == 0)
		return;
	json_key(json, key);
	json_array_begin(json);
	size_t i = 0;
	for (; i < count; i++) {
		struct json_writer before = *json;
		size_t len = json->out->len;
		put_item(writer, json, leaf, i);
		if (json->out->len <= LIMIT_LEAF_BYTES - TAIL_BYTES)
			continue;
		*json = before;
		json->out->len = len;
		break;
	}
	json_array_end(json);
	put_number_if(json, rest_key, count - i);
}

/* ---- the rest ---- */

static void put_process(struct json_writer *json, const struct leaf_process *process)
{
	if (process == NULL)
		return;
	json_key(json, "prog");
	json_object_begin(json);
	json_member_text(json, "build", process->build_id);
	json_member_text(json, "name", process->name);
	json_member_text(json, "version", process->version);
	json_object_end(json);
}

static void put_reasons(struct json_writer *json, const struct leaf *leaf)
{
	if (leaf->reason_count == 0)
		return;
	json_key(json, "reasons");
	json_array_begin(json);
	for (size_t i = 0; i < leaf->reason_count; i++)
		json_text(json, leaf->reasons[i]);
	json_array_end(json);
}

static void put_version(struct json_writer *json, const struct leaf *leaf)
{
	if (leaf->version_to == 0)
		return;
	json_key(json, "rec_ver");
	json_object_begin(json);
	put_number(json, "from", leaf->version_from);
	put_number(json, "to", leaf->version_to);
	json_object_end(json);
}

static void put_rule(struct json_writer *json, const struct leaf_rule *rule)
{
	if (rule->decision == NULL)
		return;
	json_key(json, "rule");
	json_object_begin(json);
	json_member_text(json, "decision", rule->decision);
	put_number(json, "id", rule->id);
	if (rule->model != 0) {
		put_number(json, "model", rule->model);
		put_signed(json, "score", rule->score);
		put_signed(json, "threshold", rule->threshold);
	}
	json_object_end(json);
}

static void put_source(struct json_writer *json, const struct leaf_source *source)
{
	if (source->name == NULL)
		return;
	json_key(json, "src");
	json_object_begin(json);
	put_number(json, "byte_off", source->byte_off);
	put_number(json, "file", source->file);
	put_number(json, "row", source->row);
	json_member_text(json, "source", source->name);
	json_object_end(json);
}

static void put_upstream(struct leaf_writer *writer, struct json_writer *json,
			 const struct leaf_upstream *up)
{
	if (up->endpoint == NULL)
		return;
	json_key(json, "up");
	json_object_begin(json);
	put_hash_if(json, "answer_sha256", up->answer_sha256, SHA256_SIZE);
	put_number(json, "attempt", up->attempt);
	put_word_if(json, "batch_key", up->batch_key);
	json_member_text(json, "endpoint", up->endpoint);
	put_word_if(json, "item_key", up->item_key);
	put_word_if(json, "outcome", up->outcome);
	put_foreign(writer, json, "peer", up->peer, LIMIT_LEAF_TEXT_BYTES);
	put_foreign(writer, json, "problem", up->problem, LIMIT_LEAF_TEXT_BYTES);
	put_foreign(writer, json, "receipt", up->receipt, LIMIT_LEAF_TEXT_BYTES);
	put_number_if(json, "status", up->status);
	json_object_end(json);
}

/* In ascending order of the members' names (RFC 8785 section 3.2.3), as leaf_view.c reads them. */
static void put_first_half(struct leaf_writer *writer, struct json_writer *json,
			   const struct leaf *leaf, const uint8_t *ct_sha256)
{
	json_member_text(json, "act", audit_act_name(leaf->act));
	put_actor(writer, json, leaf->actor);
	put_number_if(json, "batch", leaf->batch);
	if (leaf->process != NULL)
		json_member_text(json, "boot_id", leaf->process->boot_id);
	put_number_if(json, "case", leaf->case_id);
	put_hash_if(json, "commit", ct_sha256 == NULL ? NULL : writer->commit, SHA256_SIZE);
	put_hash_if(json, "conf", leaf->config_sha256, SHA256_SIZE);
	put_counts(json, leaf);
	put_hash_if(json, "ct_sha256", ct_sha256, SHA256_SIZE);
	put_error(json, leaf);
	put_list(writer, json, leaf, leaf->whole_record ? 0 : leaf->field_count, "fields",
		 "fields_rest", put_field);
	put_list(writer, json, leaf, leaf->file_count, "files", "files_rest", put_file);
	put_hashes(json, leaf);
	if (leaf->process != NULL)
		put_foreign(writer, json, "host", leaf->process->host, LIMIT_LEAF_TEXT_BYTES);
}

static void put_second_half(struct leaf_writer *writer, struct json_writer *json,
			    const struct leaf *leaf, const struct leaf_stamp *stamp)
{
	if (writer->stamped_ms != stamp->realtime_us / 1000) {
		writer->stamped_ms = stamp->realtime_us / 1000;
		clock_stamp(stamp->realtime_us, writer->ts);
	}
	put_hash_if(json, "id", stamp->id, LEAF_ID_SIZE);
	put_number(json, "mono_us", stamp->boottime_us);
	put_process(json, leaf->process);
	put_reasons(json, leaf);
	put_version(json, leaf);
	put_rule(json, &leaf->rule);
	put_number_if(json, "run", leaf->run);
	put_number(json, "seq", stamp->seq);
	put_list(writer, json, leaf, leaf->whole_record ? leaf->field_count : 0, "set", "set_rest",
		 put_field_name);
	put_source(json, &leaf->source);
	put_word_if(json, "state", leaf->state);
	put_hash_if(json, "subj", leaf->subject, LEAF_SUBJECT_SIZE);
	json_member_text(json, "ts", writer->ts);
	put_upstream(writer, json, &leaf->upstream);
	put_number(json, "v", 1);
}

int leaf_write(struct leaf_writer *writer, const struct leaf *leaf, const struct leaf_stamp *stamp,
	       struct blob sealed, struct blob *ret_bytes, struct err *err)
{
	assert(leaf == writer->leaf && (sealed.len > 0) == (writer->payload.len > 0));
	uint8_t ct_sha256[SHA256_SIZE];
	if (sealed.len > 0) {
		sha256_begin(writer->sha);
		sha256_add(writer->sha, sealed.data, sealed.len);
		sha256_end(writer->sha, ct_sha256);
	}
	buf_reset(&writer->bytes);
	struct json_writer json = json_writer_of(&writer->bytes);
	json_object_begin(&json);
	put_first_half(writer, &json, leaf, sealed.len > 0 ? ct_sha256 : NULL);
	put_second_half(writer, &json, leaf, stamp);
	json_object_end(&json);
	writer->leaf = NULL;
	if (!buf_ok(&writer->bytes))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (writer->bytes.len > LIMIT_LEAF_BYTES)
		return err_set(err, ERR_INVALID, MSG_AUDIT_LEAF_TOO_LONG,
			       ARG_WORD("act", audit_act_name(leaf->act)),
			       ARG_U("limit", LIMIT_LEAF_BYTES));
	*ret_bytes = buf_blob(&writer->bytes);
	return 0;
}
