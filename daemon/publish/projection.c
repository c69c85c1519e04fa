#include "daemon/publish/projection.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/limits.h"
#include "daemon/record/element.h"
#include "daemon/record/validate.h"

enum form {
	FORM_TEXT,
	FORM_GENDER,
	FORM_NUMBER, /* canonical decimals are numbers of RFC 8785 as they stand */
	FORM_BOOLEAN,
	FORM_CODE, /* {code, list}: a code means nothing without its list */
	FORM_IDENTIFIER,
	FORM_IDENTIFIER_TAX_CODE,
};

struct row {
	struct projection_place place;
	enum form form;
	const char *list;        /* FORM_CODE: its name in the contract */
	const char *schema_list; /* and in the schema: the two must mean the same */
};

#define PLAIN(source_, key_, form_) \
	{ \
		.place = { (source_), NULL, (key_) }, .form = (form_) \
	}
#define IN(object_, source_, key_, form_) \
	{ \
		.place = { (source_), (object_), (key_) }, .form = (form_) \
	}

/* In the order of the keys that are written (RFC 8785 section 3.2.3); a test holds it. */
static const struct row rows[] = {
	IN("academicTitle", "academic_title.name", "name", FORM_TEXT),
	IN("academicTitle", "academic_title.year", "year", FORM_NUMBER),
	IN("awards", "award[].kind", "kind", FORM_TEXT),
	IN("awards", "award[].name", "name", FORM_TEXT),
	IN("awards", "award[].year", "year", FORM_NUMBER),
	PLAIN("identity.birth_date", "birthDate", FORM_TEXT),
	PLAIN("identity.birth_place", "birthPlace", FORM_TEXT),
	IN("contact", "contact.address", "address", FORM_TEXT),
	{ { "contact.commune_code", "contact", "commune" },
	  FORM_CODE,
	  "dvhc-2025-07",
	  "dvhc-2025-07" },
	IN("contact", "contact.email", "email", FORM_TEXT),
	IN("contact", "contact.phone", "phone", FORM_TEXT),
	IN("degrees", "degree[].country", "country", FORM_TEXT),
	IN("degrees", "degree[].discipline", "discipline", FORM_TEXT),
	IN("degrees", "degree[].discipline_code", "disciplineCode", FORM_TEXT),
	IN("degrees", "degree[].institution", "institution", FORM_TEXT),
	IN("degrees", "degree[].level", "level", FORM_TEXT),
	IN("degrees", "degree[].year", "year", FORM_NUMBER),
	{ { "identity.ethnic", NULL, "ethnic" }, FORM_CODE, "vn1979", "ethnic-1979" },
	PLAIN("identity.full_name", "fullName", FORM_TEXT),
	PLAIN("identity.sex", "gender", FORM_GENDER),
	PLAIN("identity.home_place", "homePlace", FORM_TEXT),
	IN("identifiers", "identity.cccd", "cccd", FORM_IDENTIFIER),
	IN("identifiers", "identity.cmnd", "cmnd", FORM_IDENTIFIER),
	IN("identifiers", "identity.passport", "passport", FORM_IDENTIFIER),
	IN("identifiers", "identity.social_insurance", "socialInsurance", FORM_IDENTIFIER),
	IN("identifiers", "identity.tax_code", "taxCode", FORM_IDENTIFIER_TAX_CODE),
	PLAIN("identity.nationality", "nationality", FORM_TEXT),
	PLAIN("identity.other_name", "otherName", FORM_TEXT),
	IN("overseas", "overseas.country", "country", FORM_TEXT),
	IN("overseas", "overseas.field", "field", FORM_TEXT),
	IN("overseas", "overseas.organisation", "organisation", FORM_TEXT),
	IN("overseas", "overseas.since", "since", FORM_TEXT),
	IN("positions", "employment[].coefficient", "coefficient", FORM_NUMBER),
	IN("positions", "employment[].department", "department", FORM_TEXT),
	IN("positions", "employment[].end_date", "endDate", FORM_TEXT),
	IN("positions", "employment[].grade_code", "gradeCode", FORM_TEXT),
	IN("positions", "employment[].grade_name", "gradeName", FORM_TEXT),
	IN("positions", "employment[].kind", "kind", FORM_TEXT),
	IN("positions", "employment[].main", "main", FORM_BOOLEAN),
	IN("positions", "employment[].organisation", "organisation", FORM_TEXT),
	IN("positions", "employment[].position", "position", FORM_TEXT),
	IN("positions", "employment[].sector", "sector", FORM_TEXT),
	IN("positions", "employment[].start_date", "startDate", FORM_TEXT),
	IN("positions", "employment[].step", "step", FORM_NUMBER),
	IN("qualification", "qualification.foreign_language", "foreignLanguage", FORM_TEXT),
	IN("qualification", "qualification.it_skill", "itSkill", FORM_TEXT),
	IN("qualification", "qualification.minority_language", "minorityLanguage", FORM_TEXT),
	IN("qualification", "qualification.political_theory", "politicalTheory", FORM_TEXT),
	IN("qualification", "qualification.state_management", "stateManagement", FORM_TEXT),
	IN("rnd", "rnd.field_code", "fieldCode", FORM_TEXT),
	IN("rnd", "rnd.fte", "fte", FORM_NUMBER),
	IN("rnd", "rnd.role", "role", FORM_TEXT),
	IN("societies", "society[].organisation", "organisation", FORM_TEXT),
	IN("societies", "society[].role", "role", FORM_TEXT),
	IN("societies", "society[].since", "since", FORM_TEXT),
	IN("trainings", "training[].course", "course", FORM_TEXT),
	IN("trainings", "training[].hours", "hours", FORM_NUMBER),
	IN("trainings", "training[].kind", "kind", FORM_TEXT),
	IN("trainings", "training[].provider", "provider", FORM_TEXT),
	IN("trainings", "training[].year", "year", FORM_NUMBER),
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct projection {
	const struct schema_field *fields[ROWS];
};

/* One projection under way. */
struct work {
	const struct projection *projection;
	const struct record *golden;
	struct json_writer json;
	size_t left_out;
};

int projection_create(const struct schema *schema, struct projection **ret_projection,
		      struct err *err)
{
	CLEANUP(projection_destroyp) struct projection *projection = calloc(1, sizeof(*projection));
	if (projection == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	for (size_t i = 0; i < ROWS; i++) {
		const struct schema_field *field =
			schema_field_by_path(schema, rows[i].place.source);
		if (field == NULL || !field->golden)
			return err_set(err, ERR_CONFIG, MSG_PROJECTION_NO_FIELD,
				       ARG_WORD("field", rows[i].place.source));
		if (rows[i].form == FORM_CODE &&
		    (field->code_list_name == NULL ||
		     strcmp(field->code_list_name, rows[i].schema_list) != 0))
			return err_set(err, ERR_CONFIG, MSG_PROJECTION_OTHER_LIST,
				       ARG_WORD("field", rows[i].place.source),
				       ARG_WORD("list", rows[i].schema_list));
		projection->fields[i] = field;
	}
	*ret_projection = TAKE(projection);
	return 0;
}

void projection_destroy(struct projection *projection)
{
	free(projection);
}

const struct projection_place *projection_place_at(size_t index)
{
	return index < ROWS ? &rows[index].place : NULL;
}

/* ---- values ---- */

static bool is_number(struct blob value)
{
	int64_t micro;
	return validate_decimal(value, &micro);
}

static bool is_boolean(struct blob value)
{
	return blob_equal(value, blob_text("true")) || blob_equal(value, blob_text("false"));
}

/* The contract's ^([0-9]{10}|[0-9]{12}|[0-9]{10}-[0-9]{3})$; the schema's pattern has no alternatives. */
static bool is_tax_code(struct blob value)
{
	if (value.len != 10 && value.len != 12 && value.len != 14)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		bool dash = value.len == 14 && i == 10;
		if (dash ? value.data[i] != '-' : value.data[i] < '0' || value.data[i] > '9')
			return false;
	}
	return true;
}

static const char *gender_of(struct blob sex)
{
	if (blob_equal(sex, blob_text("nam")))
		return "male";
	return blob_equal(sex, blob_text("nữ")) ? "female" : NULL;
}

static bool contract_takes(enum form form, struct blob value)
{
	switch (form) {
	case FORM_GENDER:
		return gender_of(value) != NULL;
	case FORM_NUMBER:
		return is_number(value);
	case FORM_BOOLEAN:
		return is_boolean(value);
	case FORM_IDENTIFIER_TAX_CODE:
		return is_tax_code(value);
	case FORM_TEXT:
	case FORM_CODE:
	case FORM_IDENTIFIER:
		break;
	}
	return true;
}

static void write_value(struct json_writer *json, const struct row *row, struct blob value)
{
	switch (row->form) {
	case FORM_GENDER:
		json_text(json, gender_of(value));
		break;
	case FORM_NUMBER:
	case FORM_BOOLEAN:
		json_raw(json, value);
		break;
	case FORM_CODE:
		json_object_begin(json);
		json_member_blob(json, "code", value);
		json_member_text(json, "list", row->list);
		json_object_end(json);
		break;
	case FORM_IDENTIFIER:
	case FORM_IDENTIFIER_TAX_CODE:
		json_object_begin(json);
		json_member_text(json, "system", row->place.key);
		json_member_blob(json, "value", value);
		json_object_end(json);
		break;
	case FORM_TEXT:
		json_text_blob(json, value);
		break;
	}
}

/* The value if the contract takes it; else none, and what is lost is counted. */
static struct blob fitting(struct work *work, size_t row, struct blob value)
{
	if (value.len == 0 || contract_takes(rows[row].form, value))
		return value;
	work->left_out++;
	return blob_of(NULL, 0);
}

/* ---- objects and lists: rows first..end-1 stand in one of them ---- */

static bool in_array(size_t row)
{
	return rows[row].form == FORM_IDENTIFIER || rows[row].form == FORM_IDENTIFIER_TAX_CODE;
}

/* Opened by its first member, so that an empty one is not there. */
static void write_object(struct work *work, size_t first, size_t end)
{
	bool open = false, array = in_array(first);
	for (size_t i = first; i < end; i++) {
		struct blob value = fitting(
			work, i, record_value(work->golden, work->projection->fields[i]->number));
		if (value.len == 0)
			continue;
		if (!open) {
			json_key(&work->json, rows[first].place.object);
			(array ? json_array_begin : json_object_begin)(&work->json);
			open = true;
		}
		if (!array)
			json_key(&work->json, rows[i].place.key);
		write_value(&work->json, &rows[i], value);
	}
	if (open)
		(array ? json_array_end : json_object_end)(&work->json);
}

/* An element without what it must have cannot be said in the contract either. */
static bool is_whole(const struct schema_list *list, const struct element *element)
{
	for (size_t i = 0; i < list->field_count; i++)
		if (list->fields[i].required && element->values[i].len == 0)
			return false;
	return true;
}

static void write_element(struct work *work, size_t first, size_t end,
			  const struct schema_list *list, const struct element *element)
{
	json_object_begin(&work->json);
	for (size_t i = first; i < end; i++) {
		ptrdiff_t sub_field = work->projection->fields[i] - list->fields;
		struct blob value = fitting(work, i, element->values[sub_field]);
		if (value.len == 0)
			continue;
		json_key(&work->json, rows[i].place.key);
		write_value(&work->json, &rows[i], value);
	}
	json_object_end(&work->json);
}

static void write_list(struct work *work, size_t first, size_t end, const struct schema_list *list)
{
	struct element elements[LIMIT_LIST_ELEMENTS];
	size_t count = element_collect(list, work->golden, elements), written = 0;
	for (size_t i = 0; i < count; i++) {
		if (written == list->max_items || !is_whole(list, &elements[i])) {
			work->left_out++;
			continue;
		}
		if (written++ == 0) {
			json_key(&work->json, rows[first].place.object);
			json_array_begin(&work->json);
		}
		write_element(work, first, end, list, &elements[i]);
	}
	if (written > 0)
		json_array_end(&work->json);
}

static void write_plain(struct work *work, size_t row)
{
	struct blob value = fitting(
		work, row, record_value(work->golden, work->projection->fields[row]->number));
	if (value.len == 0)
		return;
	json_key(&work->json, rows[row].place.key);
	write_value(&work->json, &rows[row], value);
}

/* The first row behind `first` that stands in another object. */
static size_t end_of(size_t first)
{
	size_t end = first + 1;
	const char *object = rows[first].place.object;
	while (object != NULL && end < ROWS && rows[end].place.object != NULL &&
	       strcmp(rows[end].place.object, object) == 0)
		end++;
	return end;
}

int projection_write(const struct projection *projection, const struct record *golden,
		     struct buf *out, size_t *ret_left_out, struct err *err)
{
	struct work work = { .projection = projection,
			     .golden = golden,
			     .json = json_writer_of(out) };
	bool has_name = false;
	json_object_begin(&work.json);
	for (size_t i = 0, end; i < ROWS; i = end) {
		const struct schema_list *list = projection->fields[i]->list;
		end = end_of(i);
		has_name |= strcmp(rows[i].place.key, "fullName") == 0 &&
			    record_value(golden, projection->fields[i]->number).len > 0;
		if (list != NULL)
			write_list(&work, i, end, list);
		else if (rows[i].place.object != NULL)
			write_object(&work, i, end);
		else
			write_plain(&work, i);
	}
	json_object_end(&work.json);
	if (!buf_ok(out))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	if (!has_name)
		return err_set(err, ERR_INVALID, MSG_PROJECTION_NO_NAME);
	*ret_left_out = work.left_out;
	return 0;
}
