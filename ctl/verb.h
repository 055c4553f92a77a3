/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A verb of fqctl: one file (verb_NAME.c) with one table entry. Help and checks come out of the entry; the function does the
 * work and nothing else.
 */
#pragma once

#include <stddef.h>

#include "conf/client_settings.h"
#include "ctl/output.h"
#include "ctl/slurm/script.h"
#include "ctl/table.h"
#include "lib/base/error.h"

/* What a verb's function is given: everything is parsed and checked. */
struct call {
	const struct verb *verb;
	struct client_settings settings;
	struct conf conf;             /* from where they came */
	const char *config_file;      /* --config, or empty */
	struct error config;          /* for verbs with .anyhow: what is wrong with a file, which was left out then */
	struct output_options output; /* for verbs with .forms */
	struct reporting reporting;   /* likewise */
	struct table_shape shape;     /* for verbs with .columns */
	struct slurm_options slurm;   /* for verbs with .slurm */
	void *options;                /* of the verb's own table */
	const struct conf_arguments *given; /* the options as they stood there */
	char **arguments;             /* behind the verb; none is empty */
	size_t arguments_n;
};

struct verb {
	const char *name;
	const char *arguments;  /* as --help prints them: "FILE..." */
	size_t arguments_min, arguments_max;
	const char *help;       /* one sentence, for the list of verbs */
	const char *detail;     /* further sentences for the verb's own help, or NULL */
	const char *example;    /* command lines, a line each, all of them examples of fqctl(1), which a test runs */
	uint32_t forms;         /* writes results: these OUTPUT_* where --as is not given, by options of output_table, report_table */
	bool counts;            /* takes the options of rules_table too */
	bool slurm;             /* takes the options of slurm_table */
	bool json;              /* knows --json */
	const struct table_column *columns; /* lists by table_options_table; NULL: does not list */
	size_t columns_n;
	const char *schema;     /* of its JSON, where it lists */
	bool anyhow;            /* runs also where a configuration file is wrong */
	const struct option_table *table; /* its own options, or NULL */
	/* Exit status 0 and the like; or negative errno with the sentence in err (its class is the exit status). */
	int (*run)(struct call *call, struct error *err);
};

#define ARGUMENTS_MANY ((size_t)-1)

extern const struct verb verb_submit, verb_qc, verb_status, verb_history, verb_top, verb_show, verb_wait, verb_follow, verb_fetch,
    verb_cancel, verb_nodes,
    verb_drain, verb_resume, verb_check, verb_token, verb_join, verb_peers, verb_revoke,
    verb_cache, verb_ping, verb_probe, verb_doctor, verb_profile, verb_diff, verb_watch, verb_slurm;

/* All verbs in the order of --help, ending with NULL. */
extern const struct verb *const verbs[];

const struct verb *verb_find(const char *name); /* NULL: there is none */

#define VERB_TABLES_MAX 7

/*
 * The tables whose options the verb takes (NULL: what may stand before a verb), and how many; later ones hide options of the same
 * name or letter in earlier ones.
 */
size_t verb_tables(const struct verb *verb, const struct option_table *tables[VERB_TABLES_MAX]);

/* The table at `at` of these without names that are hidden (-o of qc). rows is room for OPTION_ROWS_MAX. */
struct option_table verb_table_shown(const struct option_table *const *tables, size_t n, size_t at, struct option_row *rows);

/* The whole of fqctl: parses, runs the verb, prints the sentence of an error. Returns the exit status. */
int ctl_main(int argc, char **argv);

/* The sentence of an error on standard error. */
void complain(const struct error *error);

/* What goes wrong with single files costs no other: each is told at once, and the exit status is the first one's. */
struct failures {
	enum error_class class;
};
void failures_add(struct failures *failures, const struct error *error);

/*
 * After one of several arguments: what is wrong with it alone (its class is USAGE or NO_INPUT) is told and costs the others nothing, 0.
 * Anything else comes back as it was.
 */
int failures_pass(struct failures *failures, int r, const struct error *error);

/* Negative with a sentence where an argument is what others call standard input, and no file. */
int stdin_refuse(const struct call *call, struct error *err);

/* "fqctl: TEXT" on standard error, unless --quiet. */
void say(const struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
