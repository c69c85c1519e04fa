/* Dictionary: stable numbers for names, kept in the store and only ever added to.
 *
 * Fields of the schema ("degree[].level") and sources ("noi-vu") are numbered from 1 in the order in
 * which they are first seen; 0 is no number. Held in memory while the store is open.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/base/cleanup.h"

struct err;
struct store;

enum dictionary { DICTIONARY_FIELD, DICTIONARY_SOURCE, DICTIONARY_MAX };

enum { DICTIONARY_NAME_MAX = 200, DICTIONARY_ENTRIES_MAX = 16384 };

/** Number every name, in one transaction of its own (none may be open). ret_numbers may be NULL. */
MUST_CHECK int dictionary_ensure(struct store *store, enum dictionary which,
				 const char *const *names, size_t count, uint16_t *ret_numbers,
				 struct err *err);
/** 0 if the name has no number. */
uint16_t dictionary_number(const struct store *store, enum dictionary which, const char *name);
/** NULL if the number has no name. Lives as long as the store is open. */
const char *dictionary_name(const struct store *store, enum dictionary which, uint16_t number);
size_t dictionary_count(const struct store *store, enum dictionary which);
