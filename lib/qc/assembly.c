/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The counters of a file come together: see assembly.h. Memory: one set of counters, the list of tracked sequences, and 40 bytes
 * for a slice to count again.
 */
#include "lib/qc/assembly.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/kmers.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/tiles.h"

struct assembly {
	uint32_t modules;
	struct count_rules rules;
	struct prior begin;      /* what lies before slice 0; tracked is the assembly's own reference */
	uint64_t n;              /* slices taken or skipped */
	struct counters *total;  /* of these; NULL before the first was taken */
	struct tracked *tracked; /* once they are complete */
	struct again *again;
	size_t again_from, again_n, again_room; /* of the room, those from again_from on are to be counted */
	bool handed_over; /* there was a result */
};

int assembly_new(uint32_t modules, const struct count_rules *rules, struct assembly **ret)
{
	return assembly_new_at(modules, rules, &PRIOR_FIRST, ret);
}

int assembly_new_at(uint32_t modules, const struct count_rules *rules, const struct prior *begin, struct assembly **ret)
{
	struct assembly *assembly;

	if (modules & ~COUNT_ALL)
		return -EINVAL;
	if (begin->first ? (modules & COUNT_ORDERED) && !(modules & COUNT_LENGTHS) : (modules & COUNT_SEQUENCES) && !begin->tracked)
		return -EINVAL;
	assembly = calloc(1, sizeof *assembly);
	if (!assembly)
		return -ENOMEM;
	assembly->modules = modules;
	assembly->rules = *rules;
	assembly->begin = *begin;
	assembly->begin.tracked = begin->first ? NULL : tracked_ref(begin->tracked);
	assembly->tracked = tracked_ref(assembly->begin.tracked);
	*ret = assembly;
	return 0;
}

struct assembly *assembly_free(struct assembly *assembly)
{
	if (!assembly)
		return NULL;
	counters_free(assembly->total);
	tracked_free(assembly->tracked);
	tracked_free(assembly->begin.tracked);
	free(assembly->again);
	free(assembly);
	return NULL;
}

uint64_t assembly_n(const struct assembly *assembly)
{
	return assembly->n;
}

/* Records in the counters: by lengths, or where there are none by what else knows. False: nothing does. */
static bool records_of(const struct counters *counters, uint64_t *ret)
{
	const struct tiles *tiles = counters_state(counters, MODULE_TILES);
	const struct sequences *sequences = counters_state(counters, MODULE_SEQUENCES);
	const struct kmers *kmers = counters_state(counters, MODULE_KMERS);

	if (counters_modules(counters) & COUNT_LENGTHS)
		*ret = counters_reads(counters);
	else if (tiles)
		*ret = tiles_reads(tiles);
	else if (sequences)
		*ret = sequences_reads(sequences);
	else if (kmers)
		*ret = kmers_reads(kmers);
	else
		return false;
	return true;
}

/* Records before slice n, and those of them with a quality. False: that is not known. */
static bool ordinals(const struct assembly *assembly, uint64_t *ret_reads, uint64_t *ret_qualities)
{
	const struct tiles *tiles = assembly->total ? counters_state(assembly->total, MODULE_TILES) : NULL;
	uint64_t reads = 0;
	bool known = !assembly->total || records_of(assembly->total, &reads);

	*ret_reads = assembly->begin.reads + reads;
	*ret_qualities = assembly->begin.qualities + (tiles ? tiles_qualities(tiles) : reads);
	return known;
}

static int field_of(const struct assembly *assembly)
{
	const struct tiles *tiles = assembly->total ? counters_state(assembly->total, MODULE_TILES) : NULL;

	return tiles ? tiles_field(tiles) : assembly->begin.tile_field;
}

void assembly_prior(const struct assembly *assembly, uint64_t i, struct prior *ret)
{
	*ret = i == 0 ? assembly->begin : PRIOR_UNKNOWN;
	ret->tracked = assembly->tracked;
	if (i == 0 || i != assembly->n)
		return;
	ret->known = ordinals(assembly, &ret->reads, &ret->qualities);
	ret->tile_field = field_of(assembly);
}

static int again_add(struct assembly *assembly, const struct again *more)
{
	if (assembly->again_from + assembly->again_n == assembly->again_room) {
		size_t room = assembly->again_room > 0 ? 2 * assembly->again_room : 16;
		struct again *again = reallocarray(assembly->again, room, sizeof *again);

		if (!again)
			return -ENOMEM;
		assembly->again = again;
		assembly->again_room = room;
	}
	assembly->again[assembly->again_from + assembly->again_n++] = *more;
	return 0;
}

/* The list of tracked sequences, as soon as no other can join it. */
static int track(struct assembly *assembly)
{
	const struct sequences *sequences = counters_state(assembly->total, MODULE_SEQUENCES);

	if (!sequences || assembly->tracked || !sequences_first(sequences) || !sequences_complete(sequences))
		return 0;
	return sequences_tracked(sequences, &assembly->tracked);
}

