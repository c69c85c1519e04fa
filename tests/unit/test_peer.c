#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/base/err.h"
#include "daemon/control/peer.h"

enum { SELF = 990, SOMEBODY = 1000, STAFF = 50, READERS = 801, OPERATORS = 803, AUDITORS = 805 };

/* trithuc-reviewer and trithuc-approver do not exist on this machine. */
static const struct peer_groups machine = {
	.gid = { READERS, 0, OPERATORS, 0, AUDITORS },
	.known = ROLE_READER | ROLE_OPERATOR | ROLE_AUDITOR,
};

static void roles_come_from_groups_root_and_the_own_account(void **state)
{
	(void)state;
	const unsigned owner = ROLE_READER | ROLE_OPERATOR | ROLE_AUDITOR;
	static const struct {
		const char *name;
		uid_t uid;
		gid_t groups[4];
		size_t count;
		unsigned roles;
		enum peer_ground ground;
	} rows[] = {
		{ "no group", SOMEBODY, { 0 }, 0, 0, PEER_BY_GROUPS },
		{ "a group of no role", SOMEBODY, { STAFF }, 1, 0, PEER_BY_GROUPS },
		{ "reader", SOMEBODY, { STAFF, READERS }, 2, ROLE_READER, PEER_BY_GROUPS },
		{ "operator is no reader by that",
		  SOMEBODY,
		  { OPERATORS },
		  1,
		  ROLE_OPERATOR,
		  PEER_BY_GROUPS },
		{ "two roles",
		  SOMEBODY,
		  { AUDITORS, STAFF, OPERATORS },
		  3,
		  ROLE_OPERATOR | ROLE_AUDITOR,
		  PEER_BY_GROUPS },
		{ "gid 0 is not a group that is missing here",
		  SOMEBODY,
		  { 0 },
		  1,
		  0,
		  PEER_BY_GROUPS },
		{ "root", 0, { 0 }, 1, owner, PEER_AS_ROOT },
		{ "the daemon's own account", SELF, { STAFF }, 1, owner, PEER_AS_SELF },
		{ "its next neighbour", SELF + 1, { STAFF }, 1, 0, PEER_BY_GROUPS },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum peer_ground ground;
		unsigned roles = peer_roles(rows[i].uid, SELF, rows[i].groups, rows[i].count,
					    &machine, &ground);
		if (roles != rows[i].roles || ground != rows[i].ground)
			fail_msg("%s: roles %#x, ground %d", rows[i].name, roles, (int)ground);
	}
	/* Nobody reviews or approves by being root. */
	enum peer_ground ground;
	assert_int_equal(
		peer_roles(0, 0, NULL, 0, &machine, &ground) & (ROLE_REVIEWER | ROLE_APPROVER), 0);
}

static void the_actor_says_on_what_ground(void **state)
{
	(void)state;
	static const struct {
		struct peer peer;
		const char *actor;
	} rows[] = {
		{ { .uid = 1000, .name = "an", .ground = PEER_BY_GROUPS },
		  "uid 1000 an (by groups)" },
		{ { .uid = 0, .name = "root", .ground = PEER_AS_ROOT }, "uid 0 root (as root)" },
		{ { .uid = 990, .name = "", .ground = PEER_AS_SELF },
		  "uid 990 (as the service's own account)" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char actor[PEER_ACTOR_SIZE];
		peer_actor(&rows[i].peer, actor);
		assert_string_equal(actor, rows[i].actor);
	}
}

static void roles_are_named_in_order(void **state)
{
	(void)state;
	char text[PEER_ROLES_SIZE];
	peer_roles_text(ROLE_AUDITOR | ROLE_READER, text);
	assert_string_equal(text, "reader|auditor");
	peer_roles_text(0, text);
	assert_string_equal(text, "");
	peer_roles_text(ROLE_ANY, text);
	assert_string_equal(text, "reader|reviewer|operator|approver|auditor");
}

/* Another process with groups of its own connects; what it claims plays no part. */
static void the_kernel_names_the_groups_of_a_peer(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	static const gid_t groups[] = { STAFF, AUDITORS };
	struct sockaddr_un_ {
		sa_family_t family;
		char path[32];
	} address = { .family = AF_UNIX };
	socklen_t len = sizeof(address);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		char byte;
		if (setgroups(2, groups) < 0 || setgid(READERS) < 0 || setuid(SOMEBODY) < 0 ||
		    connect(fd, (struct sockaddr *)&address, len) < 0)
			_exit(1);
		_exit(read(fd, &byte, 1) == 0 ? 0 : 1);
	}
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC), status;
	struct peer peer;
	struct err err = { 0 };
	assert_int_equal(peer_of_socket(fd, &machine, SELF, &peer, &err), 0);
	assert_int_equal(peer.uid, SOMEBODY);
	assert_int_equal(peer.pid, child);
	assert_int_equal(peer.roles, ROLE_READER | ROLE_AUDITOR); /* primary and supplementary */
	(void)close(fd);
	(void)close(listener);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_socket_without_a_peer_is_refused(void **state)
{
	(void)state;
	int fds[2];
	struct peer peer;
	struct err err = { 0 };
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(peer_of_socket(fds[0], &machine, SELF, &peer, &err), ERR_AUTH);
	assert_int_equal(err.msg, MSG_CONTROL_PEER);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_come_from_groups_root_and_the_own_account),
		cmocka_unit_test(the_actor_says_on_what_ground),
		cmocka_unit_test(roles_are_named_in_order),
		cmocka_unit_test(the_kernel_names_the_groups_of_a_peer),
		cmocka_unit_test(a_socket_without_a_peer_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
