/* Peer: who is at the other end of the control socket, and what he may do.
 *
 * Words.  role: what a route asks for, one bit each. ground: why he has his roles; the audit leaf
 *         says it, so that root or the service's own user never pass for a named operator.
 * Rules.  The kernel names the caller (SO_PEERCRED, SO_PEERGROUPS); nothing he sends can.
 *         Credentials are those at connect time; a later change of groups needs a new connection.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/base/cleanup.h"

struct err;

enum control_role {
	ROLE_READER = 1 << 0,
	ROLE_REVIEWER = 1 << 1,
	ROLE_OPERATOR = 1 << 2,
	ROLE_APPROVER = 1 << 3,
	ROLE_AUDITOR = 1 << 4,
};
enum { ROLE_COUNT = 5, ROLE_ANY = (1 << ROLE_COUNT) - 1 };

enum peer_ground {
	PEER_BY_GROUPS, /* groups trithuc-reader and so on */
	PEER_AS_ROOT,   /* uid 0 */
	PEER_AS_SELF,   /* the uid that the daemon runs under: started by hand */
};

/* The groups of this machine, looked up once. A group that does not exist gives its role to nobody. */
struct peer_groups {
	gid_t gid[ROLE_COUNT];
	unsigned known; /* bits of enum control_role */
};

enum { PEER_NAME_SIZE = 33, PEER_ACTOR_SIZE = 96, PEER_ROLES_SIZE = 64 };

struct peer {
	uid_t uid;
	pid_t pid; /* at connect time; for the log only, it may have gone */
	unsigned roles;
	enum peer_ground ground;
	char name[PEER_NAME_SIZE]; /* of the account, "" without one */
};

void peer_groups_load(struct peer_groups *ret_groups);

/** The roles of a caller: a pure function of its arguments. `self` is the daemon's own uid. */
unsigned peer_roles(uid_t uid, uid_t self, const gid_t *groups, size_t count,
		    const struct peer_groups *known, enum peer_ground *ret_ground);

/** Ask the kernel who is connected to the Unix socket `fd`. */
MUST_CHECK int peer_of_socket(int fd, const struct peer_groups *known, uid_t self,
			      struct peer *ret_peer, struct err *err);

/** The caller as it stands in leaves: "uid 1000 an (groups)", "uid 0 root (as root)". */
void peer_actor(const struct peer *peer, char out[PEER_ACTOR_SIZE]);

/** "reader", "reviewer" …; roles by name, in order, joined by "|". */
const char *peer_role_name(unsigned index);
void peer_roles_text(unsigned roles, char out[PEER_ROLES_SIZE]);
