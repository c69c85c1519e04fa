#include "daemon/record/pattern.h"

#include <string.h>

#include "daemon/base/utf8.h"

/* The largest count of one part fits into two digits; see PATTERN_CHARS_MAX. */
static int take_count(const char **at, uint8_t *ret_count)
{
	unsigned value = 0, digits = 0;
	for (; **at >= '0' && **at <= '9' && digits < 3; digits++, (*at)++)
		value = value * 10 + (unsigned)(**at - '0');
	if (digits == 0 || value > PATTERN_CHARS_MAX)
		return -1;
	*ret_count = (uint8_t)value;
	return 0;
}

static int take_character(const char **at, int32_t *ret_character)
{
	size_t pos = 0;
	int32_t c = utf8_next(*at, strlen(*at) + 1, &pos);
	/* What a full engine would read as more than the character itself is not in our subset. */
	if (c <= 0 || c == '[' || c == '\\' || c == '^' || c == ']')
		return -1;
	*at += pos;
	*ret_character = c;
	return 0;
}

/* From behind "[" to behind "]". */
static int take_class(const char **at, struct pattern_part *part)
{
	part->ranges = 0;
	while (**at != ']') {
		int32_t first, last;
		if (part->ranges == PATTERN_RANGES_MAX || take_character(at, &first) < 0)
			return -1;
		last = first;
		if (**at == '-' && (*at)[1] != ']') {
			(*at)++;
			if (first == '-' || take_character(at, &last) < 0 || last < first)
				return -1;
		}
		part->first[part->ranges] = first;
		part->last[part->ranges] = last;
		part->ranges++;
	}
	(*at)++;
	return part->ranges == 0 ? -1 : 0;
}

static int take_part(const char **at, struct pattern_part *part)
{
	if (*(*at)++ != '[' || take_class(at, part) < 0 || *(*at)++ != '{')
		return -1;
	if (take_count(at, &part->min) < 0 || *(*at)++ != ',' || take_count(at, &part->max) < 0)
		return -1;
	return *(*at)++ != '}' || part->max < part->min || part->max == 0 ? -1 : 0;
}

int pattern_compile(const char *text, struct pattern *ret_pattern)
{
	struct pattern pattern = { 0 };
	size_t longest = 0;
	if (*text++ != '^')
		return -1;
	while (*text != '$') {
		struct pattern_part *part = &pattern.parts[pattern.count];
		if (pattern.count == PATTERN_PARTS_MAX || take_part(&text, part) < 0)
			return -1;
		longest += part->max;
		pattern.count++;
	}
	if (text[1] != '\0' || longest > PATTERN_CHARS_MAX)
		return -1;
	*ret_pattern = pattern;
	return 0;
}

static bool part_takes(const struct pattern_part *part, int32_t c)
{
	for (unsigned i = 0; i < part->ranges; i++)
		if (c >= part->first[i] && c <= part->last[i])
			return true;
	return false;
}

bool pattern_match(const struct pattern *pattern, struct blob text)
{
	int32_t characters[PATTERN_CHARS_MAX];
	unsigned len = 0;
	for (size_t pos = 0; pos < text.len; len++) {
		if (len == PATTERN_CHARS_MAX)
			return false;
		characters[len] = utf8_next((const char *)text.data, text.len, &pos);
	}
	/* Bit i: the parts so far can take exactly the first i characters. Every way is followed at once. */
	uint64_t reached = 1;
	for (unsigned p = 0; p < pattern->count; p++) {
		const struct pattern_part *part = &pattern->parts[p];
		uint64_t next = 0;
		for (unsigned begin = 0; begin <= len; begin++) {
			if ((reached >> begin & 1) == 0)
				continue;
			for (unsigned n = 0; n <= part->max; n++) {
				if (n >= part->min)
					next |= UINT64_C(1) << (begin + n);
				if (begin + n == len || !part_takes(part, characters[begin + n]))
					break;
			}
		}
		reached = next;
	}
	return (reached >> len & 1) != 0;
}
