#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/doc.h"
#include "daemon/base/limits.h"
#include "daemon/base/random.h"
#include "daemon/base/utf8.h"
#include "tests/support/findings.h"

static void broken_documents_are_refused_with_place_and_code(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *expected;
	} rows[] = {
		{ "nothing", "", "E1216" },
		{ "only a comment", "# nothing\n", "E1216" },
		{ "anchor on a scalar", "a: &x 1\n", "1:4 E1221" },
		{ "anchor on a map", "a: &x\n  b: 1\n", "1:4 E1221" },
		{ "anchor on a list", "a: &x [1]\n", "1:4 E1221" },
		{ "anchor on a key", "&x a: 1\n", "1:1 E1221" },
		{ "anchor and alias", "a: &x 1\nb: *x\n", "1:4 E1221, 2:4 E1222" },
		{ "a list that holds itself", "a: &x [*x]\n", "1:4 E1221, 1:8 E1222" },
		{ "alias of nothing", "a: *x\n", "1:4 E1222" },
		{ "alias as a key", "*x : 1\n", "1:1 E1222, 1:1 E1228" },
		{ "merge key", "a:\n  <<: {b: 1}\n", "2:3 E1224" },
		{ "merge key of an alias", "a: &x {b: 1}\nc:\n  <<: *x\n",
		  "1:4 E1221, 3:3 E1224, 3:7 E1222" },
		{ "tag", "a: !!str 1\n", "1:4 E1223" },
		{ "own tag on a map", "a: !thing\n  b: 1\n", "1:4 E1223" },
		{ "tag of code", "a: !!python/object:os.system ls\n", "1:4 E1223" },
		{ "exclamation mark alone", "a: ! b\n", "1:4 E1223" },
		{ "version directive", "%YAML 1.1\n---\na: 1\n", "1:1 E1225" },
		{ "tag directive", "%TAG ! tag:example.org,2026:\n---\na: 1\n", "1:1 E1225" },
		{ "second document", "a: 1\n---\nb: 2\n", "2:1 E1226" },
		{ "second document after an end", "a: 1\n...\n---\nb: 2\n", "3:1 E1226" },
		{ "duplicate key", "a: 1\nb: 2\na: 3\n", "3:1 E1229" },
		{ "duplicate key in a flow", "{a: 1, b: 2, a: 3}\n", "1:14 E1229" },
		{ "duplicate key below", "x:\n  - y:\n      a: 1\n      a: 2\n", "4:7 E1229" },
		{ "duplicate key in another style", "a: 1\n\"a\": 2\n'a': 3\n",
		  "2:1 E1229, 3:1 E1229" },
		{ "duplicate key by an escape", "a: 1\n\"\\x61\": 2\n", "2:1 E1229" },
		{ "duplicate Vietnamese key", "họ: 1\ntên: 2\nhọ: 3\n", "3:1 E1229" },
		{ "list as a key", "[a]: 1\n", "1:1 E1227" },
		{ "map as a key", "? {a: 1}\n: 2\n", "1:3 E1227" },
		{ "empty key", "\"\": 1\n", "1:1 E1228" },
		{ "missing key", ": 1\n", "1:1 E1232" },
		{ "value with a colon", "a: b: c\n", "1:5 E1230" },
		{ "time of day unquoted in a flow", "a: [b: c: d]\n", "1:9 E1234" },
		{ "key without a colon", "a: 1\nb\nc: 2\n", "2:1 E1231" },
		{ "not indented like the others", "a: 1\n  b: 2\n", "2:4 E1230" },
		{ "indented less", "  a: 1\n b: 2\n", "2:2 E1232" },
		{ "item among keys", "a: 1\n- b\n", "2:1 E1232" },
		{ "key among items", "- a\nb: 1\n", "2:1 E1233" },
		{ "bracket not closed", "a: [1, 2\nb: 3\n", "2:2 E1234" },
		{ "brace not closed", "a: {b: 1\n", "1:4 E1234" },
		{ "bracket closed by a brace", "a: [1}\n", "1:6 E1234" },
		{ "double quote not closed", "a: \"x\nb: 1\n", "1:4 E1235" },
		{ "single quote not closed", "a: 1\nb: 'x\n", "2:4 E1235" },
		{ "tab for indent", "a:\n\tb: 1\n", "2:1 E1237" },
		{ "at sign", "a: @b\n", "1:4 E1236" },
		{ "backtick", "a: `b`\n", "1:4 E1236" },
		{ "percent", "a: %b\n", "1:4 E1236" },
		{ "unknown escape", "a: \"\\q\"\n", "1:5 E1238" },
		{ "path of Windows", "a: \"C:\\Users\"\n", "1:9 E1238" },
		{ "surrogate escape", "a: \"\\ud83d\"\n", "1:7 E1238" },
		{ "unreadable version", "%YAML x\n---\na: 1\n", "1:7 E1239" },
		{ "NUL by an escape", "a: \"x\\0y\"\n", "1:4 E1218" },
		{ "bidi by an escape", "a: \"x\\u202ey\"\n", "1:4 E1218" },
		{ "bidi in a key by an escape", "\"a\\u2066\": 1\n", "1:1 E1218" },
		{ "escape control", "a: \"\\e[2J\"\n", "1:4 E1218" },
		{ "bidi override", "a: x\xe2\x80\xaey\n", "1:5 E1218" },
		{ "bidi isolate in a comment", "a: 1 # x\xe2\x81\xa6y\n", "1:9 E1218" },
		{ "zero-width blank", "a\xe2\x80\x8b: 1\n", "1:2 E1218" },
		{ "soft hyphen", "a: x\xc2\xady\n", "1:5 E1218" },
		{ "byte order mark inside", "a: 1\n\xef\xbb\xbfz: 2\n", "2:1 E1218" },
		{ "line separator", "a: x\xe2\x80\xa8y\n", "1:5 E1218" },
		{ "next line", "a: x\xc2\x85y\n", "1:5 E1218" },
		{ "escape byte", "a: \x1b[2J\n", "1:4 E1218" },
		{ "bell, twice", "a: \x07\nb: \x07\n", "1:4 E1218, 2:4 E1218" },
		{ "old Macintosh line end", "a: 1\rb: 2\n", "1:5 E1218" },
		{ "Latin-1", "a: H\xe0 N\xf4i\n", "1:5 E1217" },
		{ "overlong", "a: \xc0\xaf\n", "1:4 E1217" },
		{ "surrogate in UTF-8", "a: \xed\xa0\x80\n", "1:4 E1217" },
		{ "cut character", "a: \xe1\xbb", "1:4 E1217" },
		{ "UTF-16",
		  "\xff\xfe"
		  "a",
		  "1:1 E1217" },
		{ "several at once", "a: &x 1\nb: !t 2\nc: 3\nc: 4\n",
		  "1:4 E1221, 2:4 E1223, 4:1 E1229" },
	};
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct diag diag = { 0 };
		struct doc *doc = doc_parse("x.yaml", blob_text(rows[i].text), &diag);
		wrong += !findings_are(rows[i].name, &diag, false, rows[i].expected) || doc != NULL;
		doc_destroy(doc);
		diag_finish(&diag);
	}
	assert_int_equal(wrong, 0);
}

