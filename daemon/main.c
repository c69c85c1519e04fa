/* trithucd: arguments, wiring, exit code. */
#include <getopt.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "build_config.h"
#include "config/diag.h"
#include "connectors/registry_rows.h"
#include "daemon/api.h"
#include "daemon/base/log.h"
#include "daemon/control/control.h"
#include "daemon/run/reader.h"

struct arguments {
	const char *config_dir;
	const char *reader; /* a job; NULL: be the daemon */
	bool check, foreground, version;
};

static int parse_arguments(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "reader", required_argument, NULL, 'r' },
		{ "check", no_argument, NULL, 'k' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	int option;
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			arguments->config_dir = optarg;
			break;
		case 'r':
			arguments->reader = optarg;
			break;
		case 'k':
			arguments->check = true;
			break;
		case 'f':
			arguments->foreground =
				true; /* what it always is: systemd and a shell both want it so */
			break;
		case 'v':
			arguments->version = true;
			break;
		default:
			return -1;
		}
	}
	return (arguments->config_dir == NULL && !arguments->version) || optind < argc ? -1 : 0;
}

/* Nothing of ours may end in a core file, and a write to a closed pipe is an error, not an end. */
static void harden(void)
{
	const struct rlimit no_core = { 0 };
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	(void)info;
	(void)userdata;
	log_event(LOG_LEVEL_NOTICE, MSG_ENGINE_STOPPING);
	(void)sd_notify(0, "STOPPING=1");
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int make_loop(sd_event **ret_loop, struct err *err)
{
	sigset_t signals;
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	sd_event *loop = NULL;
	if (sd_event_new(&loop) < 0 ||
	    sd_event_add_signal(loop, NULL, SIGTERM, on_signal, NULL) < 0 ||
	    sd_event_add_signal(loop, NULL, SIGINT, on_signal, NULL) < 0 ||
	    sd_event_set_watchdog(loop, 1) < 0)
		return err_set(err, ERR_NOMEM, MSG_NOMEM);
	*ret_loop = loop;
	return 0;
}

static int listen_control(const struct config *config, int *ret_fd, struct err *err)
{
	if (sd_listen_fds(1) >= 1) {
		*ret_fd = SD_LISTEN_FDS_START;
		return 0;
	}
	return http_listen(config->control.socket, "trithuc", ret_fd, err);
}

static unsigned waiting_connections(void *ctx)
{
	struct http_server **server = ctx;
	return *server == NULL ? 0 : http_server_connections(*server);
}

/* Everything is up: answer, work, and stop when told. */
static int serve(struct engine *engine, struct http_server **server, sd_event *loop,
		 struct err *err)
{
	CLEANUP(api_finish) struct api api = { 0 };
	if (api_init(&api, engine, err) < 0)
		return err->code;
	struct control control = { .engine = &api.vtable,
				   .store = engine->base.store,
				   .schema = engine->base.schema,
				   .clock = engine->options.clock };
	struct http_options options = { .ctx = &control,
					.clock = engine->options.clock,
					.self_uid = geteuid() };
	options.routes = control_routes(&options.route_count);
	peer_groups_load(&options.groups);
	if (listen_control(engine->options.config, &options.listen_fd, err) < 0 ||
	    http_server_create(loop, &options, server, err) < 0)
		return err->code;
	(void)sd_notify(0, "READY=1\nSTATUS=ready");
	int code = sd_event_loop(loop);
	http_server_destroy(TAKE(*server));
	return code < 0 ? err_set_errno(err, -code, MSG_FILE_READ, "loop") : code;
}

static int run_daemon(const struct config *config, const struct arguments *arguments,
		      struct err *err)
{
	CLEANUP(sd_event_unrefp) sd_event *loop = NULL;
	struct http_server *server = NULL;
	if (make_loop(&loop, err) < 0)
		return err->code;
	const struct engine_options options = {
		.config = config,
		.loop = loop,
		.clock = &clock_system,
		.random = &random_system,
		.program = "/proc/self/exe",
		.config_dir = arguments->config_dir,
		.waiting = waiting_connections,
		.waiting_ctx = &server,
	};
	CLEANUP(engine_destroyp) struct engine *engine = NULL;
	if (engine_create(&options, &engine, err) < 0)
		return err->code;
	return serve(engine, &server, loop, err);
}

static int run(const struct arguments *arguments, struct err *err)
{
	CLEANUP(diag_finish) struct diag diag = { 0 };
	CLEANUP(config_destroyp) struct config *config = NULL;
	int code = config_load(arguments->config_dir, registry_rows, &diag, &config, err);
	if (diag.count > 0) {
		CLEANUP(buf_finish) struct buf text = { 0 };
		diag_print(&diag, language_from_environment(), true, &text);
		(void)!write(STDERR_FILENO, text.data, text.len);
	}
	if (code < 0 || arguments->check)
		return code;
	log_setup(LOG_FORM_AUTO, (enum log_level)config_log_level(config));
	if (arguments->reader == NULL)
		return run_daemon(config, arguments, err);
	if (reader_run(config, arguments->reader, &code, err) < 0)
		return err->code;
	return code;
}

static int say(int fd, enum msg_id msg, const struct arg *args)
{
	char text[256];
	size_t len = message_format(language_from_environment(), msg, args, text, sizeof(text) - 1);
	text[len++] = '\n';
	return write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	struct err err = { 0 };
	harden();
	if (parse_arguments(argc, argv, &arguments) < 0) {
		(void)say(STDERR_FILENO, MSG_USAGE_DAEMON, ARG_LIST());
		return 64;
	}
	if (arguments.version)
		return say(STDOUT_FILENO, MSG_DAEMON_VERSION,
			   ARG_LIST(ARG_WORD("version", TRITHUC_VERSION))) < 0;
	int code = run(&arguments, &err);
	if (code >= 0)
		return code;
	if (err.msg != MSG_NONE)
		log_err(LOG_LEVEL_ERR, MSG_ENGINE_FAILED, &err);
	return err_code_exit((enum err_code)code);
}
