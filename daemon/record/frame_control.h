/* Frame control: the bodies that begin and end the work of a worker, of either kind.
 *
 * Numbers are big-endian; a blob is u32 length and bytes; text is a blob of valid UTF-8. A decoded struct is
 * a view into the frame. A decoder checks every length, count, enum and text and that nothing is left
 * over, and fails with ERR_PROTOCOL; writing again what it gave makes the same bytes.
 */
#pragma once

#include "daemon/base/digest.h"
#include "daemon/record/frame.h"
#include "daemon/record/frame_list.h"

enum { FRAME_CELL_KEY_SIZE = 32 };
enum frame_role { FRAME_ROLE_FILE = 1, FRAME_ROLE_HTTP, FRAME_ROLE_COMMAND, FRAME_ROLE_MAX };
enum frame_sandbox {
	FRAME_SANDBOX_SECCOMP = 1,
	FRAME_SANDBOX_LANDLOCK = 2,
	FRAME_SANDBOX_RLIMITS = 4
};
enum frame_end_status { FRAME_END_OK = 1, FRAME_END_FAILED, FRAME_END_STATUS_MAX };
enum frame_completeness {
	FRAME_PROVEN = 1,
	FRAME_UNPROVEN,
	FRAME_INCOMPLETE,
	FRAME_COMPLETENESS_MAX
};
enum frame_skip_kind {
	FRAME_SKIP_HEADING,
	FRAME_SKIP_TOTAL,
	FRAME_SKIP_BLANK,
	FRAME_SKIP_DUPLICATE,
	FRAME_SKIP_OUT_OF_SCOPE,
	FRAME_SKIP_ERASED,
	FRAME_SKIP_MAX,
};

struct frame_hello {
	uint32_t protocol;
	uint32_t sandbox; /* bits of frame_sandbox */
};

struct frame_begin {
	enum frame_role role;
	struct blob connector, source; /* names */
	uint64_t run;
	uint8_t interpretation[SHA256_SIZE];
	uint8_t cell_key[FRAME_CELL_KEY_SIZE];
	uint64_t deadline_ms; /* from now */
	struct blob
		options; /* JSON: {"options": of the connector, "source" or "sink": what else it needs} */
	struct blob numbers;        /* schema_put_numbers() */
	struct frame_list fd_names; /* texts, as the descriptors: "schema", "secret:token" … */
};

struct frame_progress {
	uint64_t done, total; /* total 0: not known */
};

struct frame_end {
	enum frame_end_status status;
	uint64_t read, accepted, quarantined, skipped[FRAME_SKIP_MAX];
	enum frame_completeness completeness;
	uint64_t promised, counted; /* what the proof said, and what was there */
	uint8_t error;              /* a failed end: -enum err_code; else 0 */
	struct blob message_code;   /* "E3204" */
	struct blob message_en, message_vi;
};

void frame_put_hello(struct buf *out, const struct frame_hello *hello);
void frame_put_begin(struct buf *out, const struct frame_begin *begin);
void frame_put_progress(struct buf *out, const struct frame_progress *progress);
void frame_put_end(struct buf *out, const struct frame_end *end);
MUST_CHECK int frame_get_hello(struct blob body, struct frame_hello *ret_hello, struct err *err);
MUST_CHECK int frame_get_begin(struct blob body, struct frame_begin *ret_begin, struct err *err);
MUST_CHECK int frame_get_progress(struct blob body, struct frame_progress *ret_progress,
				  struct err *err);
MUST_CHECK int frame_get_end(struct blob body, struct frame_end *ret_end, struct err *err);
/** PROCEED and FINISH: nothing may stand in the body. */
MUST_CHECK int frame_get_nothing(struct blob body, struct err *err);
