/* Option row: what one key of a section may hold, checked against the C type of its field when compiled.
 *
 *	struct feed { char *url; uint64_t pause_ms; struct secret_ref token; };
 *	static const struct option_row feed_rows[] = {
 *		OPTION_URL("endpoint", struct feed, url, .required = true, .help = MSG_HELP_FEED_URL),
 *		OPTION_DURATION("pause", struct feed, pause_ms, .fallback = "5m", .min = 10000, .max = 86400000),
 *		OPTION_SECRET("token", struct feed, token, .help = MSG_HELP_FEED_TOKEN),
 *		OPTION_END,
 *	};
 *
 * `min` and `max` (both 0: no limits of its own) bound the value of INTEGER, DURATION (ms), SIZE
 * (bytes) and PERCENT (hundredths of a percent), the characters of a TEXT, the count of lists and maps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/secret.h"
#include "daemon/base/message.h"

struct doc_node;

enum option_kind {
	OPTION_KIND_END = 0,
	OPTION_KIND_TEXT,     /* char *: any text that is not empty */
	OPTION_KIND_WORD,     /* char *: [a-z0-9-]{1,40}, a name of ours */
	OPTION_KIND_PATH,     /* char *: absolute, no ".." */
	OPTION_KIND_URL,      /* char *: https only, no user, no fragment */
	OPTION_KIND_DATE,     /* char *: YYYY-MM-DD that exists */
	OPTION_KIND_BOOL,     /* bool: true or false */
	OPTION_KIND_INTEGER,  /* int64_t: strict decimal */
	OPTION_KIND_DURATION, /* uint64_t in ms: 250ms 30s 5m 2h 7d */
	OPTION_KIND_SIZE,     /* uint64_t in bytes: 512B 64KiB 1MiB 2GiB */
	OPTION_KIND_PERCENT,  /* uint32_t in hundredths: 5% 2.5% */
	OPTION_KIND_ENUM,     /* an enum or int: the index into `names` */
	OPTION_KIND_SECRET,   /* struct secret_ref */
	OPTION_KIND_TEXTS,    /* struct option_texts: a list */
	OPTION_KIND_MAP,      /* struct option_map: text to text, in byte order of keys */
	OPTION_KIND_SECTION,  /* a struct, filled by `rows`; absent: its defaults */
	OPTION_KIND_MAYBE,    /* a pointer to a struct; absent: NULL */
	OPTION_KIND_SECTIONS, /* a pointer to `count` structs, and a size_t */
	OPTION_KIND_RAW,      /* const struct doc_node *: lives as long as the doc */
};

struct option_texts {
	char **items;
	size_t count;
};

struct option_map {
	struct option_map_pair {
		char *key, *value;
	} * pairs;
	size_t count;
};

struct option_row {
	const char *key;
	enum option_kind kind;
	size_t offset;
	size_t count_offset; /* SECTIONS */
	bool required;
	bool one_of;          /* SECTION, MAYBE, SECTIONS: exactly one of its keys is due */
	const char *bare;     /* SECTION, MAYBE: this word alone stands for {word: true} */
	const char *pass;     /* PATH: the worker gets it opened, as a descriptor of this name */
	const char *fallback; /* the default, as one would write it; NULL: empty, 0, false */
	int64_t min, max;
	const char *const *names;      /* ENUM; MAP and TEXTS: the only values; ended by NULL */
	const struct option_row *rows; /* of the section */
	size_t size;                   /* of its struct */
	enum msg_id help;
	const char *since; /* version; NULL = 0.1 */
};

/* The offset of field `f`, which must have one of the types listed ("char *: 1"). */
#define OPTION_AT_(t, f, ...) \
	(offsetof(t, f) + 0 * sizeof(char[_Generic(((t *)0)->f, __VA_ARGS__)]))
#define OPTION_ROW_(kind_, key_, at_, ...) \
	{ \
		.key = (key_), .kind = OPTION_KIND_##kind_, .offset = (at_), ##__VA_ARGS__ \
	}

