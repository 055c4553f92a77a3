/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where results go and in which forms: options that submit, qc and fetch share, names of files, and the writing.
 *
 * A result is written when all of its counters are there, and its files appear whole or not at all (outbox.h).
 */
#pragma once

#include "conf/load.h"
#include "ctl/reporting.h"
#include "lib/base/error.h"
#include "lib/qc/counters.h"
#include "lib/qc/csv.h"

/* Forms of a result; sets of them as bits. */
enum output_form {
	OUTPUT_CSV,    /* mean Phred score per base position */
	OUTPUT_FASTQC, /* NAME_fastqc.zip and NAME_fastqc.html */
	OUTPUT_TEXT,   /* fastqc_data.txt */
	OUTPUT_JSON,
	OUTPUT_HTML,
	OUTPUT_TSV, /* key figures and marks, a line a file: one for all files, written at the end (output_run.h) */
	_OUTPUT_FORM_MAX,
};
#define OUTPUT_SET(form) (1u << (form))

const char *output_form_name(enum output_form form); /* as --as takes it */

enum output_phred { OUTPUT_PHRED_33, OUTPUT_PHRED_64, OUTPUT_PHRED_AUTO };

struct output_options {
	char *as;       /* --as */
	uint32_t forms; /* what it says; 0: nothing was said */
	char *file;     /* empty: none */
	char *folder;   /* empty: none */
	bool beside;    /* without a folder FastQC's files go beside the input, not into the current folder (qc) */
	bool announce;  /* a line on standard output when FastQC's files of an input are there, as FastQC says it (qc) */
	enum output_phred phred;
	bool phred_given; /* otherwise CSV takes 33 */
	uint64_t base;
	bool header, crlf, error_mean;
	bool extract, noextract, delete;
	struct output_run *run; /* what is said of all files together (output_run.h); NULL: nothing */
};

extern const struct option_table output_table;

/* The modules that these results need. */
uint32_t output_modules(const struct output_options *options, const struct reporting *reporting);

/* NAME of NAME_fastqc.zip: the last part of the path without the endings that FastQC knows. A new string, or NULL. */
char *output_fastqc_name(const char *path, enum compat compat);

/*
 * Refuses what cannot be written later (folder missing, -o with --output-dir, two of the n input files whose results would have
 * one name) before anything is counted.
 */
int output_check(const struct output_options *options, const struct reporting *reporting, const char *const *paths,
                 size_t n, struct error *err);

/*
 * Writes the result of the file `path`, one of n, in all forms. 0 or negative with a sentence: ERROR_CANT_CREATE, ERROR_USAGE where
 * the counters lack what a form needs, ERROR_DATA where no report can be made of such qualities.
 */
int output_write(const struct output_options *options, const struct reporting *reporting, const char *path, size_t n,
                 const struct counters *counters, struct error *err);

/* Tells on standard output that the result is written, where that is asked for. */
void output_announce(const struct output_options *options, const char *path);

/* Whether results go to standard output, file after file. */
bool output_to_stdout(const struct output_options *options);

/* The file for this form, or NULL for standard output; the caller frees. Of FASTQC: without .zip or .html. 0 or -ENOMEM. */
int output_place(const struct output_options *options, enum compat compat, enum output_form form, const char *path,
                 size_t n, char **ret);
