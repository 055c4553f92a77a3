/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work that may hang (a name service, dead storage) in a process of its own, which is left behind when its time is over. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Runs work(in, out) in a child and takes over the n bytes of out that it has filled (at most ASIDE_MAX). 0, or with *out untouched
 * -ETIMEDOUT (the child is killed), -EIO (it died), or the errno of starting it.
 */
#define ASIDE_MAX 16384
int aside(void (*work)(const void *in, void *out), const void *in, void *out, size_t n, uint64_t limit_ms);
