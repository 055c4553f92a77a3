/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fqctl from the command line to the exit status:
 *
 *     options before the verb, verb, its options (tables) -> settings (files, environment, command line) -> verb->run
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "conf/print.h"
#include "ctl/output_run.h"
#include "ctl/verb.h"
#include "lib/base/cleanup.h"
#include "lib/base/near.h"
#include "lib/base/streams.h"
#include "lib/base/text.h"

void complain(const struct error *error)
{
	if (error->text[0]) /* none where nobody reads standard output any more */
		(void)fprintf(stderr, "fqctl: %s\n", SENTENCE(error->text)); /* it may have come from elsewhere */
}

void failures_add(struct failures *failures, const struct error *error)
{
	complain(error);
	if (failures->class == ERROR_NONE)
		failures->class = error->class;
}

int failures_pass(struct failures *failures, int r, const struct error *error)
{
	if (r >= 0 || (error->class != ERROR_USAGE && error->class != ERROR_NO_INPUT))
		return r;
	failures_add(failures, error);
	return 0;
}

int stdin_refuse(const struct call *call, struct error *err)
{
	for (size_t i = 0; i < call->arguments_n; i++) {
		const char *name = call->arguments[i];

		if ((strcmp(name, "-") == 0 || strcmp(name, "stdin") == 0 || strncmp(name, "stdin:", 6) == 0) && access(name, F_OK) < 0)
			return error_set(err, -EINVAL, ERROR_USAGE,
			                 "%s: standard input cannot be counted, since a file is read in many places at once: right is the name "
			                 "of a file, also of gzip",
			                 TEXT(name));
	}
	return 0;
}

void say(const struct call *call, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (call->settings.quiet)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)fprintf(stderr, "fqctl: %s\n", SENTENCE(text));
}

static int help_program(FILE *out)
{
	const struct option_table *tables[] = {&conf_common_table, &client_table};
	const char *titles[] = {"Options:", NULL};

	(void)fputs("Usage: fqctl VERB [OPTION]... [ARGUMENT]...\n\n"
	            "Quality control of FASTQ files on a cluster: submits jobs to a coordinator,\n"
	            "looks at them, fetches results. 'fqctl VERB --help' tells all about a verb, and\n"
	            "'man fqctl' has examples.\n\nVerbs:\n",
	            out);
	for (size_t i = 0; verbs[i]; i++)
		(void)fprintf(out, "  %-9s %s\n", verbs[i]->name, verbs[i]->help);
	(void)fputc('\n', out);
	for (size_t i = 0; i < 2; i++) {
		if (titles[i])
			(void)fprintf(out, "%s\n", titles[i]);
		(void)conf_help_options(out, tables[i]);
	}
	conf_help_values(out, tables, 2);
	return ferror(out) ? -EIO : 0;
}

/* The names of the columns for --fields; those that stand there anyway first. */
static void help_fields(const struct verb *verb, char *out, size_t size)
{
	char field[32];
	size_t n = 0;

	for (int extra = 0; extra < 2; extra++)
		for (size_t i = 0; i < verb->columns_n && n < size; i++)
			if (verb->columns[i].header && verb->columns[i].extra == (extra > 0))
				n += (size_t)snprintf(out + n, size - n, "%s%s", n == 0 ? "\nFields: " : ", ",
				                      table_field(&verb->columns[i], field));
	if (n < size)
		(void)snprintf(out + n, size - n, ".");
}

