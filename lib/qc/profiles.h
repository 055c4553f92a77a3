/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The profiles that a program knows by name: those of a folder (NAME.txt), which come first, and the built-in ones.
 *
 * A file that is wrong is told and costs no other: what was there under its name goes on to be there.
 */
#pragma once

#include <stddef.h>

#include "lib/base/error.h"
#include "lib/qc/profile.h"

struct profile_entry {
	char name[PROFILE_SHOWN_MAX]; /* "./NAME" only of a single file */
	char *source; /* "built-in", or its file */
	char *text;   /* checked by profile_read(); a zero byte stands behind it */
	size_t n;     /* at most PROFILE_TEXT_MAX */
};

void profile_entry_deinit(struct profile_entry *entry);

/* In order of name, each once. All zero: none. */
struct profiles {
	struct profile_entry *items;
	size_t n;
};

/*
 * Takes the place of what *profiles had. The folder need not be there. 0; or negative with a sentence where the folder cannot be read or
 * memory is short, and *profiles stays as it was.
 */
int profiles_load(struct profiles *profiles, const char *folder, void (*wrong)(void *data, const struct error *error), void *data,
                  struct error *err);
void profiles_deinit(struct profiles *profiles);

const struct profile_entry *profiles_find(const struct profiles *profiles, const char *name); /* or NULL */

/* -ENOENT (ERROR_USAGE): there is no such one; the sentence names those that are there, of `whom` ("this coordinator"). */
int profiles_unknown(const struct profiles *profiles, const char *whom, const char *name, struct error *err);

/* The text of one in a file, with a zero byte behind it; the caller frees. -EBADMSG, -EFBIG and others with a sentence. */
int profile_file_read(const char *path, char **ret_text, size_t *ret_n, struct error *err);