#define OPTION_TEXT(key, t, f, ...) \
	OPTION_ROW_(TEXT, key, OPTION_AT_(t, f, char * : 1), ##__VA_ARGS__)
#define OPTION_WORD(key, t, f, ...) \
	OPTION_ROW_(WORD, key, OPTION_AT_(t, f, char * : 1), ##__VA_ARGS__)
#define OPTION_PATH(key, t, f, ...) \
	OPTION_ROW_(PATH, key, OPTION_AT_(t, f, char * : 1), ##__VA_ARGS__)
#define OPTION_URL(key, t, f, ...) \
	OPTION_ROW_(URL, key, OPTION_AT_(t, f, char * : 1), ##__VA_ARGS__)
#define OPTION_DATE(key, t, f, ...) \
	OPTION_ROW_(DATE, key, OPTION_AT_(t, f, char * : 1), ##__VA_ARGS__)
#define OPTION_BOOL(key, t, f, ...) \
	OPTION_ROW_(BOOL, key, OPTION_AT_(t, f, bool : 1), ##__VA_ARGS__)
#define OPTION_INTEGER(key, t, f, ...) \
	OPTION_ROW_(INTEGER, key, OPTION_AT_(t, f, int64_t : 1), ##__VA_ARGS__)
#define OPTION_DURATION(key, t, f, ...) \
	OPTION_ROW_(DURATION, key, OPTION_AT_(t, f, uint64_t : 1), ##__VA_ARGS__)
#define OPTION_SIZE(key, t, f, ...) \
	OPTION_ROW_(SIZE, key, OPTION_AT_(t, f, uint64_t : 1), ##__VA_ARGS__)
#define OPTION_PERCENT(key, t, f, ...) \
	OPTION_ROW_(PERCENT, key, OPTION_AT_(t, f, uint32_t : 1), ##__VA_ARGS__)
#define OPTION_ENUM(key, t, f, names_, ...) \
	OPTION_ROW_(ENUM, key, OPTION_AT_(t, f, int : 1, unsigned : 1), .names = (names_), \
		    ##__VA_ARGS__)
#define OPTION_SECRET(key, t, f, ...) \
	OPTION_ROW_(SECRET, key, OPTION_AT_(t, f, struct secret_ref : 1), ##__VA_ARGS__)
#define OPTION_TEXTS(key, t, f, ...) \
	OPTION_ROW_(TEXTS, key, OPTION_AT_(t, f, struct option_texts : 1), ##__VA_ARGS__)
#define OPTION_MAP(key, t, f, ...) \
	OPTION_ROW_(MAP, key, OPTION_AT_(t, f, struct option_map : 1), ##__VA_ARGS__)
#define OPTION_RAW(key, t, f, ...) \
	OPTION_ROW_(RAW, key, OPTION_AT_(t, f, const struct doc_node * : 1), ##__VA_ARGS__)
#define OPTION_SECTION(key, t, f, child, rows_, ...) \
	OPTION_ROW_(SECTION, key, OPTION_AT_(t, f, child : 1), .rows = (rows_), \
		    .size = sizeof(child), ##__VA_ARGS__)
#define OPTION_MAYBE(key, t, f, child, rows_, ...) \
	OPTION_ROW_(MAYBE, key, OPTION_AT_(t, f, child * : 1), .rows = (rows_), \
		    .size = sizeof(child), ##__VA_ARGS__)
#define OPTION_SECTIONS(key, t, f, count_, child, rows_, ...) \
	OPTION_ROW_(SECTIONS, key, OPTION_AT_(t, f, child * : 1), \
		    .count_offset = OPTION_AT_(t, count_, size_t : 1), .rows = (rows_), \
		    .size = sizeof(child), ##__VA_ARGS__)
#define OPTION_END \
	{ \
		.kind = OPTION_KIND_END \
	}
