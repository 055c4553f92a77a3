/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all writers of results share: numbers in the "C" locale, and errors of the stream in words. */
#pragma once

#include <stdio.h>

#include "lib/base/error.h"

/*
 * Calls print(out, data) where the decimal point is a point, and flushes. print returns 0 or negative errno; the stream
 * remembers its own errors. 0; -ENOMEM; or negative errno with a sentence that `what` cannot be written.
 */
int print_numbers(FILE *out, int (*print)(FILE *out, const void *data), const void *data, const char *what, struct error *err);
