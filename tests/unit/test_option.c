#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "config/option.h"
#include "daemon/base/err.h"
#include "tests/support/findings.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* One of each kind. */
struct inner {
	bool flag, other;
	int64_t number;
	char *text;
	struct secret_ref secret;
};

struct all {
	char *text, *word, *path, *url, *date, *cut;
	bool yes;
	int64_t integer;
	uint64_t pause_ms, size_bytes;
	uint32_t part;
	enum { RED, GREEN } colour;
	struct secret_ref secret;
	struct option_texts texts, colours;
	struct option_map map, kinds;
	struct inner section, one;
	struct inner *maybe, *sections;
	size_t section_count;
	const struct doc_node *raw;
};

static const char *const colours[] = { [RED] = "red", [GREEN] = "green", NULL };

static const struct option_row inner_rows[] = {
	OPTION_BOOL("flag", struct inner, flag),
	OPTION_BOOL("other", struct inner, other, .fallback = "true"),
	OPTION_INTEGER("number", struct inner, number, .fallback = "7"),
	OPTION_TEXT("text", struct inner, text),
	OPTION_SECRET("secret", struct inner, secret),
	OPTION_END,
};

static const struct option_row rows_of_all[] = {
	OPTION_TEXT("text", struct all, text, .required = true, .help = MSG_HELP_OWNER),
	OPTION_WORD("word", struct all, word),
	OPTION_PATH("path", struct all, path, .pass = "folder"),
	OPTION_URL("url", struct all, url),
	OPTION_DATE("date", struct all, date, .fallback = "2026-09-30"),
	OPTION_TEXT("cut", struct all, cut, .min = 2, .max = 3),
	OPTION_BOOL("yes", struct all, yes, .fallback = "true"),
	OPTION_INTEGER("integer", struct all, integer, .min = -5, .max = 5),
	OPTION_DURATION("pause", struct all, pause_ms, .fallback = "5m", .min = 1000,
			.max = 3600000),
	OPTION_SIZE("size", struct all, size_bytes, .fallback = "64KiB"),
	OPTION_PERCENT("part", struct all, part, .fallback = "2.5%"),
	OPTION_ENUM("colour", struct all, colour, colours, .fallback = "green"),
	OPTION_SECRET("secret", struct all, secret),
	OPTION_TEXTS("texts", struct all, texts, .min = 1, .max = 3),
	OPTION_TEXTS("colours", struct all, colours, .names = colours),
	OPTION_MAP("map", struct all, map),
	OPTION_MAP("kinds", struct all, kinds, .names = colours),
	OPTION_SECTION("section", struct all, section, struct inner, inner_rows),
	OPTION_SECTION("one", struct all, one, struct inner, inner_rows, .one_of = true,
		       .bare = "flag"),
	OPTION_MAYBE("maybe", struct all, maybe, struct inner, inner_rows),
	OPTION_SECTIONS("sections", struct all, sections, section_count, struct inner, inner_rows),
	OPTION_RAW("raw", struct all, raw),
	OPTION_END,
};

static struct doc *load(const char *text, struct diag *diag, struct all *all)
{
	struct doc *doc = doc_parse("x.yaml", blob_text(text), diag);
	if (doc != NULL)
		option_load(rows_of_all, doc_root(doc), (struct diag_place){ .file = "x.yaml" },
			    diag, all);
	return doc;
}

static struct doc *load_good(const char *text, struct all *all)
{
	struct diag diag = { 0 };
	struct doc *doc = load(text, &diag, all);
	assert_true(findings_are(text, &diag, false, ""));
	diag_finish(&diag);
	return doc;
}

