#include "daemon/keys/locked.h"

#include <openssl/crypto.h>
#include <sys/mman.h>

void *locked_alloc(size_t size, bool *ret_locked)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	*ret_locked =
		mlock(memory, size) == 0; /* RLIMIT_MEMLOCK may forbid it: reported, not fatal */
	(void)madvise(memory, size, MADV_DONTDUMP);
	return memory;
}

void locked_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	OPENSSL_cleanse(memory, size);
	(void)munmap(memory, size);
}
