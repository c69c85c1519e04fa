#include "daemon/record/frame_list.h"

#include "daemon/record/frame_text.h"

/* ---- writing ---- */

void frame_list_add_text(struct frame_list *list, struct buf *out, struct blob text)
{
	buf_put_blob(out, text);
	list->count++;
}

void frame_list_add_cell(struct frame_list *list, struct buf *out, const struct frame_cell *cell)
{
	buf_put_blob(out, cell->column);
	buf_put_blob(out, cell->text);
	list->count++;
}

void frame_list_add_warning(struct frame_list *list, struct buf *out,
			    const struct frame_warning *warning)
{
	buf_put_u16(out, warning->field);
	buf_put_u16(out, warning->code);
	buf_put_blob(out, warning->raw);
	list->count++;
}

void frame_list_add_reason(struct frame_list *list, struct buf *out,
			   const struct frame_reason *reason)
{
	buf_put_blob(out, reason->code);
	buf_put_blob(out, reason->column);
	buf_put_blob(out, reason->raw);
	list->count++;
}

void frame_list_add_result(struct frame_list *list, struct buf *out,
			   const struct frame_result *result)
{
	buf_put_blob(out, result->item_id);
	buf_put_u8(out, (uint8_t)result->status);
	buf_put_blob(out, result->etag);
	buf_put_blob(out, result->upstream_id);
	buf_put_blob(out, result->problem);
	list->count++;
}

void frame_list_put(struct buf *out, const struct frame_list *list)
{
	buf_put_u32(out, list->count);
	buf_put_blob(out, list->entries);
}

void frame_list_store(struct buf *out, const struct frame_list *list)
{
	buf_put_u32(out, list->count);
	buf_put(out, list->entries.data, list->entries.len);
}

struct frame_list frame_list_stored(struct blob value)
{
	struct reader in = reader_of(value);
	struct frame_list list = { .count = reader_u32(&in) };
	list.entries = reader_take(&in, in.left);
	return list;
}

/* ---- one entry off a reader, which fails if it does not hold ---- */

static struct frame_cell take_cell(struct reader *in)
{
	struct frame_cell cell = { .column = frame_take_text(in, LIMIT_VALUE_BYTES) };
	cell.text = frame_take_text(in, LIMIT_VALUE_BYTES);
	return cell;
}

static struct frame_warning take_warning(struct reader *in)
{
	struct frame_warning warning = { .field = reader_u16(in) };
	warning.code = reader_u16(in);
	warning.raw = frame_take_text(in, LIMIT_VALUE_BYTES);
	return warning;
}

static struct frame_reason take_reason(struct reader *in)
{
	struct frame_reason reason = { .code = frame_take_text(in, LIMIT_FRAME_NAME_BYTES) };
	reason.column = frame_take_text(in, LIMIT_VALUE_BYTES);
	reason.raw = frame_take_text(in, LIMIT_VALUE_BYTES);
	return reason;
}

static struct frame_result take_result(struct reader *in)
{
	struct frame_result result = { .item_id = frame_take_text(in, LIMIT_FRAME_NAME_BYTES) };
	result.status = (enum frame_item_status)frame_take_enum(in, FRAME_ITEM_MAX);
	result.etag = frame_take_text(in, LIMIT_FRAME_NAME_BYTES);
	result.upstream_id = frame_take_text(in, LIMIT_FRAME_NAME_BYTES);
	result.problem = frame_take_text(in, LIMIT_VALUE_BYTES);
	return result;
}

/* Walk the entries once with `take`, so that nothing can fail later. */
#define TAKE_LIST(in, take) \
	({ \
		struct frame_list list_ = { .count = reader_u32(in) }; \
		list_.entries = reader_blob((in), LIMIT_FRAME_BODY); \
		struct reader entries_ = reader_of(list_.entries); \
		for (uint32_t i_ = 0; i_ < list_.count && !entries_.failed; i_++) \
			(void)take(&entries_); \
		if (!reader_done(&entries_)) \
			(in)->failed = true; \
		list_; \
	})

static struct blob take_name(struct reader *in)
{
	return frame_take_text(in, LIMIT_FRAME_NAME_BYTES);
}

struct frame_list frame_list_take_texts(struct reader *in)
{
	return TAKE_LIST(in, take_name);
}

struct frame_list frame_list_take_cells(struct reader *in)
{
	return TAKE_LIST(in, take_cell);
}

struct frame_list frame_list_take_warnings(struct reader *in)
{
	return TAKE_LIST(in, take_warning);
}

struct frame_list frame_list_take_reasons(struct reader *in)
{
	return TAKE_LIST(in, take_reason);
}

struct frame_list frame_list_take_results(struct reader *in)
{
	return TAKE_LIST(in, take_result);
}

/* ---- walking ---- */

#define NEXT(list, take, ret) \
	({ \
		struct reader in_ = reader_of((list)->entries); \
		bool there_ = (list)->count > 0; \
		if (there_) { \
			*(ret) = take(&in_); \
			(list)->entries = blob_of(in_.data, in_.left); \
			(list)->count--; \
		} \
		there_ && !in_.failed; \
	})

bool frame_list_text(struct frame_list *list, struct blob *ret_text)
{
	return NEXT(list, take_name, ret_text);
}

bool frame_list_cell(struct frame_list *list, struct frame_cell *ret_cell)
{
	return NEXT(list, take_cell, ret_cell);
}

bool frame_list_warning(struct frame_list *list, struct frame_warning *ret_warning)
{
	return NEXT(list, take_warning, ret_warning);
}

bool frame_list_reason(struct frame_list *list, struct frame_reason *ret_reason)
{
	return NEXT(list, take_reason, ret_reason);
}

bool frame_list_result(struct frame_list *list, struct frame_result *ret_result)
{
	return NEXT(list, take_result, ret_result);
}
