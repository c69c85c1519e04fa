/* Options of rest_push: where the national system is and how we show who we are. */
#pragma once

#include "config/option.h"

struct rest_push_options {
	char *endpoint; /* https://host[:port][/path], without a slash at its end */
	char *token_url;
	char *client_id;
	struct secret_ref secret;
	char *ca; /* PEM; the worker gets it as descriptor "ca" */
	char *schema_version;
	uint64_t connect_timeout_ms, timeout_ms;
	bool epoch;         /* send Client-Epoch */
	bool allow_private; /* the addresses of an inner network, such as a province's LGSP */
};

extern const struct option_row rest_push_option_rows[];

/** What rows cannot say, as struct connector_rows has it. */
void rest_push_options_check(const void *options, const struct doc_node *map, struct diag *diag);
