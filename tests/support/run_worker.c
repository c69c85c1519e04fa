/* run_worker PROGRAM SOURCE.yaml FOLDER SCHEMA CODELISTS: run one source through a real worker, as the engine does,
 * and print one JSON object a line for every frame that it sends.
 *
 * The frames, descriptors and options are the real ones; only the store behind them is missing. With FOLDER "-" the
 * drop folder is not handed over. Exit code: 0 if the worker said END, 1 if not.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config_source.h"
#include "config/doc.h"
#include "connectors/registry_rows.h"
#include "daemon/base/err.h"
#include "daemon/base/json_writer.h"
#include "daemon/base/message.h"
#include "daemon/record/code_list.h"
#include "daemon/record/frame_io.h"
#include "daemon/record/frame_pull.h"
#include "daemon/record/schema.h"
#include "daemon/record/validate.h"

static struct schema *schema;
static struct code_lists *lists;

static void die(const char *what, const struct err *err)
{
	(void)fprintf(stderr, "run_worker: %s: %s\n", what,
		      err == NULL ? strerror(errno) : err->text[LANGUAGE_EN]);
	exit(2);
}

/* ---- what the worker gets ---- */

static void put_map(struct json_writer *json, const char *key, const struct option_map *map)
{
	json_key(json, key);
	json_object_begin(json);
	for (size_t i = 0; i < map->count; i++)
		json_member_text(json, map->pairs[i].key, map->pairs[i].value);
	json_object_end(json);
}

static void put_options(struct buf *out, const struct config_source *source)
{
	struct json_writer json = json_writer_of(out);
	struct buf options = { 0 };
	doc_json(source->options, &options);
	json_object_begin(&json);
	json_key(&json, "options");
	json_raw(&json, buf_blob(&options));
	json_key(&json, "source");
	json_object_begin(&json);
	json_member_text(&json, "as_of", source->as_of.constant);
	put_map(&json, "code_lists", &source->code_lists);
	put_map(&json, "lists", &source->lists);
	json_member_text(&json, "record",
			 source->record == CONFIG_RECORD_STUDENT ? "student" : "person");
	if (source->whole.trailer != NULL)
		json_member_text(&json, "trailer", source->whole.trailer);
	json_object_end(&json);
	json_object_end(&json);
	buf_finish(&options);
}

static void load_source(const char *path, struct config_file *file, struct doc **ret_doc)
{
	struct diag diag = { 0 };
	struct err err = { 0 };
	*ret_doc = doc_load(AT_FDCWD, path, path, &diag);
	if (*ret_doc != NULL) {
		const struct doc_node *root = doc_root(*ret_doc);
		option_load(config_file_rows, root, doc_place(root), &diag, file);
		if (file->source != NULL)
			config_connector_load(&file->source->connector,
					      file->source->connector_name, false,
					      doc_get(root, "source"), registry_rows, &diag);
	}
	if (diag_result(&diag, &err) < 0) {
		struct buf out = { 0 };
		diag_print(&diag, LANGUAGE_EN, false, &out);
		(void)fwrite(out.data, 1, out.len, stderr);
		exit(2);
	}
}

static void load_schema(const char *path, int lists_fd)
{
	static uint8_t text[1 << 20];
	struct err err = { 0 };
	FILE *file = fopen(path, "rbe");
	if (file == NULL)
		die(path, NULL);
	size_t len = fread(text, 1, sizeof(text), file);
	(void)fclose(file);
	if (code_lists_load(lists_fd, &lists, &err) < 0 ||
	    schema_compile(blob_of(text, len), lists, &schema, &err) < 0)
		die(path, &err);
}

static pid_t spawn_worker(const char *program, int *ret_socket)
{
	int pair[2];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	char *argv[] = { (char *)program, (char *)"--role", (char *)"file", NULL };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair", NULL);
	/* high, so that neither is the descriptor it is passed as */
	int ours = fcntl(pair[0], F_DUPFD_CLOEXEC, 50),
	    theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, 50);
	(void)close(pair[0]);
	(void)close(pair[1]);
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, theirs, 3) != 0 ||
	    posix_spawn(&pid, program, &actions, NULL, argv, (char *[]){ NULL }) != 0)
		die(program, NULL);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(theirs);
	*ret_socket = ours;
	return pid;
}

