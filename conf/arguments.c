/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line: getopt_long's tables are built from the option rows, and what it finds is kept as (table, row, value) until
 * the settings are ready for it. Beware: getopt_long keeps its place in globals of the C library; each parse starts it anew.
 */
#include "conf/arguments.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/near.h"

#define TABLES_MAX 7
#define NAMES_MAX (TABLES_MAX * OPTION_ROWS_MAX)
#define LONG_VALUE 256 /* above all letters; + the name's index */
#define SPELLING_MAX 32

/* One option that can be given, and whether its long name and its letter are its own or hidden by a later table. */
struct name {
	const struct option_table *table;
	size_t row;
	bool has_long, has_letter;
};

struct names {
	struct name names[NAMES_MAX];
	size_t n;
	struct option longs[2 * NAMES_MAX + 1];
	char spellings[NAMES_MAX][SPELLING_MAX]; /* --min_length for --min-length */
	char letters[2 * NAMES_MAX + 3];
};

static const struct option_row *row_of(const struct name *name)
{
	return &name->table->rows[name->row];
}

static bool takes_value(const struct option_row *row)
{
	return row->type != OPTION_BOOL;
}

static void hide(struct names *names, const struct option_row *by)
{
	for (size_t i = 0; i < names->n; i++) {
		struct name *name = &names->names[i];

		if (by->long_name && name->has_long &&
		    strcmp(row_of(name)->long_name, by->long_name) == 0)
			name->has_long = false;
		if (by->letter && name->has_letter && row_of(name)->letter == by->letter)
			name->has_letter = false;
	}
}

static void add_long(struct names *names, size_t *n, const char *spelling, const struct option_row *row, size_t i)
{
	names->longs[(*n)++] = (struct option){
	    .name = spelling,
	    .has_arg = takes_value(row) ? required_argument : no_argument,
	    .val = LONG_VALUE + (int)i,
	};
}

/* The name with underscores in place of its dashes, as some programs write theirs. False: it has none. */
static bool underscored(char out[SPELLING_MAX], const char *name)
{
	assert(strlen(name) < SPELLING_MAX);
	(void)strcpy(out, name);
	for (char *at = out; (at = strchr(at, '-')); at++)
		*at = '_';
	return strcmp(out, name) != 0;
}

/* What getopt_long wants: letters behind "+" (stop at a positional argument) and ":" (tell missing values apart). */
static void collect_names(struct names *names, const struct option_table *const *tables,
                          size_t tables_n, enum arguments_mode mode)
{
	size_t at = 0, longs_n = 0;

	assert(tables_n <= TABLES_MAX);
	*names = (struct names){0};
	for (size_t t = 0; t < tables_n; t++)
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct option_row *row = &tables[t]->rows[i];

			hide(names, row);
			names->names[names->n++] =
			    (struct name){tables[t], i, row->long_name, row->letter};
		}
	if (mode == ARGUMENTS_TO_VERB)
		names->letters[at++] = '+';
	names->letters[at++] = ':';
	for (size_t i = 0; i < names->n; i++) {
		const struct option_row *row = row_of(&names->names[i]);

		if (names->names[i].has_letter &&
		    row->letter != '?') { /* getopt's own answer to what it does not know */
			names->letters[at++] = row->letter;
			if (takes_value(row))
				names->letters[at++] = ':';
		}
		if (names->names[i].has_long) {
			add_long(names, &longs_n, row->long_name, row, i);
			if (underscored(names->spellings[i], row->long_name))
				add_long(names, &longs_n, names->spellings[i], row, i);
		}
	}
}

static const struct name *find_name(const struct names *names, int value)
{
	if (value >= LONG_VALUE && (size_t)(value - LONG_VALUE) < names->n)
		return &names->names[value - LONG_VALUE];
	for (size_t i = 0; i < names->n; i++)
		if (names->names[i].has_letter && row_of(&names->names[i])->letter == value)
			return &names->names[i];
	return NULL;
}

/* ---- sentences ---- */

#define HELP_IS "help is -? or --help"

static int missing_value(const struct name *name, int value, struct error *err)
{
	const struct option_row *row = row_of(name);
	const char *argument = row->argument ? row->argument : "VALUE";
	int n = (int)strcspn(argument, "[="); /* "HOST" of HOST[:PORT] */
	const char *article =
	    strchr("AEIO", argument[0]) || strcmp(argument, "N") == 0 ? "an" : "a";

	if (value >= LONG_VALUE)
		return error_set(err, -EINVAL, ERROR_USAGE, "--%s needs %s %.*s; " HELP_IS,
		                 row->long_name, article, n, argument);
	return error_set(err, -EINVAL, ERROR_USAGE, "-%c needs %s %.*s; " HELP_IS, row->letter,
	                 article, n, argument);
}

/* A long option that getopt_long could not take: not one of ours, or the beginning of several. */
static int wrong_long(const struct names *names, const char *argument, struct error *err)
{
	size_t n = strcspn(argument + 2, "=");
	const char *found[2] = {NULL};
	unsigned int found_n = 0;
	int last = 0;

	for (const struct option *o = names->longs; o->name; o++)
		if (n > 0 && strncmp(o->name, argument + 2, n) == 0 && found_n < 2 && o->val != last) {
			found[found_n++] = o->name;
			last = o->val;
		}
	for (const struct option *o = names->longs; o->name && found_n == 0 && n > 2 && n < SPELLING_MAX; o++) {
		char word[SPELLING_MAX];

		(void)snprintf(word, sizeof word, "%.*s", (int)n, argument + 2);
		if (near_word(word, o->name))
			return error_set(err, -EINVAL, ERROR_USAGE, "there is no option %s; did you mean --%s? " HELP_IS, TEXT(argument),
			                 o->name);
	}
	if (found_n == 2)
		return error_set(err, -EINVAL, ERROR_USAGE, "%s could be --%s or --%s; " HELP_IS,
		                 TEXT(argument), found[0], found[1]);
	return error_set(err, -EINVAL, ERROR_USAGE, "there is no option %s; " HELP_IS,
	                 TEXT(argument));
}

