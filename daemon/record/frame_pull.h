/* Frame pull: what a worker tells of a source: its files and what became of every row.
 *
 * Numbers are big-endian; a blob is u32 length and bytes; text is a blob of valid UTF-8. A decoded struct is
 * a view into the frame. A decoder checks every length, count, enum and text and that nothing is left
 * over, and fails with ERR_PROTOCOL; writing again what it gave makes the same bytes.
 */
#pragma once

#include "daemon/base/digest.h"
#include "daemon/record/frame_control.h"
#include "daemon/record/record.h"

enum { FRAME_HASH_SIZE = 16 };
enum frame_class { FRAME_CLASS_INVALID = 1, FRAME_CLASS_NEEDS_DECISION, FRAME_CLASS_MAX };

struct frame_locator {
	uint16_t file; /* how many FILE frames came before it, from 0 */
	uint64_t row, byte_offset;
};

struct frame_file {
	struct blob name;
	uint64_t size_bytes;
	uint8_t sha256[SHA256_SIZE];
};

struct frame_row {
	struct frame_locator at;
	struct blob source_key;
	uint8_t cells_hash[FRAME_HASH_SIZE];
	struct record record;
	struct frame_list cells, warnings;
};

struct frame_reject {
	struct frame_locator at;
	struct blob source_key; /* may be empty */
	enum frame_class class;
	struct frame_list reasons, cells;
};

struct frame_skip {
	struct frame_locator at;
	enum frame_skip_kind kind;
};

void frame_put_file(struct buf *out, const struct frame_file *file);
void frame_put_row(struct buf *out, const struct frame_row *row);
void frame_put_reject(struct buf *out, const struct frame_reject *reject);
void frame_put_skip(struct buf *out, const struct frame_skip *skip);
MUST_CHECK int frame_get_file(struct blob body, struct frame_file *ret_file, struct err *err);
MUST_CHECK int frame_get_row(struct blob body, struct frame_row *ret_row, struct err *err);
MUST_CHECK int frame_get_reject(struct blob body, struct frame_reject *ret_reject, struct err *err);
MUST_CHECK int frame_get_skip(struct blob body, struct frame_skip *ret_skip, struct err *err);
