/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a file: FastQC's sections, derived here, once, from merged integers. Every format (fastqc_data.txt, summary,
 * JSON, HTML) is written from the same sections, so that no number is computed twice.
 *
 *     counters + report_options --report_make--> sections of cells --> text.h, json.h, html.h, archive.h
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/contaminants.h"
#include "lib/qc/counters.h"
#include "lib/qc/csv.h"
#include "lib/qc/java_number.h"
#include "lib/qc/limits.h"

/* In the order of the report (FASTQC.md section 0.1). */
enum section_id {
	SECTION_BASIC,
	SECTION_QUALITY,         /* Per base sequence quality */
	SECTION_TILES,           /* Per tile sequence quality */
	SECTION_SCORES,          /* Per sequence quality scores */
	SECTION_CONTENT,         /* Per base sequence content */
	SECTION_GC,              /* Per sequence GC content */
	SECTION_N,               /* Per base N content */
	SECTION_LENGTHS,         /* Sequence Length Distribution */
	SECTION_DUPLICATION,     /* Sequence Duplication Levels */
	SECTION_OVERREPRESENTED, /* Overrepresented sequences */
	SECTION_ADAPTERS,        /* Adapter Content */
	SECTION_KMERS,           /* Kmer Content */
	_SECTION_MAX,
};

const char *section_name(enum section_id id); /* "Per base sequence quality" */
const char *section_key(enum section_id id);  /* "per_base_sequence_quality" */

enum status { STATUS_PASS, STATUS_WARN, STATUS_FAIL };

const char *status_name(enum status status); /* "pass", "warn", "fail" */

enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_DOUBLE, CELL_FLOAT };

struct cell {
	enum cell_kind kind;
	union {
		const char *text; /* may hold foreign bytes: whoever writes escapes */
		uint64_t number;
		double real;      /* CELL_FLOAT: a single-precision value (k-mers) */
	};
};

/* A line above the table: "#Total Deduplicated Percentage". */
struct note {
	const char *name;
	struct cell value;
};

/*
 * What the status was judged by, for people only (no format of FastQC's has it): the value that is nearest to failing, or the farthest
 * beyond, and where that is. Of qualities by position the lowest lower quartile and the lowest median; of bases by position the
 * greatest |C - G| and |T - A| in per cent; of lengths the shortest and the longest. Others have one: the greatest deviation of a
 * tile, the commonest score, per cent off the theoretical GC curve, per cent of N, of deduplicated reads, of the commonest sequence,
 * of an adapter, -log10(p) of a k-mer.
 */
struct judged {
	double value;      /* NaN: nothing could be judged */
	const char *where; /* NULL: the whole file; "145-149", "tile 1101, position 5", "Nextera, position 39": may hold foreign bytes */
};

#define JUDGED_MAX 2

struct section {
	enum section_id id;
	const char *name; /* "Per base sequence quality" */
	const char *key;  /* "per_base_sequence_quality" */
	enum status status;
	struct judged judged[JUDGED_MAX];
	struct note note; /* name NULL: none */
	/* A table; without columns the body is empty. */
	size_t columns_n, rows_n;
	const char *const *columns;
	const struct cell *cells; /* rows_n * columns_n, row by row */
	const double *theory;     /* reads by row, that a normal distribution would have (GC); NULL: none */
};

struct report_options {
	const char *name;    /* of the file, as the report shows it */
	enum java java;      /* whose Double.toString the text has */
	bool nogroup, expgroup;
	uint64_t min_length; /* bases; 0: none */
	enum phred phred;    /* PHRED_AUTO: as FastQC finds it */
	const struct limits *limits;
	const struct contaminants *contaminants;
	const struct profile *profile; /* of which the limits are, for JSON; NULL: none (profile.h) */
};

struct profile;
struct report;

/*
 * Needs COUNT_REPORT (and COUNT_KMERS where limits do not ignore it) of a whole file. 0; -ENOMEM; -EINVAL where the counters lack a module
 * or the options make no sense; -EBADMSG (ERROR_DATA) where no report can be made of such qualities (below '!', above '~' only with
 * --lenient), each with a sentence. Options' pointers must outlive the report, counters need not.
 */
int report_make(const struct counters *counters, const struct report_options *options, struct report **ret,
                struct error *err);
struct report *report_free(struct report *report); /* NULL */

/* The sections that are shown, in order. */
const struct section *report_sections(const struct report *report, size_t *ret_n);
const struct report_options *report_options(const struct report *report);

/* Of the whole file, for the head of a page. NaN: there are no bases to tell of. */
struct figures {
	uint64_t reads, bases;
	uint64_t shortest, longest;  /* read, in bases; 0 where there is none */
	double quality_mean, q30;   /* of all bases: mean Phred score, per cent with at least 30 */
	double gc;                  /* per cent of G and C among A, C, G and T */
};

const struct figures *report_figures(const struct report *report);
enum compat report_compat(const struct report *report);
uint64_t report_reads(const struct report *report);
uint64_t report_bases(const struct report *report);
