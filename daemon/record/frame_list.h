/* Frame list: lists inside of frames, written entry by entry and walked without copying.
 *
 * On the wire: u32 count and a blob that holds the entries one after the other. A list is checked when
 * the body around it is decoded, so walking one cannot fail; a walk moves the list on, so walk a copy
 * to keep it. What is put together here is stored as it stands too (cells, warnings).
 */
#pragma once

#include "daemon/base/bytes.h"
#include "daemon/record/frame.h"

enum frame_item_status {
	FRAME_ITEM_ACCEPTED = 1,
	FRAME_ITEM_UNCHANGED,
	FRAME_ITEM_EXISTS,
	FRAME_ITEM_CONFLICT,
	FRAME_ITEM_INVALID,
	FRAME_ITEM_RETRY,
	FRAME_ITEM_MAX,
};

struct frame_list {
	uint32_t count;
	struct blob entries;
};

struct frame_cell {
	struct blob column, text;
};

struct frame_warning {
	uint16_t field;
	uint16_t code; /* the digits of a message such as R0012 */
	struct blob raw;
};

struct frame_reason {
	struct blob code, column, raw;
};

struct frame_result { /* of one item of a batch */
	struct blob item_id;
	enum frame_item_status status;
	struct blob etag, upstream_id, problem;
};

/* Add an entry: the bytes to `out`, one to `list->count`; point list->entries at them when all are there. */
void frame_list_add_text(struct frame_list *list, struct buf *out, struct blob text);
void frame_list_add_cell(struct frame_list *list, struct buf *out, const struct frame_cell *cell);
void frame_list_add_warning(struct frame_list *list, struct buf *out,
			    const struct frame_warning *warning);
void frame_list_add_reason(struct frame_list *list, struct buf *out,
			   const struct frame_reason *reason);
void frame_list_add_result(struct frame_list *list, struct buf *out,
			   const struct frame_result *result);

/* Take the first entry off; false when none is left. */
bool frame_list_text(struct frame_list *list, struct blob *ret_text);
bool frame_list_cell(struct frame_list *list, struct frame_cell *ret_cell);
bool frame_list_warning(struct frame_list *list, struct frame_warning *ret_warning);
bool frame_list_reason(struct frame_list *list, struct frame_reason *ret_reason);
bool frame_list_result(struct frame_list *list, struct frame_result *ret_result);

/** A whole list to and from a body. One that does not hold makes the reader fail. */
void frame_list_put(struct buf *out, const struct frame_list *list);
struct frame_list frame_list_take_texts(struct reader *in);
struct frame_list frame_list_take_cells(struct reader *in);
struct frame_list frame_list_take_warnings(struct reader *in);
struct frame_list frame_list_take_reasons(struct reader *in);
struct frame_list frame_list_take_results(struct reader *in);

/** A whole list to and from a stored value (docs/store-format.md): u32 count, then the entries to its end. The seal
 * around it says that it is as it was, so that nothing is checked anew.
 */
void frame_list_store(struct buf *out, const struct frame_list *list);
struct frame_list frame_list_stored(struct blob value);
