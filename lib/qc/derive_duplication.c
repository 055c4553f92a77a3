/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Sequence Duplication Levels" (FASTQC.md section 1.9): per cent of reads by how many copies of them there are. Last
 * digits depend on the order in which FastQC's hash maps give the levels: it is followed here.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/java_hash.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"

static const char *const columns_0_11_9[] = {"Duplication Level", "Percentage of deduplicated", "Percentage of total"};
static const char *const columns_0_12_1[] = {"Duplication Level", "Percentage of total"};

/* Each slot has the levels from its number of copies up to the next slot's. */
static const struct {
	const char *label;
	uint64_t copies;
} slots[] = {
	{"1", 1}, {"2", 2},    {"3", 3},    {"4", 4},      {"5", 5},      {"6", 6},      {"7", 7},      {"8", 8},
	{"9", 9}, {">10", 10}, {">50", 51}, {">100", 101}, {">500", 501}, {">1k", 1001}, {">5k", 5001}, {">10k+", 10001},
};

#define SLOTS (sizeof slots / sizeof slots[0])

struct totals {
	double sequences[SLOTS], reads[SLOTS];
	double all_sequences, all_reads;
};

static size_t slot_of(uint64_t copies)
{
	size_t slot = SLOTS - 1;

	while (slot > 0 && copies < slots[slot].copies)
		slot--;
	return slot;
}

static int by_copies(const void *a, const void *b)
{
	const struct level *x = a, *y = b;

	if (x->copies != y->copies)
		return x->copies < y->copies ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static int by_first(const void *a, const void *b)
{
	const struct level *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* Levels of so few copies, which most sequences have, are found by their number; the others by sorting. */
#define COPIES_FEW 1024

/* One more sequence of a level, met as number i. */
static void level_meet(struct level *level, uint64_t copies, size_t i)
{
	if (level->sequences++ == 0) {
		level->copies = copies;
		level->first = i;
	}
}

/* Puts levels of one sequence each together; returns how many are left. */
static size_t levels_join(struct level *levels, size_t n)
{
	size_t joined = 0;

	qsort(levels, n, sizeof *levels, by_copies);
	for (size_t i = 0; i < n; i++) {
		if (joined > 0 && levels[joined - 1].copies == levels[i].copies)
			levels[joined - 1].sequences++;
		else
			levels[joined++] = levels[i];
	}
	return joined;
}

/* The levels in the order in which they are met first. The caller frees. As derive_sequence_order(). */
static int levels_collate(struct derive *derive, const struct sequences *sequences, struct level **ret, size_t *ret_n)
{
	_cleanup_(freep) struct level *levels = NULL, *few = NULL;
	size_t n, levels_n = 0;
	const size_t *order;
	int r = derive_sequence_order(derive, &order);

	if (r < 0)
		return r;
	n = sequences_n(sequences);
	levels = calloc(n + COPIES_FEW, sizeof *levels);
	few = calloc(COPIES_FEW, sizeof *few);
	if (!levels || !few)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint64_t copies = sequences_count(sequences, order[i]);

		level_meet(copies < COPIES_FEW ? &few[copies] : &levels[levels_n++], copies, i);
	}
	levels_n = levels_join(levels, levels_n);
	for (size_t copies = 0; copies < COPIES_FEW; copies++)
		if (few[copies].sequences > 0)
			levels[levels_n++] = few[copies];
	qsort(levels, levels_n, sizeof *levels, by_first);
	*ret = TAKE(levels);
	*ret_n = levels_n;
	return 0;
}

/* Levels as a hash map of them gives them back, into which they were put in the order of *levels. 0 or -ENOMEM. */
static int levels_pass_map(struct level **levels, size_t n)
{
	_cleanup_(freep) uint32_t *codes = calloc(n + 1, sizeof *codes);
	_cleanup_(freep) size_t *order = calloc(n + 1, sizeof *order);
	_cleanup_(freep) struct level *passed = calloc(n + 1, sizeof *passed);
	int r;

	if (!codes || !order || !passed)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		codes[i] = java_hash_number((int64_t)(*levels)[i].copies);
	r = java_hash_order(codes, n, NULL, NULL, order);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		passed[i] = (*levels)[order[i]];
	free(*levels);
	*levels = TAKE(passed);
	return 0;
}

static void totals_make(struct totals *totals, const struct level *levels, size_t n)
{
	*totals = (struct totals){0};
	for (size_t i = 0; i < n; i++) {
		double sequences = levels[i].corrected, reads = sequences * (double)levels[i].copies;
		size_t slot = slot_of(levels[i].copies);

		totals->all_sequences += sequences;
		totals->all_reads += reads;
		totals->sequences[slot] += sequences;
		totals->reads[slot] += reads;
	}
}

static int rows_make(struct derive *derive, struct section *section, const struct totals *totals)
{
	bool both = derive->rules->compat == COMPAT_0_11_9;
	int r = derive_table(derive, section, both ? columns_0_11_9 : columns_0_12_1, both ? 3 : 2, SLOTS);

	for (size_t i = 0; r == 0 && i < SLOTS; i++) {
		struct cell *row = section_row(section, i);

		row[0] = cell_text(slots[i].label);
		if (both)
			row[1] = cell_double(totals->sequences[i] / totals->all_sequences * 100);
		row[both ? 2 : 1] = cell_double(totals->reads[i] / totals->all_reads * 100);
	}
	return r;
}

/* Correcting takes a step for each read up to the last tracked sequence: no file has so many, counters that lie may. */
#define LIMIT_MOST 10000000000ULL

int derive_duplication(struct derive *derive, struct section *section)
{
	const struct sequences *sequences = counters_state(derive->counters, MODULE_SEQUENCES);
	const struct limit *limit = &derive->options->limits->of[LIMIT_DUPLICATION];
	_cleanup_(freep) struct level *levels = NULL;
	struct totals totals;
	size_t n = 0;
	double left;
	int r;

	if (sequences_limit(sequences) > LIMIT_MOST && sequences_limit(sequences) < sequences_reads(sequences))
		return error_set(derive->err, -EOVERFLOW, ERROR_DATA,
		                 "there are more reads before the last tracked sequence (%" PRIu64
		                 ") than duplication levels can be corrected for",
		                 sequences_limit(sequences));
	r = levels_collate(derive, sequences, &levels, &n);
	if (r == 0)
		r = levels_pass_map(&levels, n); /* FastQC's map of sequences by level */
	if (r == 0)
		r = levels_pass_map(&levels, n); /* and that of corrected sequences by level */
	if (r < 0)
		return r;
	levels_correct(levels, n, sequences_reads(sequences), sequences_limit(sequences));
	totals_make(&totals, levels, n);
	left = totals.all_reads == 0 ? 100 : totals.all_sequences / totals.all_reads * 100;
	section->note = (struct note){"Total Deduplicated Percentage", cell_double(left)};
	section->judged[0].value = left;
	section->status = status_of(left < limit->error, left < limit->warn);
	return rows_make(derive, section, &totals);
}
