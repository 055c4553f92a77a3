/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cleanup of locals at the end of their scope, and the explicit hand-over of what a local owns. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* _cleanup_(f): f(&variable) runs when the variable goes out of scope. */
#define _cleanup_(f) __attribute__((cleanup(f)))

/* TAKE(x): the value of the owning variable x, which is empty (0, NULL) afterwards.  */
#define TAKE(x)                                                                                    \
	({                                                                                         \
		__auto_type _take_ = (x);                                                          \
		(x) = 0;                                                                           \
		_take_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* For any pointer from malloc: _cleanup_(freep) char *s = NULL; */
static inline void freep(void *p)
{
	free(*(void **)p);
}

/* Closes a descriptor >= 0 and leaves -1: _cleanup_(closep) int fd = -1; */
static inline void closep(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing was promised about what is closed here */
	*fd = -1;
}

static inline void fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
	*f = NULL;
}