static int wrong_option(const struct names *names, const char *argument, int value,
                        struct error *err)
{
	const struct name *other;

	if (value >= LONG_VALUE)
		return error_set(err, -EINVAL, ERROR_USAGE, "--%s takes no value; " HELP_IS,
		                 row_of(&names->names[value - LONG_VALUE])->long_name);
	if (value == 0)
		return wrong_long(names, argument, err);
	other = find_name(names, value ^ ('a' ^ 'A'));
	if (other && row_of(other)->long_name)
		return error_set(err, -EINVAL, ERROR_USAGE, "there is no option -%s; did you mean -%c, which is --%s? " HELP_IS,
		                 TEXT(((char[2]){(char)value})), row_of(other)->letter, row_of(other)->long_name);
	return error_set(err, -EINVAL, ERROR_USAGE, "there is no option -%s; " HELP_IS,
	                 TEXT(((char[2]){(char)value})));
}

/* A long name behind one dash, as some programs take it: -outdir would be -o utdir. */
static int one_dash(const struct names *names, const char *argument, struct error *err)
{
	size_t n = argument && argument[0] == '-' && argument[1] && argument[1] != '-' ? strcspn(argument + 1, "=") : 0;

	for (const struct option *o = names->longs; o->name && n > 2; o++)
		if (strlen(o->name) == n && strncmp(o->name, argument + 1, n) == 0)
			return error_set(err, -EINVAL, ERROR_USAGE, "%s has one dash: right is --%s; " HELP_IS, TEXT(argument), o->name);
	return 0;
}

/* ---- parsing ---- */

static int add_given(struct conf_arguments *arguments, const struct name *name, int value,
                     const char *text, struct error *err)
{
	struct conf_given *given;

	given = reallocarray(arguments->given, arguments->given_n + 1, sizeof *given);
	if (!given)
		return error_oom(err);
	arguments->given = given;
	given[arguments->given_n++] = (struct conf_given){
	    .table = name->table, .row = name->row, .value = text, .by_letter = value < LONG_VALUE};
	return 0;
}

/* One answer of getopt_long. */
static int take_option(struct conf_arguments *arguments, const struct names *names, int answer,
                       const char *argument, struct error *err)
{
	int value = answer == ':' || answer == '?' ? optopt : answer;
	const struct name *name = find_name(names, value);
	const char *text;

	if (answer == '?' && !(value == '?' && name))
		return wrong_option(names, argument, value, err);
	if (answer == ':')
		return missing_value(name, value, err);
	text = takes_value(row_of(name)) ? optarg : NULL;
	if (text && text[0] == '-' && row_of(name)->type == OPTION_ADDRESS)
		return missing_value(name, value,
		                     err); /* it ate the next option: no host begins with a dash */
	return add_given(arguments, name, value, text, err);
}

int arguments_parse(struct conf_arguments *arguments, const struct option_table *const *tables,
                    size_t tables_n, enum arguments_mode mode, int argc, char **argv,
                    struct error *err)
{
	_cleanup_(freep) struct names *names = malloc(sizeof *names);
	_cleanup_(freep) char **copy = calloc((size_t)argc + 1, sizeof *copy);

	if (!names || !copy)
		return error_oom(err);
	memcpy(copy, argv, (size_t)argc * sizeof *copy);
	collect_names(names, tables, tables_n, mode);
	optind = 0; /* of the GNU library: start anew */
	opterr = 0;
	for (;;) {
		int answer, r;

		optopt = 0;
		answer = getopt_long(argc, copy, names->letters, names->longs, NULL);
		if (answer == -1)
			break;
		/* A letter of copy[optind], where more of them follow, or else of the one before, unless that is its value. */
		r = answer < LONG_VALUE ? one_dash(names, copy[optind], err) : 0;
		if (r == 0 && answer < LONG_VALUE && optarg != copy[optind - 1])
			r = one_dash(names, copy[optind - 1], err);
		if (r < 0)
			return r;
		r = take_option(arguments, names, answer, copy[optind - 1], err);
		if (r < 0)
			return r;
	}
	free(arguments->argv);
	arguments->rest = copy + optind;
	arguments->rest_n = (size_t)(argc - optind);
	arguments->argv = TAKE(copy);
	return 0;
}

void arguments_deinit(struct conf_arguments *arguments)
{
	free(arguments->given);
	free(arguments->argv);
	*arguments = (struct conf_arguments){0};
}

/* ---- into the settings ---- */

static int apply_one(struct conf *conf, const struct conf_given *given, struct error *err)
{
	const struct option_row *row = &conf->table->rows[given->row];
	char letter[2] = {row->letter};
	int r;

	if (row->type == OPTION_LIST && conf->source[given->row] != CONF_COMMAND)
		option_clear(row, conf->settings);
	r = option_set_text(row, conf->settings, given->value, err);
	if (r < 0) {
		error_prefix(err, "-%s%s: ", given->by_letter ? "" : "-",
		             given->by_letter ? letter : row->long_name);
		return r;
	}
	conf->source[given->row] = CONF_COMMAND;
	return 0;
}

int conf_apply(struct conf *conf, const struct conf_arguments *arguments, struct error *err)
{
	for (size_t i = 0; i < arguments->given_n; i++) {
		int r;

		if (arguments->given[i].table != conf->table)
			continue;
		r = apply_one(conf, &arguments->given[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}
