/* Handlers: one per route; see schemas/control-api.openapi.yaml for what each takes and gives.
 *
 * They read the store in one read transaction of their own, and act through engine_api.h only.
 * Personal values leave masked, behind a leaf that says who looked.
 */
#pragma once

#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/control/control.h"
#include "daemon/control/engine_api.h"
#include "daemon/store/store.h"

#define HANDLERS(X) \
	X(status) \
	X(doctor) \
	X(runs_list) \
	X(runs_start) \
	X(runs_get) \
	X(publish_start) \
	X(records_find) \
	X(records_get) \
	X(exports_canonical) \
	X(cases_list) \
	X(cases_get) \
	X(quarantine_list) \
	X(quarantine_get) \
	X(audit_list) \
	X(audit_get) \
	X(audit_verify)

#define HANDLER_DECLARE_(name) http_handler handle_##name;
HANDLERS(HANDLER_DECLARE_)
#undef HANDLER_DECLARE_

/* ---- what they share (answer.c) ---- */

/** A decimal number from least to most, strictly; NULL gives `fallback`. Errors: ERR_INVALID. */
MUST_CHECK int take_number(const char *text, const char *name, uint64_t fallback, uint64_t least,
			   uint64_t most, uint64_t *ret_value, struct err *err);
/** `limit` of a list: 1..LIMIT_LIST_ROWS, 50 if it is not given. */
MUST_CHECK int take_limit(const char *text, unsigned *ret_limit, struct err *err);
MUST_CHECK int take_uuid(const char *text, const char *name, uint8_t out[UUID_SIZE],
			 struct err *err);

/** The text member `name` of the body. Errors: ERR_INVALID (missing, no text, empty, longer). */
MUST_CHECK int take_text(const struct http_request *request, const char *name, size_t max_bytes,
			 const char **ret_text, struct err *err);
/** No other members than those of `names` (ended by NULL). Errors: ERR_INVALID. */
MUST_CHECK int take_only(const struct http_request *request, const char *const *names,
			 struct err *err);

/** A time, or null for 0. */
void put_time(struct json_writer *json, const char *key, uint64_t realtime_us);
/** The number of a run or batch, or null for 0. */
void put_number_or_null(struct json_writer *json, const char *key, uint64_t number);
/** {"run": N}, 202. */
int answer_started(struct http_response *response, uint32_t run);
/** The output of a reader process. */
int answer_reader(struct http_response *response, const struct engine_reader *reader,
		  const char *content_type);
/** The name of a source's number, "?" if it has none. */
const char *source_name(const struct control *control, uint16_t number);
/** ERR_NOT_FOUND for something that a path names. */
int not_found(const char *what, struct err *err);