/* A text with a NUL in it needs a length. */
static void a_nul_byte_is_refused_where_it_stands(void **state)
{
	(void)state;
	static const char text[] = "a: 1\nb: x\0y\n";
	struct diag diag = { 0 };
	assert_null(doc_parse("x.yaml", blob_of(text, sizeof(text) - 1), &diag));
	assert_true(findings_are("NUL", &diag, false, "2:5 E1218"));
	diag_finish(&diag);
}

static struct doc *parse_good(const char *text)
{
	struct diag diag = { 0 };
	struct doc *doc = doc_parse("x.yaml", blob_text(text), &diag);
	assert_true(findings_are(text, &diag, false, ""));
	assert_non_null(doc);
	diag_finish(&diag);
	return doc;
}

static void sound_documents_read_as_the_same_json(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "a: 1\n", "{\"a\":\"1\"}" },
		{ "x", "\"x\"" },
		{ "--- \na: 1\n...\n", "{\"a\":\"1\"}" },
		{ "# c\nb: 2 # d\na: 1\n", "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "\xef\xbb\xbf"
		  "a: 1\r\nb: 2\r\n",
		  "{\"a\":\"1\",\"b\":\"2\"}" },
		{ "a: [1, [2, {c: d}], e]", "{\"a\":[\"1\",[\"2\",{\"c\":\"d\"}],\"e\"]}" },
		{ "a:\n- 1\n- b: 2\n  c: 3\n", "{\"a\":[\"1\",{\"b\":\"2\",\"c\":\"3\"}]}" },
		{ "a: 01\nb: no\nc: 1e3\nd: 2024-01-02\n",
		  "{\"a\":\"01\",\"b\":\"no\",\"c\":\"1e3\",\"d\":\"2024-01-02\"}" },
		{ "a: \"x\\ty\\\"\\\\\"\nb: 'it''s'\n",
		  "{\"a\":\"x\\ty\\\"\\\\\",\"b\":\"it's\"}" },
		{ "a: |\n  x\n  y\nb: >\n  x\n  y\n", "{\"a\":\"x\\ny\\n\",\"b\":\"x y\\n\"}" },
		{ "Họ và tên: Nguyễn\n", "{\"Họ và tên\":\"Nguyễn\"}" },
		{ "a:\nb: ~\n", "{\"a\":\"\",\"b\":\"~\"}" },
		{ "a: {}\nb: []\n", "{\"a\":{},\"b\":[]}" },
		{ "a: :b\nc: d#e\n", "{\"a\":\":b\",\"c\":\"d#e\"}" },
		/* keys in byte order, whatever their letters */
		{ "ă: 1\nz: 2\nZ: 3\n'10': 4\n'9': 5\n",
		  "{\"10\":\"4\",\"9\":\"5\",\"Z\":\"3\",\"z\":\"2\",\"ă\":\"1\"}" },
		/* JSON as the engine hands it to a worker */
		{ "{\"a\":{\"b\":[\"x:y\",\"{z}\",\"- w\"]},\"c\":\"\\\"q\\\"\\n\"}",
		  "{\"a\":{\"b\":[\"x:y\",\"{z}\",\"- w\"]},\"c\":\"\\\"q\\\"\\n\"}" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(doc_destroyp) struct doc *doc = parse_good(rows[i].text);
		CLEANUP(buf_finish) struct buf json = { 0 };
		doc_json(doc_root(doc), &json);
		buf_put_u8(&json, 0);
		assert_true(buf_ok(&json));
		assert_string_equal((const char *)json.data, rows[i].json);
		/* and its own output gives the same again */
		CLEANUP(doc_destroyp) struct doc *again = parse_good(rows[i].json);
		CLEANUP(buf_finish) struct buf second = { 0 };
		doc_json(doc_root(again), &second);
		buf_put_u8(&second, 0);
		assert_string_equal((const char *)second.data, rows[i].json);
	}
}

