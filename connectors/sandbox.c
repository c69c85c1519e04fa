#include "connectors/sandbox.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "daemon/base/err.h"

enum { SANDBOX_DESCRIPTORS = 128 }; /* ours, and those that libcurl opens for the http role */

static int limit(int resource, rlim_t value)
{
	const struct rlimit limits = { .rlim_cur = value, .rlim_max = value };
	return setrlimit((__rlimit_resource_t)resource, &limits);
}

int sandbox_enter(enum frame_role role, uint32_t *ret_in_force, struct err *err)
{
	(void)role; /* the roles part with the filters */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    limit(RLIMIT_CORE, 0) < 0 || limit(RLIMIT_NOFILE, SANDBOX_DESCRIPTORS) < 0)
		return err_set(err, ERR_IO, MSG_SANDBOX, ARG_ERRNO(errno));
	*ret_in_force = FRAME_SANDBOX_RLIMITS;
	return 0;
}