/* Whether slice 0 was counted as what it is: the counters that all others are added to. */
static bool total_fits(const struct assembly *assembly, const struct counters *counters)
{
	const struct sequences *sequences = counters_state(counters, MODULE_SEQUENCES);

	return counters_modules(counters) == assembly->modules &&
	       (!(assembly->modules & COUNT_RULED) || rules_equal(counters_rules(counters), &assembly->rules)) &&
	       (!sequences || (sequences_first(sequences) && sequences_whole(sequences) &&
	                       (!assembly->begin.ordinals || sequences_placed(sequences))));
}

static int total_merge(struct assembly *assembly, const struct counters *counters)
{
	struct again again = {.slice = assembly->n};
	int r = 0;

	(void)records_of(counters, &again.records);
	if (!assembly->total)
		r = counters_new(assembly->modules, &assembly->rules, &assembly->begin, &assembly->total);
	(void)ordinals(assembly, &again.reads, &again.qualities);
	if (r == 0)
		r = counters_merge(assembly->total, counters, &again.modules);
	if (r == 0 && again.modules)
		r = again_add(assembly, &again);
	return r;
}

int assembly_take(struct assembly *assembly, struct counters *counters, struct error *err)
{
	_cleanup_(counters_freep) struct counters *owned = counters;
	int r = 0;

	if (assembly->handed_over || (assembly->n == 0 && assembly->begin.first && !total_fits(assembly, owned)))
		r = -EINVAL;
	else if (assembly->n == 0 && assembly->begin.first)
		assembly->total = TAKE(owned);
	else
		r = total_merge(assembly, owned);
	if (r == 0)
		r = track(assembly);
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "the counters of slice %" PRIu64 " cannot be merged: %s", assembly->n,
		                 strerror(-r));
	assembly->n++;
	return 0;
}

void assembly_skip(struct assembly *assembly)
{
	assembly->n++;
}

const struct again *assembly_again(const struct assembly *assembly, size_t *ret_n)
{
	*ret_n = assembly->again_n;
	return assembly->again_n > 0 ? assembly->again + assembly->again_from : NULL;
}

int assembly_again_prior(struct assembly *assembly, const struct again *again, struct prior *ret)
{
	if ((again->modules & COUNT_SEQUENCES) && !assembly->tracked)
		return -EINVAL;
	*ret = (struct prior){
		.first = again->slice == 0 && assembly->begin.first,
		.known = true,
		.reads = again->reads,
		.qualities = again->qualities,
		.tile_field = field_of(assembly),
		.tracked = assembly->tracked,
	};
	return 0;
}

/* Those before it move up, which is none of them where they come in order. */
static void again_remove(struct assembly *assembly, size_t at)
{
	struct again *again = assembly->again + assembly->again_from;

	memmove(again + 1, again, at * sizeof *again);
	assembly->again_from++;
	assembly->again_n--;
}

/* Whether these are the numbers of the same records as the first time. */
static bool same_records(const struct again *again, const struct counters *counters)
{
	const struct sequences *sequences = counters_state(counters, MODULE_SEQUENCES);
	const struct tiles *tiles = counters_state(counters, MODULE_TILES);
	const struct kmers *kmers = counters_state(counters, MODULE_KMERS);

	return counters_modules(counters) == again->modules && (!sequences || sequences_reads(sequences) == again->records) &&
	       (!tiles || tiles_reads(tiles) == again->records) && (!kmers || kmers_reads(kmers) == again->records);
}

int assembly_patch(struct assembly *assembly, uint64_t slice, const struct counters *counters, struct error *err)
{
	const struct again *first = assembly->again_n > 0 ? assembly->again + assembly->again_from : NULL, *again = first;
	const struct again *end = first ? first + assembly->again_n : NULL;
	bool early = false; /* the sums of a slice before it are not there */
	int r = -ENOENT;

	while (again < end && again->slice != slice) {
		early = early || (again->modules & COUNT_GC);
		again++;
	}
	if (again < end && early && (again->modules & COUNT_GC))
		r = -EINVAL;
	else if (again < end)
		r = same_records(again, counters) ? counters_patch(assembly->total, counters) : -EINVAL;
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "the second count of slice %" PRIu64 " cannot be merged: %s", slice,
		                 strerror(-r));
	again_remove(assembly, (size_t)(again - first));
	return 0;
}

int assembly_result(struct assembly *assembly, struct counters **ret, struct error *err)
{
	const struct sequences *sequences;

	if (assembly->again_n > 0)
		return error_set(err, -EBUSY, ERROR_SOFTWARE, "%zu slices are still to be counted again", assembly->again_n);
	if (assembly->handed_over)
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the file's counters were handed over before");
	if (!assembly->total && counters_new(assembly->modules, &assembly->rules, &assembly->begin, &assembly->total) < 0)
		return error_oom(err);
	sequences = counters_state(assembly->total, MODULE_SEQUENCES);
	if (sequences && !sequences_whole(sequences))
		return error_set(err, -EINVAL, ERROR_SOFTWARE, "the sequences of some reads were not counted");
	assembly->handed_over = true;
	*ret = TAKE(assembly->total);
	return 0;
}
