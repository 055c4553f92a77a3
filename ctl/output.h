/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where results go and in which form: options that submit, qc and fetch share, and the writing.
 *
 * A result is written when all of its counters are there, and a file appears whole or not at all: under a temporary name
 * first, and then renamed.
 */
#pragma once

#include "conf/load.h"
#include "lib/base/error.h"
#include "lib/qc/counters.h"
#include "lib/qc/csv.h"

enum output_form { OUTPUT_CSV };
enum output_phred { OUTPUT_PHRED_33, OUTPUT_PHRED_64, OUTPUT_PHRED_AUTO };

struct output_options {
	enum output_form form;
	char *file;   /* empty: standard output */
	char *folder; /* empty: none */
	enum output_phred phred;
	uint64_t base;
	bool header, crlf, error_mean;
};

extern const struct option_table output_table;

/* The modules that these results need. */
uint32_t output_modules(const struct output_options *options);

/*
 * Refuses what cannot be written later (folder missing, -o with --output-dir, two of the n input files whose results would have
 * one name) before anything is counted. n is 0 where the inputs are not known yet.
 */
int output_check(const struct output_options *options, const char *const *paths, size_t n, struct error *err);

/* Writes the result of the file `path`, one of n. 0 or negative with a sentence (ERROR_CANT_CREATE). */
int output_write(const struct output_options *options, const char *path, size_t n, const struct counters *counters,
                 struct error *err);
