/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options that were given where they mean nothing: they are refused, since whoever gave them meant something. */
#pragma once

#include "ctl/verb.h"

/*
 * -EINVAL with a sentence where an option of the table was given on the command line; those with a name in `but` (NULL-terminated, may be
 * NULL) may be. "--partition is for qc --slurm", where what is "qc --slurm".
 */
int given_refuse(const struct call *call, const struct option_table *table, const char *const *but, const char *what, struct error *err);

/* A name that was given on the command line and is empty (-o "$UNSET"): "-o: the name of the file is empty", where what is before "is". */
int given_name(enum conf_source source, const char *name, const char *what, struct error *err);

/* The options of tables, where this use of the verb ("cache stats") prints none. */
int given_no_table(const struct call *call, const char *use, struct error *err);
