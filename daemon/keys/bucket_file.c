#include "daemon/keys/bucket_file.h"

#include "daemon/base/digest.h"
#include "daemon/base/err.h"
#include "daemon/base/limits.h"

static const uint8_t magic[8] = "TRITHUCK";

static int damaged(struct err *err)
{
	return err_set(err, ERR_CORRUPT, MSG_KEYS_DAMAGED);
}

uint32_t bucket_file_bucket(const struct bucket_file *file, uint32_t index)
{
	struct reader reader = { .data = file->entries + (size_t)index * BUCKET_FILE_ENTRY_SIZE,
				 .left = 4 };
	return reader_u32(&reader);
}

const uint8_t *bucket_file_wrapped(const struct bucket_file *file, uint32_t index)
{
	return file->entries + (size_t)index * BUCKET_FILE_ENTRY_SIZE + 4;
}

static bool rises(const struct bucket_file *file)
{
	for (uint32_t i = 1; i < file->count; i++) {
		uint32_t bucket = bucket_file_bucket(file, i);
		if (bucket < bucket_file_bucket(file, i - 1) ||
		    (i > 1 && bucket == bucket_file_bucket(file, i - 2)))
			return false;
	}
	return true;
}

int bucket_file_decode(struct blob bytes, struct bucket_file *ret_file, struct err *err)
{
	struct reader reader = reader_of(bytes);
	struct blob head = reader_take(&reader, sizeof(magic));
	uint32_t format = reader_u32(&reader);
	if (reader.failed || memcmp(head.data, magic, sizeof(magic)) != 0 || format == 0)
		return damaged(err);
	if (format > BUCKET_FILE_FORMAT)
		return err_set(err, ERR_FORMAT, MSG_KEYS_FORMAT, ARG_U("format", format),
			       ARG_U("known", BUCKET_FILE_FORMAT));
	struct bucket_file file;
	file.id = reader_take(&reader, BUCKET_FILE_ID_SIZE).data;
	file.check = reader_take(&reader, BUCKET_FILE_CHECK_SIZE).data;
	file.count = reader_u32(&reader);
	if (reader.failed || file.count > LIMIT_KEY_BUCKETS)
		return damaged(err);
	file.entries = reader_take(&reader, (size_t)file.count * BUCKET_FILE_ENTRY_SIZE).data;
	size_t covered = bytes.len - reader.left;
	uint32_t sum = reader_u32(&reader);
	if (!reader_done(&reader) || sum != crc32c(bytes.data, covered) || !rises(&file))
		return damaged(err);
	*ret_file = file;
	return 0;
}

void bucket_file_put_header(struct buf *out, const uint8_t *id, const uint8_t *check,
			    uint32_t count)
{
	buf_put(out, magic, sizeof(magic));
	buf_put_u32(out, BUCKET_FILE_FORMAT);
	buf_put(out, id, BUCKET_FILE_ID_SIZE);
	buf_put(out, check, BUCKET_FILE_CHECK_SIZE);
	buf_put_u32(out, count);
}

void bucket_file_put_entry(struct buf *out, uint32_t bucket, const uint8_t *wrapped)
{
	buf_put_u32(out, bucket);
	buf_put(out, wrapped, BUCKET_FILE_WRAPPED_SIZE);
}

void bucket_file_put_end(struct buf *out)
{
	buf_put_u32(out, crc32c(out->data, out->len));
}