static void nodes_know_their_place_and_style(void **state)
{
	(void)state;
	CLEANUP(doc_destroyp)
	struct doc *doc = parse_good("họ: 'x'\nb:\n  - null\n  - \"null\"\n  - y z\n");
	const struct doc_node *root = doc_root(doc), *list = doc_get(root, "b");
	assert_int_equal(root->kind, DOC_MAP);
	assert_int_equal(root->count, 2);
	assert_string_equal(doc_name(doc), "x.yaml");
	const struct doc_node *name = doc_get(root, "họ");
	assert_int_equal(name->line, 1);
	assert_int_equal(name->column, 5); /* characters, not bytes */
	assert_true(name->quoted);
	assert_int_equal(list->kind, DOC_LIST);
	assert_int_equal(list->count, 3);
	assert_true(doc_is_null(list->items[0]));
	assert_false(doc_is_null(list->items[1]));
	assert_int_equal(list->items[2]->line, 5);
	assert_int_equal(list->items[2]->column, 5);
	assert_int_equal(list->items[2]->span, 3);
	assert_null(doc_get(root, "c"));
	assert_null(doc_get(list, "b"));
	assert_null(doc_get(NULL, "b"));
}

static void json_of_the_engine_may_be_longer_than_a_simple_key(void **state)
{
	(void)state;
	CLEANUP(buf_finish) struct buf text = { 0 };
	buf_put_text(&text, "{\"a\":[");
	for (int i = 0; i < 5000; i++)
		buf_put_text(&text, i == 0 ? "\"b\"" : ",\"b\"");
	buf_put_text(&text, "],\"c\":\"");
	for (int i = 0; i < 5000; i++)
		buf_put_u8(&text, 'x');
	buf_put_text(&text, "\",\"d\":\"e\"}");
	struct diag diag = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = doc_parse("options", buf_blob(&text), &diag);
	assert_true(findings_are("long JSON", &diag, false, ""));
	assert_int_equal(doc_get(doc_root(doc), "a")->count, 5000);
	assert_int_equal(doc_get(doc_root(doc), "c")->len, 5000);
	diag_finish(&diag);
}

