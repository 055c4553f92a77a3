/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The report of a file: see report.h. Here is the order of its sections and what they share; the numbers are made in derive_*.c.
 * Memory: 16 bytes a cell, that is some 100 KiB for short reads.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/lengths.h"
#include "lib/qc/module.h"

struct report {
	struct report_options options;
	enum compat compat;
	struct figures figures;
	struct section sections[_SECTION_MAX];
	size_t n;
	struct derive_memory *memory;
};

/* limit: whose "ignore" leaves the section out; _LIMIT_MAX: none. */
static const struct section_row {
	const char *name, *key;
	enum limit_id limit;
	uint32_t modules;
	int (*derive)(struct derive *derive, struct section *section);
} section_rows[_SECTION_MAX] = {
	[SECTION_BASIC] = {"Basic Statistics", "basic_statistics", _LIMIT_MAX,
	                   COUNT_LENGTHS | COUNT_BASES | COUNT_QUALITY_TABLE, derive_basic},
	[SECTION_QUALITY] = {"Per base sequence quality", "per_base_sequence_quality", LIMIT_QUALITY_BASE, COUNT_QUALITY_TABLE,
	                     derive_quality},
	[SECTION_TILES] = {"Per tile sequence quality", "per_tile_sequence_quality", LIMIT_TILE, COUNT_TILES, derive_tiles},
	[SECTION_SCORES] = {"Per sequence quality scores", "per_sequence_quality_scores", LIMIT_QUALITY_SEQUENCE, COUNT_SCORES,
	                    derive_scores},
	[SECTION_CONTENT] = {"Per base sequence content", "per_base_sequence_content", LIMIT_SEQUENCE, COUNT_BASES,
	                     derive_content},
	[SECTION_GC] = {"Per sequence GC content", "per_sequence_gc_content", LIMIT_GC_SEQUENCE, COUNT_GC, derive_gc},
	[SECTION_N] = {"Per base N content", "per_base_n_content", LIMIT_N_CONTENT, COUNT_BASES, derive_n_content},
	[SECTION_LENGTHS] = {"Sequence Length Distribution", "sequence_length_distribution", LIMIT_SEQUENCE_LENGTH,
	                     COUNT_LENGTHS, derive_lengths},
	[SECTION_DUPLICATION] = {"Sequence Duplication Levels", "sequence_duplication_levels", LIMIT_DUPLICATION,
	                         COUNT_SEQUENCES, derive_duplication},
	[SECTION_OVERREPRESENTED] = {"Overrepresented sequences", "overrepresented_sequences", LIMIT_OVERREPRESENTED,
	                             COUNT_SEQUENCES, derive_overrepresented},
	[SECTION_ADAPTERS] = {"Adapter Content", "adapter_content", LIMIT_ADAPTER, COUNT_ADAPTERS, derive_adapters},
	[SECTION_KMERS] = {"Kmer Content", "kmer_content", LIMIT_KMER, COUNT_KMERS, derive_kmers},
};

const char *section_name(enum section_id id)
{
	return section_rows[id].name;
}

const char *section_key(enum section_id id)
{
	return section_rows[id].key;
}

const char *status_name(enum status status)
{
	static const char *const names[] = {"pass", "warn", "fail"};

	return names[status];
}

static void reportp(struct report **report)
{
	report_free(*report);
}

struct report *report_free(struct report *report)
{
	if (!report)
		return NULL;
	derive_memory_free(report->memory);
	free(report);
	return NULL;
}

const struct section *report_sections(const struct report *report, size_t *ret_n)
{
	*ret_n = report->n;
	return report->sections;
}

const struct report_options *report_options(const struct report *report)
{
	return &report->options;
}

const struct figures *report_figures(const struct report *report)
{
	return &report->figures;
}

enum compat report_compat(const struct report *report)
{
	return report->compat;
}

uint64_t report_reads(const struct report *report)
{
	return report->figures.reads;
}

uint64_t report_bases(const struct report *report)
{
	return report->figures.bases;
}

/* ---- report_make */

static bool section_ignored(const struct report_options *options, const struct section_row *row)
{
	return row->limit < _LIMIT_MAX && options->limits->of[row->limit].ignore > 0;
}

static int options_check(const struct counters *counters, const struct report_options *options, struct error *err)
{
	if (options->nogroup && options->expgroup)
		return error_set(err, -EINVAL, ERROR_USAGE,
		                 "positions are shown either one by one (nogroup) or in growing groups (expgroup), not both");
	for (size_t i = 0; i < _SECTION_MAX; i++) {
		const struct section_row *row = &section_rows[i];

		if (!section_ignored(options, row) && (row->modules & ~counters_modules(counters)))
			return error_set(err, -EINVAL, ERROR_SOFTWARE, "the counters lack what the section \"%s\" is made of",
			                 row->name);
	}
	return 0;
}