static void send_begin(int socket, const struct config_file *file, const char *const *names,
		       const int *fds, size_t count)
{
	struct buf out = { 0 }, options = { 0 }, numbers = { 0 }, entries = { 0 };
	struct err err = { 0 };
	put_options(&options, file->source);
	schema_put_numbers(schema, &numbers);
	struct frame_begin begin = { .role = FRAME_ROLE_FILE,
				     .connector = blob_text(file->source->connector_name),
				     .source = blob_text(file->source->name),
				     .run = 1,
				     .deadline_ms = 600000,
				     .options = buf_blob(&options),
				     .numbers = buf_blob(&numbers) };
	for (size_t i = 0; i < count; i++)
		frame_list_add_text(&begin.fd_names, &entries, blob_text(names[i]));
	begin.fd_names.entries = buf_blob(&entries);
	memset(begin.cell_key, 7, sizeof(begin.cell_key));
	size_t at = frame_open(&out, FRAME_BEGIN);
	frame_put_begin(&out, &begin);
	frame_close(&out, at);
	if (frame_io_send(socket, buf_blob(&out), fds, count, &err) < 0)
		die("BEGIN", &err);
	buf_finish(&out);
	buf_finish(&options);
	buf_finish(&numbers);
	buf_finish(&entries);
}

/* ---- what it says ---- */

static void put_facts(struct json_writer *json, const struct record *record)
{
	struct record_iter iter = record_iterate(record);
	struct fact fact;
	json_key(json, "facts");
	json_array_begin(json);
	while (record_next(&iter, &fact)) {
		const struct schema_field *field = schema_field_by_number(schema, fact.field);
		json_array_begin(json);
		json_text(json, field == NULL ? "?" : field->path);
		json_text_blob(json, fact.key);
		json_text_blob(json, fact.value);
		json_array_end(json);
	}
	json_array_end(json);
	json_member_unsigned(json, "findings", validate_record(schema, record, NULL, 0));
}

static void put_locator(struct json_writer *json, const struct frame_locator *at)
{
	json_member_unsigned(json, "file", at->file);
	json_member_unsigned(json, "row", at->row);
	json_member_unsigned(json, "byte", at->byte_offset);
}

static void put_columns(struct json_writer *json, struct frame_list cells)
{
	struct frame_cell cell;
	json_key(json, "columns");
	json_array_begin(json);
	while (frame_list_cell(&cells, &cell))
		json_text_blob(json, cell.column);
	json_array_end(json);
}

static void put_row(struct json_writer *json, const struct frame_row *row)
{
	struct frame_list warnings = row->warnings;
	struct frame_warning warning;
	put_locator(json, &row->at);
	json_member_blob(json, "key", row->source_key);
	json_member_hex(json, "hash", row->cells_hash, sizeof(row->cells_hash));
	put_facts(json, &row->record);
	put_columns(json, row->cells);
	json_key(json, "warnings");
	json_array_begin(json);
	while (frame_list_warning(&warnings, &warning)) {
		const struct schema_field *field = schema_field_by_number(schema, warning.field);
		json_array_begin(json);
		json_text(json, field == NULL ? "?" : field->path);
		json_unsigned(json, warning.code);
		json_text_blob(json, warning.raw);
		json_array_end(json);
	}
	json_array_end(json);
}

static void put_reject(struct json_writer *json, const struct frame_reject *reject)
{
	struct frame_list reasons = reject->reasons;
	struct frame_reason reason;
	put_locator(json, &reject->at);
	json_member_blob(json, "key", reject->source_key);
	json_member_text(json, "class",
			 reject->class == FRAME_CLASS_INVALID ? "invalid" : "needs_decision");
	put_columns(json, reject->cells);
	json_key(json, "reasons");
	json_array_begin(json);
	while (frame_list_reason(&reasons, &reason)) {
		json_array_begin(json);
		json_text_blob(json, reason.code);
		json_text_blob(json, reason.column);
		json_array_end(json);
	}
	json_array_end(json);
}