/* ---- limits ---- */

static void nest(struct buf *text, const char *open, const char *close, size_t depth)
{
	for (size_t i = 0; i < depth; i++)
		buf_put_text(text, open);
	for (size_t i = 0; i < depth; i++)
		buf_put_text(text, close);
}

static void depth_is_bounded_at_its_limit(void **state)
{
	(void)state;
	static const struct {
		const char *open, *close;
		size_t depth;
		const char *expected;
	} rows[] = {
		{ "[", "]", LIMIT_CONFIG_DEPTH, "" },
		{ "[", "]", LIMIT_CONFIG_DEPTH + 1, "1:33 E1219" },
		{ "{a: ", "}", LIMIT_CONFIG_DEPTH, "" },
		{ "{a: ", "}", LIMIT_CONFIG_DEPTH + 1, "1:129 E1219" },
		{ "- ", "", LIMIT_CONFIG_DEPTH + 1, "1:65 E1219" },
		{ "[", "", 200000, "1:33 E1219" }, /* took a minute in libyaml's own tree */
		{ "? ", "", 200000, "1:65 E1219" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_finish) struct buf text = { 0 };
		nest(&text, rows[i].open, rows[i].close, rows[i].depth);
		struct diag diag = { 0 };
		clock_t begin = clock();
		CLEANUP(doc_destroyp) struct doc *doc = doc_parse("x.yaml", buf_blob(&text), &diag);
		assert_true(clock() - begin < CLOCKS_PER_SEC);
		assert_true(findings_are(rows[i].open, &diag, false, rows[i].expected));
		assert_int_equal(doc != NULL, rows[i].expected[0] == '\0');
		diag_finish(&diag);
	}
}

