#include "daemon/reconcile/rebuild.h"

#include "daemon/base/err.h"
#include "daemon/reconcile/person_view.h"

enum { CHUNK = 500 };

struct rebuild {
	const struct schema *schema;
	const struct survivorship *policy;
	struct record_builder *builder;
	struct person_view view;
	struct buf golden;
};

static int check_person(struct rebuild *rebuild, struct store_txn *txn, uint32_t ordinal,
			struct rebuild_report *report, struct err *err)
{
	struct contribution contributions[GOLDEN_CONTRIBUTIONS_MAX];
	if (person_view_load(txn, ordinal, &rebuild->view, err) < 0)
		return err->code;
	int count = person_view_contributions(&rebuild->view, -1, contributions, err);
	if (count < 0)
		return count;
	buf_reset(&rebuild->golden);
	if (golden_make(rebuild->schema, rebuild->policy, contributions, (size_t)count,
			rebuild->builder, &rebuild->golden, err) < 0)
		return err->code;
	report->persons++;
	report->differ += !blob_equal(buf_blob(&rebuild->golden), rebuild->view.body.golden);
	return 0;
}

/* Returns 1 at the end of the persons. */
static int check_chunk(struct rebuild *rebuild, struct store *store, uint32_t *next,
		       struct rebuild_report *report, struct err *err)
{
	CLEANUP(store_abortp) struct store_txn *txn = NULL;
	uint32_t count;
	if (store_begin(store, KV_READ, &txn, err) < 0 || person_count(txn, &count, err) < 0)
		return err->code;
	for (int i = 0; i < CHUNK && *next <= count; i++, (*next)++) {
		struct person person;
		if (person_get(txn, *next, &person, NULL) == ERR_NOT_FOUND)
			continue; /* an ordinal that was given and never used */
		if (check_person(rebuild, txn, *next, report, err) < 0)
			return err->code;
	}
	return *next > count;
}

int rebuild_check(struct store *store, const struct schema *schema,
		  const struct survivorship *policy, struct rebuild_report *ret_report,
		  struct err *err)
{
	CLEANUP(freep) struct rebuild *rebuild = calloc(1, sizeof(*rebuild));
	if (rebuild == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	rebuild->schema = schema;
	rebuild->policy = policy;
	struct rebuild_report report = { 0 };
	uint32_t next = 1;
	int status = record_builder_create(&rebuild->builder, err);
	while (status == 0)
		status = check_chunk(rebuild, store, &next, &report, err);
	record_builder_destroy(rebuild->builder);
	person_view_finish(&rebuild->view);
	buf_cleanse(&rebuild->golden);
	if (status < 0)
		return status;
	*ret_report = report;
	return 0;
}
