#include "daemon/audit/leaf_view.h"

#include "daemon/audit/leaf_writer.h"
#include "daemon/base/err.h"
#include "daemon/base/hex.h"
#include "daemon/base/limits.h"
#include "daemon/base/utf8.h"

/* A place in the bytes; the first failure sticks, so that a reader of several parts checks once. */
struct scan {
	const uint8_t *data;
	size_t len, at;
	enum msg_id failed; /* MSG_NONE: not yet */
};

enum { LEAF_DEPTH = 8 };

static void scan_fail(struct scan *scan, enum msg_id msg)
{
	if (scan->failed == MSG_NONE)
		scan->failed = msg;
}

static bool scan_is(const struct scan *scan, uint8_t c)
{
	return scan->failed == MSG_NONE && scan->at < scan->len && scan->data[scan->at] == c;
}

static bool scan_skip(struct scan *scan, uint8_t c)
{
	if (!scan_is(scan, c))
		return false;
	scan->at++;
	return true;
}

static void scan_expect(struct scan *scan, uint8_t c)
{
	if (!scan_skip(scan, c))
		scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
}

/* ---- values ---- */

/* What stands between the quotes must be NFC, and hold nothing that leaf_writer.c would escape. */
static bool is_clean_text(struct blob text)
{
	const char *chars = (const char *)text.data;
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next(chars, text.len, &pos);
		if (c < 0x20 || utf8_is_hidden(c))
			return false;
	}
	return utf8_is_nfc(chars, text.len);
}

/* Bytes that a text holds as they stand: all ASCII but controls, '"' and '\'; hex digits are 2. */
static const uint8_t text_bytes[256] = {
	[' '] = 1,         ['!'] = 1,         ['#' ... '/'] = 1,
	['0' ... '9'] = 2, [':' ... '@'] = 1, ['A' ... '['] = 1,
	[']' ... '`'] = 1, ['a' ... 'f'] = 2, ['g' ... '~'] = 1,
};

/* How many bytes from here on are at least of `kind`. Most of a leaf passes through this loop. */
static size_t run_of(const struct scan *scan, uint8_t kind)
{
	const uint8_t *from = scan->data + scan->at, *end = scan->data + scan->len, *at = from;
	while (at < end && text_bytes[*at] >= kind)
		at++;
	return (size_t)(at - from);
}

/* Past one escape or one byte that is not ASCII; false at anything else. */
static bool skip_special(struct scan *scan)
{
	if (scan->at == scan->len)
		return false;
	uint8_t c = scan->data[scan->at];
	if (c == '\\') {
		uint8_t next = scan->at + 1 < scan->len ? scan->data[scan->at + 1] : 0;
		scan->at += next == '"' || next == '\\' ? 2 : 0;
		return next == '"' || next == '\\';
	}
	scan->at += c >= 0x80 ? 1 : 0;
	return c >= 0x80;
}

/* The bytes between the quotes, escapes as they stand. Of escapes only \" and \\ can occur. */
static struct blob scan_string(struct scan *scan)
{
	scan_expect(scan, '"');
	size_t start = scan->at;
	bool special = false;
	for (scan->at += run_of(scan, 1); skip_special(scan); scan->at += run_of(scan, 1))
		special = true;
	struct blob text = blob_of(scan->data + start, scan->at - start);
	scan_expect(scan, '"');
	if (special && scan->failed == MSG_NONE && !is_clean_text(text))
		scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
	return text;
}

/* Names of members are words of ours: ASCII without escapes, so byte order is RFC 8785's order. */
static struct blob scan_name(struct scan *scan)
{
	scan_expect(scan, '"');
	size_t start = scan->at;
	scan->at += run_of(scan, 1);
	struct blob name = blob_of(scan->data + start, scan->at - start);
	scan_expect(scan, '"');
	scan_expect(scan, ':');
	return name;
}

static uint64_t scan_number(struct scan *scan)
{
	uint64_t value = 0;
	size_t start = scan->at;
	while (scan->failed == MSG_NONE && scan->at < scan->len && scan->data[scan->at] >= '0' &&
	       scan->data[scan->at] <= '9') {
		value = value * 10 + (uint64_t)(scan->data[scan->at++] - '0');
		if (value >= 1ull << 53)
			scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
	}
	size_t digits = scan->at - start;
	if (digits == 0 || (digits > 1 && scan->data[start] == '0'))
		scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
	return value;
}

static void scan_value(struct scan *scan, unsigned depth);

static void scan_array(struct scan *scan, unsigned depth)
{
	scan_expect(scan, '[');
	if (scan_skip(scan, ']'))
		return;
	do
		scan_value(scan, depth);
	while (scan_skip(scan, ','));
	scan_expect(scan, ']');
}

