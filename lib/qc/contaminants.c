/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an overrepresented sequence may come from: see contaminants.h. A sequence is laid beside each contaminant and its reverse
 * complement in every way that leaves more than 20 bases side by side, and the longest stretch of more than 20 bases with at
 * most one mismatch counts. Such a stretch has a run of 10 matches: whether there is one is told from bit masks, so that
 * few ways have to be walked.
 */
#include "lib/qc/contaminants.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/base/text.h"
#include "lib/qc/contaminant_table.h"
#include "lib/qc/list_file.h"

#define SHORT_MIN 8    /* a shorter sequence is never hit */
#define OVERLAP 20     /* one shorter than that is hit where a contaminant has the whole of it; others need more than that */
#define MASK_BITS 128
#define BASES 4

__extension__ typedef unsigned __int128 mask;

/* Which of the first MASK_BITS places have A, C, G, T. */
struct places {
	mask of[BASES];
};

struct strand {
	char *bases;
	struct places places;
};

struct contaminant {
	char *name;
	size_t n; /* bases */
	struct strand forward, reverse;
};

struct contaminants {
	struct contaminant *of;
	size_t n, room;
};

struct hit {
	long length; /* 0: none */
	long percent;
};

static const char letters[BASES + 1] = "ACGT";

static void contaminantsp(struct contaminants **contaminants)
{
	contaminants_free(*contaminants);
}

static void contaminant_deinit(struct contaminant *contaminant)
{
	free(contaminant->name);
	free(contaminant->forward.bases);
	free(contaminant->reverse.bases);
}

struct contaminants *contaminants_free(struct contaminants *contaminants)
{
	if (!contaminants)
		return NULL;
	for (size_t i = 0; i < contaminants->n; i++)
		contaminant_deinit(&contaminants->of[i]);
	free(contaminants->of);
	free(contaminants);
	return NULL;
}

size_t contaminants_n(const struct contaminants *contaminants)
{
	return contaminants->n;
}

const char *contaminants_name(const struct contaminants *contaminants, size_t i)
{
	return contaminants->of[i].name;
}

const char *contaminants_sequence(const struct contaminants *contaminants, size_t i)
{
	return contaminants->of[i].forward.bases;
}

/* ---- the list */

static void places_make(struct places *places, const char *bases, size_t n)
{
	*places = (struct places){0};
	for (size_t i = 0; i < n && i < MASK_BITS; i++)
		for (size_t letter = 0; letter < BASES; letter++)
			if (bases[i] == letters[letter])
				places->of[letter] |= (mask)1 << i;
}

/* The sequence in upper case, and its reverse complement. False where it has another letter than A, C, G, T. */
static bool strands_fill(struct contaminant *contaminant, const struct span *sequence)
{
	size_t n = contaminant->n;

	for (size_t i = 0; i < n; i++) {
		char base = (char)(sequence->text[i] & 0xdf); /* letters only: in upper case */
		const char *letter = strchr(letters, base);

		if (!letter)
			return false;
		contaminant->forward.bases[i] = base;
		contaminant->reverse.bases[n - 1 - i] = letters[BASES - 1 - (letter - letters)];
	}
	places_make(&contaminant->forward.places, contaminant->forward.bases, n);
	places_make(&contaminant->reverse.places, contaminant->reverse.bases, n);
	return true;
}

/* 0, -ENOMEM, or -EINVAL for a sequence of other letters. */
static int contaminant_add(struct contaminants *contaminants, const struct span *name, const struct span *sequence)
{
	struct contaminant *contaminant;

	if (contaminants->n == contaminants->room) {
		size_t room = contaminants->room > 0 ? 2 * contaminants->room : 64;
		struct contaminant *of = reallocarray(contaminants->of, room, sizeof *of);

		if (!of)
			return -ENOMEM;
		contaminants->of = of;
		contaminants->room = room;
	}
	contaminant = &contaminants->of[contaminants->n++];
	*contaminant = (struct contaminant){
		.name = strndup(name->text, name->n),
		.n = sequence->n,
		.forward.bases = calloc(1, sequence->n + 1),
		.reverse.bases = calloc(1, sequence->n + 1),
	};
	if (!contaminant->name || !contaminant->forward.bases || !contaminant->reverse.bases)
		return -ENOMEM;
	return strands_fill(contaminant, sequence) ? 0 : -EINVAL;
}

int contaminants_default(struct contaminants **ret)
{
	_cleanup_(contaminantsp) struct contaminants *contaminants = calloc(1, sizeof *contaminants);
	int r = contaminants ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < CONTAMINANT_TABLE_N; i++) {
		const struct contaminant_row *row = &contaminant_table[i];
		struct span name = {row->name, strlen(row->name)}, sequence = {row->sequence, strlen(row->sequence)};

		r = contaminant_add(contaminants, &name, &sequence);
	}
	if (r < 0)
		return r;
	*ret = TAKE(contaminants);
	return 0;
}

