#include "connectors/normalise/name.h"

#include <string.h>

#include "connectors/normalise/legacy.h"
#include "connectors/normalise/syllable.h"
#include "connectors/normalise/text.h"
#include "daemon/base/utf8.h"

/* HR7; folded, so that "Ths." is a title as well. Longer ones first. */
static const char *const titles[] = { "tskh.", "pgs.", "ths.", "gs.", "ts.",
				      "bs.",   "ds.",  "ks.",  "cn." };
static const char *const known_notes[] = { "biệt phái", "nghỉ thai sản",   "thai sản",
					   "nghỉ hưu",  "hợp đồng",        "tập sự",
					   "đi học",    "nghỉ không lương" };

/* EDU3 */
static const char *const family_names[] = { "nguyễn", "trần", "phạm",  "phan",  "đặng",
					    "bùi",    "đỗ",   "ngô",   "nông",  "triệu",
					    "hứa",    "đàm",  "phùng", "trịnh", "đinh" };

/* HR8: a closed table; Cyrillic first. */
static const struct {
	uint16_t from, to;
} look_alikes[] = {
	{ 0x430, 'a' }, { 0x435, 'e' }, { 0x43e, 'o' },  { 0x441, 'c' },  { 0x440, 'p' },
	{ 0x445, 'x' }, { 0x443, 'y' }, { 0x41d, 'H' },  { 0x422, 'T' },  { 0x412, 'B' },
	{ 0x421, 'C' }, { 0x410, 'A' }, { 0xd0, 0x110 }, { 0xf0, 0x111 }, { 0x256, 0x111 },
};

static bool is_listed(struct blob folded, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (blob_equal(folded, blob_text(list[i])))
			return true;
	return false;
}

static void strip_blanks(struct blob *text)
{
	while (text->len > 0 && text->data[0] == ' ')
		*text = blob_of(text->data + 1, text->len - 1);
	while (text->len > 0 && text->data[text->len - 1] == ' ')
		text->len--;
}

static size_t count_words(struct blob text)
{
	size_t words = 0;
	for (size_t i = 0; i < text.len; i++)
		words += text.data[i] != ' ' && (i == 0 || text.data[i - 1] == ' ');
	return words;
}

static void add_note(struct blob note, struct buf *notes)
{
	buf_put(notes, note.data, note.len);
	buf_put_u8(notes, '\n');
}

static bool is_note(struct blob inner, const struct name_rules *rules)
{
	struct buf folded = { 0 };
	text_fold(inner, &folded);
	bool found = is_listed(buf_blob(&folded), known_notes,
			       sizeof(known_notes) / sizeof(known_notes[0]));
	for (size_t i = 0; !found && i < rules->note_count; i++)
		found = blob_equal(buf_blob(&folded), rules->notes[i]);
	buf_cleanse(&folded);
	return found;
}

/* Notes stand behind, in round brackets. */
static void take_notes(struct blob *text, const struct name_rules *rules, struct buf *notes)
{
	while (text->len > 2 && text->data[text->len - 1] == ')') {
		const uint8_t *open = memrchr(text->data, '(', text->len);
		if (open == NULL)
			return;
		struct blob inner =
			blob_of(open + 1, text->len - (size_t)(open + 1 - text->data) - 1);
		strip_blanks(&inner);
		if (!is_note(inner, rules))
			return;
		add_note(inner, notes);
		text->len = (size_t)(open - text->data);
		strip_blanks(text);
	}
}

static bool take_title(struct blob *text, struct buf *notes)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
		size_t len = strlen(titles[i]);
		if (text->len <= len || strncasecmp((const char *)text->data, titles[i], len) != 0)
			continue;
		struct blob rest = blob_of(text->data + len, text->len - len);
		strip_blanks(&rest);
		if (count_words(rest) < 2)
			return false;
		add_note(blob_of(text->data, len - 1), notes);
		*text = rest;
		return true;
	}
	return false;
}

static struct blob strip(struct blob text, const struct name_rules *rules, struct buf *notes)
{
	strip_blanks(&text);
	take_notes(&text, rules, notes);
	while (take_title(&text, notes))
		;
	return text;
}

