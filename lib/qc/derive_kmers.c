/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Kmer Content" (FASTQC.md section 1.12): k-mers that occur far more often in a group of positions than in all. In
 * single precision, as FastQC has it.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/binomial.h"
#include "lib/qc/derive.h"
#include "lib/qc/java_hash.h"
#include "lib/qc/kmers.h"
#include "lib/qc/module.h"

#define SHOWN_MAX 20
#define CAPACITY 16384    /* of FastQC's Hashtable: all k-mers of 7 bases, whatever their size is */
#define P_VALUE_MAX 0.01  /* below it a group counts */
#define ENRICHED_MIN 5    /* observed over expected above it */
#define SAMPLED_SHARE 5   /* what FastQC multiplies counts by */

static const char *const columns[] = {"Sequence", "Count", "PValue", "Obs/Exp Max", "Max Obs/Exp Position"};

/* An enriched k-mer. */
struct enriched {
	const struct kmer *kmer;
	size_t place; /* in the order of the Hashtable */
	float p_value, most;
	size_t group; /* where most is */
};

/* What all k-mers are compared with. */
struct background {
	const struct groups *groups;
	uint64_t totals[KMERS_BASES]; /* k-mers by position */
	uint64_t total;
	double kmers; /* that there can be of this size */
};

/* Observed over expected in one group; and where that is much, how probable it is. */
static float group_compare(const struct background *background, const struct kmer *kmer, const struct base_group *group,
                           size_t *cell, float expected, float *ret_p_value)
{
	uint64_t all = 0, hits = 0;
	float predicted, enrichment;

	for (uint64_t p = group->from - 1; p < group->to && p < kmer->span; p++) {
		all += background->totals[p];
		if (*cell < kmer->cells_n && kmer->cells[*cell].position == p)
			hits += kmer->cells[(*cell)++].reads;
	}
	predicted = expected * (float)all;
	enrichment = (float)hits / predicted;
	*ret_p_value = 1;
	if ((float)hits > predicted && enrichment > ENRICHED_MIN)
		*ret_p_value = (float)((1 - binomial_cumulative(all, expected, hits)) * background->kmers);
	return enrichment;
}

/* Whether a k-mer is enriched. */
static bool kmer_compare(const struct background *background, const struct kmer *kmer, struct enriched *ret)
{
	float expected = (float)kmer->count / (float)background->total;
	size_t cell = 0;

	*ret = (struct enriched){.kmer = kmer, .p_value = 1};
	for (size_t g = 0; g < background->groups->n; g++) {
		float p_value, enrichment = group_compare(background, kmer, &background->groups->of[g], &cell, expected, &p_value);

		if (enrichment > ret->most) {
			ret->most = enrichment;
			ret->group = g;
		}
		if (enrichment > ENRICHED_MIN && p_value < P_VALUE_MAX && p_value < ret->p_value)
			ret->p_value = p_value;
	}
	return ret->p_value < P_VALUE_MAX;
}

static void background_make(struct background *background, const struct groups *groups, const struct kmer *kmers, size_t n,
                            uint32_t size)
{
	*background = (struct background){.groups = groups, .kmers = pow(4, size)};
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < kmers[i].cells_n; c++) {
			background->totals[kmers[i].cells[c].position] += kmers[i].cells[c].reads;
			background->total += kmers[i].cells[c].reads;
		}
}

/* The most enriched first; equal ones in the order of the Hashtable. */
static int by_enrichment(const void *a, const void *b)
{
	const struct enriched *x = a, *y = b;

	if (x->most != y->most)
		return x->most > y->most ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* The enriched k-mers, the most enriched first. 0 or -ENOMEM. */
static int enriched_find(const struct background *background, const struct kmer *kmers, size_t n, uint32_t size,
                         struct enriched **ret, size_t *ret_n)
{
	_cleanup_(freep) uint32_t *codes = calloc(n + 1, sizeof *codes);
	_cleanup_(freep) size_t *order = calloc(n + 1, sizeof *order);
	_cleanup_(freep) struct enriched *found = NULL;
	size_t found_n = 0, room = 0;
	int r;

	if (!codes || !order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		codes[i] = java_hash_text(kmers[i].letters, size);
	r = java_hashtable_order(codes, n, CAPACITY, order);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct enriched enriched;

		if (!kmer_compare(background, &kmers[order[i]], &enriched))
			continue;
		if (found_n == room) {
			struct enriched *more;

			room = room > 0 ? 2 * room : 64;
			more = reallocarray(found, room, sizeof *found);
			if (!more)
				return -ENOMEM;
			found = more;
		}
		enriched.place = i;
		found[found_n++] = enriched;
	}
	if (found_n > 0)
		qsort(found, found_n, sizeof *found, by_enrichment);
	*ret = TAKE(found);
	*ret_n = found_n;
	return r;
}

static int rows_make(struct derive *derive, struct section *section, const struct groups *groups, const struct enriched *enriched,
                     size_t n, uint32_t size)
{
	const struct limit *limit = &derive->options->limits->of[LIMIT_KMER];
	double exponent;
	int r;

	section->status = STATUS_PASS;
	if (n == 0)
		return 0;
	n = n < SHOWN_MAX ? n : SHOWN_MAX;
	r = derive_table(derive, section, columns, 5, n);
	for (size_t i = 0; r == 0 && i < n; i++) {
		struct cell *row = section_row(section, i);

		row[0] = cell_text(derive_letters(derive, enriched[i].kmer->letters, size));
		row[1] = cell_number(enriched[i].kmer->count * SAMPLED_SHARE);
		row[2] = (struct cell){.kind = CELL_FLOAT, .real = enriched[i].p_value};
		row[3] = (struct cell){.kind = CELL_FLOAT, .real = enriched[i].most};
		row[4] = cell_text(groups->labels[enriched[i].group]);
		if (!row[0].text)
			r = -ENOMEM;
	}
	exponent = 0 - log10(enriched[0].p_value);
	section->judged[0].value = exponent;
	section->status = status_of(exponent > limit->error, exponent > limit->warn);
	return r;
}

int derive_kmers(struct derive *derive, struct section *section)
{
	const struct kmers *state = counters_state(derive->counters, MODULE_KMERS);
	uint32_t longest = kmers_longest(state), size = kmers_size(state);
	_cleanup_(freep) struct enriched *enriched = NULL;
	_cleanup_(freep) struct kmer *kmers = NULL;
	struct background background;
	struct groups groups;
	size_t n = 0, enriched_n = 0;
	int r;

	r = kmers_list(state, &kmers, &n);
	if (r == KMERS_FULL)
		return error_set(derive->err, -EBADMSG, ERROR_DATA,
		                 "there are more different k-mers of %u bases than FastQC's memory of 512 MB could hold: ask for shorter "
		                 "ones, or leave \"Kmer Content\" out",
		                 size);
	if (r == -EINVAL)
		return derive_partial(derive);
	if (r < 0)
		return r;
	r = derive_groups_filled(derive, longest >= size ? longest - size + 1 : 0, &groups);
	if (r < 0)
		return r;
	background_make(&background, &groups, kmers, n, size);
	r = enriched_find(&background, kmers, n, size, &enriched, &enriched_n);
	return r < 0 ? r : rows_make(derive, section, &groups, enriched, enriched_n, size);
}
