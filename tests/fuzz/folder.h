/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of the target's own, in memory where this machine has such a place; it goes with all that is in it when the target ends. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[64]; /* empty: not made yet */

static inline int folder_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	(void)remove(path);
	return 0;
}

static inline void folder_remove(void)
{
	(void)nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void folder_make(void)
{
	(void)snprintf(folder, sizeof folder, "%s/fqfuzz.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder) || atexit(folder_remove) != 0)
		abort();
}