static void scan_object(struct scan *scan, unsigned depth)
{
	scan_expect(scan, '{');
	if (scan_skip(scan, '}'))
		return;
	struct blob previous = { 0 };
	do {
		struct blob name = scan_name(scan);
		if (previous.data != NULL && blob_compare(previous, name) >= 0)
			scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
		previous = name;
		scan_value(scan, depth);
	} while (scan_skip(scan, ','));
	scan_expect(scan, '}');
}

static void scan_value(struct scan *scan, unsigned depth)
{
	if (depth == 0) {
		scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
	} else if (scan_is(scan, '{')) {
		scan_object(scan, depth - 1);
	} else if (scan_is(scan, '[')) {
		scan_array(scan, depth - 1);
	} else if (scan_is(scan, '"')) {
		(void)scan_string(scan);
	} else if (scan_skip(scan, '-')) { /* -0 is not the shortest zero */
		if (scan_number(scan) == 0)
			scan_fail(scan, MSG_AUDIT_LEAF_SYNTAX);
	} else {
		(void)scan_number(scan);
	}
}

/* ---- members ---- */

enum member_kind {
	MEMBER_ACT,
	MEMBER_NUMBER,
	MEMBER_TEXT,
	MEMBER_HEX16,
	MEMBER_HEX32,
	MEMBER_OBJECT,
	MEMBER_ARRAY,
};

/* In the order of leaf_writer.c. `place`: where in the view the value goes; 0, where the act stands,
 * is nowhere for all others.
 */
static const struct member {
	struct blob name;
	enum member_kind kind;
	bool required;
	size_t place;
} members[] = {
#define NAME(text) \
	{ \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}
#define PLACE(member) offsetof(struct leaf_view, member)
	{ NAME("act"), MEMBER_ACT, true, 0 },
	{ NAME("actor"), MEMBER_OBJECT, false, 0 },
	{ NAME("batch"), MEMBER_NUMBER, false, PLACE(batch) },
	{ NAME("boot_id"), MEMBER_TEXT, false, PLACE(boot_id) },
	{ NAME("case"), MEMBER_NUMBER, false, PLACE(case_id) },
	{ NAME("commit"), MEMBER_HEX32, false, PLACE(commit) },
	{ NAME("conf"), MEMBER_HEX32, false, 0 },
	{ NAME("counts"), MEMBER_OBJECT, false, 0 },
	{ NAME("ct_sha256"), MEMBER_HEX32, false, PLACE(ct_sha256) },
	{ NAME("err"), MEMBER_OBJECT, false, 0 },
	{ NAME("fields"), MEMBER_ARRAY, false, 0 },
	{ NAME("fields_rest"), MEMBER_NUMBER, false, 0 },
	{ NAME("files"), MEMBER_ARRAY, false, 0 },
	{ NAME("files_rest"), MEMBER_NUMBER, false, 0 },
	{ NAME("hashes"), MEMBER_OBJECT, false, 0 },
	{ NAME("host"), MEMBER_TEXT, false, 0 },
	{ NAME("id"), MEMBER_HEX16, true, 0 },
	{ NAME("mono_us"), MEMBER_NUMBER, true, PLACE(mono_us) },
	{ NAME("prog"), MEMBER_OBJECT, false, 0 },
	{ NAME("reasons"), MEMBER_ARRAY, false, 0 },
	{ NAME("rec_ver"), MEMBER_OBJECT, false, 0 },
	{ NAME("rule"), MEMBER_OBJECT, false, 0 },
	{ NAME("run"), MEMBER_NUMBER, false, PLACE(run) },
	{ NAME("seq"), MEMBER_NUMBER, true, PLACE(seq) },
	{ NAME("set"), MEMBER_ARRAY, false, 0 },
	{ NAME("set_rest"), MEMBER_NUMBER, false, 0 },
	{ NAME("src"), MEMBER_OBJECT, false, 0 },
	{ NAME("state"), MEMBER_TEXT, false, 0 },
	{ NAME("subj"), MEMBER_HEX16, false, PLACE(subject) },
	{ NAME("ts"), MEMBER_TEXT, true, PLACE(ts) },
	{ NAME("up"), MEMBER_OBJECT, false, 0 },
	{ NAME("v"), MEMBER_NUMBER, true, PLACE(version) },
#undef NAME
#undef PLACE
};
enum { MEMBER_COUNT = sizeof(members) / sizeof(members[0]) };

/* Lower-case digits of `size` bytes; returns them as they stand. */
static struct blob scan_hex(struct scan *scan, size_t size)
{
	scan_expect(scan, '"');
	struct blob text = blob_of(scan->data + scan->at, run_of(scan, 2));
	scan->at += text.len;
	if (text.len != 2 * size)
		scan_fail(scan, MSG_AUDIT_LEAF_MEMBER);
	scan_expect(scan, '"');
	return text;
}