int contaminants_read(const char *text, size_t n, const char *name, struct contaminants **ret, struct error *err)
{
	_cleanup_(contaminantsp) struct contaminants *contaminants = calloc(1, sizeof *contaminants);
	struct list_file file = list_file_open(text, n, name);
	struct span title, sequence;
	int r;

	if (!contaminants)
		return error_oom(err);
	while ((r = list_file_entry(&file, &title, &sequence, err)) > 0) {
		r = contaminant_add(contaminants, &title, &sequence);
		if (r == -EINVAL)
			return list_file_wrong(&file, err, "the sequence of \"%s\" has other letters than A, C, G and T",
			                       text_escape_bytes((char[256]){0}, 256, title.text, title.n));
		if (r < 0)
			return error_oom(err);
	}
	if (r < 0)
		return r;
	*ret = TAKE(contaminants);
	return 0;
}

/* ---- hits */

static struct hit hit_longer(struct hit best, long length, long matches)
{
	long percent;

	if (length <= OVERLAP)
		return best;
	percent = matches * 100 / length;
	return length > best.length || (length == best.length && percent > best.percent) ? (struct hit){length, percent} : best;
}

/* The best stretch where base i of a contaminant lies beside base i + offset of the sequence. */
static struct hit way_walk(const char *bases, long bases_n, const char *sequence, long sequence_n, long offset)
{
	struct hit best = {0};
	long start = 0, end = 0, mismatches = 0;

	for (long i = 0; i < bases_n; i++) {
		if (i + offset < 0) {
			start = i + 1;
			continue;
		}
		if (i + offset >= sequence_n)
			break;
		if (bases[i] == sequence[i + offset]) {
			end = i;
			continue;
		}
		mismatches++;
		if (mismatches == 1)
			continue;
		best = hit_longer(best, 1 + end - start, 1 + end - start - (mismatches - 1));
		start = end = i + 1;
		mismatches = 0;
	}
	return hit_longer(best, 1 + end - start, 1 + end - start - mismatches);
}

/* Whether ten places in a row match. */
static bool way_promises(const struct places *bases, const struct places *sequence, long offset)
{
	mask match = 0;

	for (size_t letter = 0; letter < BASES; letter++) {
		mask places = sequence->of[letter];

		match |= bases->of[letter] & (offset >= 0 ? places >> offset : places << -offset);
	}
	match &= match >> 1; /* runs of 2, of 4, of 8, of 10 */
	match &= match >> 2;
	match &= match >> 4;
	return match & (match >> 2);
}

struct query {
	const char *bases;
	long n;
	struct places places;
};

static struct hit strand_hit(struct hit best, const struct strand *strand, long n, const struct query *query)
{
	bool masks = n <= MASK_BITS && query->n <= MASK_BITS;

	for (long offset = OVERLAP - n; offset <= query->n - OVERLAP - 1; offset++) {
		struct hit hit;

		if (masks && !way_promises(&strand->places, &query->places, offset))
			continue;
		hit = way_walk(strand->bases, n, query->bases, query->n, offset);
		if (hit.length > best.length)
			best = hit;
	}
	return best;
}

static struct hit contaminant_hit(const struct contaminant *contaminant, const struct query *query)
{
	struct hit hit = {0};

	if (query->n < SHORT_MIN)
		return hit;
	if (query->n < OVERLAP) {
		if (!memchr(query->bases, '\0', (size_t)query->n) &&
		    (strstr(contaminant->forward.bases, query->bases) || strstr(contaminant->reverse.bases, query->bases)))
			hit = (struct hit){query->n, 100};
		return hit;
	}
	hit = strand_hit(hit, &contaminant->forward, (long)contaminant->n, query);
	return strand_hit(hit, &contaminant->reverse, (long)contaminant->n, query);
}

int contaminants_hit(const struct contaminants *contaminants, const uint8_t *sequence, size_t n, enum compat compat, char *out,
                     size_t size)
{
	_cleanup_(freep) char *upper = calloc(1, n + 1);
	struct query query = {.bases = upper, .n = (long)n};
	const struct contaminant *source = NULL;
	struct hit best = {0};

	if (!upper)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		upper[i] = (char)(sequence[i] >= 'a' && sequence[i] <= 'z' ? sequence[i] - 'a' + 'A' : sequence[i]);
	places_make(&query.places, upper, n);
	for (size_t i = 0; i < contaminants->n; i++) {
		struct hit hit = contaminant_hit(&contaminants->of[i], &query);
		bool better = hit.length > best.length ||
		              (compat != COMPAT_0_11_9 && hit.length == best.length && hit.percent > best.percent);

		if (!better)
			continue;
		best = hit;
		source = &contaminants->of[i];
	}
	if (source)
		(void)snprintf(out, size, "%s (%ld%% over %ldbp)", source->name, best.percent, best.length);
	else
		(void)snprintf(out, size, "No Hit");
	return 0;
}