static int32_t repaired_letter(int32_t c)
{
	for (size_t i = 0; i < sizeof(look_alikes) / sizeof(look_alikes[0]); i++)
		if (look_alikes[i].from == c)
			return look_alikes[i].to;
	return c;
}

/* Returns whether anything was replaced. */
static bool repair(struct blob text, struct buf *out)
{
	bool replaced = false;
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		int32_t better = c < 0x80 ? c : repaired_letter(c);
		replaced |= better != c;
		utf8_put(out, better);
	}
	return replaced;
}

static bool may_stand_in_a_name(int32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ' || c == '-' ||
		       c == '\'' || c == '.';
	return c == 0x2019 || syllable_is_letter(c);
}

static bool has_form_of_a_name(struct blob text)
{
	for (size_t pos = 0; pos < text.len;)
		if (!may_stand_in_a_name(utf8_next((const char *)text.data, text.len, &pos)))
			return false;
	return true;
}

static bool has_capital_behind_small(struct blob text)
{
	bool small = false;
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (small && utf8_is_upper(c))
			return true;
		small = utf8_is_lower(c);
	}
	return false;
}

/* Letter case of a text: what ENC2 and HR7 ask for. */
enum letter_case { CASE_MIXED, CASE_CAPITALS, CASE_SMALL };

static enum letter_case case_of(struct blob text, bool plain_letters_only)
{
	bool capital = false, small = false;
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (plain_letters_only && c >= 0x80)
			continue;
		capital |= utf8_is_upper(c);
		small |= utf8_is_lower(c);
	}
	if (capital == small)
		return CASE_MIXED;
	return capital ? CASE_CAPITALS : CASE_SMALL;
}

enum recase { RECASE_CAPITALS, RECASE_TITLE, RECASE_HEADS };

/* TITLE: the first letter of each word a capital, the rest small. HEADS: the rest as it stands. */
static void recase(struct blob text, enum recase how, struct buf *out)
{
	bool head = true;
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (how == RECASE_CAPITALS || head)
			utf8_put(out, utf8_upper(c));
		else
			utf8_put(out, how == RECASE_TITLE ? utf8_lower(c) : c);
		head = c == ' ' || c == '-';
	}
}

/* ENC2: capitals with a tone are small letters in TCVN3; the plain letters tell which they were. */
static void restore_case(struct buf *text)
{
	struct buf restored = { 0 };
	bool capitals = case_of(buf_blob(text), true) == CASE_CAPITALS;
	recase(buf_blob(text), capitals ? RECASE_CAPITALS : RECASE_HEADS, &restored);
	buf_cleanse(text);
	*text = restored;
}

/* What `damaged` is in one encoding, titles and notes taken off. Returns whether all its syllables are valid. */
static bool try_encoding(enum legacy encoding, struct blob damaged, const struct name_rules *rules,
			 struct name *candidate)
{
	struct buf decoded = { 0 }, clean = { 0 };
	bool right = legacy_decode(encoding, damaged, &decoded) &&
		     text_clean(buf_blob(&decoded), 0, &clean, NULL) == REASON_NONE;
	if (right) {
		struct blob rest = strip(buf_blob(&clean), rules, &candidate->notes);
		buf_put(&candidate->text, rest.data, rest.len);
		if (encoding == LEGACY_TCVN3)
			restore_case(&candidate->text);
		right = syllable_all_valid(buf_blob(&candidate->text));
	}
	buf_cleanse(&decoded);
	buf_cleanse(&clean);
	return right;
}

/* ENC1: converts if exactly one encoding makes every syllable valid. */
static void try_to_decode(struct blob raw, struct blob clean, const struct name_rules *rules,
			  struct name *name)
{
	struct name found = { 0 };
	struct buf bytes = { 0 }; /* with the no-break blanks, which are the half of à in UTF-8 */
	size_t hits = 0;
	(void)text_clean(raw, TEXT_KEEP_C1 | TEXT_KEEP_NO_BREAK, &bytes, NULL);
	for (int encoding = 0; encoding < LEGACY_MAX; encoding++) {
		struct name candidate = { 0 };
		struct blob damaged = encoding == LEGACY_UTF8 ? buf_blob(&bytes) : clean;
		bool hit = try_encoding((enum legacy)encoding, damaged, rules, &candidate);
		if (hit && ++hits == 1) {
			found = candidate;
			continue;
		}
		name_finish(&candidate);
	}
	buf_cleanse(&bytes);
	if (hits == 1) {
		name_finish(name);
		*name = found;
		name->decoded = true; /* the raw text stays with the provenance (HR7) */
	} else {
		name_finish(&found);
	}
}

