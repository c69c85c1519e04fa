/* Message: the catalogue of every text that a person may see, in Vietnamese and English.
 *
 * Words.  code: the stable name that stands in documents and scripts (E1203); it never changes its
 *         meaning. id: its C name (MSG_CONFIG_UNKNOWN_KEY).
 * HINT: to add one, append a row to daemon/base/messages/<area>.def; tests/lint/messages.py holds
 *       codes unique and both languages with the same placeholders.
 */
#pragma once

#include <stddef.h>

#include "daemon/base/arg.h"

enum msg_id {
	MSG_NONE = 0,
#define MESSAGE(code, id, english, vietnamese) MSG_##id,
#include "daemon/base/messages/all.def"
#undef MESSAGE
	MSG_MAX,
};

enum language { LANGUAGE_EN, LANGUAGE_VI, LANGUAGE_MAX };

/** The stable code of a message, such as "E1203". */
const char *message_code(enum msg_id id);

/** The message whose code is `code`, or MSG_NONE. */
enum msg_id message_by_code(const char *code);

/** Write the message with its placeholders filled into `out`; cut to `size` at a whole character.
 * A placeholder without an arg stays as it stands. Returns the length written.
 */
size_t message_format(enum language language, enum msg_id id, const struct arg *args, char *out,
		      size_t size);

/** The language that LC_ALL, LC_MESSAGES or LANG asks for; Vietnamese if it begins with "vi". */
enum language language_from_environment(void);
