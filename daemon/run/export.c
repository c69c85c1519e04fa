#include "daemon/run/export.h"

#include <stdio.h>

#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/publish/publish_state.h"
#include "daemon/reconcile/identity.h"
#include "daemon/reconcile/person_view.h"
#include "daemon/record/schema.h"
#include "daemon/store/case_table.h"
#include "daemon/store/dictionary.h"
#include "daemon/store/image.h"
#include "daemon/store/quarantine.h"

struct export
{
	struct store *store;
	const struct schema *schema;
	struct store_txn *txn;
	struct buf line;
	struct person_view view;
	int out_fd;
};

static int write_line(struct export *export, struct err *err)
{
	buf_put_u8(&export->line, '\n');
	if (!buf_ok(&export->line))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t done = 0; done < export->line.len;) {
		ssize_t n =
			write(export->out_fd, export->line.data + done, export->line.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set_errno(err, errno, MSG_FILE_WRITE, "export");
		done += (size_t)n;
	}
	buf_reset(&export->line);
	return 0;
}

static const char *source_name(const struct export *export, uint16_t source)
{
	const char *name = dictionary_name(export->store, DICTIONARY_SOURCE, source);
	return name == NULL ? "?" : name;
}

/* "noi-vu/LS.0797524", with "#2" behind it for a second incarnation. */
static void put_record_name(const struct export *export, const struct person_view_item *item,
			    struct buf *out)
{
	buf_put_text(out, source_name(export, item->record.source));
	buf_put_u8(out, '/');
	buf_put(out, item->body.key.data, item->body.key.len);
	if (item->record.incarnation > 1) {
		char text[16];
		(void)snprintf(text, sizeof(text), "#%u", item->record.incarnation);
		buf_put_text(out, text);
	}
}

/* ---- names of a person, sorted ---- */

struct names {
	struct buf text[GOLDEN_CONTRIBUTIONS_MAX];
	size_t order[GOLDEN_CONTRIBUTIONS_MAX]; /* into the view's items, by name */
	size_t count;
};

static void names_make(const struct export *export, const struct person_view *view,
		       struct names *names)
{
	names->count = view->count;
	for (size_t i = 0; i < view->count; i++) {
		put_record_name(export, &view->items[i], &names->text[i]);
		size_t at = i;
		for (; at > 0; at--) {
			size_t before = names->order[at - 1];
			if (blob_compare(buf_blob(&names->text[before]),
					 buf_blob(&names->text[i])) <= 0)
				break;
			names->order[at] = before;
		}
		names->order[at] = i;
	}
}

static void names_finish(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		buf_cleanse(&names->text[i]);
}

static void put_names(struct json_writer *json, const struct names *names)
{
	json_array_begin(json);
	for (size_t i = 0; i < names->count; i++)
		json_text_blob(json, buf_blob(&names->text[names->order[i]]));
	json_array_end(json);
}

/* ---- persons ---- */

static const char *how_name(uint8_t how)
{
	static const char *const names[] = { "?", "new", "exact", "auto", "manual" };
	return names[how <= MEMBER_MANUAL ? how : 0];
}

static void put_links(const struct export *export, struct json_writer *json,
		      const struct names *names)
{
	json_key(json, "links");
	json_array_begin(json);
	for (size_t i = 0; i < names->count; i++) {
		const struct person_view_item *item = &export->view.items[names->order[i]];
		json_object_begin(json);
		json_member_bool(json, "ended", (item->record.flags & SOURCE_RECORD_ENDED) != 0);
		json_member_text(json, "how", how_name(item->member.how));
		json_member_blob(json, "record", buf_blob(&names->text[names->order[i]]));
		json_member_text(json, "rule", link_rule_name((enum link_rule)item->member.rule));
		json_object_end(json);
	}
	json_array_end(json);
}

/* "degree[thac-si/2015].level": the path with the element key, in the order of the record. */
static void put_golden(const struct export *export, struct json_writer *json,
		       const struct record *golden)
{
	struct record_iter iter = record_iterate(golden);
	struct fact fact;
	json_key(json, "golden");
	json_array_begin(json);
	while (record_next(&iter, &fact)) {
		const struct schema_field *field =
			schema_field_by_number(export->schema, fact.field);
		json_array_begin(json);
		json_text(json, field == NULL ? "?" : field->path);
		json_text_blob(json, fact.key);
		json_text_blob(json, fact.value);
		json_array_end(json);
	}
	json_array_end(json);
}

static int put_image(struct export *export, struct json_writer *json, struct err *err)
{
	struct image image;
	struct image_body body;
	struct buf plain = { 0 };
	int status = image_find(export->txn, &export->view.person, &plain, &image, &body, err);
	json_key(json, "image");
	if (status == 0) {
		json_object_begin(json);
		json_key(json, "sent");
		if (body.projection.len > 0)
			json_raw(json, body.projection);
		else
			json_null(json);
		json_member_text(json, "state", image_state_name(image.state));
		json_object_end(json);
	} else {
		json_null(json);
	}
	buf_cleanse(&plain);
	return status == ERR_NOT_FOUND ? 0 : status;
}

