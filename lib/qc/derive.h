/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of a report: each derive_*.c makes one section, or two that share their numbers, out of merged counters. Formulas, and
 * the order of floating-point operations, are those of FASTQC.md section 1; sums of counts are whole numbers.
 *
 * All memory of a report is its own (derive_alloc) and goes with it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/base_groups.h"
#include "lib/qc/encoding.h"
#include "lib/qc/report.h"
#include "lib/qc/rules.h"
#include "lib/qc/table_walk.h"

struct derive_memory;
void derive_memory_free(struct derive_memory *memory); /* takes NULL */

struct derive {
	const struct counters *counters;
	const struct count_rules *rules;
	const struct report_options *options;
	struct derive_memory **memory; /* of the report */
	uint64_t reads, bases;
	uint64_t shortest, longest;   /* read, in bases; 0 where there is none */
	uint64_t base_totals[256];    /* bytes of all sequences, by byte */
	uint64_t quality_totals[256]; /* likewise of all qualities */
	uint64_t qualities;           /* positions that any quality reaches */
	struct encoding encoding;     /* of all qualities */
	const size_t *sequence_order; /* of the tracked sequences as a hash map of them is walked; made once, by the first who asks */
	struct error *err;
};

/* Outcome of a derive function: the section is left out. */
#define DERIVE_ABSENT 1

/* Each fills status, note and table of the section. 0, DERIVE_ABSENT, -ENOMEM, or another negative errno with a sentence. */
int derive_basic(struct derive *derive, struct section *section);
int derive_quality(struct derive *derive, struct section *section);
int derive_tiles(struct derive *derive, struct section *section);
int derive_scores(struct derive *derive, struct section *section);
int derive_content(struct derive *derive, struct section *section);
int derive_gc(struct derive *derive, struct section *section);
int derive_n_content(struct derive *derive, struct section *section);
int derive_lengths(struct derive *derive, struct section *section);
int derive_duplication(struct derive *derive, struct section *section);
int derive_overrepresented(struct derive *derive, struct section *section);
int derive_adapters(struct derive *derive, struct section *section);
int derive_kmers(struct derive *derive, struct section *section);

/* The sentence for counters of a part of a file, or of a file of which slices are still to be counted again; returns -EINVAL. */
int derive_partial(struct derive *derive);

/* Zeroed memory of the report; and a text in it. NULL: out of memory. */
void *derive_alloc(struct derive *derive, size_t n, size_t size);
const char *derive_text(struct derive *derive, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* n bytes of a read as a text: lenient reads may have any byte, and NUL becomes "\\x00". NULL: out of memory. */
const char *derive_letters(struct derive *derive, const uint8_t *bytes, size_t n);

/* A cell of a whole number that may be below 0 (it is then a text). 0 or -ENOMEM. */
int derive_integer(struct derive *derive, int64_t integer, struct cell *ret);

/* A table of rows_n rows for the section, to be filled by the caller from section_row(0) on. 0 or -ENOMEM. */
int derive_table(struct derive *derive, struct section *section, const char *const *columns, size_t columns_n, size_t rows_n);
struct cell *section_row(const struct section *section, size_t row);

/* Groups of positions with the labels of their rows ("9", "10-14"); both in the report's memory. */
struct groups {
	size_t n;
	const struct base_group *of;
	const char **labels;
};

/*
 * The groups of n positions. 0, -ENOMEM, or -EINVAL with a sentence where min_length asks for more positions than there are, of
 * which no version of FastQC makes a report.
 */
int derive_groups(struct derive *derive, uint64_t n, struct groups *ret);
/* The same, but min_length adds groups of positions that are not there. */
int derive_groups_filled(struct derive *derive, uint64_t n, struct groups *ret);

/* The order of sequences of counters as FastQC's hash map of them is walked. 0, -ENOMEM or derive_partial(). */
int derive_sequence_order(struct derive *derive, const size_t **ret);

/* Tracked sequences that occur equally often. */
struct level {
	uint64_t copies;    /* reads with the same sequence */
	uint64_t sequences; /* that have so many copies */
	size_t first;       /* place of the first of them in the order of sequences */
	double corrected;   /* how many there would be if all reads were tracked */
};

/* Fills `corrected` of n levels of a file of so many reads, of which the first `limit` were tracked (sequences_limit()). */
void levels_correct(struct level *levels, size_t n, uint64_t reads, uint64_t limit);

static inline struct cell cell_text(const char *text)
{
	return (struct cell){.kind = CELL_TEXT, .text = text};
}

static inline struct cell cell_number(uint64_t number)
{
	return (struct cell){.kind = CELL_NUMBER, .number = number};
}

static inline struct cell cell_double(double real)
{
	return (struct cell){.kind = CELL_DOUBLE, .real = real};
}

/* Keeps the highest value and where it is, or the lowest; NaN is passed over. */
static inline void judged_most(struct judged *judged, double value, const char *where)
{
	if (!(value <= judged->value) && value == value)
		*judged = (struct judged){value, where};
}

static inline void judged_least(struct judged *judged, double value, const char *where)
{
	if (!(value >= judged->value) && value == value)
		*judged = (struct judged){value, where};
}

static inline enum status status_of(bool fail, bool warn)
{
	return fail ? STATUS_FAIL : warn ? STATUS_WARN : STATUS_PASS;
}
