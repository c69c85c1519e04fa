#include "daemon/store/mark.h"

#include <string.h>

#include "daemon/base/err.h"
#include "daemon/keys/state_file.h"

static const uint8_t magic[8] = "TRITHUCM";

int mark_decode(struct blob bytes, struct store_mark *ret_mark, struct err *err)
{
	struct store_mark mark = { 0 };
	struct reader reader = reader_of(bytes);
	struct blob head = reader_take(&reader, sizeof(magic));
	uint32_t format = reader_u32(&reader);
	if (!reader.failed && memcmp(head.data, magic, sizeof(magic)) == 0 && format > MARK_FORMAT)
		return err_set(err, ERR_FORMAT, MSG_STORE_FORMAT, ARG_U("format", format),
			       ARG_U("known", MARK_FORMAT));
	struct blob id = reader_take(&reader, STORE_ID_SIZE);
	mark.epoch = reader_u64(&reader);
	mark.audit_size = reader_u64(&reader);
	struct blob root = reader_take(&reader, SHA256_SIZE);
	size_t covered = bytes.len - reader.left;
	uint32_t sum = reader_u32(&reader);
	if (!reader_done(&reader) || memcmp(head.data, magic, sizeof(magic)) != 0 ||
	    format != MARK_FORMAT || sum != crc32c(bytes.data, covered))
		return ERR_CORRUPT;
	memcpy(mark.store_id, id.data, sizeof(mark.store_id));
	memcpy(mark.audit_root, root.data, sizeof(mark.audit_root));
	*ret_mark = mark;
	return 0;
}

int mark_read(const char *path, struct store_mark *ret_mark, struct err *err)
{
	CLEANUP(buf_finish) struct buf bytes = { 0 };
	int error = state_file_read(path, MARK_SIZE, &bytes, err);
	if (error == 0)
		error = mark_decode(buf_blob(&bytes), ret_mark, err);
	if (error == ERR_CORRUPT || error == ERR_INVALID)
		return err_set(err, ERR_CORRUPT, MSG_STORE_MARK_DAMAGED, ARG_PATH(path));
	return error;
}

int mark_write(const char *path, const struct store_mark *mark, struct err *err)
{
	CLEANUP(buf_finish) struct buf bytes = { 0 };
	buf_put(&bytes, magic, sizeof(magic));
	buf_put_u32(&bytes, MARK_FORMAT);
	buf_put(&bytes, mark->store_id, sizeof(mark->store_id));
	buf_put_u64(&bytes, mark->epoch);
	buf_put_u64(&bytes, mark->audit_size);
	buf_put(&bytes, mark->audit_root, sizeof(mark->audit_root));
	if (!buf_ok(&bytes))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	buf_put_u32(&bytes, crc32c(bytes.data, bytes.len));
	return state_file_replace(path, buf_blob(&bytes), err);
}

bool mark_is_ahead(const struct store_mark *mark, const struct store_mark *now)
{
	if (memcmp(mark->store_id, now->store_id, STORE_ID_SIZE) != 0 || mark->epoch > now->epoch ||
	    mark->audit_size > now->audit_size)
		return true;
	return mark->audit_size == now->audit_size &&
	       memcmp(mark->audit_root, now->audit_root, SHA256_SIZE) != 0;
}
