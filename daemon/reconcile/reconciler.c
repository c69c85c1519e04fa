#include "daemon/reconcile/reconciler.h"

#include "daemon/audit/audit_log.h"
#include "daemon/base/clock.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/random.h"
#include "daemon/keys/keyring.h"
#include "daemon/reconcile/survivorship.h"
#include "daemon/record/code_list.h"
#include "daemon/record/schema.h"
#include "daemon/store/case_table.h"
#include "daemon/store/ident.h"

enum { CANDIDATES_MAX = 8 };

struct reconciler {
	struct reconciler_options options;
	struct hmac *content;
	struct record_builder *builder;
	struct buf golden;         /* the record being made */
	struct person_view *owner; /* of the row in hand */
	struct person_view *other; /* a candidate */
	struct buf old_plain;
	struct buf lists; /* of the row in hand, as stored */
	struct {
		uint16_t cccd, cccd_grade, cmnd, name, birth_date;
	} field;
};

static uint16_t number_of(const struct schema *schema, const char *path)
{
	const struct schema_field *field = schema_field_by_path(schema, path);
	return field == NULL ? 0 : field->number;
}

int reconciler_create(const struct reconciler_options *options, struct reconciler **ret_reconciler,
		      struct err *err)
{
	CLEANUP(reconciler_destroyp) struct reconciler *reconciler = calloc(1, sizeof(*reconciler));
	if (reconciler == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	reconciler->options = *options;
	reconciler->owner = calloc(1, sizeof(*reconciler->owner));
	reconciler->other = calloc(1, sizeof(*reconciler->other));
	if (reconciler->owner == NULL || reconciler->other == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	uint8_t key[SHA256_SIZE];
	const uint8_t *shared = keyring_shared_key(store_keyring(options->store));
	if (hkdf_sha256(blob_of(shared, SEAL_KEY_SIZE), (struct blob){ 0 },
			blob_text("content-hash"), key, sizeof(key), err) < 0)
		return err->code;
	int status = hmac_create(key, sizeof(key), &reconciler->content, err);
	explicit_bzero(key, sizeof(key));
	if (status < 0 || record_builder_create(&reconciler->builder, err) < 0)
		return err->code;
	reconciler->field.cccd = number_of(options->schema, "identity.cccd");
	reconciler->field.cccd_grade = number_of(options->schema, "evidence.cccd_grade");
	reconciler->field.cmnd = number_of(options->schema, "identity.cmnd");
	reconciler->field.name = number_of(options->schema, "identity.full_name");
	reconciler->field.birth_date = number_of(options->schema, "identity.birth_date");
	*ret_reconciler = TAKE(reconciler);
	return 0;
}

void reconciler_destroy(struct reconciler *reconciler)
{
	if (reconciler == NULL)
		return;
	hmac_destroy(reconciler->content);
	record_builder_destroy(reconciler->builder);
	buf_cleanse(&reconciler->golden);
	buf_cleanse(&reconciler->old_plain);
	buf_cleanse(&reconciler->lists);
	if (reconciler->owner != NULL)
		person_view_finish(reconciler->owner);
	if (reconciler->other != NULL)
		person_view_finish(reconciler->other);
	free(reconciler->owner);
	free(reconciler->other);
	free(reconciler);
}

void reconciler_hash(struct reconciler *reconciler, const struct blob *parts, size_t count,
		     uint8_t out[RECORD_HASH_SIZE])
{
	uint8_t whole[SHA256_SIZE];
	hmac_parts(reconciler->content, parts, count, whole);
	memcpy(out, whole, RECORD_HASH_SIZE);
}

/* ---- what a record says of its human ---- */

/* ID3, ID6: a padded number, or one of a province that is not listed, is no key of its own. */
static enum number_grade grade_cccd(const struct reconciler *reconciler,
				    const struct record *record, struct blob cccd)
{
	if (cccd.len == 0)
		return NUMBER_NONE;
	struct blob grade = record_value(record, reconciler->field.cccd_grade);
	bool listed = cccd.len >= 3 && code_list_find(reconciler->options.provinces,
						      blob_of(cccd.data, 3)) != CODE_LIST_NONE;
	return listed && !blob_equal(grade, blob_text("padded")) ? NUMBER_VALID : NUMBER_WEAK;
}

static struct identity identity_of(const struct reconciler *reconciler, const struct record *record)
{
	struct identity identity = {
		.cccd = record_value(record, reconciler->field.cccd),
		.cmnd = record_value(record, reconciler->field.cmnd),
		.birth_date = record_value(record, reconciler->field.birth_date),
	};
	identity.cccd_grade = grade_cccd(reconciler, record, identity.cccd);
	skeleton_make(record_value(record, reconciler->field.name), &identity.name);
	return identity;
}

/* ---- candidates: whom the numbers of a row lead to ---- */

struct search {
	struct candidate candidates[CANDIDATES_MAX];
	size_t count;
	bool overflow; /* more than can be weighed: a person must look */
};

static unsigned agreement(struct signs signs)
{
	return (unsigned)(signs.name == SIGN_AGREES) + (unsigned)(signs.birth_date == SIGN_AGREES) +
	       (unsigned)(signs.name != SIGN_CONTRADICTS) +
	       (unsigned)(signs.birth_date != SIGN_CONTRADICTS);
}

static bool same_number(const struct identity *a, const struct identity *b)
{
	return (a->cccd.len > 0 && blob_equal(a->cccd, b->cccd)) ||
	       (a->cmnd.len > 0 && blob_equal(a->cmnd, b->cmnd));
}

/* Weigh one record of a person whom a number led to. */
static void weigh(struct candidate *candidate, const struct identity *mine,
		  const struct identity *theirs, bool live, bool same_source)
{
	struct signs signs = identity_compare(mine, theirs);
	candidate->has_live_record_of_source |= live && same_source;
	candidate->other_cccd |= live && signs.number == SIGN_CONTRADICTS;
	if (!same_number(mine, theirs))
		return;
	candidate->by_valid_cccd |= signs.number == SIGN_AGREES;
	if (agreement(signs) >= agreement(candidate->best))
		candidate->best = signs;
}

static int judge_person(struct reconciler *reconciler, struct store_txn *txn, uint16_t source,
			uint32_t person, const struct identity *mine, struct candidate *candidate,
			struct err *err)
{
	struct contribution contributions[GOLDEN_CONTRIBUTIONS_MAX];
	if (person_view_load(txn, person, reconciler->other, err) < 0)
		return err->code;
	int count = person_view_contributions(reconciler->other, -1, contributions, err);
	if (count < 0)
		return count;
	*candidate =
		(struct candidate){ .person = person,
				    .best = { SIGN_MISSING, SIGN_CONTRADICTS, SIGN_CONTRADICTS } };
	for (int i = 0; i < count; i++) {
		struct identity theirs = identity_of(reconciler, &contributions[i].record);
		weigh(candidate, mine, &theirs, !contributions[i].ended,
		      contributions[i].source == source);
	}
	return 0;
}

static bool is_known(const struct search *search, uint32_t person, uint32_t except)
{
	bool known = person == except;
	for (size_t i = 0; i < search->count; i++)
		known |= search->candidates[i].person == person;
	return known;
}

static int search_number(struct reconciler *reconciler, struct store_txn *txn, uint16_t source,
			 enum keyring_idx kind, struct blob number, const struct identity *mine,
			 uint32_t except, struct search *search, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	uint8_t idx[KEYRING_IDX_SIZE];
	if (number.len == 0)
		return 0;
	store_idx(reconciler->options.store, kind, number, idx);
	if (ident_scan(txn, (uint8_t)kind, idx, &scan, err) < 0)
		return err->code;
	struct ident ident;
	int status;
	while ((status = ident_next(scan, &ident, err)) == 0) {
		struct source_record record;
		if (source_record_get(txn, ident.source, ident.ordinal, &record, err) < 0)
			return err->code;
		if (is_known(search, record.person, except))
			continue;
		if (search->count == CANDIDATES_MAX) {
			search->overflow = true;
			return 0;
		}
		struct candidate *candidate = &search->candidates[search->count];
		if (judge_person(reconciler, txn, source, record.person, mine, candidate, err) < 0)
			return err->code;
		search->count++;
	}
	return status == ERR_NOT_FOUND ? 0 : status;
}

/* Whom does the row belong to? `except` is the person that it has already, 0 for none. */
static int find_link(struct reconciler *reconciler, struct store_txn *txn, uint16_t source,
		     const struct identity *mine, uint32_t except, struct search *search,
		     struct link_decision *ret_decision, struct err *err)
{
	*search = (struct search){ 0 };
	if (search_number(reconciler, txn, source, KEYRING_IDX_CCCD, mine->cccd, mine, except,
			  search, err) < 0 ||
	    search_number(reconciler, txn, source, KEYRING_IDX_CMND, mine->cmnd, mine, except,
			  search, err) < 0)
		return err->code;
	*ret_decision = identity_link(search->candidates, search->count);
	if (search->overflow)
		*ret_decision =
			(struct link_decision){ LINK_NEW_WITH_CASE, LINK_RULE_SEVERAL_PERSONS, 0 };
	return 0;
}

/* ---- identity numbers in the index ---- */

static int change_numbers(struct reconciler *reconciler, struct store_txn *txn,
			  const struct source_record *record, const struct identity *identity,
			  bool put, struct err *err)
{
	const struct {
		enum keyring_idx kind;
		struct blob number;
		uint8_t grade;
	} numbers[] = {
		{ KEYRING_IDX_CCCD, identity->cccd, (uint8_t)identity->cccd_grade },
		{ KEYRING_IDX_CMND, identity->cmnd, NUMBER_WEAK },
	};
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct ident ident = { .kind = (uint8_t)numbers[i].kind,
				       .source = record->source,
				       .ordinal = record->ordinal,
				       .grade = numbers[i].grade };
		if (numbers[i].number.len == 0)
			continue;
		store_idx(reconciler->options.store, numbers[i].kind, numbers[i].number, ident.idx);
		int status = put ? ident_put(txn, &ident, err) : ident_delete(txn, &ident, err);
		if (status < 0)
			return status;
	}
	return 0;
}

/* ---- golden record and person ---- */

int reconciler_golden(struct reconciler *reconciler, const struct person_view *view,
		      struct buf *out, struct err *err)
{
	struct contribution contributions[GOLDEN_CONTRIBUTIONS_MAX];
	int count = person_view_contributions(view, -1, contributions, err);
	if (count < 0)
		return count;
	return golden_make(reconciler->options.schema, reconciler->options.policy, contributions,
			   (size_t)count, reconciler->builder, out, err);
}

static int put_person(struct reconciler *reconciler, struct store_txn *txn, struct person *person,
		      const uint8_t subject[LEAF_SUBJECT_SIZE], struct err *err)
{
	struct person_body body = { .golden = buf_blob(&reconciler->golden) };
	memcpy(body.subj, subject, sizeof(body.subj));
	memcpy(body.policy, survivorship_hash(reconciler->options.policy), sizeof(body.policy));
	if (person_put(txn, person, &body, err) < 0)
		return err->code;
	return person_mark_dirty(txn, person->ordinal, err);
}

/* Make the golden record of a stored person anew, and write it if it came out differently. */
static int refresh_person(struct reconciler *reconciler, struct store_txn *txn, uint32_t ordinal,
			  struct err *err)
{
	struct person_view *view = reconciler->other;
	if (person_view_load(txn, ordinal, view, err) < 0)
		return err->code;
	buf_reset(&reconciler->golden);
	if (reconciler_golden(reconciler, view, &reconciler->golden, err) < 0)
		return err->code;
	if (blob_equal(buf_blob(&reconciler->golden), view->body.golden))
		return 0;
	return put_person(reconciler, txn, &view->person, view->body.subj, err);
}

/* ---- cases ---- */

static int case_is_open(struct store_txn *txn, uint32_t person, enum link_rule rule,
			const struct source_record *record, bool *ret_open, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	if (case_of_scan(txn, person, &scan, err) < 0)
		return err->code;
	uint64_t id;
	int status = 0;
	*ret_open = false;
	while (!*ret_open && (status = case_of_next(scan, &id, err)) == 0) {
		struct case_row row;
		if (case_table_get(txn, id, &row, err) < 0)
			return err->code;
		*ret_open = row.rule == rule && row.record_count > 0 &&
			    row.records[0].source == record->source &&
			    row.records[0].ordinal == record->ordinal;
	}
	return *ret_open || status == ERR_NOT_FOUND ? 0 : status;
}

/* Ask a reviewer about the record and the persons named; asking twice asks once. */
static int open_case(struct reconciler *reconciler, struct store_txn *txn,
		     const struct delivery *delivery, enum link_rule rule,
		     const struct source_record *record, const struct search *others,
		     const uint8_t subject[LEAF_SUBJECT_SIZE], struct reconciled *done,
		     struct err *err)
{
	bool open = false;
	if (case_is_open(txn, record->person, rule, record, &open, err) < 0)
		return err->code;
	if (open)
		return 0;
	struct case_row row = { .kind = (uint8_t)rule,
				.state = CASE_OPEN,
				.open = true,
				.rule = (uint16_t)rule,
				.run = delivery->run,
				.opened_us = clock_realtime_us(reconciler->options.clock),
				.person_count = 1,
				.record_count = 1,
				.persons = { record->person },
				.records = { { record->source, record->ordinal } } };
	for (size_t i = 0;
	     others != NULL && i < others->count && row.person_count < CASE_PERSONS_MAX; i++)
		row.persons[row.person_count++] = others->candidates[i].person;
	if (case_table_create(txn, &row, err) < 0)
		return err->code;
	done->cases++;
	struct leaf leaf = { .act = AUDIT_ACT_CASE_OPEN,
			     .subject = subject,
			     .run = delivery->run,
			     .case_id = row.id,
			     .rule = { .decision = link_rule_name(rule), .id = (uint16_t)rule } };
	return audit_log_append(reconciler->options.audit, txn, &leaf, NULL, NULL, err);
}

/* ---- a new source record ---- */

static int body_of(struct reconciler *reconciler, const struct delivery *delivery,
		   const struct frame_row *row, struct source_record_body *ret_body,
		   struct err *err)
{
	struct buf *lists = &reconciler->lists;
	buf_reset(lists);
	frame_list_store(lists, &row->cells);
	size_t cells = lists->len;
	frame_list_store(lists, &row->warnings);
	if (!buf_ok(lists))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_body = (struct source_record_body){ .key = row->source_key,
						 .record = row->record.encoding,
						 .cells = blob_of(lists->data, cells),
						 .warnings = blob_of(lists->data + cells,
								     lists->len - cells),
						 .as_of = delivery->as_of };
	return 0;
}

static void fill_head(struct reconciler *reconciler, const struct delivery *delivery,
		      const struct frame_row *row, struct source_record *record)
{
	record->source = delivery->source;
	record->run = delivery->run;
	record->absent = 0;
	record->flags = 0;
	memcpy(record->cells_hash, row->cells_hash, sizeof(record->cells_hash));
	record_hash(reconciler->content, &row->record, record->content_hash);
	memcpy(record->interpretation, delivery->interpretation, sizeof(record->interpretation));
}

static int golden_with(struct reconciler *reconciler, const struct person_view *view, int skip,
		       const struct delivery *delivery, const struct frame_row *row,
		       uint32_t ordinal, struct err *err)
{
	struct contribution contributions[GOLDEN_CONTRIBUTIONS_MAX + 1];
	int count = view == NULL ? 0 : person_view_contributions(view, skip, contributions, err);
	if (count < 0)
		return count;
	contributions[count++] = (struct contribution){ .record = row->record,
							.source = delivery->source,
							.ordinal = ordinal,
							.source_key = row->source_key,
							.as_of = delivery->as_of };
	buf_reset(&reconciler->golden);
	return golden_make(reconciler->options.schema, reconciler->options.policy, contributions,
			   (size_t)count, reconciler->builder, &reconciler->golden, err);
}

/* The fields of a record, each once, whatever number of elements has it. */
static size_t name_fields(const struct reconciler *reconciler, const struct record *record,
			  struct leaf_field *fields, size_t max)
{
	struct record_iter iter = record_iterate(record);
	struct fact fact;
	uint16_t last = 0; /* facts rise by field */
	size_t count = 0;
	while (count < max && record_next(&iter, &fact)) {
		const struct schema_field *field =
			schema_field_by_number(reconciler->options.schema, fact.field);
		if (fact.field != last && field != NULL)
			fields[count++] =
				(struct leaf_field){ .path = field->path, .op = LEAF_OP_SET };
		last = fact.field;
	}
	return count;
}

static int leaf_new(struct reconciler *reconciler, struct store_txn *txn,
		    const struct delivery *delivery, const struct frame_row *row,
		    const struct link_decision *decision, const struct person *owner,
		    const uint8_t subject[LEAF_SUBJECT_SIZE], struct err *err)
{
	/* One commitment binds all of a first version; the leaves of later changes hold what was before them. */
	struct leaf_field fields[128];
	uint8_t hash[SHA256_SIZE];
	sha256(row->record.encoding.data, row->record.encoding.len, hash);
	char hash_text[2 * SHA256_SIZE + 1];
	hex_encode(hash, sizeof(hash), hash_text);
	const struct leaf_private privates[] = { { "record_sha256", blob_text(hash_text) },
						 { "source_key", row->source_key } };
	struct leaf leaf = {
		.act = AUDIT_ACT_ROW_NEW,
		.subject = subject,
		.run = delivery->run,
		.source = { delivery->source_name, row->at.file, row->at.row, row->at.byte_offset },
		.rule = { .decision = decision->action == LINK_JOIN ? "join" : "new",
			  .id = (uint16_t)decision->rule },
		.whole_record = true,
		.fields = fields,
		.field_count = name_fields(reconciler, &row->record, fields,
					   sizeof(fields) / sizeof(fields[0])),
		.privates = privates,
		.private_count = sizeof(privates) / sizeof(privates[0]),
	};
	return audit_log_append(reconciler->options.audit, txn, &leaf, owner, NULL, err);
}

/* The owner as `reconciler->owner` holds it, or a person made for the row. */
static int choose_owner(struct reconciler *reconciler, struct store_txn *txn,
			const struct link_decision *decision, struct person *ret_owner,
			uint8_t ret_subject[LEAF_SUBJECT_SIZE], struct err *err)
{
	if (decision->action == LINK_JOIN) {
		if (person_view_load(txn, decision->person, reconciler->owner, err) < 0)
			return err->code;
		*ret_owner = reconciler->owner->person;
		memcpy(ret_subject, reconciler->owner->body.subj, LEAF_SUBJECT_SIZE);
		return 0;
	}
	random_fill(reconciler->options.random, ret_subject, LEAF_SUBJECT_SIZE);
	return person_new(txn, ret_owner, err);
}

/* Link the row to `decision`'s person as the source record `record`, which is created. */
static int create_record(struct reconciler *reconciler, struct store_txn *txn,
			 const struct delivery *delivery, const struct frame_row *row,
			 const struct identity *mine, const struct link_decision *decision,
			 const struct search *search, struct source_record *record,
			 struct reconciled *done, struct err *err)
{
	struct person owner;
	uint8_t subject[LEAF_SUBJECT_SIZE];
	if (choose_owner(reconciler, txn, decision, &owner, subject, err) < 0)
		return err->code;
	fill_head(reconciler, delivery, row, record);
	record->person = owner.ordinal;
	struct source_record_body body;
	if (body_of(reconciler, delivery, row, &body, err) < 0 ||
	    source_record_create(txn, &owner, record, &body, err) < 0 ||
	    change_numbers(reconciler, txn, record, mine, true, err) < 0)
		return err->code;
	struct member member = { .person = owner.ordinal,
				 .source = record->source,
				 .ordinal = record->ordinal,
				 .how = decision->action == LINK_JOIN ? MEMBER_EXACT : MEMBER_NEW,
				 .live = true,
				 .rule = (uint16_t)decision->rule,
				 .run = delivery->run };
	if (member_put(txn, &member, err) < 0)
		return err->code;
	const struct person_view *view = decision->action == LINK_JOIN ? reconciler->owner : NULL;
	if (golden_with(reconciler, view, -1, delivery, row, record->ordinal, err) < 0 ||
	    put_person(reconciler, txn, &owner, subject, err) < 0 ||
	    leaf_new(reconciler, txn, delivery, row, decision, &owner, subject, err) < 0)
		return err->code;
	done->created = true;
	if (decision->action != LINK_NEW_WITH_CASE)
		return 0;
	return open_case(reconciler, txn, delivery, decision->rule, record, search, subject, done,
			 err);
}

int reconcile_new(struct reconciler *reconciler, struct store_txn *txn,
		  const struct delivery *delivery, const struct frame_row *row,
		  struct reconciled *ret_done, struct err *err)
{
	struct identity mine = identity_of(reconciler, &row->record);
	struct search search;
	struct link_decision decision;
	struct source_record record = { .incarnation = 1 };
	*ret_done = (struct reconciled){ 0 };
	if (find_link(reconciler, txn, delivery->source, &mine, 0, &search, &decision, err) < 0)
		return err->code;
	return create_record(reconciler, txn, delivery, row, &mine, &decision, &search, &record,
			     ret_done, err);
}

/* ---- a known key ---- */

static int leaf_change(struct reconciler *reconciler, struct store_txn *txn,
		       const struct delivery *delivery, const struct frame_row *row,
		       const struct record *before, const struct person *owner,
		       const uint8_t subject[LEAF_SUBJECT_SIZE], struct err *err)
{
	CLEANUP(freep) struct leaf_field *fields = calloc(2 * LIMIT_FACTS, sizeof(*fields));
	if (fields == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	struct record_diff diff = record_diff_begin(before, &row->record);
	struct record_change change;
	size_t count = 0;
	while (count < 2 * LIMIT_FACTS && record_diff_next(&diff, &change)) {
		const struct fact *fact =
			change.kind == RECORD_REMOVED ? &change.before : &change.after;
		const struct schema_field *field =
			schema_field_by_number(reconciler->options.schema, fact->field);
		fields[count++] =
			(struct leaf_field){ .path = field == NULL ? "?" : field->path,
					     .op = change.kind == RECORD_REMOVED ? LEAF_OP_CLEAR
										 : LEAF_OP_SET,
					     .key = fact->key,
					     .before = change.before.value,
					     .after = change.after.value };
	}
	struct leaf leaf = {
		.act = count == 0 ? AUDIT_ACT_ROW_SAME : AUDIT_ACT_ROW_CHANGE,
		.subject = subject,
		.run = delivery->run,
		.source = { delivery->source_name, row->at.file, row->at.row, row->at.byte_offset },
		.fields = fields,
		.field_count = count,
	};
	return audit_log_append(reconciler->options.audit, txn, &leaf, owner, NULL, err);
}

static int end_record(struct reconciler *reconciler, struct store_txn *txn,
		      const struct delivery *delivery, struct source_record record, struct err *err)
{
	record.flags |= SOURCE_RECORD_ENDED;
	record.run = delivery->run;
	if (source_record_put_head(txn, &record, err) < 0 ||
	    refresh_person(reconciler, txn, record.person, err) < 0)
		return err->code;
	struct leaf leaf = { .act = AUDIT_ACT_ROW_END,
			     .subject = reconciler->other->body.subj,
			     .run = delivery->run,
			     .source = { .name = delivery->source_name } };
	return audit_log_append(reconciler->options.audit, txn, &leaf, NULL, NULL, err);
}

/* The key means somebody else now: its former owner ends, and the row begins an incarnation. */
static int replace_owner(struct reconciler *reconciler, struct store_txn *txn,
			 const struct delivery *delivery, const struct frame_row *row,
			 const struct identity *mine, const struct source_record *old,
			 struct reconciled *done, struct err *err)
{
	struct search search;
	struct link_decision decision;
	struct source_record record = { .incarnation = (uint16_t)(old->incarnation + 1) };
	if (end_record(reconciler, txn, delivery, *old, err) < 0)
		return err->code;
	done->ended = true;
	if (find_link(reconciler, txn, delivery->source, mine, old->person, &search, &decision,
		      err) < 0)
		return err->code;
	return create_record(reconciler, txn, delivery, row, mine, &decision, &search, &record,
			     done, err);
}

static int find_item(const struct person_view *view, const struct source_record *record)
{
	for (size_t i = 0; i < view->count; i++)
		if (view->items[i].record.source == record->source &&
		    view->items[i].record.ordinal == record->ordinal)
			return (int)i;
	return -1;
}

/* Invariant 5: would the new version give its person two valid CCCDs? */
static int contradicts_others(struct reconciler *reconciler, const struct identity *mine, int own,
			      bool *ret_does, struct err *err)
{
	struct contribution contributions[GOLDEN_CONTRIBUTIONS_MAX];
	int count = person_view_contributions(reconciler->owner, own, contributions, err);
	*ret_does = false;
	for (int i = 0; i < count; i++) {
		struct identity theirs = identity_of(reconciler, &contributions[i].record);
		struct signs signs = identity_compare(mine, &theirs);
		*ret_does |= !contributions[i].ended && signs.number == SIGN_CONTRADICTS;
	}
	return count < 0 ? count : 0;
}

/* The row leaves its person, whose other records its number contradicts, for one of its own; a person decides. */
static int split_off(struct reconciler *reconciler, struct store_txn *txn,
		     const struct delivery *delivery, const struct frame_row *row,
		     struct source_record *record, int own, struct reconciled *done,
		     struct err *err)
{
	struct search former = { .count = 1, .candidates = { { .person = record->person } } };
	struct member gone = reconciler->owner->items[own].member;
	gone.live = false;
	if (member_put(txn, &gone, err) < 0)
		return err->code;
	struct person owner;
	uint8_t subject[LEAF_SUBJECT_SIZE];
	const struct link_decision alone = { LINK_NEW_WITH_CASE, LINK_RULE_SPLIT_BY_CCCD, 0 };
	if (choose_owner(reconciler, txn, &alone, &owner, subject, err) < 0)
		return err->code;
	record->person = owner.ordinal;
	struct source_record_body body;
	struct member member = { .person = owner.ordinal,
				 .source = record->source,
				 .ordinal = record->ordinal,
				 .how = MEMBER_NEW,
				 .live = true,
				 .rule = LINK_RULE_SPLIT_BY_CCCD,
				 .run = delivery->run };
	if (body_of(reconciler, delivery, row, &body, err) < 0 ||
	    source_record_put(txn, &owner, record, &body, err) < 0 ||
	    member_put(txn, &member, err) < 0 ||
	    golden_with(reconciler, NULL, -1, delivery, row, record->ordinal, err) < 0 ||
	    put_person(reconciler, txn, &owner, subject, err) < 0 ||
	    leaf_new(reconciler, txn, delivery, row, &alone, &owner, subject, err) < 0 ||
	    refresh_person(reconciler, txn, former.candidates[0].person, err) < 0)
		return err->code;
	return open_case(reconciler, txn, delivery, LINK_RULE_SPLIT_BY_CCCD, record, &former,
			 subject, done, err);
}

/* Another version of the same human's record. */
static int put_version(struct reconciler *reconciler, struct store_txn *txn,
		       const struct delivery *delivery, const struct frame_row *row,
		       const struct record *before, const struct source_record *record, int own,
		       struct err *err)
{
	struct person_view *view = reconciler->owner;
	struct source_record_body body;
	if (body_of(reconciler, delivery, row, &body, err) < 0 ||
	    source_record_put(txn, &view->person, record, &body, err) < 0 ||
	    leaf_change(reconciler, txn, delivery, row, before, &view->person, view->body.subj,
			err) < 0 ||
	    golden_with(reconciler, view, own, delivery, row, record->ordinal, err) < 0)
		return err->code;
	if (blob_equal(buf_blob(&reconciler->golden), view->body.golden))
		return 0;
	return put_person(reconciler, txn, &view->person, view->body.subj, err);
}

/* A number that the row did not have before may belong to somebody whom we know: never joined silently. */
static int doubt_new_number(struct reconciler *reconciler, struct store_txn *txn,
			    const struct delivery *delivery, const struct identity *mine,
			    const struct identity *before, const struct source_record *record,
			    struct reconciled *done, struct err *err)
{
	if (blob_equal(mine->cccd, before->cccd) && blob_equal(mine->cmnd, before->cmnd))
		return 0;
	struct search search;
	struct link_decision decision = { 0 };
	if (find_link(reconciler, txn, delivery->source, mine, record->person, &search, &decision,
		      err) < 0)
		return err->code;
	if (decision.action == LINK_NEW)
		return 0;
	enum link_rule rule =
		decision.action == LINK_JOIN ? LINK_RULE_SEVERAL_PERSONS : decision.rule;
	return open_case(reconciler, txn, delivery, rule, record, &search,
			 reconciler->owner->body.subj, done, err);
}

static int continue_record(struct reconciler *reconciler, struct store_txn *txn,
			   const struct delivery *delivery, const struct frame_row *row,
			   const struct identity *mine, const struct record *before,
			   struct source_record record, bool in_doubt, struct reconciled *done,
			   struct err *err)
{
	struct identity old = identity_of(reconciler, before);
	int own = find_item(reconciler->owner, &record);
	bool contradicts = false;
	if (own < 0)
		return err_set(err, ERR_CORRUPT, MSG_RECORD_UNREADABLE,
			       ARG_U("source", record.source), ARG_U("ordinal", record.ordinal));
	if (contradicts_others(reconciler, mine, own, &contradicts, err) < 0 ||
	    change_numbers(reconciler, txn, &record, &old, false, err) < 0 ||
	    change_numbers(reconciler, txn, &record, mine, true, err) < 0)
		return err->code;
	fill_head(reconciler, delivery, row, &record);
	if (contradicts)
		return split_off(reconciler, txn, delivery, row, &record, own, done, err);
	if (put_version(reconciler, txn, delivery, row, before, &record, own, err) < 0 ||
	    doubt_new_number(reconciler, txn, delivery, mine, &old, &record, done, err) < 0)
		return err->code;
	if (!in_doubt)
		return 0;
	return open_case(reconciler, txn, delivery, LINK_RULE_KEY_REUSED, &record, NULL,
			 reconciler->owner->body.subj, done, err);
}

int reconcile_known(struct reconciler *reconciler, struct store_txn *txn,
		    const struct delivery *delivery, const struct frame_row *row, uint32_t ordinal,
		    struct reconciled *ret_done, struct err *err)
{
	struct source_record record;
	struct source_record_body body;
	struct record before;
	*ret_done = (struct reconciled){ 0 };
	buf_reset(&reconciler->old_plain);
	if (source_record_get(txn, delivery->source, ordinal, &record, err) < 0 ||
	    source_record_body(txn, &record, &reconciler->old_plain, &body, err) < 0 ||
	    record_open(body.record, &before, err) < 0 ||
	    person_view_load(txn, record.person, reconciler->owner, err) < 0)
		return err->code;
	struct identity mine = identity_of(reconciler, &row->record);
	struct identity old = identity_of(reconciler, &before);
	bool after_end = (record.flags & SOURCE_RECORD_ENDED) != 0;
	enum continuation continuation =
		identity_continues(identity_compare(&old, &mine), after_end);
	if (continuation == SOMEBODY_ELSE)
		return replace_owner(reconciler, txn, delivery, row, &mine, &record, ret_done, err);
	return continue_record(reconciler, txn, delivery, row, &mine, &before, record,
			       continuation == CONTINUES_IN_DOUBT, ret_done, err);
}
