#include "connectors/rest_push/rest_push.h"

#include <stdlib.h>

#include "connectors/frame_sink.h"
#include "connectors/rest_push/delivery.h"
#include "daemon/base/err.h"

struct connector {
	struct https *http;
	struct delivery delivery;
};

static void rest_push_close(struct connector *connector)
{
	if (connector == NULL)
		return;
	delivery_finish(&connector->delivery);
	https_destroy(connector->http);
	free(connector);
}
DEFINE_CLEANUP(struct connector, rest_push_close);

static int rest_push_open(const struct connector_env *env, const void *loaded,
			  struct connector **ret_connector, struct err *err)
{
	const struct rest_push_options *options = loaded;
	CLEANUP(rest_push_closep) struct connector *connector = calloc(1, sizeof(*connector));
	if (connector == NULL)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	const struct https_options https_options = {
		.ca_fd = connector_fd(env, "ca"),
		.allow_private = options->allow_private,
		.connect_timeout_ms = options->connect_timeout_ms,
		.timeout_ms = options->timeout_ms,
		.clock = env->clock,
	};
	int error = https_create(&https_options, &connector->http, err);
	struct delivery *delivery = &connector->delivery;
	delivery->options = options;
	delivery->http = connector->http;
	delivery->oauth = (struct oauth){ .http = connector->http,
					  .clock = env->clock,
					  .token_url = options->token_url,
					  .client_id = options->client_id };
	if (error == 0)
		error = secret_read_fd(connector_fd(env, "secret:secret"), "secret",
				       &delivery->oauth.secret, err);
	if (error == 0)
		*ret_connector = TAKE(connector);
	return error;
}

static int rest_push_push(struct connector *connector, const struct frame_batch *batch,
			  struct frame_sink *sink, struct err *err)
{
	struct frame_answer answer;
	int error = delivery_send(&connector->delivery, batch, &answer, err);
	return error < 0 ? error : frame_sink_answer(sink, &answer, err);
}

const struct connector_ops rest_push_ops = {
	.name = "rest_push",
	.capabilities = CONNECTOR_PUSHES,
	.role = FRAME_ROLE_HTTP,
	.rows = rest_push_option_rows,
	.options_size = sizeof(struct rest_push_options),
	.open = rest_push_open,
	.pull = connector_cannot_pull,
	.push = rest_push_push,
	.close = rest_push_close,
};
