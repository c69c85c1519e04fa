#include "connectors/connector.h"

#include <string.h>

#include "daemon/base/err.h"

int connector_cannot_pull(struct connector *connector, struct frame_sink *sink,
			  struct pull_end *ret_end, struct err *err)
{
	(void)connector, (void)sink, (void)ret_end;
	return err_set(err, ERR_PROTOCOL, MSG_CONNECTOR_CANNOT);
}

int connector_cannot_push(struct connector *connector, const struct frame_batch *batch,
			  struct frame_sink *sink, struct err *err)
{
	(void)connector, (void)batch, (void)sink;
	return err_set(err, ERR_PROTOCOL, MSG_CONNECTOR_CANNOT);
}

int connector_fd(const struct connector_env *env, const char *name)
{
	for (size_t i = 0; i < env->fd_count; i++)
		if (strcmp(env->fds[i].name, name) == 0)
			return env->fds[i].fd;
	return -1;
}
