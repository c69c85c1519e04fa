#include "connectors/normalise/text.h"

#include "daemon/base/utf8.h"

static bool is_blank(int32_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == 0xa0 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* HR8: zero-width characters are dropped. */
static bool is_zero_width(int32_t c)
{
	return (c >= 0x200b && c <= 0x200d) || c == 0x2060 || c == 0xfeff;
}

/* Ranges in which every character has NFC_Quick_Check=Yes (Unicode annex 15), so that a text made of them
 * alone is NFC as it stands: nearly all that we see. U+0300 and on combine.
 */
static bool is_surely_nfc(int32_t c)
{
	return c < 0x300 || (c >= 0x1e00 && c < 0x1f00) || (c >= 0x2010 && c < 0x2028);
}

static struct blob ascii_without_edges(struct blob raw)
{
	while (raw.len > 0 && is_blank(raw.data[0]) && raw.data[0] < 0x80)
		raw = blob_of(raw.data + 1, raw.len - 1);
	while (raw.len > 0 && is_blank(raw.data[raw.len - 1]) && raw.data[raw.len - 1] < 0x80)
		raw.len--;
	return raw;
}

/* The bytes of a letter of U+00C0–01BF (Latin-1, Latin Extended-A and the horned letters) or U+1E00–1EFF (toned
 * ones) at `at`, or 0: these are no controls, no blanks and NFC as they stand.
 */
static size_t common_letter(const uint8_t *at, size_t left)
{
	if (left >= 2 && at[0] >= 0xc3 && at[0] <= 0xc6)
		return (at[1] & 0xc0) == 0x80 ? 2 : 0;
	if (left >= 3 && at[0] == 0xe1 && at[1] >= 0xb8 && at[1] <= 0xbb)
		return (at[2] & 0xc0) == 0x80 ? 3 : 0;
	return 0;
}

/* Nearly every cell is made of such letters and printable ASCII with single blanks: it is clean as it stands, and
 * that is seen in one pass without decoding.
 */
static bool is_plain(struct blob text)
{
	uint8_t before = 0;
	for (size_t i = 0; i < text.len;) {
		uint8_t c = text.data[i];
		size_t len = c < 0x80 ? 1 : common_letter(text.data + i, text.len - i);
		if (len == 0 || (len == 1 && (c < 0x20 || c > 0x7e || (c == ' ' && before == ' '))))
			return false;
		before = c;
		i += len;
	}
	return true;
}

static void compose(struct buf *out, size_t begin)
{
	struct buf composed = { 0 };
	utf8_nfc((const char *)out->data + begin, out->len - begin, &composed);
	if (buf_ok(&composed)) {
		out->len = begin;
		buf_put(out, composed.data, composed.len);
	} else {
		out->failed = true;
	}
	buf_cleanse(&composed);
}

enum reason text_clean(struct blob raw, unsigned flags, struct buf *out, struct text_seen *ret_seen)
{
	struct text_seen seen = { 0 };
	size_t begin = out->len;
	bool nfc = true, blank_due = false;
	raw = ascii_without_edges(raw);
	bool plain = is_plain(raw);
	if (plain)
		buf_put(out, raw.data, raw.len);
	for (size_t pos = 0; !plain && pos < raw.len;) {
		size_t from = pos;
		int32_t c = utf8_next((const char *)raw.data, raw.len, &pos);
		bool c1 = c >= 0x80 && c < 0xa0;
		bool kept = c == 0xa0 && (flags & TEXT_KEEP_NO_BREAK) != 0;
		if (is_blank(c) && !kept) {
			blank_due = out->len > begin;
			continue;
		}
		if (c < 0 || (utf8_is_control(c) && !(c1 && (flags & TEXT_KEEP_C1) != 0))) {
			out->len = begin;
			return REASON_TEXT_CONTROL;
		}
		seen.c1 |= c1;
		if (is_zero_width(c)) {
			seen.hidden = true;
			continue;
		}
		nfc = nfc && is_surely_nfc(c);
		if (blank_due)
			buf_put_u8(out, ' ');
		blank_due = false;
		buf_put(out, raw.data + from, pos - from);
	}
	if (!nfc && buf_ok(out))
		compose(out, begin);
	if (ret_seen != NULL)
		*ret_seen = seen;
	return REASON_NONE;
}

bool text_is_blank(struct blob raw)
{
	for (size_t pos = 0; pos < raw.len;)
		if (!is_blank(utf8_next((const char *)raw.data, raw.len, &pos)))
			return false;
	return true;
}

struct blob text_trim(struct blob raw)
{
	size_t begin = raw.len, end = 0;
	for (size_t pos = 0; pos < raw.len;) {
		size_t from = pos;
		if (is_blank(utf8_next((const char *)raw.data, raw.len, &pos)))
			continue;
		begin = from < begin ? from : begin;
		end = pos;
	}
	return end == 0 ? blob_of(raw.data, 0) : blob_of(raw.data + begin, end - begin);
}

bool text_is_null(struct blob clean)
{
	return clean.len == 0 || blob_equal(clean, blob_text("-")) ||
	       blob_equal(clean, blob_text("…"));
}

void text_fold(struct blob clean, struct buf *out)
{
	for (size_t pos = 0; pos < clean.len;) {
		int32_t c = utf8_next((const char *)clean.data, clean.len, &pos);
		if (c < 0x80)
			buf_put_u8(out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 0x20 : c));
		else
			utf8_put(out, utf8_lower(c));
	}
}

void text_make_valid(struct blob raw, struct buf *out)
{
	if (is_plain(raw) || utf8_valid((const char *)raw.data, raw.len)) {
		buf_put(out, raw.data, raw.len);
		return;
	}
	for (size_t pos = 0; pos < raw.len;) {
		int32_t c = utf8_next((const char *)raw.data, raw.len, &pos);
		utf8_put(out, c < 0 ? 0xfffd : c);
	}
}
