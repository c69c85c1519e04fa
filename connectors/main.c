/* trithuc-connector [--role file|http]: one worker for one run.
 *
 * The socket to the engine is descriptor 3 (spawned, or LISTEN_FDS of systemd), else standard input
 * (StandardInput=socket).
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connectors/host.h"
#include "connectors/sandbox.h"
#include "daemon/base/err.h"
#include "daemon/base/log.h"

enum { PASSED_FD = 3, EXIT_USAGE = 64 };

static bool is_socket(int fd)
{
	struct stat status;
	return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static int role_of(int argc, char **argv, enum frame_role *ret_role)
{
	static const struct {
		const char *name;
		enum frame_role role;
	} roles[] = { { "file", FRAME_ROLE_FILE }, { "http", FRAME_ROLE_HTTP } };
	if (argc == 1) {
		*ret_role = FRAME_ROLE_FILE;
		return 0;
	}
	if (argc != 3 || strcmp(argv[1], "--role") != 0)
		return -1;
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(argv[2], roles[i].name) != 0)
			continue;
		*ret_role = roles[i].role;
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	enum frame_role role;
	uint32_t in_force = 0;
	int socket = is_socket(PASSED_FD) ? PASSED_FD : STDIN_FILENO;
	if (role_of(argc, argv, &role) < 0 || !is_socket(socket)) {
		log_event(LOG_LEVEL_ERR, MSG_CONNECTOR_USAGE);
		return EXIT_USAGE;
	}
	int rc = sandbox_enter(role, &in_force, &err);
	if (rc == 0)
		rc = host_run(socket, role, in_force, &err);
	if (rc == 0)
		return 0;
	log_err(LOG_LEVEL_ERR, MSG_CONNECTOR_FAILED, &err);
	return err_code_exit((enum err_code)rc);
}
