#include "daemon/reconcile/skeleton.h"

#include <utf8proc.h>

#include "daemon/base/utf8.h"

/* The folded form of one code point as ASCII where it has one; 0 for a mark, -1 for a separator. */
static int32_t fold(int32_t c)
{
	if (c == 0x111 || c == 0x110)
		return 'd';
	utf8proc_int32_t parts[8];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, 8, UTF8PROC_DECOMPOSE, &boundary);
	int32_t base = utf8_lower(n > 0 && n <= 8 ? parts[0] : c);
	utf8proc_category_t category = utf8proc_category(base);
	if (category == UTF8PROC_CATEGORY_MN)
		return 0;
	if (base == 'y')
		return 'i';
	return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO ? base : -1;
}

void skeleton_make(struct blob name, struct skeleton *skeleton)
{
	*skeleton = (struct skeleton){ 0 };
	size_t len = 0;
	bool in_token = false;
	for (size_t pos = 0; pos < name.len;) {
		int32_t c = fold(utf8_next((const char *)name.data, name.len, &pos));
		if (c == 0)
			continue;
		if (c < 0) {
			in_token = false;
			continue;
		}
		if (!in_token && skeleton->count == SKELETON_TOKENS_MAX)
			break;
		uint8_t bytes[4];
		size_t n = (size_t)utf8proc_encode_char(c, bytes);
		if (len + n > SKELETON_BYTES_MAX)
			break;
		if (!in_token)
			skeleton->start[skeleton->count++] = (uint8_t)len;
		in_token = true;
		memcpy(skeleton->text + len, bytes, n);
		len += n;
		skeleton->start[skeleton->count] = (uint8_t)len;
	}
}

static struct blob token(const struct skeleton *skeleton, size_t i)
{
	return blob_of(skeleton->text + skeleton->start[i],
		       (size_t)(skeleton->start[i + 1] - skeleton->start[i]));
}

/* How many tokens of `few` find a partner of their own in `many`. */
static size_t matched(const struct skeleton *few, const struct skeleton *many)
{
	bool used[SKELETON_TOKENS_MAX] = { false };
	size_t count = 0;
	for (size_t i = 0; i < few->count; i++) {
		for (size_t k = 0; k < many->count; k++) {
			if (used[k] || !blob_equal(token(few, i), token(many, k)))
				continue;
			used[k] = true;
			count++;
			break;
		}
	}
	return count;
}

bool skeleton_agree(const struct skeleton *a, const struct skeleton *b)
{
	const struct skeleton *few = a->count <= b->count ? a : b;
	const struct skeleton *many = few == a ? b : a;
	if (few->count == 0)
		return false;
	size_t common = matched(few, many);
	if (few->count == many->count)
		return common == few->count;
	/* A dropped middle: first and last stay, and what is there is there in both. */
	return few->count >= 2 && common == few->count &&
	       blob_equal(token(few, 0), token(many, 0)) &&
	       blob_equal(token(few, few->count - 1), token(many, many->count - 1));
}
