/* Arg: a named, typed value that may stand in a message, an error or a log line.
 *
 * Rules.  Only what is listed here can be said: counts, ids and codes of our own, escaped and cut
 *         foreign text, errno, hex of hashes. There is no way to pass a format or a raw cell, so
 *         personal data cannot slip into a message by accident (DESIGN.md, invariant 9).
 *         Names are the {placeholders} of the catalogue and the keys of a JSON log line.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/limits.h"

enum arg_kind {
	ARG_KIND_END = 0, /* closes a list */
	ARG_KIND_UNSIGNED,
	ARG_KIND_SIGNED,
	ARG_KIND_WORD, /* a word of ours: source name, field path, code, state */
	ARG_KIND_TEXT, /* foreign text: shown escaped, cut to LIMIT_ARG_TEXT and in single quotes */
	ARG_KIND_ERRNO, /* an errno value, shown by its text */
	ARG_KIND_HEX,   /* bytes, shown in hex, cut to 16 */
};

struct arg {
	const char *name;
	enum arg_kind kind;
	union {
		uint64_t number;
		int64_t integer;
		struct {
			const void *bytes;
			size_t len;
		};
	};
};

/* clang-format off */
#define ARG_U(name_, value_) \
	{ \
		.name = (name_), .kind = ARG_KIND_UNSIGNED, .number = (uint64_t)(value_) \
	}
#define ARG_I(name_, value_) \
	{ \
		.name = (name_), .kind = ARG_KIND_SIGNED, .integer = (int64_t)(value_) \
	}
#define ARG_WORD(name_, value_) arg_word((name_), (value_))
#define ARG_TEXT(name_, value_) arg_text((name_), (value_))
#define ARG_TEXTN(name_, bytes_, len_) \
	{ \
		.name = (name_), .kind = ARG_KIND_TEXT, .bytes = (bytes_), .len = (len_) \
	}
#define ARG_PATH(value_) arg_text("path", (value_))
#define ARG_ERRNO(value_) \
	{ \
		.name = "cause", .kind = ARG_KIND_ERRNO, .integer = (value_) \
	}
#define ARG_HEX(name_, bytes_, len_) \
	{ \
		.name = (name_), .kind = ARG_KIND_HEX, .bytes = (bytes_), .len = (len_) \
	}

/* clang-format on */

/* A list of args as a macro's variable tail: ARG_LIST(ARG_U("rows", n), ARG_WORD("source", s)). */
#define ARG_LIST(...) ((const struct arg[]){ __VA_ARGS__ __VA_OPT__(, ){ .kind = ARG_KIND_END } })

struct arg arg_word(const char *name, const char *value);
struct arg arg_text(const char *name, const char *value);

/* Room for the longest value: each byte of a foreign text escaped, in quotes. */
enum { ARG_VALUE_SIZE = 6 * LIMIT_ARG_TEXT + 16 };

/** Write the value of `arg` as people see it into `out` (cut to `size`, always ended by a NUL).
 * Returns the length written.
 */
size_t arg_render(const struct arg *arg, char *out, size_t size);

/** The arg called `name` in the list, or NULL. `len` is the length of `name`. */
const struct arg *arg_find(const struct arg *args, const char *name, size_t len);
