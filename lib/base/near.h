/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which word was meant: for "did you mean". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a person who wrote `word` may have meant `name`: it is a beginning of it, of two letters at least, or it differs by few
 * letters (one in words of up to 5 letters, otherwise two) that are missing, too many, wrong, or have changed places.
 */
bool near_word(const char *word, const char *name);
