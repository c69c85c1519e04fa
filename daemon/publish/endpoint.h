/* Endpoint: the pause of a sink as a whole, kept in the store's meta so that it survives a restart.
 *
 *	what came			pause		until
 *	429, 425; 503			THROTTLED	Retry-After, clamped; else the backoff
 *	RETRY_BREAKER failures in a row	FAILING		the backoff; then one batch probes
 *	401, 403, 404, other 4xx, 3xx	REFUSED		publisher_resume()
 *	409 fenced			FENCED		likewise
 *	422 other-payload, 409		OTHER_PAYLOAD	likewise
 *	  batch-reused
 *	an answer with results		none		-
 */
#pragma once

#include "daemon/publish/publisher.h"

#define ENDPOINT_PARKED UINT64_MAX

/** Changes in memory; pure. `now_us` by the wall clock. */
void endpoint_answered(struct publish_endpoint *endpoint);
void endpoint_failed(struct publish_endpoint *endpoint, const struct config_retry *retry,
		     uint64_t now_us, const struct random_source *random);
void endpoint_throttled(struct publish_endpoint *endpoint, const struct config_retry *retry,
			uint32_t retry_after_s, uint16_t http_status, uint64_t now_us,
			const struct random_source *random);
void endpoint_park(struct publish_endpoint *endpoint, enum publish_pause pause,
		   uint16_t http_status);

/** How long nothing may be sent; UINT64_MAX while parked. */
uint64_t endpoint_wait_us(const struct publish_endpoint *endpoint, const struct config_retry *retry,
			  uint64_t now_us);

/** To and from the store; never put means no pause. */
MUST_CHECK int endpoint_put(struct store_txn *txn, const char *name,
			    const struct publish_endpoint *endpoint, struct err *err);
MUST_CHECK int endpoint_get(struct store_txn *txn, const char *name,
			    struct publish_endpoint *ret_endpoint, struct err *err);
