#include "daemon/publish/endpoint.h"

#include "daemon/base/err.h"
#include "daemon/publish/retry.h"
#include "daemon/store/store.h"

enum { ENDPOINT_VERSION = 1, US_PER_MS = 1000 };

void endpoint_answered(struct publish_endpoint *endpoint)
{
	*endpoint = (struct publish_endpoint){ .pause = PAUSE_NONE };
}

void endpoint_failed(struct publish_endpoint *endpoint, const struct config_retry *retry,
		     uint64_t now_us, const struct random_source *random)
{
	if (endpoint->failures < UINT32_MAX)
		endpoint->failures++;
	if (endpoint->failures < RETRY_BREAKER || endpoint->until_us == ENDPOINT_PARKED)
		return;
	endpoint->pause = PAUSE_FAILING;
	endpoint->until_us =
		now_us + retry_backoff_ms(retry, endpoint->failures, random) * US_PER_MS;
}

void endpoint_throttled(struct publish_endpoint *endpoint, const struct config_retry *retry,
			uint32_t retry_after_s, uint16_t http_status, uint64_t now_us,
			const struct random_source *random)
{
	if (endpoint->failures < UINT32_MAX)
		endpoint->failures++;
	if (endpoint->until_us == ENDPOINT_PARKED)
		return;
	endpoint->pause = PAUSE_THROTTLED;
	endpoint->http_status = http_status;
	endpoint->until_us =
		now_us +
		retry_after_ms(retry, retry_after_s, endpoint->failures, random) * US_PER_MS;
}

void endpoint_park(struct publish_endpoint *endpoint, enum publish_pause pause,
		   uint16_t http_status)
{
	endpoint->pause = pause;
	endpoint->http_status = http_status;
	endpoint->until_us = ENDPOINT_PARKED;
}

uint64_t endpoint_wait_us(const struct publish_endpoint *endpoint, const struct config_retry *retry,
			  uint64_t now_us)
{
	if (endpoint->pause == PAUSE_NONE)
		return 0;
	return endpoint->until_us == ENDPOINT_PARKED
		       ? UINT64_MAX
		       : retry_wait_us(retry, endpoint->until_us, now_us);
}

int endpoint_put(struct store_txn *txn, const char *name, const struct publish_endpoint *endpoint,
		 struct err *err)
{
	CLEANUP(buf_finish) struct buf value = { 0 };
	buf_put_u8(&value, ENDPOINT_VERSION);
	buf_put_u8(&value, (uint8_t)endpoint->pause);
	buf_put_u64(&value, endpoint->until_us);
	buf_put_u32(&value, endpoint->failures);
	buf_put_u16(&value, endpoint->http_status);
	if (!buf_ok(&value))
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	return store_meta_put(txn, name, buf_blob(&value), err);
}

int endpoint_get(struct store_txn *txn, const char *name, struct publish_endpoint *ret_endpoint,
		 struct err *err)
{
	struct blob value;
	int error = store_meta_find(txn, name, &value, err);
	*ret_endpoint = (struct publish_endpoint){ .pause = PAUSE_NONE };
	if (error < 0)
		return error == ERR_NOT_FOUND ? 0 : error;
	struct reader reader = reader_of(value);
	uint8_t version = reader_u8(&reader), pause = reader_u8(&reader);
	struct publish_endpoint endpoint = { .pause = (enum publish_pause)pause };
	endpoint.until_us = reader_u64(&reader);
	endpoint.failures = reader_u32(&reader);
	endpoint.http_status = reader_u16(&reader);
	if (!reader_done(&reader) || version != ENDPOINT_VERSION || pause >= PAUSE_MAX)
		return err_set(err, ERR_CORRUPT, MSG_PUBLISH_ENDPOINT);
	*ret_endpoint = endpoint;
	return 0;
}
