/* Push answer: what an HTTP answer to a batch means, as the ANSWER frame says it; pure.
 *
 *	fate and status			outcome
 *	not sent			NOT_SENT
 *	unknown				UNKNOWN
 *	200, a sound result		ANSWERED
 *	200 else, other 2xx		UNKNOWN (a login page is no success; 202 is not done yet)
 *	408, 5xx			UNKNOWN (a gateway answers, what is behind it may have worked)
 *	404 unknown-batch, asked	NOT_SENT
 *	1xx, 3xx, other 4xx		REFUSED
 *
 * RELIABILITY.md rules 4 and 5, DOMAIN.md section 9. A result is sound if it is JSON of the contract for our
 * batch id; items are matched by the engine, which knows them.
 */
#pragma once

#include "connectors/transport/https.h"
#include "daemon/record/frame_push.h"

/** Fill `ret_answer` for `batch`; it points into `batch`, `http` and `scratch`, which is emptied first.
 * Errors: ERR_NOMEM only: whatever upstream says is an outcome.
 */
MUST_CHECK int push_answer_make(const struct frame_batch *batch, const struct https_answer *http,
				struct buf *scratch, struct frame_answer *ret_answer,
				struct err *err);