static void values_of_every_kind_are_read(void **state)
{
	(void)state;
	struct all all = { 0 };
	CLEANUP(doc_destroyp)
	struct doc *doc = load_good("text: Sở Nội vụ\n"
				    "word: noi-vu\n"
				    "path: /srv/x\n"
				    "url: https://a.example/v1\n"
				    "date: 2024-02-29\n"
				    "cut: abc\n"
				    "yes: false\n"
				    "integer: -5\n"
				    "pause: 1h\n"
				    "size: 1MiB\n"
				    "part: 100%\n"
				    "colour: red\n"
				    "secret: {credential: national.key}\n"
				    "texts: [b, a, 'null']\n"
				    "colours: [red, red]\n"
				    "map: {z: 1, a: '2'}\n"
				    "kinds: {x: green}\n"
				    "section: {number: 0}\n"
				    "one: flag\n"
				    "maybe: {text: t}\n"
				    "sections: [{number: 1}, {number: 2}]\n"
				    "raw: {anything: [goes]}\n"
				    "x-note: {free: text}\n",
				    &all);
	assert_string_equal(all.text, "Sở Nội vụ");
	assert_string_equal(all.word, "noi-vu");
	assert_string_equal(all.path, "/srv/x");
	assert_string_equal(all.url, "https://a.example/v1");
	assert_string_equal(all.date, "2024-02-29");
	assert_string_equal(all.cut, "abc");
	assert_false(all.yes);
	assert_int_equal(all.integer, -5);
	assert_int_equal(all.pause_ms, 3600000);
	assert_int_equal(all.size_bytes, 1048576);
	assert_int_equal(all.part, 10000);
	assert_int_equal(all.colour, RED);
	assert_int_equal(all.secret.kind, SECRET_CREDENTIAL);
	assert_string_equal(all.secret.name, "national.key");
	assert_int_equal(all.texts.count, 3);
	assert_string_equal(all.texts.items[0], "b");
	assert_string_equal(all.texts.items[2], "null");
	assert_int_equal(all.map.count, 2);
	assert_string_equal(all.map.pairs[0].key, "a"); /* in byte order */
	assert_string_equal(all.map.pairs[0].value, "2");
	assert_int_equal(all.section.number, 0);
	assert_true(all.section.other);
	assert_true(all.one.flag);
	assert_string_equal(all.maybe->text, "t");
	assert_int_equal(all.maybe->number, 7);
	assert_int_equal(all.section_count, 2);
	assert_int_equal(all.sections[1].number, 2);
	assert_string_equal(doc_get(all.raw, "anything")->items[0]->text, "goes");
	option_finish(rows_of_all, &all);
	static const struct all nothing;
	assert_null(all.text);
	assert_null(all.sections);
	assert_int_equal(all.section_count, nothing.section_count);
}

static void what_is_left_out_has_its_default(void **state)
{
	(void)state;
	struct all all = { 0 };
	CLEANUP(doc_destroyp) struct doc *doc = load_good("text: t\n", &all);
	assert_null(all.word);
	assert_string_equal(all.date, "2026-09-30");
	assert_true(all.yes);
	assert_int_equal(all.integer, 0);
	assert_int_equal(all.pause_ms, 300000);
	assert_int_equal(all.size_bytes, 65536);
	assert_int_equal(all.part, 250);
	assert_int_equal(all.colour, GREEN);
	assert_int_equal(all.secret.kind, SECRET_NONE);
	assert_int_equal(all.texts.count, 0);
	assert_int_equal(all.section.number, 7);
	assert_null(all.maybe);
	assert_null(all.raw);
	option_finish(rows_of_all, &all);
}

static void texts_are_composed(void **state)
{
	(void)state;
	struct all all = { 0 };
	CLEANUP(doc_destroyp)
	struct doc *doc = load_good("text: Tru\xcc\x9bo\xcc\x9b\xcc\x80ng\n"
				    "map: {ho\xcc\xa3: te\xcc\x82n}\n",
				    &all);
	assert_string_equal(all.text, "Trường");
	assert_string_equal(all.map.pairs[0].key, "họ");
	assert_string_equal(all.map.pairs[0].value, "tên");
	option_finish(rows_of_all, &all);
}

