#include "daemon/reconcile/person_view.h"

#include "daemon/base/err.h"

static int load_item(struct store_txn *txn, const struct member *member,
		     struct person_view_item *item, struct err *err)
{
	item->member = *member;
	if (source_record_get(txn, member->source, member->ordinal, &item->record, err) < 0)
		return err->code;
	buf_reset(&item->plain);
	return source_record_body(txn, &item->record, &item->plain, &item->body, err);
}

static int load_items(struct store_txn *txn, struct person_view *view, struct err *err)
{
	CLEANUP(store_scan_closep) struct store_scan *scan = NULL;
	if (member_scan(txn, view->person.ordinal, &scan, err) < 0)
		return err->code;
	struct member member;
	int status;
	while ((status = member_next(scan, &member, err)) == 0) {
		if (!member.live)
			continue;
		if (view->count == GOLDEN_CONTRIBUTIONS_MAX)
			return err_set(err, ERR_INVALID, MSG_GOLDEN_RECORDS,
				       ARG_U("count", view->count + 1),
				       ARG_U("limit", GOLDEN_CONTRIBUTIONS_MAX));
		if (load_item(txn, &member, &view->items[view->count], err) < 0)
			return err->code;
		view->count++;
	}
	return status == ERR_NOT_FOUND ? 0 : status;
}

int person_view_load(struct store_txn *txn, uint32_t ordinal, struct person_view *view,
		     struct err *err)
{
	view->count = 0;
	buf_reset(&view->plain);
	if (person_get(txn, ordinal, &view->person, err) < 0)
		return err->code;
	if (person_body(txn, &view->person, &view->plain, &view->body, err) < 0)
		return err->code;
	return load_items(txn, view, err);
}

void person_view_finish(struct person_view *view)
{
	buf_cleanse(&view->plain);
	for (size_t i = 0; i < GOLDEN_CONTRIBUTIONS_MAX; i++)
		buf_cleanse(&view->items[i].plain);
	view->count = 0;
}

int person_view_contributions(const struct person_view *view, int skip,
			      struct contribution *contributions, struct err *err)
{
	int count = 0;
	for (size_t i = 0; i < view->count; i++) {
		const struct person_view_item *item = &view->items[i];
		if ((int)i == skip)
			continue;
		struct contribution *contribution = &contributions[count++];
		*contribution = (struct contribution){
			.source = item->record.source,
			.ordinal = item->record.ordinal,
			.ended = (item->record.flags & SOURCE_RECORD_ENDED) != 0,
			.source_key = item->body.key,
			.as_of = item->body.as_of,
		};
		if (record_open(item->body.record, &contribution->record, err) < 0)
			return err_set(err, ERR_CORRUPT, MSG_RECORD_UNREADABLE,
				       ARG_U("source", item->record.source),
				       ARG_U("ordinal", item->record.ordinal));
	}
	return count;
}
