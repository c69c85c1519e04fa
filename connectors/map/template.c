#include "connectors/map/template.h"

#include <string.h>

#include "connectors/normalise/text.h"

enum place { PLACE_NONE, PLACE_COUNT, PLACE_ROMAN, PLACE_TEXT };

static const struct {
	const char *text;
	enum place place;
} places[] = { { "{count}", PLACE_COUNT }, { "{roman}", PLACE_ROMAN }, { "{text}", PLACE_TEXT } };

static enum place place_at(struct blob rest, size_t *ret_len)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t len = strlen(places[i].text);
		if (rest.len < len || memcmp(rest.data, places[i].text, len) != 0)
			continue;
		*ret_len = len;
		return places[i].place;
	}
	return PLACE_NONE;
}

static struct blob behind(struct blob rest, size_t len)
{
	return blob_of(rest.data + len, rest.len - len);
}

bool template_is_valid(const char *text, bool with_count)
{
	struct blob rest = blob_text(text);
	size_t counts = 0, len;
	while (rest.len > 0) {
		enum place place = place_at(rest, &len);
		if (place == PLACE_NONE) {
			if (rest.data[0] == '{' || rest.data[0] == '}')
				return false;
			rest = behind(rest, 1);
			continue;
		}
		rest = behind(rest, len);
		counts += place == PLACE_COUNT;
		if (place == PLACE_TEXT && rest.len > 0)
			return false;
	}
	return counts == (with_count ? 1U : 0U);
}

/* Digits, dots and blanks between them; returns the bytes taken, 0 if there are no digits or too many. */
static size_t take_count(struct blob rest, uint64_t *ret_count)
{
	uint64_t count = 0;
	size_t end = 0;
	for (size_t i = 0; i < rest.len; i++) {
		uint8_t c = rest.data[i];
		if (c >= '0' && c <= '9') {
			if (count > 100000000000)
				return 0;
			count = count * 10 + (uint64_t)(c - '0');
			end = i + 1;
		} else if (end == 0 || (c != '.' && c != ' ' && c != ',')) {
			break;
		}
	}
	*ret_count = count;
	return end;
}

static size_t take_roman(struct blob rest)
{
	size_t len = 0;
	while (len < rest.len && strchr("ivxlc", rest.data[len]) != NULL && rest.data[len] != '\0')
		len++;
	return len;
}

static bool match_folded(struct blob text, struct blob candidate, uint64_t *ret_count)
{
	while (text.len > 0) {
		size_t len, taken = 0;
		uint64_t count;
		switch (place_at(text, &len)) {
		case PLACE_TEXT:
			return candidate.len > 0;
		case PLACE_COUNT:
			taken = take_count(candidate, &count);
			if (taken > 0)
				*ret_count = count;
			break;
		case PLACE_ROMAN:
			taken = take_roman(candidate);
			break;
		default:
			len = 1;
			taken = candidate.len > 0 && candidate.data[0] == text.data[0];
		}
		if (taken == 0)
			return false;
		text = behind(text, len);
		candidate = behind(candidate, taken);
	}
	return candidate.len == 0;
}

bool template_match(const char *text, struct blob clean, uint64_t *ret_count)
{
	struct buf wanted_clean = { 0 }, wanted = { 0 }, candidate = { 0 };
	uint64_t count = 0;
	bool matches = text_clean(blob_text(text), 0, &wanted_clean, NULL) == REASON_NONE;
	text_fold(buf_blob(&wanted_clean), &wanted);
	text_fold(clean, &candidate);
	matches = matches && buf_ok(&wanted) && buf_ok(&candidate) &&
		  match_folded(buf_blob(&wanted), buf_blob(&candidate), &count);
	if (matches && ret_count != NULL)
		*ret_count = count;
	buf_finish(&wanted_clean);
	buf_finish(&wanted);
	buf_cleanse(&candidate);
	return matches;
}
