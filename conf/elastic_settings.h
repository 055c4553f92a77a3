/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Workers from Slurm: what people and programs ask for, and the group `elastic` of fqcoordd.conf, which says how many are to be held. The
 * coordinator checks the group and does nothing with it; fqctl slurm keep does.
 */
#pragma once

#include "conf/load.h"

/* What is asked of Slurm. */
struct slurm_options {
	uint64_t workers;
	char *partition, *account, *qos, *time, *memory; /* as sbatch takes them; empty: its default */
	uint64_t cpus;                                   /* of a worker; 0: its default */
	struct conf_list sbatch;                         /* further words */
	uint64_t idle_exit_ms;                           /* 0: never */
	struct conf_address address;                     /* where workers dial; empty: where fqctl does */
	char *worker;                                    /* fqworkerd as nodes find it; empty: beside fqctl */
	char *folder;                                    /* empty: ~/.fqcluster/slurm */
};

struct elastic_settings {
	uint64_t min, max;         /* workers; max 0: the group is not there */
	uint64_t bytes_per_worker; /* of files that wait to be counted */
	uint64_t idle_ms;          /* that a worker is to have nothing to do before it is ended */
	uint64_t every_ms;         /* between two looks */
	uint64_t settle_ms;        /* after its own start, or an sbatch that failed, none are started */
	char *worker_keys;         /* folder of key.pem and known of a worker that has joined */
	struct slurm_options slurm;
};

extern const struct option_table elastic_table;

/* The group of a coordinator's file; its other keys are checked and forgotten. 0, CONF_NO_FILE, or negative with a sentence. */
int elastic_load(const char *path, struct elastic_settings *settings, struct error *err);
void elastic_settings_deinit(struct elastic_settings *settings);
