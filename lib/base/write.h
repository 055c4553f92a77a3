/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing all of it. */
#pragma once

#include <stddef.h>

/* Writes n bytes to a file, however many calls that takes. 0 or negative errno. */
int write_all(int fd, const void *bytes, size_t n);
