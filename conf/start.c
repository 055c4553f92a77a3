/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a main does first: see start.h. */
#include "conf/start.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "conf/print.h"
#include "lib/base/cleanup.h"
#include "lib/base/streams.h"

static const struct option_row common_rows[] = {
    {
	.long_name = "config",
	.argument = "FILE",
	.type = OPTION_PATH,
	.smallest = 1,
	.help = "Read this file instead of the usual one.",
	OPTION_FIELD(struct conf_common, config),
    },
    {
	.long_name = "check-config",
	.type = OPTION_BOOL,
	.help = "Say whether the configuration is right, and exit.",
	OPTION_FIELD(struct conf_common, check_config),
    },
    {
	.long_name = "dump-config",
	.type = OPTION_BOOL,
	.help = "Print every key with the value that holds, as a file that can be loaded again, "
		"and exit.",
	OPTION_FIELD(struct conf_common, dump_config),
    },
    {
	.long_name = "help",
	.letter = '?',
	.type = OPTION_BOOL,
	.help = "Print this help and exit.",
	OPTION_FIELD(struct conf_common, help),
    },
    {
	.long_name = "version",
	.letter = 'V',
	.type = OPTION_BOOL,
	.help = "Print name and version and exit.",
	OPTION_FIELD(struct conf_common, version),
    },
};

const struct option_table conf_common_table = {
    .name = "every program",
    .rows = common_rows,
    .n = sizeof common_rows / sizeof *common_rows,
    .settings_size = sizeof(struct conf_common),
};

static void common_deinit(struct conf_common *common)
{
	conf_deinit(&conf_common_table, common);
}

int conf_version(FILE *out, const char *name)
{
	return fprintf(out, "%s %s\n", name, PACKAGE_VERSION) < 0 ? -EIO : 0;
}

/* Standard output may be a full disk or a closed pipe. */
static int printed(int r, struct error *err)
{
	int finished = stdout_finish(err);

	if (finished == 0 && r < 0)
		return error_set(err, r, ERROR_CANT_CREATE, "standard output cannot be written: %s", strerror(-r));
	return finished < 0 ? finished : CONF_EXIT_OK;
}

static int print_help(const struct conf_program *program)
{
	const struct option_table *tables[] = {program->table, &conf_common_table};
	const char *titles[] = {NULL, NULL};
	int r = conf_help(stdout, program->usage, program->summary, tables, titles, 2);

	if (r < 0)
		return r;
	return printf("\nThe configuration file is\n%s;\nits keys are the long names with _ for -.\n", program->file) < 0
	           ? -EIO
	           : 0;
}

/* All sources in their order. *ret_path: the file that was read, or NULL where there is none. */
static int load(const struct conf_program *program, const struct conf_common *common,
                const struct conf_arguments *arguments, struct conf *conf, const char **ret_path,
                struct error *err)
{
	const char *path = common->config[0] != '\0' ? common->config : program->file;
	int r;

	r = conf_load_file(conf, path, err);
	if (r < 0)
		return r;
	if (r == CONF_NO_FILE && common->config[0] != '\0')
		return error_set(err, -ENOENT, ERROR_CONFIG,
		                 "%s is not there: right is --config with a file", TEXT(path));
	*ret_path = r == CONF_NO_FILE ? NULL : path;
	r = conf_environment(conf, err);
	if (r >= 0)
		r = conf_apply(conf, arguments, err);
	if (r >= 0)
		r = conf_finish(conf, err);
	return r;
}

static int print_check(const struct conf_program *program, const char *path, const void *settings)
{
	int r;

	if (path)
		r = printf("%s is right.\n", TEXT(path));
	else
		r = printf("%s is not there: the defaults hold.\n", program->file);
	if (r >= 0 && program->describe)
		r = program->describe(stdout, settings);
	return r < 0 ? -EIO : 0;
}

static int refuse_rest(const struct conf_arguments *arguments, size_t most, const char *what, struct error *err)
{
	if (arguments->rest_n <= most)
		return 0;
	return error_set(err, -EINVAL, ERROR_USAGE, "there is no use for the argument %s; %s", TEXT(arguments->rest[most]), what);
}

static int check_start(const struct conf_program *program, const void *settings,
                       const struct conf_arguments *arguments, struct error *err)
{
	int r = refuse_rest(arguments, program->rest_max, "help is -? or --help", err);

	return r == 0 && program->check ? program->check(settings, arguments, err) : r;
}

/* The group of the file, which is of no use to the program itself, is kept for this. */
static int dump(const struct conf_program *program, const struct conf_common *common, const struct conf_arguments *arguments,
                struct conf *conf, struct error *err)
{
	const struct option_table *table = program->table->group;
	_cleanup_(freep) void *settings = NULL;
	const char *path = NULL;
	struct conf group;
	int r;

	if (table) {
		settings = calloc(1, table->settings_size);
		r = settings ? conf_init(&group, table, settings, err) : error_oom(err);
		if (r < 0)
			return r;
		conf->group = &group;
	}
	r = load(program, common, arguments, conf, &path, err);
	if (r == 0 && table) {
		r = conf_finish(&group, err);
		if (r < 0)
			error_prefix(err, "%s: ", TEXT(path ? path : program->file));
	}
	if (r == 0)
		r = printed(conf_dump(stdout, conf), err);
	if (table)
		conf_deinit(table, settings);
	conf->group = NULL;
	return r;
}

/* From the parsed command line on. */
static int start(const struct conf_program *program, const struct conf_arguments *arguments,
                 struct conf_common *common, void *settings, struct error *err)
{
	const char *path = NULL;
	struct conf conf;
	int r;

	r = conf_init(&conf, &conf_common_table, common, err);
	if (r >= 0)
		r = conf_apply(&conf, arguments, err);
	if (r < 0)
		return r;
	if (common->help)
		return printed(print_help(program), err);
	if (common->version)
		return printed(conf_version(stdout, program->table->name), err);
	if (common->check_config || common->dump_config)
		r = refuse_rest(arguments, 0, "a configuration file is named by --config FILE", err);
	if (r >= 0)
		r = conf_init(&conf, program->table, settings, err);
	if (r >= 0 && common->dump_config)
		return dump(program, common, arguments, &conf, err);
	if (r >= 0)
		r = load(program, common, arguments, &conf, &path, err);
	if (r < 0)
		return r;
	if (common->check_config)
		return printed(print_check(program, path, settings), err);
	return check_start(program, settings, arguments, err);
}

int conf_start(const struct conf_program *program, int argc, char **argv, void *settings,
               struct conf_arguments *ret_arguments, struct error *err)
{
	const struct option_table *tables[] = {program->table, &conf_common_table};
	_cleanup_(arguments_deinit) struct conf_arguments arguments = {0};
	_cleanup_(common_deinit) struct conf_common common = {0};
	int r;

	assert(argc > 0);
	streams_hold();
	memset(settings, 0, program->table->settings_size);
	r = arguments_parse(&arguments, tables, 2, ARGUMENTS_ALL, argc, argv, err);
	if (r >= 0)
		r = start(program, &arguments, &common, settings, err);
	if (r == 0 && ret_arguments) {
		*ret_arguments = arguments;
		arguments = (struct conf_arguments){0};
	}
	return r;
}