static void broken_options_are_found_with_place_and_code(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[a]", "1:1 E1240" },
		{ "just text", "1:1 E1240" },
		{ "word: a\n", "1:1 E1243" },
		{ "txt: t\n", "1:1 E1203, 1:1 E1243" },
		{ "text: t\nsection: {numbr: 1}\n", "2:11 E1242" },
		{ "text: t\nsections:\n  - number: 1\n  - numbr: 2\n", "4:5 E1242" },
		{ "text: t\nX-note: 1\n", "2:1 E1203" },
		{ "text: [t]\n", "1:7 E1252" },
		{ "text: {t: u}\n", "1:7 E1252" },
		{ "text:\n", "1:6 E1244" },
		{ "text: ~\n", "1:7 E1244" },
		{ "text: null\n", "1:7 E1244" },
		{ "text: ''\n", "1:7 E1248" },
		{ "text: t\ncut: a\n", "2:6 E1248" },
		{ "text: t\ncut: ễễễễ\n", "2:6 E1248" },
		{ "text: t\nword: Nội vụ\n", "2:7 E1253" },
		{ "text: t\npath: x/y\n", "2:7 E1254" },
		{ "text: t\npath: /x/../y\n", "2:7 E1254" },
		{ "text: t\nurl: http://a.example\n", "2:6 E1255" },
		{ "text: t\nurl: https://u:p@a.example\n", "2:6 E1255" },
		{ "text: t\ndate: 30/09/2026\n", "2:7 E1256" },
		{ "text: t\ndate: 2026-02-30\n", "2:7 E1256" },
		{ "text: t\nyes: yes\n", "2:6 E1257" },
		{ "text: t\nyes: on\n", "2:6 E1257" },
		{ "text: t\nyes: True\n", "2:6 E1257" },
		{ "text: t\nyes: 1\n", "2:6 E1257" },
		{ "text: t\ninteger: 01\n", "2:10 E1258" },
		{ "text: t\ninteger: 1e0\n", "2:10 E1258" },
		{ "text: t\ninteger: 6\n", "2:10 E1247" },
		{ "text: t\ninteger: -6\n", "2:10 E1247" },
		{ "text: t\npause: 30\n", "2:8 E1259" },
		{ "text: t\npause: 1ms\n", "2:8 E1247" },
		{ "text: t\nsize: 1MB\n", "2:7 E1260" },
		{ "text: t\npart: 5\n", "2:7 E1261" },
		{ "text: t\ncolour: blue\n", "2:9 E1246" },
		{ "text: t\ncolour: [red]\n", "2:9 E1262" },
		{ "text: t\nsecret: hunter2\n", "2:9 E1250" },
		{ "text: t\nsecret: [a]\n", "2:9 E1263" },
		{ "text: t\nsecret: {}\n", "2:9 E1263" },
		{ "text: t\nsecret: {value: hunter2}\n", "2:9 E1263" },
		{ "text: t\nsecret: {credential: a, file: /b}\n", "2:9 E1263" },
		{ "text: t\nsecret: {credential: ../a}\n", "2:9 E1263" },
		{ "text: t\nsecret: {file: a}\n", "2:9 E1263" },
		{ "text: t\nsecret: {credential: [a]}\n", "2:9 E1263" },
		{ "text: t\ntexts: a\n", "2:8 E1264" },
		{ "text: t\ntexts: []\n", "2:8 E1247" },
		{ "text: t\ntexts: [a, b, c, d]\n", "2:8 E1247" },
		{ "text: t\ntexts: [a, [b], '', ~]\n", "2:8 E1247" },
		{ "text: t\ntexts: [[b], '', ~]\n", "2:9 E1264, 2:14 E1264, 2:18 E1264" },
		{ "text: t\ncolours: [red, blue]\n", "2:16 E1246" },
		{ "text: t\nmap: [a]\n", "2:6 E1265" },
		{ "text: t\nmap: {a: [b], c: {d: e}}\n", "2:10 E1265, 2:18 E1265" },
		{ "text: t\nmap: {ọ: 1, o\xcc\xa3: 2}\n", "2:6 E1249" },
		{ "text: t\nkinds: {a: whole}\n", "2:12 E1246" },
		{ "text: t\nsection: 5\n", "2:10 E1266" },
		{ "text: t\nsection:\n", "2:9 E1244" },
		{ "text: t\nmaybe: [1]\n", "2:8 E1266" },
		{ "text: t\nmaybe: {number: x}\n", "2:17 E1258" },
		{ "text: t\none: {}\n", "2:6 E1245" },
		{ "text: t\none: {flag: true, number: 1}\n", "2:6 E1245" },
		{ "text: t\none: other\n", "2:6 E1266" },
		{ "text: t\nsections: {number: 1}\n", "2:11 E1267" },
		{ "text: t\nsections: [1]\n", "2:12 E1267" },
		/* everything in one pass */
		{ "colour: rde\nyes: no\nsection: {number: x, txt: y}\nsecret: s\nsize: 1\n",
		  "1:1 E1243, 1:9 E1246, 2:6 E1257, 3:19 E1258, 3:22 E1242, 4:9 E1250, 5:7 E1260" },
	};
	size_t wrong = 0;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct diag diag = { 0 };
		struct all all = { 0 };
		struct doc *doc = load(rows[i].text, &diag, &all);
		wrong += !findings_are(rows[i].text, &diag, false, rows[i].expected);
		option_finish(rows_of_all, &all);
		doc_destroy(doc);
		diag_finish(&diag);
	}
	assert_int_equal(wrong, 0);
}

