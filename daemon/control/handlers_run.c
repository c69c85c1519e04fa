/* What the engine does and has done: status, doctor, runs, publishing. */
#include "build_config.h"
#include "daemon/base/clock.h"
#include "daemon/base/limits.h"
#include "daemon/control/handlers.h"

static void put_source(struct json_writer *json, const struct engine_source *source)
{
	json_object_begin(json);
	json_member_text(json, "connector", source->connector);
	json_member_text(json, "kind", source->is_sink ? "sink" : "source");
	put_time(json, "last_complete_at", source->last_complete_us);
	put_number_or_null(json, "last_run", source->last_run);
	json_member_text(json, "last_state", source->last_state);
	json_member_text(json, "name", source->name);
	put_time(json, "next_at", source->next_us);
	put_number_or_null(json, "running", source->running);
	json_object_end(json);
}

static void put_store_counts(struct json_writer *json, const struct engine_status *status)
{
	json_key(json, "counts");
	json_object_begin(json);
	json_member_unsigned(json, "dirty", status->dirty);
	json_member_unsigned(json, "open_batches", status->open_batches);
	json_member_unsigned(json, "open_cases", status->open_cases);
	json_member_unsigned(json, "persons", status->persons);
	json_member_unsigned(json, "quarantined", status->quarantined);
	json_member_unsigned(json, "source_records", status->source_records);
	json_object_end(json);
}

int handle_status(void *ctx, const struct http_request *request, struct http_response *response,
		  struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	struct engine_status status = { 0 };
	if (engine->status(engine->ctx, &status, err) < 0)
		return err->code;

	char roles[PEER_ROLES_SIZE];
	peer_roles_text(request->peer->roles, roles);
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "audit");
	json_object_begin(&json);
	json_member_hex(&json, "root", status.audit_root, sizeof(status.audit_root));
	json_member_unsigned(&json, "size", status.audit_size);
	json_object_end(&json);
	put_store_counts(&json, &status);
	put_time(&json, "now", clock_realtime_us(control->clock));
	json_member_text(&json, "roles", roles);
	json_key(&json, "sources");
	json_array_begin(&json);
	for (size_t i = 0; i < status.source_count; i++)
		put_source(&json, &status.sources[i]);
	json_array_end(&json);
	put_time(&json, "started_at", status.started_us);
	json_member_text(&json, "store_id", status.store_id);
	json_member_text(&json, "version", TRITHUC_VERSION);
	json_object_end(&json);
	return 0;
}

static void put_check(void *ctx, const struct engine_check *check)
{
	static const char *const verdicts[] = {
		[ENGINE_CHECK_OK] = "ok",
		[ENGINE_CHECK_WARNING] = "warning",
		[ENGINE_CHECK_FAILED] = "failed",
	};
	struct json_writer *json = ctx;
	json_object_begin(json);
	json_member_text(json, "name", check->name);
	json_member_text(json, "text", check->text[LANGUAGE_EN]);
	json_member_text(json, "text_vi", check->text[LANGUAGE_VI]);
	json_member_text(json, "verdict", verdicts[check->verdict]);
	json_object_end(json);
}

int handle_doctor(void *ctx, const struct http_request *request, struct http_response *response,
		  struct err *err)
{
	(void)request;
	const struct control *control = ctx;
	struct json_writer json = json_writer_of(&response->body);
	json_object_begin(&json);
	json_key(&json, "checks");
	json_array_begin(&json);
	if (control->engine->doctor(control->engine->ctx, put_check, &json, err) < 0)
		return err->code;
	json_array_end(&json);
	json_object_end(&json);
	return 0;
}

/* ---- runs ---------------------------------------------------------------------------------- */

static void put_counts(struct json_writer *json, const struct engine_run *run)
{
	const struct engine_counts *counts = &run->counts;
	json_key(json, "counts");
	json_object_begin(json);
#define PUT_COUNT_(name) json_member_unsigned(json, #name, counts->name);
	if (run->kind == ENGINE_RUN_SOURCE) {
		ENGINE_SOURCE_COUNTS(PUT_COUNT_)
	} else {
		ENGINE_PUBLISH_COUNTS(PUT_COUNT_)
	}
#undef PUT_COUNT_
	json_object_end(json);
}

