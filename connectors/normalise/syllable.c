#include "connectors/normalise/syllable.h"

#include <string.h>

#include "daemon/base/utf8.h"

enum tone { TONE_LEVEL, TONE_HUYEN, TONE_HOI, TONE_NGA, TONE_SAC, TONE_NANG };
enum { SYLLABLE_LETTERS = 7 }; /* nghiêng */

/* Every vowel with its five toned forms in the order of enum tone; a plain letter stands in the tables below by
 * one byte: a, e, i, o, u, y as themselves, ă A, â B, ê E, ô O, ơ P, ư U, đ D.
 */
static const struct {
	char plain;
	uint16_t forms[6];
} vowels[] = {
	{ 'a', { 'a', 0xe0, 0x1ea3, 0xe3, 0xe1, 0x1ea1 } },
	{ 'A', { 0x103, 0x1eb1, 0x1eb3, 0x1eb5, 0x1eaf, 0x1eb7 } },
	{ 'B', { 0xe2, 0x1ea7, 0x1ea9, 0x1eab, 0x1ea5, 0x1ead } },
	{ 'e', { 'e', 0xe8, 0x1ebb, 0x1ebd, 0xe9, 0x1eb9 } },
	{ 'E', { 0xea, 0x1ec1, 0x1ec3, 0x1ec5, 0x1ebf, 0x1ec7 } },
	{ 'i', { 'i', 0xec, 0x1ec9, 0x129, 0xed, 0x1ecb } },
	{ 'o', { 'o', 0xf2, 0x1ecf, 0xf5, 0xf3, 0x1ecd } },
	{ 'O', { 0xf4, 0x1ed3, 0x1ed5, 0x1ed7, 0x1ed1, 0x1ed9 } },
	{ 'P', { 0x1a1, 0x1edd, 0x1edf, 0x1ee1, 0x1edb, 0x1ee3 } },
	{ 'u', { 'u', 0xf9, 0x1ee7, 0x169, 0xfa, 0x1ee5 } },
	{ 'U', { 0x1b0, 0x1eeb, 0x1eed, 0x1eef, 0x1ee9, 0x1ef1 } },
	{ 'y', { 'y', 0x1ef3, 0x1ef7, 0x1ef9, 0xfd, 0x1ef5 } },
};

/* Rimes that stand behind a consonant or begin a syllable. */
static const char *const rimes[] = {
	"a",    "ac",   "ach",  "ai",   "am",  "an",   "ang", "anh",  "ao",   "ap",   "at",
	"au",   "ay",   "Ac",   "Am",   "An",  "Ang",  "Ap",  "At",   "Bc",   "Bm",   "Bn",
	"Bng",  "Bp",   "Bt",   "Bu",   "By",  "e",    "ec",  "em",   "en",   "eng",  "eo",
	"ep",   "et",   "E",    "Ech",  "Em",  "En",   "Enh", "Ep",   "Et",   "Eu",   "i",
	"ia",   "ich",  "iEc",  "iEm",  "iEn", "iEng", "iEp", "iEt",  "iEu",  "im",   "in",
	"inh",  "ip",   "it",   "iu",   "o",   "oa",   "oac", "oach", "oai",  "oam",  "oan",
	"oang", "oanh", "oao",  "oap",  "oat", "oay",  "oAc", "oAm",  "oAn",  "oAng", "oAt",
	"oc",   "oe",   "oen",  "oeo",  "oet", "oi",   "om",  "on",   "ong",  "ooc",  "oong",
	"op",   "ot",   "O",    "Oc",   "Oi",  "Om",   "On",  "Ong",  "Op",   "Ot",   "P",
	"Pi",   "Pm",   "Pn",   "Pp",   "Pt",  "u",    "ua",  "uBn",  "uBng", "uBt",  "uBy",
	"uc",   "uE",   "uEch", "uEnh", "ui",  "um",   "un",  "ung",  "uOc",  "uOi",  "uOm",
	"uOn",  "uOng", "uOt",  "up",   "uP",  "ut",   "uy",  "uya",  "uych", "uyEn", "uyEt",
	"uyn",  "uynh", "uyp",  "uyt",  "uyu", "U",    "Ua",  "Uc",   "Ui",   "Um",   "Un",
	"Ung",  "UPc",  "UPi",  "UPm",  "UPn", "UPng", "UPp", "UPt",  "UPu",  "Ut",   "Uu",
	"y",    "yEm",  "yEn",  "yEng", "yEt", "yEu",
};

