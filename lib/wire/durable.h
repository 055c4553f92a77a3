/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small file written so that after a power cut it is either as before or whole. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/base/error.h"

/*
 * Makes the missing folders on the way to path (mode 0700), writes a new file beside it, syncs it,
 * gives it its name and syncs the folder. replace false: 1 (and nothing changed) where path is
 * there already.
 */
int durable_write(const char *path, const void *bytes, size_t n, mode_t mode, bool replace,
                  struct error *err);

/*
 * Reads a whole file of at most limit bytes into memory to free, with a NUL behind. 1 where there
 * is none.
 */
int durable_read(const char *path, size_t limit, char **ret_text, size_t *ret_n, struct error *err);
