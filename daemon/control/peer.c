#include "daemon/control/peer.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/base/err.h"
#include "daemon/base/limits.h"

static const char *const role_names[ROLE_COUNT] = {
	"reader", "reviewer", "operator", "approver", "auditor",
};

const char *peer_role_name(unsigned index)
{
	return role_names[index];
}

void peer_roles_text(unsigned roles, char out[PEER_ROLES_SIZE])
{
	size_t len = 0;
	out[0] = '\0';
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if ((roles & (1u << i)) != 0)
			len += (size_t)snprintf(out + len, PEER_ROLES_SIZE - len, "%s%s",
						len == 0 ? "" : "|", role_names[i]);
}

void peer_groups_load(struct peer_groups *ret_groups)
{
	*ret_groups = (struct peer_groups){ 0 };
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		char name[PEER_NAME_SIZE];
		(void)snprintf(name, sizeof(name), "trithuc-%s", role_names[i]);
		const struct group *group = getgrnam(name);
		if (group == NULL)
			continue;
		ret_groups->gid[i] = group->gr_gid;
		ret_groups->known |= 1u << i;
	}
}

static unsigned roles_of_group(gid_t gid, const struct peer_groups *known)
{
	unsigned roles = 0;
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if ((known->known & (1u << i)) != 0 && known->gid[i] == gid)
			roles |= 1u << i;
	return roles;
}

unsigned peer_roles(uid_t uid, uid_t self, const gid_t *groups, size_t count,
		    const struct peer_groups *known, enum peer_ground *ret_ground)
{
	/* Root and the daemon's own account can read its memory anyway; they run the service, but
	 * they neither review persons nor approve what they themselves started. */
	const unsigned owner = ROLE_READER | ROLE_OPERATOR | ROLE_AUDITOR;
	unsigned roles = 0;

	for (size_t i = 0; i < count; i++)
		roles |= roles_of_group(groups[i], known);
	*ret_ground = uid == 0 ? PEER_AS_ROOT : uid == self ? PEER_AS_SELF : PEER_BY_GROUPS;
	return *ret_ground == PEER_BY_GROUPS ? roles : roles | owner;
}

/* The account of `uid`, as far as this machine knows one; a lookup that fails is no reason to refuse. */
static void name_of(uid_t uid, char out[PEER_NAME_SIZE])
{
	const struct passwd *account = getpwuid(uid);
	(void)snprintf(out, PEER_NAME_SIZE, "%s", account == NULL ? "" : account->pw_name);
}

int peer_of_socket(int fd, const struct peer_groups *known, uid_t self, struct peer *ret_peer,
		   struct err *err)
{
	struct ucred credentials;
	socklen_t len = sizeof(credentials);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) < 0)
		return err_set(err, ERR_AUTH, MSG_CONTROL_PEER, ARG_ERRNO(errno));

	/* SO_PEERGROUPS gives the supplementary groups only; the primary one comes with the uid. */
	gid_t groups[1 + LIMIT_PEER_GROUPS];
	len = sizeof(groups) - sizeof(groups[0]);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &len) < 0)
		return err_set(err, ERR_AUTH, MSG_CONTROL_PEER, ARG_ERRNO(errno));
	groups[0] = credentials.gid;

	struct peer peer = { .uid = credentials.uid, .pid = credentials.pid };
	peer.roles = peer_roles(peer.uid, self, groups, 1 + len / sizeof(groups[0]), known,
				&peer.ground);
	name_of(peer.uid, peer.name);
	*ret_peer = peer;
	return 0;
}

void peer_actor(const struct peer *peer, char out[PEER_ACTOR_SIZE])
{
	static const char *const grounds[] = {
		[PEER_BY_GROUPS] = "by groups",
		[PEER_AS_ROOT] = "as root",
		[PEER_AS_SELF] = "as the service's own account",
	};
	(void)snprintf(out, PEER_ACTOR_SIZE, "uid %u%s%s (%s)", (unsigned)peer->uid,
		       peer->name[0] == '\0' ? "" : " ", peer->name, grounds[peer->ground]);
}