static void scan_act(struct scan *scan, struct leaf_view *view)
{
	view->act = audit_act_by_name(scan_string(scan));
	if (view->act == AUDIT_ACT_NONE)
		scan_fail(scan, MSG_AUDIT_LEAF_ACT);
}

static void scan_container(struct scan *scan, uint8_t bracket)
{
	if (!scan_is(scan, bracket))
		scan_fail(scan, MSG_AUDIT_LEAF_MEMBER);
	scan_value(scan, LEAF_DEPTH);
}

static void read_member(struct scan *scan, const struct member *member, struct leaf_view *view)
{
	struct blob text = { 0 };
	uint64_t number = 0;
	switch (member->kind) {
	case MEMBER_ACT:
		scan_act(scan, view);
		return;
	case MEMBER_NUMBER:
		number = scan_number(scan);
		break;
	case MEMBER_TEXT:
		text = scan_string(scan);
		break;
	case MEMBER_HEX16:
	case MEMBER_HEX32:
		text = scan_hex(scan, member->kind == MEMBER_HEX16 ? 16 : 32);
		break;
	case MEMBER_OBJECT:
	case MEMBER_ARRAY:
		scan_container(scan, member->kind == MEMBER_OBJECT ? '{' : '[');
		return;
	}
	if (member->place == 0)
		return;
	if (member->kind == MEMBER_NUMBER)
		memcpy((char *)view + member->place, &number, sizeof(number));
	else
		memcpy((char *)view + member->place, &text, sizeof(text));
}

static bool hex_equals(struct blob digits, const uint8_t hash[SHA256_SIZE])
{
	char expected[2 * SHA256_SIZE + 1];
	hex_encode(hash, SHA256_SIZE, expected);
	return blob_equal(digits, blob_text(expected));
}

/* The members ascend and so does the table: a repeated or misplaced name finds none that is left. */
static void read_members(struct scan *scan, struct leaf_view *view)
{
	size_t next = 0;
	do {
		struct blob name = scan_name(scan);
		while (next < MEMBER_COUNT && !blob_equal(name, members[next].name))
			if (members[next++].required)
				scan_fail(scan, MSG_AUDIT_LEAF_MEMBER);
		if (next == MEMBER_COUNT)
			scan_fail(scan, MSG_AUDIT_LEAF_MEMBER);
		if (scan->failed != MSG_NONE)
			return;
		read_member(scan, &members[next++], view);
	} while (scan_skip(scan, ','));
	if (next < MEMBER_COUNT) /* the last one, v, is required */
		scan_fail(scan, MSG_AUDIT_LEAF_MEMBER);
}

int leaf_view_read(struct blob bytes, struct leaf_view *ret_view, struct err *err)
{
	if (bytes.len == 0 || bytes.len > LIMIT_LEAF_BYTES)
		return err_set(err, ERR_CORRUPT, MSG_AUDIT_LEAF_SYNTAX, ARG_U("offset", 0));
	struct leaf_view view = { 0 };
	struct scan scan = { .data = bytes.data, .len = bytes.len };
	scan_expect(&scan, '{');
	read_members(&scan, &view);
	scan_expect(&scan, '}');
	if (scan.at != scan.len)
		scan_fail(&scan, MSG_AUDIT_LEAF_SYNTAX);
	/* A payload has both of its hashes or there is none. */
	if (view.version != 1 || (view.commit.len > 0) != (view.ct_sha256.len > 0))
		scan_fail(&scan, MSG_AUDIT_LEAF_MEMBER);
	if (scan.failed != MSG_NONE)
		return err_set(err, ERR_CORRUPT, scan.failed, ARG_U("offset", scan.at));
	*ret_view = view;
	return 0;
}

bool leaf_view_seals(const struct leaf_view *view, struct sha256 *sha, struct blob sealed)
{
	if (view->ct_sha256.len == 0)
		return sealed.len == 0;
	uint8_t hash[SHA256_SIZE];
	sha256_begin(sha);
	sha256_add(sha, sealed.data, sealed.len);
	sha256_end(sha, hash);
	return hex_equals(view->ct_sha256, hash);
}

int leaf_view_payload(const struct leaf_view *view, struct sha256 *sha, struct blob plain,
		      struct blob *ret_json, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	if (plain.len < LEAF_SALT_SIZE)
		return err_set(err, ERR_CORRUPT, MSG_AUDIT_PAYLOAD);
	leaf_commitment(sha, plain, hash);
	if (!hex_equals(view->commit, hash))
		return err_set(err, ERR_CORRUPT, MSG_AUDIT_PAYLOAD);
	*ret_json = blob_of(plain.data + LEAF_SALT_SIZE, plain.len - LEAF_SALT_SIZE);
	return 0;
}
