/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a table says about itself: --help and --dump-config. */
#pragma once

#include <stdio.h>

#include "conf/load.h"

/* Every key with its value, and those of conf->group, in the file's own syntax: loading it gives the same settings. 0 or negative errno. */
int conf_dump(FILE *out, const struct conf *conf);

/*
 * "Usage: USAGE", a summary (wrapped; a line feed in it begins a new line), then each option of the tables with its help sentence, default and unit. A table's
 * options stand under the title of the same index (NULL: no title line). 0 or negative errno of writing.
 */
int conf_help(FILE *out, const char *usage, const char *summary, const struct option_table *const *tables,
              const char *const *titles, size_t tables_n);

/* What a SIZE and a DURATION are, where the tables have options with one. */
void conf_help_values(FILE *out, const struct option_table *const *tables, size_t tables_n);

/* "one line per option" part of it, for a help text of the caller's own. */
int conf_help_options(FILE *out, const struct option_table *table);
