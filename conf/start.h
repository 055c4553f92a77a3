/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a main does first: command line, file, environment, and the options that only print.
 *
 *     struct coord_settings settings _cleanup_(coord_settings_deinit) = {0};
 *     r = conf_start(&coord_program, argc, argv, &settings, NULL, &err);
 *     if (r < 0)
 *             (print "fqcoordd: " err.text to standard error) return err.class;
 *     if (r == CONF_EXIT_OK)
 *             return EXIT_SUCCESS;
 */
#pragma once

#include "conf/arguments.h"

/* Options that every program has: --config, --check-config, --dump-config, -? --help, -V --version. */
struct conf_common {
	char *config; /* --config FILE, else empty */
	bool check_config, dump_config, help, version;
};

extern const struct option_table conf_common_table;

struct conf_program {
	const struct option_table *table;
	const char *file;    /* the config file where no --config is given */
	const char *usage;   /* "fqcoordd [OPTION]..." */
	const char *summary; /* what the program is, a sentence or two */
	size_t rest_max;     /* positional arguments it may have */
	/* What must be right to go on (not for --dump-config and --check-config); NULL: nothing. */
	int (*check)(const void *settings, const struct conf_arguments *arguments, struct error *err);
	/* What --check-config says besides; NULL: nothing. 0 or -EIO. */
	int (*describe)(FILE *out, const void *settings);
};

enum { CONF_EXIT_OK = 1 };

/*
 * 0: settings are filled (free them with conf_deinit or the program's own _deinit, also after failure), go on. CONF_EXIT_OK:
 * help, version, dump or check was asked for and is printed on standard output; exit 0. Negative: a sentence whose class is the
 * exit status (64 command line, 78 configuration). ret_arguments (may be NULL) gets the positional arguments: free it with
 * arguments_deinit.
 */
int conf_start(const struct conf_program *program, int argc, char **argv, void *settings,
               struct conf_arguments *ret_arguments, struct error *err);

/* "NAME VERSION" on a line, for a --version elsewhere. */
int conf_version(FILE *out, const char *name);
