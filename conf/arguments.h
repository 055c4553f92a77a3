/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line by option tables: first it is parsed against one or several tables, later each table's settings get what
 * was given for them (so that --config can be known before the file is read, and the command line still wins over the file).
 *
 *     struct conf_arguments arguments = {0};
 *     const struct option_table *tables[] = {&client_table, &conf_common_table, &verb->table};
 *     arguments_parse(&arguments, tables, 3, ARGUMENTS_ALL, argc, argv, &err)
 *     conf_init(&conf, &verb->table, &options, &err), conf_apply(&conf, &arguments, &err)
 */
#pragma once

#include "conf/load.h"

struct conf_given {
	const struct option_table *table;
	size_t row;
	const char *value; /* in argv; NULL of a flag */
	bool by_letter;    /* as -l, not --long-name */
};

struct conf_arguments {
	struct conf_given *given;
	size_t given_n;
	char **rest; /* what is no option, in order; the strings are argv's */
	size_t rest_n;
	char **argv; /* own copy of the pointers, permuted */
};

enum arguments_mode {
	ARGUMENTS_ALL,     /* options may stand behind positional arguments */
	ARGUMENTS_TO_VERB, /* stop at the first positional argument: rest begins with it and is everything behind */
};

/*
 * Adds what argv[1] and on give to arguments->given and replaces arguments->rest. To go on behind a verb, parse again with
 * (arguments->rest_n, arguments->rest): rest[0], the verb, is skipped as argv[0] is. An option of a later table hides one of the same
 * name or letter in earlier tables. A long name may be written with underscores in place of its dashes. 0, -ENOMEM, or -EINVAL with a sentence (ERROR_USAGE) for an unknown option or a missing
 * value: "-h needs a HOST; help is -? or --help". Uses getopt_long: one thread at a time.
 */
int arguments_parse(struct conf_arguments *arguments, const struct option_table *const *tables, size_t tables_n,
                    enum arguments_mode mode, int argc, char **argv, struct error *err);
void arguments_deinit(struct conf_arguments *arguments);

/* Sets in conf what was given for its table. Wrong values: ERROR_USAGE with the option in the sentence. */
int conf_apply(struct conf *conf, const struct conf_arguments *arguments, struct error *err);