static void help_examples(FILE *out, const char *lines)
{
	(void)fputs("\nExamples:\n", out);
	for (; *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n')
		(void)fprintf(out, "  %.*s\n", (int)strcspn(lines, "\n"), lines);
}

static int help_verb(FILE *out, const struct verb *verb)
{
	const struct option_table *tables[VERB_TABLES_MAX], *own_first[VERB_TABLES_MAX];
	struct option_row rows[VERB_TABLES_MAX][OPTION_ROWS_MAX];
	struct option_table shown[VERB_TABLES_MAX];
	const char *titles[VERB_TABLES_MAX] = {NULL};
	char usage[128], summary[2048], fields[512] = "";
	size_t n = verb_tables(verb, tables);

	for (size_t i = 0; i < n; i++) {
		shown[i] = verb_table_shown(tables, n, i, rows[i]);
		own_first[n - 1 - i] = &shown[i];
	}
	titles[0] = "Options:";
	if (n > 2)
		titles[n - 2] = "Options of every verb:";
	(void)snprintf(usage, sizeof usage, "fqctl %s [OPTION]...%s%s", verb->name, verb->arguments[0] ? " " : "", verb->arguments);
	if (verb->columns)
		help_fields(verb, fields, sizeof fields);
	(void)snprintf(summary, sizeof summary, "%s%s%s%s", verb->help, verb->detail ? "\n" : "",
	               verb->detail ? verb->detail : "", fields);
	if (conf_help(out, usage, summary, own_first, titles, n) < 0)
		return -EIO;
	help_examples(out, verb->example);
	return ferror(out) ? -EIO : 0;
}

static int arguments_check(const struct verb *verb, char *const *arguments, size_t n, struct error *err)
{
	if (n > 0 && verb->arguments_max == 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "%s takes no arguments, and '%s' is one; 'fqctl %s --help' tells more", verb->name,
		                 TEXT(arguments[0]), verb->name);
	for (size_t i = 0; i < n; i++) /* a variable of a script that is not set, most likely */
		if (!arguments[i][0])
			return error_set(err, -EINVAL, ERROR_USAGE, "argument %zu of %s is empty: right is %s; 'fqctl %s --help' tells more", i + 1,
			                 verb->name, verb->arguments, verb->name);
	if (n < verb->arguments_min)
		return error_set(err, -EINVAL, ERROR_USAGE, "%s needs %s; 'fqctl %s --help' tells more", verb->name,
		                 verb->arguments, verb->name);
	if (n > verb->arguments_max)
		return error_set(err, -EINVAL, ERROR_USAGE, "%s takes %s and no more; 'fqctl %s --help' tells more",
		                 verb->name, verb->arguments, verb->name);
	return 0;
}

/* Fills one table's settings: defaults, then what was given. */
static int fill(const struct option_table *table, const struct conf_arguments *arguments, void *settings, struct error *err)
{
	struct conf conf;
	int r = conf_init(&conf, table, settings, err);

	if (r == 0)
		r = conf_apply(&conf, arguments, err);
	if (r == 0)
		r = conf_finish(&conf, err);
	return r;
}

/* Options of results, and what they come to. */
static int fill_output(const struct verb *verb, const struct conf_arguments *arguments, struct call *call,
                       struct report_choices *report, struct rules_choices *rules, struct error *err)
{
	int r = fill(&output_table, arguments, &call->output, err);

	if (r == 0)
		r = fill(&report_table, arguments, report, err);
	if (r == 0 && verb->counts)
		r = fill(&rules_table, arguments, rules, err);
	if (r == 0)
		r = reporting_load(report, verb->counts ? rules : NULL, &call->reporting, err);
	if (!call->output.forms)
		call->output.forms = verb->forms;
	return r;
}

/* How a verb that lists is to show it. */
static int fill_shape(const struct verb *verb, const struct conf_arguments *arguments, struct call *call, struct error *err)
{
	struct table_options options = {0};
	struct winsize window = {0};
	int r = fill(&table_options_table, arguments, &options, err);

	if (r == 0)
		r = table_shape(verb->columns, verb->columns_n, &options, &call->shape, err);
	call->shape.schema = call->settings.json ? verb->schema : NULL;
	call->shape.bare = call->settings.no_header;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
		call->shape.width = window.ws_col;
	conf_deinit(&table_options_table, &options);
	return r;
}

/* The settings; for a verb that runs anyhow without the files where one of them is wrong. */
static int load(const struct verb *verb, const struct conf_arguments *arguments, const struct conf_common *common, struct call *call,
                struct error *err)
{
	int r = client_settings_load(arguments, &call->settings, &call->conf, err);

	call->config_file = common->config;
	if (r == 0 || !verb->anyhow || common->check_config || common->dump_config || err->class != ERROR_CONFIG)
		return r;
	call->config = *err;
	client_settings_deinit(&call->settings);
	return client_settings_load_bare(arguments, &call->settings, &call->conf, err);
}

/* What the verb has written gets its page and table also where some files failed. */
static int run_end(const struct call *call, int r, struct error *err)
{
	struct error error = {0};
	int end = call->verb->forms ? output_run_end(&call->output, &error) : 0;

	if (end >= 0)
		return r == 0 ? end : r;
	if (r < 0)
		complain(&error);
	else
		*err = error;
	return r < 0 ? r : -EIO;
}

static int verb_run(const struct verb *verb, const struct conf_arguments *arguments, const struct conf_common *common,
                    struct error *err)
{
	_cleanup_(freep) void *options = verb->table ? calloc(1, verb->table->settings_size) : NULL;
	struct call call = {.verb = verb, .options = options, .given = arguments};
	struct report_choices report = {0};
	struct rules_choices rules = {0};
	struct output_run run;
	int r;

	if (verb->table && !options)
		return error_oom(err);
	output_run_init(&run);
	r = load(verb, arguments, common, &call, err);
	if (r == 0 && verb->table)
		r = fill(verb->table, arguments, options, err);
	if (r == 0 && verb->columns)
		r = fill_shape(verb, arguments, &call, err);
	if (r == 0 && verb->slurm)
		r = fill(&slurm_table, arguments, &call.slurm, err);
	if (r == 0 && verb->forms)
		r = fill_output(verb, arguments, &call, &report, &rules, err);
	call.output.run = &run;
	if (r == 0 && common->dump_config) {
		r = conf_dump(stdout, &call.conf);
	} else if (r == 0 && common->check_config) {
		(void)printf("%s is right.\n", common->config[0] ? TEXT(common->config) : "The configuration");
	} else if (r == 0) {
		call.arguments = arguments->rest;
		call.arguments_n = arguments->rest_n;
		r = arguments_check(verb, call.arguments, call.arguments_n, err);
		if (r == 0 && call.settings.json && !verb->json)
			r = error_set(err, -EINVAL, ERROR_USAGE, "%s has no --json; %s", verb->name,
			              verb->forms ? "results in JSON are --as json" : "status, history, show, nodes, probe, doctor and slurm have");
		if (r == 0)
			r = run_end(&call, verb->run(&call, err), err);
	}
	if (verb->table)
		conf_deinit(verb->table, options);
	if (verb->slurm)
		conf_deinit(&slurm_table, &call.slurm);
	output_run_deinit(&run);
	reporting_deinit(&call.reporting);
	if (verb->forms) {
		conf_deinit(&output_table, &call.output);
		conf_deinit(&report_table, &report);
		conf_deinit(&rules_table, &rules);
	}
	client_settings_deinit(&call.settings);
	return r;
}

/* "submit, qc, status": all verbs, or those that a wrong word may mean. */
static const char *verb_list(char list[512], const char *word)
{
	size_t n = 0;

	for (size_t i = 0; verbs[i] && n < 480; i++)
		if (!word || near_word(word, verbs[i]->name))
			n += (size_t)snprintf(list + n, 512 - n, "%s%s", n > 0 ? ", " : "", verbs[i]->name);
	return list;
}

static int no_verb(const char *word, struct error *err)
{
	char list[512] = "";

	if (strcmp(word, "help") == 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "help is 'fqctl --help', and 'fqctl VERB --help' of one verb");
	if (strcmp(word, "version") == 0)
		return error_set(err, -EINVAL, ERROR_USAGE, "the version is told by 'fqctl --version'");
	if (verb_list(list, word)[0])
		return error_set(err, -EINVAL, ERROR_USAGE, "there is no verb '%s'; did you mean %s? 'fqctl --help' lists them",
		                 TEXT(word), list);
	return error_set(err, -EINVAL, ERROR_USAGE, "there is no verb '%s'; 'fqctl --help' lists them", TEXT(word));
}

static void arguments_freep(struct conf_arguments *arguments)
{
	arguments_deinit(arguments);
}

/* 0 or an exit status; or negative with a sentence. */
static int ctl_run(int argc, char **argv, struct error *err)
{
	_cleanup_(arguments_freep) struct conf_arguments arguments = {0};
	const struct option_table *tables[VERB_TABLES_MAX];
	struct conf_common common = {0};
	const struct verb *verb = NULL;
	int r;

	r = arguments_parse(&arguments, tables, verb_tables(NULL, tables), ARGUMENTS_TO_VERB, argc, argv, err);
	if (r == 0 && arguments.rest_n > 0) {
		verb = verb_find(arguments.rest[0]);
		if (!verb)
			return no_verb(arguments.rest[0], err);
		r = arguments_parse(&arguments, tables, verb_tables(verb, tables), ARGUMENTS_ALL,
		                    (int)arguments.rest_n, arguments.rest, err);
	}
	if (r == 0)
		r = fill(&conf_common_table, &arguments, &common, err);
	if (r < 0) {
		conf_deinit(&conf_common_table, &common);
		return r;
	}
	if (common.help)
		r = verb ? help_verb(stdout, verb) : help_program(stdout);
	else if (common.version)
		r = conf_version(stdout, "fqctl");
	else if (!verb && (common.check_config || common.dump_config)) /* of all verbs it is the same */
		r = verb_run(&verb_status, &arguments, &common, err);
	else if (!verb)
		r = error_set(err, -EINVAL, ERROR_USAGE, "say what to do: %s; 'fqctl --help' tells more", verb_list((char[512]){0}, NULL));
	else
		r = verb_run(verb, &arguments, &common, err);
	conf_deinit(&conf_common_table, &common);
	return r;
}

int ctl_main(int argc, char **argv)
{
	struct error err = {0};
	int r;

	streams_hold();
	(void)setlocale(LC_CTYPE, ""); /* for the width of texts; numbers stay in C */
	(void)signal(SIGPIPE, SIG_IGN);
	r = ctl_run(argc, argv, &err);
	if (r == 0)
		r = stdout_finish(&err);
	if (r >= 0)
		return r;
	if (err.class == ERROR_NONE)
		(void)error_set(&err, r, ERROR_OS, "%s", strerror(-r));
	complain(&err);
	return (int)err.class;
}
