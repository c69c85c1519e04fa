/* trithuc-national: the reference national server. See README.md in this folder. */
#include "tests/national/http.h"
#include "tests/national/server.h"
#include "tests/national/store.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 64
#define EXIT_CANNOT 73
#define PEM_MAX 65536

struct options {
	const char *certificate, *key, *store, *contract, *secret_file, *ready_file;
	long port, admin_port;
};

static const char USAGE[] =
	"usage: trithuc-national --cert FILE --key FILE --store FILE --secret-file FILE\n"
	"  [--client ID] [--contract FILE] [--port N] [--admin-port N] [--ready-file FILE]\n"
	"  [--token-ttl SECONDS] [--max-items N] [--max-bytes N]\n";

static void fail(int code, const char *what, const char *why)
{
	fprintf(stderr, "trithuc-national: %s: %s\n", what, why);
	exit(code);
}

static long number(const char *text, long least, long most)
{
	char *end;
	long value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || value < least || value > most)
		fail(EXIT_USAGE, text, "not a number in range");
	return value;
}

static const struct option LONG_OPTIONS[] = {
	{ "cert", required_argument, NULL, 'c' },
	{ "key", required_argument, NULL, 'k' },
	{ "store", required_argument, NULL, 's' },
	{ "secret-file", required_argument, NULL, 'S' },
	{ "client", required_argument, NULL, 'i' },
	{ "contract", required_argument, NULL, 'C' },
	{ "port", required_argument, NULL, 'p' },
	{ "admin-port", required_argument, NULL, 'a' },
	{ "ready-file", required_argument, NULL, 'r' },
	{ "token-ttl", required_argument, NULL, 't' },
	{ "max-items", required_argument, NULL, 'n' },
	{ "max-bytes", required_argument, NULL, 'b' },
	{ 0 },
};

static void take_option(int option, struct options *options, struct settings *settings)
{
	switch (option) {
	case 'c':
		options->certificate = optarg;
		break;
	case 'k':
		options->key = optarg;
		break;
	case 's':
		options->store = optarg;
		break;
	case 'S':
		options->secret_file = optarg;
		break;
	case 'i':
		snprintf(settings->client_id, sizeof(settings->client_id), "%s", optarg);
		break;
	case 'C':
		options->contract = optarg;
		break;
	case 'p':
		options->port = number(optarg, 0, 65535);
		break;
	case 'a':
		options->admin_port = number(optarg, 0, 65535);
		break;
	case 'r':
		options->ready_file = optarg;
		break;
	case 't':
		settings->token_ttl_s = number(optarg, 1, 86400);
		break;
	case 'n':
		settings->max_items = number(optarg, 1, 200);
		break;
	case 'b':
		settings->max_bytes = number(optarg, 1024, 16 << 20);
		break;
	default:
		fputs(USAGE, stderr);
		exit(EXIT_USAGE);
	}
}

static void read_options(int argc, char **argv, struct options *options, struct settings *settings)
{
	int option;
	while ((option = getopt_long(argc, argv, "", LONG_OPTIONS, NULL)) != -1)
		take_option(option, options, settings);
	if (optind != argc || options->certificate == NULL || options->key == NULL ||
	    options->store == NULL || options->secret_file == NULL)
		take_option('?', options, settings);
}

/* The whole file as text. */
static char *read_file(const char *path)
{
	char *text = calloc(1, PEM_MAX + 1);
	FILE *stream = fopen(path, "re");
	if (text == NULL || stream == NULL || fread(text, 1, PEM_MAX, stream) == 0)
		fail(EXIT_CANNOT, path, "cannot be read");
	fclose(stream);
	return text;
}

static void read_secret(const char *path, struct settings *settings)
{
	char *text = read_file(path);
	text[strcspn(text, "\r\n")] = '\0';
	snprintf(settings->secret, sizeof(settings->secret), "%s", text);
	free(text);
}

/* Beside the program, where the build puts it. */
static const char *default_contract(void)
{
	static char path[4096];
	char program[3072];
	ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (length <= 0)
		fail(EXIT_CANNOT, "/proc/self/exe", "cannot be read");
	program[length] = '\0';
	*strrchr(program, '/') = '\0';
	snprintf(path, sizeof(path), "%s/national-api.json", program);
	return path;
}

static void open_server(struct server *server, const struct options *options)
{
	char error[512];
	read_secret(options->secret_file, &server->settings);
	server->contract =
		contract_load(options->contract != NULL ? options->contract : default_contract(),
			      error, sizeof(error));
	if (server->contract == NULL)
		fail(EXIT_CANNOT, "contract", error);
	server->store = store_open(options->store, error, sizeof(error));
	if (server->store == NULL)
		fail(EXIT_CANNOT, "store", error);
}

static struct http_port *open_port(struct server *server, long number, const char *certificate,
				   const char *key)
{
	struct http_port *port = http_open(server, (uint16_t)number, certificate, key);
	if (port == NULL)
		fail(EXIT_CANNOT, certificate != NULL ? "port" : "admin port", "cannot listen");
	return port;
}

/* The file appears whole: it is written beside and renamed. */
static void write_ready_file(const struct options *options, const char *line)
{
	char temporary[4096];
	snprintf(temporary, sizeof(temporary), "%s.new", options->ready_file);
	FILE *stream = fopen(temporary, "we");
	if (stream == NULL || fprintf(stream, "%s\n", line) < 0 || fclose(stream) != 0 ||
	    rename(temporary, options->ready_file) != 0)
		fail(EXIT_CANNOT, options->ready_file, "cannot be written");
}

static void serve(struct server *server, const struct options *options, const sigset_t *ends)
{
	char line[128], *certificate = read_file(options->certificate);
	char *key = read_file(options->key);
	int signal_number;
	struct http_port *port = open_port(server, options->port, certificate, key);
	struct http_port *admin = open_port(server, options->admin_port, NULL, NULL);
	snprintf(line, sizeof(line), "{\"port\":%u,\"adminPort\":%u,\"pid\":%ld}",
		 http_port_number(port), http_port_number(admin), (long)getpid());
	if (options->ready_file != NULL)
		write_ready_file(options, line);
	puts(line);
	fflush(stdout);
	sigwait(ends, &signal_number);
	atomic_store(&server->stopping, true);
	http_close(port);
	http_close(admin);
	free(certificate);
	free(key);
}

int main(int argc, char **argv)
{
	static struct server server = {
		.settings = { .client_id = "trithucd",
			      .token_ttl_s = 3600,
			      .max_items = 200,
			      .max_bytes = 1 << 20 },
		.faults = { .lock = PTHREAD_MUTEX_INITIALIZER },
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
	struct options options = { 0 };
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	read_options(argc, argv, &options, &server.settings);
	open_server(&server, &options);
	serve(&server, &options, &ends);
	store_close(server.store);
	contract_free(server.contract);
	return 0;
}
