/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is handed to sbatch for an array of workers: the options of people, and the script of each task. */
#pragma once

#include "conf/elastic_settings.h"
#include "ctl/slurm/slurm.h"
#include "lib/base/error.h"

/* The options that slurm and qc --slurm have in common (struct slurm_options). */
extern const struct option_table slurm_table;

/* An array that is to be. */
struct slurm_array {
	char id[SLURM_ID_MAX];
	char host[TEXT_HOST_MAX]; /* where its workers dial */
	uint16_t port;
	uint32_t workers;
	char *keys;   /* absolute: folder of key.pem and known */
	char *folder; /* absolute: where logs go */
	char *worker; /* absolute: fqworkerd */
};

/* The script of each task, a new string; NULL: no memory. */
char *slurm_script(const struct slurm_array *array, const struct slurm_options *options);

/*
 * The words that run sbatch, NULL-terminated; further (may be NULL) stand behind those of options. -EINVAL with a sentence for a word
 * that would make another job of it, or be taken for the script's name. Free with slurm_argv_free().
 */
int slurm_argv(const struct slurm_array *array, const struct slurm_options *options, char *const *further, size_t further_n, char ***ret,
               struct error *err);
char **slurm_argv_free(char **words);

/* Words as a shell would take them, on one line, for people. A new string; NULL: no memory. */
char *slurm_line(char *const *words);

/* A program of ours as it is on this machine, absolute: `named` where that is not empty, or beside fqctl. 0 or negative with a sentence. */
int slurm_program(const char *named, const char *program, char **ret, struct error *err);
