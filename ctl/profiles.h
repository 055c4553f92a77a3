/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profiles by name: those of the site (FQ_CONF_DIR/profiles/NAME.txt), which come first, and the built-in ones. */
#pragma once

#include "lib/base/error.h"
#include "lib/qc/profile.h"

/*
 * The text of a profile and where it is from ("built-in", or its file): new strings. A name with a slash is a file. 0 or negative with a
 * sentence.
 */
int profiles_text(const char *name, char **ret_text, size_t *ret_n, char **ret_source, struct error *err);

int profiles_load(const char *name, struct profile *ret, struct error *err);

/* Names of all, each once, sorted; the caller frees them and the list. 0 or -ENOMEM. */
int profiles_list(char ***ret, size_t *ret_n);
