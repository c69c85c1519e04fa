#include "daemon/control/control.h"

#include "daemon/control/handlers.h"

enum { ACTS = ROLE_OPERATOR, AUDITS = ROLE_OPERATOR | ROLE_AUDITOR };

static const struct control_route routes[] = {
	{ "GET", "/v1/status", { NULL }, ROLE_ANY, false, handle_status },
	{ "GET", "/v1/doctor", { NULL }, ROLE_ANY, false, handle_doctor },
	{ "GET", "/v1/runs", { "after", "limit" }, ROLE_ANY, false, handle_runs_list },
	{ "POST", "/v1/runs", { NULL }, ACTS, true, handle_runs_start },
	{ "GET", "/v1/runs/{run}", { NULL }, ROLE_ANY, false, handle_runs_get },
	{ "POST", "/v1/publish", { NULL }, ACTS, true, handle_publish_start },
	{ "POST", "/v1/records/find", { NULL }, ROLE_ANY, true, handle_records_find },
	{ "GET", "/v1/records/{uuid}", { NULL }, ROLE_ANY, false, handle_records_get },
	{ "POST", "/v1/exports/canonical", { NULL }, AUDITS, true, handle_exports_canonical },
	{ "GET", "/v1/cases", { "after", "limit" }, ROLE_ANY, false, handle_cases_list },
	{ "GET", "/v1/cases/{case}", { NULL }, ROLE_ANY, false, handle_cases_get },
	{ "GET",
	  "/v1/quarantine",
	  { "after", "limit", "source" },
	  ROLE_ANY,
	  false,
	  handle_quarantine_list },
	{ "GET", "/v1/quarantine/{id}", { NULL }, ROLE_ANY, false, handle_quarantine_get },
	{ "GET", "/v1/audit", { "after", "limit" }, AUDITS, false, handle_audit_list },
	{ "GET", "/v1/audit/{index}", { NULL }, AUDITS, false, handle_audit_get },
	{ "POST", "/v1/audit/verify", { NULL }, AUDITS, true, handle_audit_verify },
};

const struct control_route *control_routes(size_t *ret_count)
{
	*ret_count = sizeof(routes) / sizeof(routes[0]);
	return routes;
}