/* Longest first, so that "ngh" is not taken for "ng". `before`: the vowels that may follow; NULL: any. */
static const struct {
	const char *letters;
	const char *before;
} onsets[] = {
	{ "ngh", "eEi" },       { "ch", NULL },       { "gh", "eEi" }, { "gi", NULL },
	{ "kh", NULL },         { "ng", "aABoOPuU" }, { "nh", NULL },  { "ph", NULL },
	{ "qu", "aABeEioOPy" }, { "th", NULL },       { "q", "u" },    { "tr", NULL },
	{ "b", NULL },          { "c", "aABoOPuU" },  { "d", NULL },   { "D", NULL },
	{ "g", "aABoOPuU" },    { "h", NULL },        { "k", "eEiy" }, { "l", NULL },
	{ "m", NULL },          { "n", NULL },        { "p", NULL },   { "r", NULL },
	{ "s", NULL },          { "t", NULL },        { "v", NULL },   { "x", NULL },
};

/* Syllables whose spelling merges onset and rime: gì, gìn, giếng … */
static const char *const merged[] = { "gi", "gin", "giEng", "giEt", "giEc", "giEm" };

struct letters {
	char plain[SYLLABLE_LETTERS + 1];
	size_t len;
	enum tone tone;
};

/* Takes tone and diacritics apart; false if the letter is not Vietnamese. */
static bool split_letter(int32_t c, char *ret_plain, enum tone *ret_tone)
{
	*ret_tone = TONE_LEVEL;
	for (size_t i = 0; i < sizeof(vowels) / sizeof(vowels[0]); i++) {
		for (int tone = TONE_LEVEL; tone <= TONE_NANG; tone++) {
			if (vowels[i].forms[tone] != c)
				continue;
			*ret_plain = vowels[i].plain;
			*ret_tone = (enum tone)tone;
			return true;
		}
	}
	*ret_plain = c == 0x111 ? 'D' : (char)c;
	return c == 0x111 || (c >= 'a' && c <= 'z' && strchr("fjwz", (int)c) == NULL);
}

bool syllable_is_letter(int32_t c)
{
	char plain;
	enum tone tone;
	return split_letter(utf8_lower(c), &plain, &tone);
}

static bool add_letter(struct letters *letters, int32_t small)
{
	enum tone tone;
	if (letters->len == SYLLABLE_LETTERS ||
	    !split_letter(small, &letters->plain[letters->len], &tone))
		return false;
	letters->len++;
	if (tone != TONE_LEVEL && letters->tone != TONE_LEVEL)
		return false; /* two marks in one syllable */
	letters->tone = tone != TONE_LEVEL ? tone : letters->tone;
	return true;
}

static bool take_apart(struct blob word, struct letters *ret_letters)
{
	struct letters letters = { .len = 0 };
	size_t capitals = 0, count = 0;
	bool capital_head = false;
	for (size_t pos = 0; pos < word.len;) {
		int32_t c = utf8_next((const char *)word.data, word.len, &pos);
		bool capital = utf8_is_upper(c);
		capital_head |= capital && count == 0;
		capitals += capital;
		count++;
		if (!add_letter(&letters, utf8_lower(c)))
			return false;
	}
	*ret_letters = letters;
	return capitals == 0 || capitals == count || (capitals == 1 && capital_head);
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(text, list[i]) == 0)
			return true;
	return false;
}

static bool is_rime(const char *text)
{
	return is_one_of(text, rimes, sizeof(rimes) / sizeof(rimes[0]));
}

static bool spells_a_syllable(const char *plain)
{
	if (is_rime(plain) || is_one_of(plain, merged, sizeof(merged) / sizeof(merged[0])))
		return true;
	for (size_t i = 0; i < sizeof(onsets) / sizeof(onsets[0]); i++) {
		size_t len = strlen(onsets[i].letters);
		if (strncmp(plain, onsets[i].letters, len) != 0 || plain[len] == '\0')
			continue;
		if (onsets[i].before != NULL && strchr(onsets[i].before, plain[len]) == NULL)
			continue;
		if (is_rime(plain + len))
			return true;
	}
	return false;
}

static bool tone_fits(const struct letters *letters)
{
	const char *plain = letters->plain;
	char last = plain[letters->len - 1];
	bool stopped = last == 'c' || last == 'p' || last == 't' ||
		       (last == 'h' && letters->len > 1 && plain[letters->len - 2] == 'c');
	return !stopped || letters->tone == TONE_SAC || letters->tone == TONE_NANG;
}

bool syllable_is_valid(struct blob word)
{
	struct letters letters;
	return word.len > 0 && take_apart(word, &letters) && spells_a_syllable(letters.plain) &&
	       tone_fits(&letters);
}

bool syllable_all_valid(struct blob text)
{
	size_t begin = 0;
	bool any = false;
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.data[i] != ' ' && text.data[i] != '-')
			continue;
		if (i > begin) {
			any = true;
			if (!syllable_is_valid(blob_of(text.data + begin, i - begin)))
				return false;
		}
		begin = i + 1;
	}
	return any;
}