static void print(const char *text, struct buf *out)
{
	struct diag diag = { 0 };
	struct all all = { 0 };
	struct doc *doc = load(text, &diag, &all);
	diag_print(&diag, LANGUAGE_EN, true, out);
	diag_print(&diag, LANGUAGE_VI, true, out);
	buf_put_u8(out, 0);
	option_finish(rows_of_all, &all);
	doc_destroy(doc);
	diag_finish(&diag);
}

static void no_finding_shows_a_secret(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"text: t\nsecret: hunter2\n",
		"text: t\nsecrt: hunter2\n",
		"text: t\nsecret: [hunter2]\n",
		"text: t\nsecret: {value: hunter2}\n",
		"text: t\nsecret: {file: hunter2}\n",
		"{text: t, sceret: x, secret: hunter2, yes: no}\n",
		"{text: t, secret: hunter2, colour: blue}\n",
		"text: t\nsection: {secret: hunter2, numbr: 1}\n",
		"text: t\nsecret: |\n  hunter2\n",
	};
	for (size_t i = 0; i < COUNT(texts); i++) {
		CLEANUP(buf_finish) struct buf out = { 0 };
		print(texts[i], &out);
		if (strstr((const char *)out.data, "hunter2") != NULL ||
		    strstr((const char *)out.data, "error") == NULL)
			fail_msg("%s: %s", texts[i], (const char *)out.data);
	}
}

static void findings_say_what_to_do(void **state)
{
	(void)state;
	static const struct {
		const char *text, *said;
	} rows[] = {
		{ "text: t\nsecret: x\n",
		  "write {credential: NAME} (systemd-creds) or {file: /path}" },
		{ "text: t\nsecret: x\n", "ghi {credential: TÊN}" },
		{ "text: t\npaus: 5m\n", "did you mean \"pause\"?" },
		{ "text: t\ncolour: gren\n", "colour must be one of: red, green" },
		{ "text: t\ncolour: gren\n", "did you mean \"green\"?" },
		{ "text: t\npause: 2d\n", "pause must be between 1s and 1h" },
		{ "text: t\nsections: [{}, {number: x}]\n",
		  "sections[1].number must be a whole number" },
		{ "word: w\n", "text is missing" },
		{ "word: w\n", "who answers for these data" },
		{ "text: t\none: {}\n",
		  "one must have exactly one of: flag, other, number, text, secret" },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		CLEANUP(buf_finish) struct buf out = { 0 };
		print(rows[i].text, &out);
		if (strstr((const char *)out.data, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].said, (const char *)out.data);
	}
}