static void bytes_nodes_and_keys_are_bounded_at_their_limits(void **state)
{
	(void)state;
	static const struct {
		const char *name, *head, *unit, *tail;
		size_t count;
		const char *expected;
	} rows[] = {
		{ "bytes at the limit", "a: 1\n#", "x", "\n", LIMIT_CONFIG_BYTES - 7, "" },
		{ "bytes past it", "a: 1\n#", "x", "\n", LIMIT_CONFIG_BYTES - 6, "E1215" },
		{ "nodes at the limit", "[", "1,", "]", LIMIT_CONFIG_NODES - 1, "" },
		{ "nodes past it", "[", "1,", "]", LIMIT_CONFIG_NODES, "1:200000 E1220" },
		{ "key at the limit", "\"", "x", "\": 1", LIMIT_CONFIG_KEY_BYTES, "" },
		{ "key past it", "\"", "x", "\": 1", LIMIT_CONFIG_KEY_BYTES + 1, "1:1 E1228" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(buf_finish) struct buf text = { 0 };
		buf_put_text(&text, rows[i].head);
		for (size_t n = 0; n < rows[i].count; n++)
			buf_put_text(&text, rows[i].unit);
		buf_put_text(&text, rows[i].tail);
		struct diag diag = { 0 };
		CLEANUP(doc_destroyp) struct doc *doc = doc_parse("x.yaml", buf_blob(&text), &diag);
		assert_true(findings_are(rows[i].name, &diag, false, rows[i].expected));
		assert_int_equal(doc != NULL, rows[i].expected[0] == '\0');
		diag_finish(&diag);
	}
}

static void a_duplicate_names_both_places(void **state)
{
	(void)state;
	struct diag diag = { 0 };
	assert_null(doc_parse("x.yaml", blob_text("a: 1\n  # c\nb: 2\na: 3\n"), &diag));
	CLEANUP(buf_finish) struct buf printed = { 0 };
	diag_print(&diag, LANGUAGE_EN, false, &printed);
	buf_put_u8(&printed, 0);
	assert_string_equal((const char *)printed.data,
			    "x.yaml:4:1: error: key 'a' stands here again; it is already in line "
			    "1, column 1 [E1229]\n");
	diag_finish(&diag);
}

/* ---- files ---- */

struct folder {
	char path[64];
	int fd;
};

static void folder_init(struct folder *folder)
{
	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/test_doc.XXXXXX");
	assert_non_null(mkdtemp(folder->path));
	folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(folder->fd >= 0);
}

static void folder_finish(struct folder *folder)
{
	(void)unlinkat(folder->fd, "f.yaml", 0);
	(void)unlinkat(folder->fd, "f.yaml", AT_REMOVEDIR);
	(void)unlinkat(folder->fd, "target", 0);
	(void)close(folder->fd);
	assert_int_equal(rmdir(folder->path), 0);
}

static void folder_write(struct folder *folder, const char *name, const char *text, mode_t mode)
{
	int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void assert_loads(struct folder *folder, const char *name, const char *expected)
{
	struct diag diag = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = doc_load(folder->fd, "f.yaml", "dir/f.yaml", &diag);
	assert_true(findings_are(name, &diag, false, expected));
	assert_int_equal(doc != NULL, expected[0] == '\0');
	diag_finish(&diag);
}

static void a_file_is_read_only_if_nobody_else_can_write_it(void **state)
{
	(void)state;
	static const struct {
		mode_t mode;
		const char *expected;
	} rows[] = {
		{ 0600, "" },      { 0644, "" },      { 0440, "" },
		{ 0664, "E1211" }, { 0646, "E1211" }, { 0666, "E1211" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct folder folder;
		folder_init(&folder);
		folder_write(&folder, "f.yaml", "a: 1\n", rows[i].mode);
		assert_loads(&folder, "mode", rows[i].expected);
		folder_finish(&folder);
	}
}

static void what_is_not_a_plain_file_is_refused_without_waiting(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	assert_loads(&folder, "missing", "E1208");
	assert_int_equal(mkdirat(folder.fd, "f.yaml", 0700), 0);
	assert_loads(&folder, "folder", "E1209");
	assert_int_equal(unlinkat(folder.fd, "f.yaml", AT_REMOVEDIR), 0);
	assert_int_equal(mkfifoat(folder.fd, "f.yaml", 0600), 0);
	assert_loads(&folder, "pipe", "E1209");
	assert_int_equal(unlinkat(folder.fd, "f.yaml", 0), 0);
	folder_write(&folder, "target", "a: 1\n", 0600);
	assert_int_equal(symlinkat("target", folder.fd, "f.yaml"), 0);
	assert_loads(&folder, "symbolic link", "E1208");
	folder_finish(&folder);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	struct folder folder;
	folder_init(&folder);
	folder_write(&folder, "f.yaml", "a: 1\n", 0644);
	assert_int_equal(fchownat(folder.fd, "f.yaml", 12345, 12345, 0), 0);
	assert_loads(&folder, "owner", "E1210");
	folder_finish(&folder);
}

static void a_file_past_the_limit_is_refused_before_it_is_read(void **state)
{
	(void)state;
	struct folder folder;
	folder_init(&folder);
	folder_write(&folder, "f.yaml", "a: 1\n", 0600);
	int fd = openat(folder.fd, "f.yaml", O_WRONLY | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, LIMIT_CONFIG_BYTES + 1), 0);
	(void)close(fd);
	assert_loads(&folder, "size", "E1215");
	folder_finish(&folder);
}

/* ---- random texts ---- */

/* Pieces that mean something to YAML, in any order: never a crash, and what is taken holds the rules. */
static void random_texts_are_taken_whole_or_refused(void **state)
{
	(void)state;
	static const char *const pieces[] = { "a",     "b: ",  "- ",  "\n",   "  ",   "[",
					      "]",     "{",    "}",   ", ",   "\"",   "'",
					      "&x ",   "*x",   "!t ", "|\n",  "? ",   ": ",
					      "#",     "\t",   "ễ",   "\\",   "\\0",  "---\n",
					      "...\n", "<<: ", "%Y",  "\xff", "\x01", "~" };
	uint64_t seed = (uint64_t)time(NULL);
	print_message("# seed %llu\n", (unsigned long long)seed);
	struct random_source random = random_seeded(&seed);
	size_t taken = 0;
	for (int round = 0; round < 3000; round++) {
		CLEANUP(buf_finish) struct buf text = { 0 };
		for (uint64_t n = random_below(&random, 24); n > 0; n--)
			buf_put_text(
				&text,
				pieces[random_below(&random, sizeof(pieces) / sizeof(pieces[0]))]);
		struct diag diag = { 0 };
		CLEANUP(doc_destroyp) struct doc *doc = doc_parse("x.yaml", buf_blob(&text), &diag);
		assert_int_equal(doc == NULL, diag.errors > 0);
		assert_false(diag.failed);
		diag_finish(&diag);
		if (doc == NULL)
			continue;
		taken++;
		CLEANUP(buf_finish) struct buf json = { 0 };
		doc_json(doc_root(doc), &json);
		struct diag again = { 0 };
		CLEANUP(doc_destroyp)
		struct doc *second = doc_parse("x.json", buf_blob(&json), &again);
		assert_non_null(second);
		diag_finish(&again);
	}
	assert_true(taken > 50); /* else the pieces say nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_documents_are_refused_with_place_and_code),
		cmocka_unit_test(a_nul_byte_is_refused_where_it_stands),
		cmocka_unit_test(sound_documents_read_as_the_same_json),
		cmocka_unit_test(nodes_know_their_place_and_style),
		cmocka_unit_test(json_of_the_engine_may_be_longer_than_a_simple_key),
		cmocka_unit_test(depth_is_bounded_at_its_limit),
		cmocka_unit_test(bytes_nodes_and_keys_are_bounded_at_their_limits),
		cmocka_unit_test(a_duplicate_names_both_places),
		cmocka_unit_test(a_file_is_read_only_if_nobody_else_can_write_it),
		cmocka_unit_test(what_is_not_a_plain_file_is_refused_without_waiting),
		cmocka_unit_test(a_file_of_somebody_else_is_refused),
		cmocka_unit_test(a_file_past_the_limit_is_refused_before_it_is_read),
		cmocka_unit_test(random_texts_are_taken_whole_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
