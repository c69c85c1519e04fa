/* Locked: memory for keys: kept out of swap where the process may lock it, and out of core dumps. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** Zeroed pages; NULL if there is no memory. ret_locked tells whether they cannot be swapped. */
void *locked_alloc(size_t size, bool *ret_locked);
/** Overwrites first. `size` as given to locked_alloc(); NULL is fine. */
void locked_free(void *memory, size_t size);
