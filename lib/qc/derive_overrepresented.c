/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Overrepresented sequences" (FASTQC.md section 1.10): sequences that make up more than a share of all reads, and what
 * they may come from; and the order of sequences, which decides between equally frequent ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/java_hash.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"

static const char *const columns[] = {"Sequence", "Count", "Percentage", "Possible Source"};

#define SOURCE_MAX 512

struct frequent {
	size_t key; /* number of the sequence */
	size_t place; /* in the order of sequences */
	uint64_t reads;
	double percent;
};

/* As a String's compareTo(). */
static int by_text(const void *sequences, size_t a, size_t b)
{
	struct tracked_key x = sequences_key(sequences, a), y = sequences_key(sequences, b);
	int r = memcmp(x.bytes, y.bytes, x.n < y.n ? x.n : y.n);

	return r != 0 ? r : (x.n > y.n) - (x.n < y.n);
}

int derive_sequence_order(struct derive *derive, const size_t **ret)
{
	const struct sequences *sequences = counters_state(derive->counters, MODULE_SEQUENCES);
	_cleanup_(freep) uint32_t *codes = NULL;
	size_t n, *order;
	int r;

	if (!sequences_first(sequences) || !sequences_whole(sequences))
		return derive_partial(derive);
	if (!derive->sequence_order) {
		n = sequences_n(sequences);
		codes = calloc(n + 1, sizeof *codes);
		order = derive_alloc(derive, n, sizeof *order);
		if (!codes || !order)
			return -ENOMEM;
		for (size_t i = 0; i < n; i++) {
			struct tracked_key key = sequences_key(sequences, i);

			codes[i] = java_hash_text(key.bytes, key.n);
		}
		r = java_hash_order(codes, n, by_text, sequences, order);
		if (r < 0)
			return r;
		derive->sequence_order = order;
	}
	*ret = derive->sequence_order;
	return 0;
}

static int by_reads(const void *a, const void *b)
{
	const struct frequent *x = a, *y = b;

	if (x->reads != y->reads)
		return x->reads > y->reads ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* The sequences above the limit, the most frequent first. The caller frees. As derive_sequence_order(). */
static int frequent_find(struct derive *derive, const struct sequences *sequences, double least, struct frequent **ret,
                         size_t *ret_n)
{
	_cleanup_(freep) struct frequent *frequent = NULL;
	double reads = (double)sequences_reads(sequences);
	size_t all, n = 0;
	const size_t *order;
	int r = derive_sequence_order(derive, &order);

	if (r < 0)
		return r;
	all = sequences_n(sequences);
	frequent = calloc(all + 1, sizeof *frequent);
	if (!frequent)
		return -ENOMEM;
	for (size_t i = 0; i < all; i++) {
		uint64_t count = sequences_count(sequences, order[i]);
		double percent = ((double)count / reads) * 100;

		if (percent > least)
			frequent[n++] = (struct frequent){order[i], i, count, percent};
	}
	qsort(frequent, n, sizeof *frequent, by_reads);
	*ret = TAKE(frequent);
	*ret_n = n;
	return 0;
}

static int row_fill(struct derive *derive, const struct sequences *sequences, const struct frequent *frequent, struct cell *row)
{
	struct tracked_key key = sequences_key(sequences, frequent->key);
	char source[SOURCE_MAX];
	int r;

	row[0] = cell_text(derive_letters(derive, key.bytes, key.n));
	if (!row[0].text)
		return -ENOMEM;
	r = contaminants_hit(derive->options->contaminants, key.bytes, key.n, derive->rules->compat, source, sizeof source);
	if (r < 0)
		return r;
	row[1] = cell_number(frequent->reads);
	row[2] = cell_double(frequent->percent);
	row[3] = cell_text(derive_text(derive, "%s", source));
	return row[3].text ? 0 : -ENOMEM;
}

int derive_overrepresented(struct derive *derive, struct section *section)
{
	const struct sequences *sequences = counters_state(derive->counters, MODULE_SEQUENCES);
	const struct limit *limit = &derive->options->limits->of[LIMIT_OVERREPRESENTED];
	_cleanup_(freep) struct frequent *frequent = NULL;
	size_t n = 0;
	int r;

	r = frequent_find(derive, sequences, limit->warn, &frequent, &n);
	if (r < 0 || n == 0)
		return r;
	r = derive_table(derive, section, columns, 4, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = row_fill(derive, sequences, &frequent[i], section_row(section, i));
	section->judged[0].value = frequent[0].percent;
	section->status = status_of(frequent[0].percent > limit->error, true);
	return r;
}