/* Bytes that are no ASCII: what FastQC makes of them depends on the machine's locale, or it never ends. */
static int range_check(const struct byte_range *range, const char *what, struct error *err)
{
	if (range->highest < 128)
		return 0;
	return error_set(err, -EBADMSG, ERROR_DATA, "there is a byte of value %u in a %s, but no report can be made of bytes above 127",
	                 range->highest, what);
}

static int lengths_learn(struct derive *derive)
{
	const struct lengths *lengths = counters_state(derive->counters, MODULE_LENGTHS);
	struct reach reach;
	int r = reach_init(&reach, &lengths->table);

	if (r < 0)
		return r;
	derive->reads = reach.reads;
	derive->bases = counters_bases(derive->counters);
	derive->shortest = reach.n > 0 ? reach.lengths[0].length : 0;
	derive->longest = reach.longest;
	reach_deinit(&reach);
	return 0;
}

static int bytes_learn(struct derive *derive)
{
	const struct byte_table *qualities = counters_state(derive->counters, MODULE_QUALITY_TABLE);
	const struct byte_table *bases = counters_state(derive->counters, MODULE_BASES);
	struct byte_range range;
	int r;

	r = table_totals(bases, derive->base_totals, &range);
	if (r == 0)
		r = range_check(&range, "sequence", derive->err);
	if (r == 0)
		r = table_totals(qualities, derive->quality_totals, &range);
	if (r == 0)
		r = range_check(&range, "quality", derive->err);
	if (r == 0)
		r = table_positions(qualities, &derive->qualities);
	if (r < 0)
		return r;
	return encoding_tell(derive->qualities > 0 ? range.lowest : ENCODING_NO_QUALITY, derive->options->phred,
	                     &derive->encoding, derive->err);
}

static int sections_make(struct derive *derive, struct report *report)
{
	for (size_t i = 0; i < _SECTION_MAX; i++) {
		const struct section_row *row = &section_rows[i];
		struct section section = {
			.id = (enum section_id)i,
			.name = row->name,
			.key = row->key,
			.judged = {{.value = (double)NAN}, {.value = (double)NAN}},
		};
		int r = row->derive && !section_ignored(derive->options, row) ? row->derive(derive, &section) : DERIVE_ABSENT;

		if (r < 0)
			return r;
		if (r == 0)
			report->sections[report->n++] = section;
	}
	return 0;
}

static uint64_t letters(const uint64_t bases[256], char a, char b)
{
	return bases[(uint8_t)a] + bases[(uint8_t)(a - 'A' + 'a')] + bases[(uint8_t)b] + bases[(uint8_t)(b - 'A' + 'a')];
}

/* As by position, qualities below the offset do not count. */
static void figures_make(const struct derive *derive, struct figures *ret)
{
	uint64_t gc = letters(derive->base_totals, 'G', 'C'), at = letters(derive->base_totals, 'A', 'T');
	uint64_t all = 0, sum = 0, good = 0, offset = derive->encoding.offset;

	for (uint64_t byte = offset; byte < 256; byte++) {
		all += derive->quality_totals[byte];
		sum += derive->quality_totals[byte] * (byte - offset);
		good += byte - offset >= 30 ? derive->quality_totals[byte] : 0;
	}
	*ret = (struct figures){
		.reads = derive->reads,
		.bases = derive->bases,
		.shortest = derive->shortest,
		.longest = derive->longest,
		.quality_mean = all > 0 ? (double)sum / (double)all : (double)NAN,
		.q30 = all > 0 ? 100 * (double)good / (double)all : (double)NAN,
		.gc = gc + at > 0 ? 100 * (double)gc / (double)(gc + at) : (double)NAN,
	};
}

int report_make(const struct counters *counters, const struct report_options *options, struct report **ret,
                struct error *err)
{
	_cleanup_(reportp) struct report *report = NULL;
	struct derive derive = {
		.counters = counters,
		.rules = counters_rules(counters),
		.options = options,
		.err = err,
	};
	int r;

	r = options_check(counters, options, err);
	if (r < 0)
		return r;
	report = calloc(1, sizeof *report);
	if (!report)
		return error_oom(err);
	report->options = *options;
	report->compat = derive.rules->compat;
	derive.memory = &report->memory;
	r = lengths_learn(&derive);
	if (r == 0)
		r = bytes_learn(&derive);
	if (r == 0)
		r = sections_make(&derive, report);
	if (r < 0)
		return r == -ENOMEM ? error_oom(err) : r;
	figures_make(&derive, &report->figures);
	*ret = TAKE(report);
	return 0;
}