static void put_cause(struct json_writer *json, const struct err *cause)
{
	json_key(json, "cause");
	if (cause->code == ERR_NONE_) {
		json_null(json);
		return;
	}
	json_object_begin(json);
	json_member_text(json, "code", message_code(cause->msg));
	json_member_text(json, "error", err_code_name(cause->code));
	json_member_text(json, "text", cause->text[LANGUAGE_EN]);
	json_member_text(json, "text_vi", cause->text[LANGUAGE_VI]);
	json_object_end(json);
}

static void put_run(struct json_writer *json, const struct engine_run *run)
{
	json_object_begin(json);
	put_cause(json, &run->cause);
	json_member_text(json, "completeness", run->completeness);
	put_counts(json, run);
	put_number_or_null(json, "done", run->done);
	json_member_bool(json, "ended", run->ended);
	put_time(json, "ended_at", run->ended_us);
	json_member_text(json, "kind", run->kind == ENGINE_RUN_SOURCE ? "source" : "publish");
	json_member_text(json, "name", run->name);
	put_number_or_null(json, "promised", run->promised);
	json_member_unsigned(json, "run", run->run);
	put_time(json, "started_at", run->started_us);
	json_member_text(json, "state", run->state);
	put_number_or_null(json, "total", run->total);
	json_object_end(json);
}

struct run_page {
	struct json_writer *json;
	unsigned count;
	uint32_t last;
};

static void put_run_of_page(void *ctx, const struct engine_run *run)
{
	struct run_page *page = ctx;
	put_run(page->json, run);
	page->last = run->run;
	page->count++;
}

int handle_runs_list(void *ctx, const struct http_request *request, struct http_response *response,
		     struct err *err)
{
	const struct control *control = ctx;
	const struct engine_api *engine = control->engine;
	uint64_t after = 0;
	unsigned limit = 0;
	if (take_number(request->query[0], "after", 0, 1, UINT32_MAX, &after, err) < 0 ||
	    take_limit(request->query[1], &limit, err) < 0)
		return err->code;

	struct json_writer json = json_writer_of(&response->body);
	struct run_page page = { .json = &json };
	json_object_begin(&json);
	json_key(&json, "runs");
	json_array_begin(&json);
	if (engine->list_runs(engine->ctx, (uint32_t)after, limit, put_run_of_page, &page, err) < 0)
		return err->code;
	json_array_end(&json);
	json_key(&json, "next");
	if (page.count == limit)
		json_unsigned(&json, page.last);
	else
		json_null(&json);
	json_object_end(&json);
	return 0;
}

int handle_runs_get(void *ctx, const struct http_request *request, struct http_response *response,
		    struct err *err)
{
	const struct control *control = ctx;
	uint64_t number = 0;
	struct engine_run run = { 0 };
	if (take_number(request->param[0], "run", 0, 1, UINT32_MAX, &number, err) < 0 ||
	    control->engine->get_run(control->engine->ctx, (uint32_t)number, &run, err) < 0)
		return err->code;
	struct json_writer json = json_writer_of(&response->body);
	put_run(&json, &run);
	return 0;
}

int handle_runs_start(void *ctx, const struct http_request *request, struct http_response *response,
		      struct err *err)
{
	static const char *const members[] = { "source", NULL };
	const struct engine_api *engine = ((const struct control *)ctx)->engine;
	const char *source = NULL;
	uint32_t run = 0;
	if (take_only(request, members, err) < 0 ||
	    take_text(request, "source", HTTP_TEXT_MAX, &source, err) < 0 ||
	    engine->start_run(engine->ctx, request->peer, source, &run, err) < 0)
		return err->code;
	return answer_started(response, run);
}

int handle_publish_start(void *ctx, const struct http_request *request,
			 struct http_response *response, struct err *err)
{
	static const char *const members[] = { NULL };
	const struct engine_api *engine = ((const struct control *)ctx)->engine;
	uint32_t run = 0;
	if (take_only(request, members, err) < 0 ||
	    engine->start_publish(engine->ctx, request->peer, &run, err) < 0)
		return err->code;
	return answer_started(response, run);
}