static bool has_c1(struct blob text)
{
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (c >= 0x80 && c < 0xa0)
			return true;
	}
	return false;
}

static bool is_lossy(struct blob text)
{
	for (size_t pos = 0; pos < text.len;) {
		int32_t c = utf8_next((const char *)text.data, text.len, &pos);
		if (c == '?' || c == 0xfffd)
			return true;
	}
	return false;
}

/* `clean` is judged: repaired, decoded where that is due, its form tested, its case set. */
static enum reason judge(struct blob raw, struct blob clean, const struct name_rules *rules,
			 struct name *name)
{
	struct buf repaired = { 0 };
	name->repaired |= repair(clean, &repaired);
	struct blob rest = strip(buf_blob(&repaired), rules, &name->notes);
	buf_put(&name->text, rest.data, rest.len);
	buf_cleanse(&repaired);
	if (name->text.len == 0)
		return REASON_NAME_MISSING;

	struct blob text = buf_blob(&name->text);
	bool suspicious = !has_form_of_a_name(text) || has_capital_behind_small(text);
	if (suspicious && !syllable_all_valid(text))
		try_to_decode(raw, clean, rules, name);
	text = buf_blob(&name->text);
	if (has_c1(text))
		return REASON_TEXT_CONTROL;
	if (!has_form_of_a_name(text))
		return REASON_NAME_FORM;
	if (case_of(text, false) != CASE_MIXED) {
		struct buf titled = { 0 };
		recase(text, RECASE_TITLE, &titled);
		buf_cleanse(&name->text);
		name->text = titled;
	}
	return REASON_NONE;
}

enum reason name_read(struct blob raw, const struct name_rules *rules, struct name *ret_name)
{
	struct buf clean = { 0 };
	struct text_seen seen;
	buf_reset(&ret_name->text);
	buf_reset(&ret_name->notes);
	ret_name->repaired = ret_name->decoded = false;
	enum reason reason = text_clean(raw, TEXT_KEEP_C1, &clean, &seen);
	if (reason == REASON_NONE && text_is_null(buf_blob(&clean)))
		reason = REASON_NAME_MISSING;
	if (reason == REASON_NONE && is_lossy(buf_blob(&clean)))
		reason = REASON_TEXT_LOSSY;
	if (reason == REASON_NONE) {
		ret_name->repaired = seen.hidden;
		reason = judge(raw, buf_blob(&clean), rules, ret_name);
	}
	if (reason != REASON_NONE)
		buf_reset(&ret_name->text);
	buf_cleanse(&clean);
	return reason;
}

void name_finish(struct name *name)
{
	buf_cleanse(&name->text);
	buf_cleanse(&name->notes);
	*name = (struct name){ 0 };
}

static bool is_family_name(struct blob raw)
{
	struct buf clean = { 0 }, folded = { 0 };
	bool found = false;
	if (text_clean(raw, 0, &clean, NULL) == REASON_NONE) {
		struct blob word = buf_blob(&clean);
		const uint8_t *blank =
			memchr(word.data == NULL ? (const uint8_t *)"" : word.data, ' ', word.len);
		if (blank != NULL)
			word.len = (size_t)(blank - word.data);
		text_fold(word, &folded);
		found = is_listed(buf_blob(&folded), family_names,
				  sizeof(family_names) / sizeof(family_names[0]));
	}
	buf_cleanse(&clean);
	buf_cleanse(&folded);
	return found;
}

bool name_seems_swapped(struct blob family, struct blob given)
{
	struct blob trimmed = text_trim(given);
	bool one_word = memchr(trimmed.len == 0 ? "" : (const char *)trimmed.data, ' ',
			       trimmed.len) == NULL;
	return one_word && is_family_name(trimmed) && !is_family_name(family);
}