static int export_person(struct export *export, uint32_t ordinal, struct err *err)
{
	struct record golden;
	if (person_view_load(export->txn, ordinal, &export->view, err) < 0 ||
	    record_open(export->view.body.golden, &golden, err) < 0)
		return err->code;
	struct names names = { 0 };
	names_make(export, &export->view, &names);
	struct json_writer json = json_writer_of(&export->line);
	json_object_begin(&json);
	put_golden(export, &json, &golden);
	int status = put_image(export, &json, err);
	put_links(export, &json, &names);
	json_key(&json, "person");
	put_names(&json, &names);
	json_object_end(&json);
	names_finish(&names);
	return status < 0 ? status : write_line(export, err);
}

/* ---- cases and quarantine ---- */

static int put_case_person(struct export *export, struct json_writer *json, uint32_t person,
			   struct err *err)
{
	if (person_view_load(export->txn, person, &export->view, err) < 0)
		return err->code;
	struct names names = { 0 };
	names_make(export, &export->view, &names);
	put_names(json, &names);
	names_finish(&names);
	return 0;
}

static int export_case(struct export *export, const struct case_row *row, struct err *err)
{
	struct json_writer json = json_writer_of(&export->line);
	json_object_begin(&json);
	json_member_text(&json, "case", link_rule_name((enum link_rule)row->rule));
	json_member_bool(&json, "open", row->open);
	json_key(&json, "persons");
	json_array_begin(&json);
	for (size_t i = 0; i < row->person_count; i++)
		if (put_case_person(export, &json, row->persons[i], err) < 0)
			return err->code;
	json_array_end(&json);
	json_object_end(&json);
	return write_line(export, err);
}

static int export_quarantined(struct export *export, const struct quarantine_row *row,
			      struct err *err)
{
	struct quarantine_body body;
	struct buf plain = { 0 };
	int status = quarantine_body(export->txn, row, &plain, &body, err);
	if (status == 0) {
		struct json_writer json = json_writer_of(&export->line);
		json_object_begin(&json);
		json_member_text(&json, "codes", row->codes);
		json_member_blob(&json, "key", body.key);
		json_member_text(&json, "quarantined", source_name(export, row->source));
		json_member_unsigned(&json, "row", row->row);
		json_object_end(&json);
		status = write_line(export, err);
	}
	buf_cleanse(&plain);
	return status;
}

/* ---- walks, each with short transactions: a reader must not hold pages for long ---- */

enum { CHUNK = 500 };

/* Returns 1 when there is no more; `*next` is where to go on. */
typedef int walk_fn(struct export *export, uint64_t *next, struct err *err);

static int walk_persons(struct export *export, uint64_t *next, struct err *err)
{
	uint32_t count;
	if (person_count(export->txn, &count, err) < 0)
		return err->code;
	for (int i = 0; i < CHUNK && *next <= count; i++, (*next)++) {
		struct person person;
		if (person_get(export->txn, (uint32_t)*next, &person, NULL) == ERR_NOT_FOUND)
			continue; /* an ordinal that was given and never used */
		if (export_person(export, (uint32_t)*next, err) < 0)
			return err->code;
	}
	return *next > count;
}

static int walk_cases(struct export *export, uint64_t *next, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct case_row row;
	int status = case_table_scan(export->txn, *next, &scan, err);
	for (int i = 0; status == 0 && i < CHUNK; i++) {
		status = case_table_next(scan, &row, err);
		if (status == 0)
			status = export_case(export, &row, err);
		if (status == 0)
			*next = row.id + 1;
	}
	return status == ERR_NOT_FOUND ? 1 : status;
}

static int walk_quarantine(struct export *export, uint64_t *next, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	struct quarantine_row row;
	int status = quarantine_scan(export->txn, (uint16_t)*next, NULL, &scan, err);
	while (status == 0) { /* few rows, and a row has no number to go on from */
		status = quarantine_next(scan, &row, err);
		if (status == 0)
			status = export_quarantined(export, &row, err);
	}
	return status == ERR_NOT_FOUND ? 1 : status;
}

static int walk(struct export *export, walk_fn *step, struct err *err)
{
	uint64_t next = 1;
	for (int done = 0; done == 0;) {
		CLEANUP(store_abortp) struct store_txn *txn = NULL;
		if (store_begin(export->store, KV_READ, &txn, err) < 0)
			return err->code;
		export->txn = txn;
		done = step(export, &next, err);
		if (done < 0)
			return done;
	}
	return 0;
}

int export_canonical(struct store *store, const struct schema *schema, int out_fd, struct err *err)
{
	CLEANUP(freep) struct export *export = calloc(1, sizeof(*export));
	if (export == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	export->store = store;
	export->schema = schema;
	export->out_fd = out_fd;
	int status = walk(export, walk_persons, err);
	if (status == 0)
		status = walk(export, walk_cases, err);
	if (status == 0)
		status = walk(export, walk_quarantine, err);
	buf_cleanse(&export->line);
	person_view_finish(&export->view);
	return status;
}