static void put_end(struct json_writer *json, const struct frame_end *end)
{
	static const char *const completeness[] = { "", "proven", "unproven", "incomplete" };
	json_member_text(json, "status", end->status == FRAME_END_OK ? "ok" : "failed");
	json_member_unsigned(json, "read", end->read);
	json_member_unsigned(json, "accepted", end->accepted);
	json_member_unsigned(json, "quarantined", end->quarantined);
	json_key(json, "skipped");
	json_array_begin(json);
	for (size_t i = 0; i < FRAME_SKIP_MAX; i++)
		json_unsigned(json, end->skipped[i]);
	json_array_end(json);
	json_member_text(json, "completeness", completeness[end->completeness]);
	json_member_unsigned(json, "promised", end->promised);
	json_member_unsigned(json, "counted", end->counted);
	json_member_blob(json, "code", end->message_code);
	json_member_blob(json, "message", end->message_en);
}

/* One frame as a line; true behind END. */
static bool print_frame(const struct frame *frame)
{
	struct buf out = { 0 };
	struct json_writer json = json_writer_of(&out);
	struct err err = { 0 };
	struct frame_file file;
	struct frame_row row;
	struct frame_reject reject;
	struct frame_skip skip;
	struct frame_end end;
	struct frame_hello hello;
	int rc = 0;
	json_object_begin(&json);
	json_member_unsigned(&json, "type", frame->type);
	switch (frame->type) {
	case FRAME_HELLO:
		if ((rc = frame_get_hello(frame->body, &hello, &err)) == 0)
			json_member_unsigned(&json, "sandbox", hello.sandbox);
		break;
	case FRAME_FILE:
		if ((rc = frame_get_file(frame->body, &file, &err)) == 0) {
			json_member_blob(&json, "name", file.name);
			json_member_unsigned(&json, "size", file.size_bytes);
			json_member_hex(&json, "sha256", file.sha256, sizeof(file.sha256));
		}
		break;
	case FRAME_ROW:
		if ((rc = frame_get_row(frame->body, &row, &err)) == 0)
			put_row(&json, &row);
		break;
	case FRAME_REJECT:
		if ((rc = frame_get_reject(frame->body, &reject, &err)) == 0)
			put_reject(&json, &reject);
		break;
	case FRAME_SKIP:
		if ((rc = frame_get_skip(frame->body, &skip, &err)) == 0) {
			put_locator(&json, &skip.at);
			json_member_unsigned(&json, "kind", skip.kind);
		}
		break;
	case FRAME_END:
		if ((rc = frame_get_end(frame->body, &end, &err)) == 0)
			put_end(&json, &end);
		break;
	default:
		break;
	}
	if (rc < 0)
		die("a frame does not decode", &err);
	json_object_end(&json);
	(void)fwrite(out.data, 1, out.len, stdout);
	(void)fputc('\n', stdout);
	buf_finish(&out);
	return frame->type == FRAME_END;
}

int main(int argc, char **argv)
{
	struct config_file file = { 0 };
	struct doc *doc;
	struct frame_reader reader;
	struct frame frame;
	struct err err = { 0 };
	int socket, fds[3];
	static const char *const names[] = { "schema", "codelists", "folder" };
	bool ended = false;
	if (argc != 6) {
		(void)fputs("usage: run_worker PROGRAM SOURCE.yaml FOLDER|- SCHEMA CODELISTS\n",
			    stderr);
		return 2;
	}
	bool with_folder = strcmp(argv[3], "-") != 0;
	load_source(argv[2], &file, &doc);
	fds[0] = open(argv[4], O_RDONLY | O_CLOEXEC);
	fds[1] = open(argv[5], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds[2] = with_folder ? open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fds[0] < 0 || fds[1] < 0 || (with_folder && fds[2] < 0))
		die("opening", NULL);
	load_schema(argv[4], fds[1]);
	pid_t pid = spawn_worker(argv[1], &socket);
	send_begin(socket, &file, names, fds, with_folder ? 3 : 2);
	frame_reader_init(&reader, FRAME_FROM_WORKER);
	while (frame_io_receive(socket, &reader, &frame, NULL, NULL, &err) == 1)
		ended = print_frame(&frame);
	int status = 0;
	(void)waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		(void)fprintf(stderr, "run_worker: the worker ended with status %d\n", status);
	frame_reader_finish(&reader);
	schema_destroy(schema);
	code_lists_destroy(lists);
	config_connector_finish(&file.source->connector);
	option_finish(config_file_rows, &file);
	doc_destroy(doc);
	return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}
