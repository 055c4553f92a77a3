/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Text files of one fact a line, for trust.c: words of a line, and the durable change of one line
 * among others.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/error.h"

#define LINES_FILE_MAX (16UL << 20)
#define LINE_TEXT_MAX 512

/* A line cut into words; lines of nothing but white space, and comments, have none. */
struct line {
	unsigned int number; /* from 1 */
	unsigned int words;  /* as many as there are, also when more than fit */
	char text[LINE_TEXT_MAX];
	const char *word[4]; /* into text, terminated */
};

/*
 * Goes to the next line of [*at, end) that has words. 1: *ret is one. 0: no more. -EINVAL with a
 * sentence "NAME:LINE: ..." for a line that is too long or has control bytes. ret->number must be 0
 * before the first call.
 */
int line_next(const char *name, const char **at, const char *end, struct line *ret,
              struct error *err);

/* The sentence "NAME:LINE: ..." for a line that is wrong: returns -EINVAL, class ERROR_CONFIG. */
int line_wrong(const char *name, const struct line *line, struct error *err, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

/*
 * Writes the file anew with `text` (without a newline) in place of the first line for which
 * is_same() says so, without the others of that kind, or with it at the end; without all of them where text is NULL.
 * Everything else stays as it is. Mode 0600.
 */
int lines_change(const char *path, const char *text,
                 bool (*is_same)(const struct line *line, const void *data), const void *data,
                 struct error *err);
