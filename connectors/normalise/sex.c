#include "connectors/normalise/sex.h"

#include "connectors/normalise/text.h"

static const struct {
	const char *text;
	enum sex sex;
} known[] = {
	{ "nam", SEX_MALE },      { "nữ", SEX_FEMALE },
	{ "nu", SEX_FEMALE },     { "male", SEX_MALE },
	{ "female", SEX_FEMALE }, { "m", SEX_MALE },
	{ "f", SEX_FEMALE },      { "mr", SEX_MALE },
	{ "ms", SEX_FEMALE },     { "1", SEX_MALE },
	{ "01", SEX_MALE },       { "2", SEX_FEMALE },
	{ "02", SEX_FEMALE },     { "00", SEX_UNKNOWN },
	{ "other", SEX_UNKNOWN }, { "unspecified", SEX_UNKNOWN },
};

enum reason sex_read(struct blob clean, enum sex *ret_sex)
{
	struct buf folded = { 0 };
	enum reason reason = text_is_null(clean) ? REASON_NONE : REASON_SEX_FORM;
	*ret_sex = SEX_UNKNOWN;
	text_fold(clean, &folded);
	for (size_t i = 0; reason != REASON_NONE && i < sizeof(known) / sizeof(known[0]); i++) {
		if (!blob_equal(buf_blob(&folded), blob_text(known[i].text)))
			continue;
		*ret_sex = known[i].sex;
		reason = REASON_NONE;
	}
	buf_finish(&folded);
	return reason;
}

const char *sex_text(enum sex sex)
{
	static const char *const texts[] = { "", "nam", "nữ" };
	return texts[sex];
}
