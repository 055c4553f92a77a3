/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is written when a result is to go to a name: a symbolic link stands for what it leads to, there or not, and /dev/stdout or
 * /dev/fd/N for what this process has open under that number, whose name must not be taken from it.
 */
#pragma once

#include <stdbool.h>

#include "lib/base/error.h"

struct target {
	char *path;     /* behind all links; of a descriptor its name below /dev or /proc */
	int descriptor; /* this process's own, or negative */
	bool in_place;  /* a device, a pipe or a descriptor, written as it is: only a regular file can be replaced */
	bool folder;
};

/* 0 or negative with a sentence (ERROR_CANT_CREATE). A name of which nothing is there is none that is wrong. */
int target_find(const char *name, struct target *ret, struct error *err);

void target_deinit(struct target *target);
