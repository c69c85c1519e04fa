/* Delivery: one batch to the national system and its answer, whatever happens on the way.
 *
 * A batch is posted as it stands; one that is to be asked for is looked up by its id and never posted.
 * An access token that is not taken any more is fetched anew and the same request repeated, once.
 */
#pragma once

#include "connectors/rest_push/oauth.h"
#include "connectors/rest_push/options.h"
#include "daemon/record/frame_push.h"

struct delivery {
	const struct rest_push_options *options;
	struct https *http;
	struct oauth oauth; /* on the same http */
	struct https_answer answer;
	struct buf scratch;
};

void delivery_finish(struct delivery *delivery);

/** Blocking, for as long as the timeouts say. `ret_answer` points into `delivery` and `batch`.
 * Errors: ERR_NOMEM, ERR_CONFIG (something that may not be sent): nothing was sent then.
 */
MUST_CHECK int delivery_send(struct delivery *delivery, const struct frame_batch *batch,
			     struct frame_answer *ret_answer, struct err *err);
