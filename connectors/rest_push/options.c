#include "connectors/rest_push/options.h"

#include <string.h>

const struct option_row rest_push_option_rows[] = {
	OPTION_URL("endpoint", struct rest_push_options, endpoint, .required = true, .max = 1000,
		   .help = MSG_HELP_PUSH_ENDPOINT),
	OPTION_URL("token_url", struct rest_push_options, token_url, .required = true, .max = 1000,
		   .help = MSG_HELP_PUSH_TOKEN_URL),
	OPTION_TEXT("client_id", struct rest_push_options, client_id, .required = true, .min = 1,
		    .max = 128, .help = MSG_HELP_PUSH_CLIENT_ID),
	OPTION_SECRET("secret", struct rest_push_options, secret, .required = true,
		      .help = MSG_HELP_PUSH_SECRET),
	OPTION_PATH("ca", struct rest_push_options, ca, .required = true, .pass = "ca",
		    .help = MSG_HELP_PUSH_CA),
	OPTION_TEXT("schema_version", struct rest_push_options, schema_version, .fallback = "1.0",
		    .max = 9, .help = MSG_HELP_PUSH_SCHEMA_VERSION),
	OPTION_DURATION("connect_timeout", struct rest_push_options, connect_timeout_ms,
			.fallback = "10s", .min = 100, .max = 120000,
			.help = MSG_HELP_PUSH_CONNECT_TIMEOUT),
	OPTION_DURATION("timeout", struct rest_push_options, timeout_ms, .fallback = "60s",
			.min = 100, .max = 600000, .help = MSG_HELP_PUSH_TIMEOUT),
	OPTION_BOOL("epoch", struct rest_push_options, epoch, .fallback = "true",
		    .help = MSG_HELP_PUSH_EPOCH),
	OPTION_BOOL("allow_private", struct rest_push_options, allow_private, .fallback = "false",
		    .help = MSG_HELP_PUSH_ALLOW_PRIVATE),
	OPTION_END,
};

/* A path is put behind it, so nothing may stand there already. */
void rest_push_options_check(const void *loaded, const struct doc_node *map, struct diag *diag)
{
	const struct rest_push_options *options = loaded;
	size_t len = strlen(options->endpoint);
	if (options->endpoint[len - 1] == '/' || strchr(options->endpoint, '?') != NULL)
		diag_error(diag, doc_place(doc_get(map, "endpoint")), MSG_PUSH_ENDPOINT_FORM);
}