static void a_worker_reads_back_the_canonical_json(void **state)
{
	(void)state;
	struct all all = { 0 };
	CLEANUP(doc_destroyp)
	struct doc *doc = load_good(
		"yes: true\ntext: \"a\\tb: 'c'\"\nmaybe: {number: 3}\nraw: [x]\ncolours: [red]\n",
		&all);
	CLEANUP(buf_finish) struct buf json = { 0 };
	doc_json(doc_root(doc), &json);
	struct all again = { 0 };
	CLEANUP(doc_destroyp) struct doc *second = NULL;
	assert_int_equal(
		option_load_text(rows_of_all, "options", buf_blob(&json), &again, &second, NULL),
		0);
	assert_string_equal(again.text, "a\tb: 'c'");
	assert_true(again.yes);
	assert_int_equal(again.maybe->number, 3);
	assert_string_equal(again.raw->items[0]->text, "x");
	option_finish(rows_of_all, &all);
	option_finish(rows_of_all, &again);
}

static void a_worker_gets_the_first_finding_as_its_error(void **state)
{
	(void)state;
	struct all all = { 0 };
	struct doc *doc = NULL;
	struct err err = { 0 };
	struct blob json =
		blob_text("{\"text\":\"t\",\"yes\":\"maybe\",\"maybe\":{\"text\":\"owned\"}}");
	assert_int_equal(option_load_text(rows_of_all, "options", json, &all, &doc, &err),
			 ERR_CONFIG);
	assert_string_equal(err.text[LANGUAGE_EN], "options:1:19: yes must be true or false");
	assert_null(doc);
	assert_null(all.text);
	assert_null(all.maybe);
	assert_int_equal(option_load_text(rows_of_all, "options", blob_text("{"), &all, &doc, &err),
			 ERR_CONFIG);
}

struct seen {
	char text[512];
	int fail_at;
};

static int see(void *ctx, const struct option_passed *passed, struct err *err)
{
	struct seen *seen = ctx;
	if (seen->fail_at-- == 0)
		return err_set(err, ERR_NOT_FOUND, MSG_NOMEM);
	size_t len = strlen(seen->text);
	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s=%s;", passed->name,
		       passed->path != NULL ? passed->path : passed->secret->name);
	return 0;
}

static void a_worker_is_given_the_paths_and_secrets_that_are_set(void **state)
{
	(void)state;
	struct all all = { 0 };
	CLEANUP(doc_destroyp)
	struct doc *doc = load_good("text: t\npath: /srv/in\nsecret: {file: /k}\n"
				    "section: {secret: {credential: c}}\n"
				    "maybe: {secret: {credential: d}}\n",
				    &all);
	struct seen seen = { .fail_at = -1 };
	assert_int_equal(option_each_passed(rows_of_all, &all, see, &seen, NULL), 0);
	assert_string_equal(
		seen.text,
		"folder=/srv/in;secret:secret=/k;secret:section.secret=c;secret:maybe.secret=d;");
	struct seen failing = { .fail_at = 2 };
	assert_int_equal(option_each_passed(rows_of_all, &all, see, &failing, NULL), ERR_NOT_FOUND);
	assert_string_equal(failing.text, "folder=/srv/in;secret:secret=/k;");
	option_finish(rows_of_all, &all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_kind_are_read),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(texts_are_composed),
		cmocka_unit_test(broken_options_are_found_with_place_and_code),
		cmocka_unit_test(no_finding_shows_a_secret),
		cmocka_unit_test(findings_say_what_to_do),
		cmocka_unit_test(a_worker_reads_back_the_canonical_json),
		cmocka_unit_test(a_worker_gets_the_first_finding_as_its_error),
		cmocka_unit_test(a_worker_is_given_the_paths_and_secrets_that_are_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
