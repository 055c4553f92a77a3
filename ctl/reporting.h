/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FastQC's options: by what is counted (rules, for submit and qc), and how the numbers are shown (for fetch too). The files
 * that they name are read and checked here, before anything is counted.
 */
#pragma once

#include "conf/load.h"
#include "lib/base/error.h"
#include "lib/qc/profiles.h"
#include "lib/qc/report.h"
#include "lib/qc/rules.h"

/* From which verdict on a file fails the quality gate. */
enum fail_on { FAIL_ON_NEVER, FAIL_ON_WARN, FAIL_ON_FAIL };

/* How numbers are shown. */
struct report_choices {
	enum compat compat; /* changes what is counted, too */
	bool compat_given;
	char *limits, *contaminants; /* files; empty: FastQC's own */
	bool nogroup, expgroup;
	uint64_t min_length;
	enum java java;
	char *sample; /* empty: the file's name */
	char *profile; /* empty: none */
	enum fail_on fail_on;
};

extern const struct option_table report_table;

/* By what is counted. */
struct rules_choices {
	char *adapters; /* a file; empty: FastQC's own */
	uint64_t kmers, dup_length;
};

extern const struct option_table rules_table;

/* What the choices come to. Is not moved: its parts point to each other. */
struct reporting {
	struct count_rules rules;
	bool compat_given;
	struct limits limits;
	struct profile profile; /* where shown.profile says that there is one */
	const char *asked;      /* --profile, as the coordinator is told it: a name, or "./NAME" of own; empty: none */
	struct profile_entry own; /* of a file */
	bool limits_given;      /* --limits */
	enum fail_on fail_on;
	struct contaminants *contaminants;
	struct report_options shown; /* name is that of --sample, or NULL; phred is that of the output */
};

/* rules NULL: of a verb that counts nothing. 0 or negative with a sentence; deinit also after failure. */
int reporting_load(const struct report_choices *report, const struct rules_choices *rules, struct reporting *ret,
                   struct error *err);
void reporting_deinit(struct reporting *reporting);

/* Results are judged by this profile from now on; NULL: by FastQC's limits. */
void reporting_judge(struct reporting *reporting, const struct profile *profile);

/* By the profile that was asked for, as this machine knows it; for results that no coordinator counts. 0 or negative with a sentence. */
int reporting_judge_here(struct reporting *reporting, struct error *err);

/* The text of a list, at most 16 MiB, and a zero byte; the caller frees. 0 or negative with a sentence. */
int list_text(const char *path, char **ret, size_t *ret_n, struct error *err);

/* The modules of a report. */
uint32_t reporting_modules(const struct reporting *reporting);
