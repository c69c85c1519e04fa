/* Dictionary load: store_open() and store_close() call it, nobody else. */
#pragma once

#include "daemon/base/cleanup.h"

struct err;
struct store;

MUST_CHECK int dictionary_load(struct store *store, struct err *err);
void dictionary_unload(struct store *store);
