/* The one idiom for cleanup: a local owns what it points to, and its scope ends it.
 *
 *	CLEANUP(schema_destroyp) struct schema *schema = NULL;
 *	...
 *	*ret_schema = TAKE(schema);	// ownership moves to the caller
 */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define MUST_CHECK __attribute__((warn_unused_result))

/* Writes `destroy`p(), which ends what a local of type `type *` points to. */
#define DEFINE_CLEANUP(type, destroy) \
	static inline void destroy##p(type **slot) \
	{ \
		destroy(*slot); \
	} \
	struct destroy##p_needs_semicolon

/* Moves the pointer out of its owner, which is NULL afterwards. */
#define TAKE(ptr) \
	({ \
		__typeof__(ptr) *slot_ = &(ptr); \
		__typeof__(ptr) taken_ = *slot_; \
		*slot_ = NULL; \
		taken_; \
	})

/* The same for a file descriptor, which is -1 afterwards. */
#define TAKE_FD(fd) \
	({ \
		int *slot_ = &(fd); \
		int taken_ = *slot_; \
		*slot_ = -1; \
		taken_; \
	})

static inline void freep(void *slot)
{
	free(*(void **)slot);
}

/* Keeps errno, so that an error path may read it after its locals have ended. */
static inline void close_fdp(const int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}
