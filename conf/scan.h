/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A look at a file's text before libconfig has it, for what libconfig would do silently and wrongly. */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"

/*
 * 0, or -EINVAL with "NAME:LINE: ..." (ERROR_CONFIG) for a zero byte (libconfig ends there), an @include (it opens any file) and a
 * number beyond 32 bits without an L behind it (it keeps the low 32 bits).
 */
int conf_scan(const char *name, const char *text, size_t n, struct error *err);
