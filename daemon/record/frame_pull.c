#include "daemon/record/frame_pull.h"

#include "daemon/record/frame_text.h"

static void put_locator(struct buf *out, const struct frame_locator *at)
{
	buf_put_u16(out, at->file);
	buf_put_u64(out, at->row);
	buf_put_u64(out, at->byte_offset);
}

static struct frame_locator take_locator(struct reader *in)
{
	struct frame_locator at = { .file = reader_u16(in) };
	at.row = reader_u64(in);
	at.byte_offset = reader_u64(in);
	return at;
}

void frame_put_file(struct buf *out, const struct frame_file *file)
{
	buf_put_blob(out, file->name);
	buf_put_u64(out, file->size_bytes);
	buf_put(out, file->sha256, sizeof(file->sha256));
}

int frame_get_file(struct blob body, struct frame_file *ret_file, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_file file = { .name = frame_take_text(&in, LIMIT_FRAME_NAME_BYTES) };
	file.size_bytes = reader_u64(&in);
	frame_take_bytes(&in, file.sha256, sizeof(file.sha256));
	int result = frame_body_end(&in, "FILE", err);
	if (result == 0)
		*ret_file = file;
	return result;
}

void frame_put_row(struct buf *out, const struct frame_row *row)
{
	put_locator(out, &row->at);
	buf_put_blob(out, row->source_key);
	buf_put(out, row->cells_hash, sizeof(row->cells_hash));
	buf_put_blob(out, row->record.encoding);
	frame_list_put(out, &row->cells);
	frame_list_put(out, &row->warnings);
}

int frame_get_row(struct blob body, struct frame_row *ret_row, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_row row = { .at = take_locator(&in) };
	row.source_key = frame_take_text(&in, LIMIT_SOURCE_KEY_BYTES);
	frame_take_bytes(&in, row.cells_hash, sizeof(row.cells_hash));
	struct blob encoding = reader_blob(&in, LIMIT_RECORD_BYTES);
	row.cells = frame_list_take_cells(&in);
	row.warnings = frame_list_take_warnings(&in);
	if (row.source_key.len == 0 || record_open(encoding, &row.record, NULL) < 0)
		in.failed = true;
	int result = frame_body_end(&in, "ROW", err);
	if (result == 0)
		*ret_row = row;
	return result;
}

void frame_put_reject(struct buf *out, const struct frame_reject *reject)
{
	put_locator(out, &reject->at);
	buf_put_blob(out, reject->source_key);
	buf_put_u8(out, (uint8_t)reject->class);
	frame_list_put(out, &reject->reasons);
	frame_list_put(out, &reject->cells);
}

int frame_get_reject(struct blob body, struct frame_reject *ret_reject, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_reject reject = { .at = take_locator(&in) };
	reject.source_key = frame_take_text(&in, LIMIT_SOURCE_KEY_BYTES);
	reject.class = (enum frame_class)frame_take_enum(&in, FRAME_CLASS_MAX);
	reject.reasons = frame_list_take_reasons(&in);
	reject.cells = frame_list_take_cells(&in);
	if (reject.reasons.count == 0)
		in.failed = true;
	int result = frame_body_end(&in, "REJECT", err);
	if (result == 0)
		*ret_reject = reject;
	return result;
}

void frame_put_skip(struct buf *out, const struct frame_skip *skip)
{
	put_locator(out, &skip->at);
	buf_put_u8(out, (uint8_t)skip->kind);
}

int frame_get_skip(struct blob body, struct frame_skip *ret_skip, struct err *err)
{
	struct reader in = reader_of(body);
	struct frame_skip skip = { .at = take_locator(&in) };
	uint8_t kind = reader_u8(&in);
	if (kind >= FRAME_SKIP_MAX)
		in.failed = true;
	skip.kind = (enum frame_skip_kind)kind;
	int result = frame_body_end(&in, "SKIP", err);
	if (result == 0)
		*ret_skip = skip;
	return result;
}
