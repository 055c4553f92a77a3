/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of a file come together: see assembly.h. Memory: one set of counters, and 32 bytes for a slice to count again. */
#include "lib/qc/assembly.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/tiles.h"

struct assembly {
	uint32_t modules;
	struct count_rules rules;
	uint64_t n;              /* slices taken or skipped */
	struct counters *total;  /* of these; NULL before the first was taken */
	struct tracked *tracked; /* once they are complete, or are asked for by assembly_again_prior() */
	struct again *again;
	size_t again_n, again_room;
};

static void countersp(struct counters **counters)
{
	counters_free(*counters);
}

int assembly_new(uint32_t modules, const struct count_rules *rules, struct assembly **ret)
{
	struct assembly *assembly;

	if (modules & ~COUNT_ALL)
		return -EINVAL;
	assembly = calloc(1, sizeof *assembly);
	if (!assembly)
		return -ENOMEM;
	assembly->modules = modules;
	assembly->rules = *rules;
	*ret = assembly;
	return 0;
}

struct assembly *assembly_free(struct assembly *assembly)
{
	if (!assembly)
		return NULL;
	counters_free(assembly->total);
	tracked_free(assembly->tracked);
	free(assembly->again);
	free(assembly);
	return NULL;
}

uint64_t assembly_n(const struct assembly *assembly)
{
	return assembly->n;
}

/* Records before slice n, and those of them with a quality. */
static void ordinals(const struct assembly *assembly, uint64_t *ret_reads, uint64_t *ret_qualities)
{
	const struct tiles *tiles = assembly->total ? counters_state(assembly->total, MODULE_TILES) : NULL;

	*ret_reads = assembly->total ? counters_reads(assembly->total) : 0;
	*ret_qualities = tiles ? tiles_qualities(tiles) : *ret_reads;
}

static int field_of(const struct assembly *assembly)
{
	const struct tiles *tiles = assembly->total ? counters_state(assembly->total, MODULE_TILES) : NULL;

	return tiles ? tiles_field(tiles) : TILE_FIELD_UNKNOWN;
}

void assembly_prior(const struct assembly *assembly, uint64_t i, struct prior *ret)
{
	*ret = i == 0 ? PRIOR_FIRST : PRIOR_UNKNOWN;
	ret->tracked = assembly->tracked;
	if (i == 0 || i != assembly->n)
		return;
	ret->known = true;
	ordinals(assembly, &ret->reads, &ret->qualities);
	ret->tile_field = field_of(assembly);
}

static int again_add(struct assembly *assembly, uint32_t modules, uint64_t reads, uint64_t qualities)
{
	if (assembly->again_n == assembly->again_room) {
		size_t room = assembly->again_room > 0 ? 2 * assembly->again_room : 16;
		struct again *again = reallocarray(assembly->again, room, sizeof *again);

		if (!again)
			return -ENOMEM;
		assembly->again = again;
		assembly->again_room = room;
	}
	assembly->again[assembly->again_n++] = (struct again){
		.slice = assembly->n, .modules = modules, .reads = reads, .qualities = qualities};
	return 0;
}

/* The list of tracked sequences, as soon as no other can join it. */
static int track(struct assembly *assembly, bool all_seen)
{
	const struct sequences *sequences = counters_state(assembly->total, MODULE_SEQUENCES);

	if (!sequences || assembly->tracked || !(all_seen || sequences_complete(sequences)))
		return 0;
	return sequences_tracked(sequences, &assembly->tracked);
}

static int total_merge(struct assembly *assembly, const struct counters *counters)
{
	uint64_t reads, qualities;
	uint32_t lacks;
	int r = 0;

	if (!assembly->total)
		r = counters_new(assembly->modules, &assembly->rules, &PRIOR_FIRST, &assembly->total);
	ordinals(assembly, &reads, &qualities);
	if (r == 0)
		r = counters_merge(assembly->total, counters, &lacks);
	if (r == 0 && lacks)
		r = again_add(assembly, lacks, reads, qualities);
	return r;
}

int assembly_take(struct assembly *assembly, struct counters *counters, struct error *err)
{
	_cleanup_(countersp) struct counters *owned = counters;
	int r = 0;

	if (assembly->n == 0)
		assembly->total = TAKE(owned);
	else
		r = total_merge(assembly, owned);
	if (r == 0)
		r = track(assembly, false);
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
	return assembly->again;
}

int assembly_again_prior(struct assembly *assembly, const struct again *again, struct prior *ret)
{
	int r = assembly->total ? track(assembly, true) : 0;

	*ret = (struct prior){
		.first = again->slice == 0,
		.known = true,
		.reads = again->reads,
		.qualities = again->qualities,
		.tile_field = field_of(assembly),
		.tracked = assembly->tracked,
	};
	return r;
}

int assembly_patch(struct assembly *assembly, uint64_t slice, const struct counters *counters, struct error *err)
{
	struct again *again = assembly->again, *end = again + assembly->again_n;
	int r = -ENOENT;

	while (again < end && again->slice != slice)
		again++;
	if (again < end)
		r = counters_modules(counters) == again->modules ? counters_patch(assembly->total, counters) : -EINVAL;
	if (r == -ENOMEM)
		return error_oom(err);
	if (r < 0)
		return error_set(err, r, ERROR_SOFTWARE, "the second count of slice %" PRIu64 " cannot be merged: %s", slice,
		                 strerror(-r));
	memmove(again, again + 1, (size_t)(end - again - 1) * sizeof *again);
	assembly->again_n--;
	return 0;
}

int assembly_result(struct assembly *assembly, struct counters **ret, struct error *err)
{
	if (assembly->again_n > 0)
		return error_set(err, -EBUSY, ERROR_SOFTWARE, "%zu slices are still to be counted again", assembly->again_n);
	if (!assembly->total && counters_new(assembly->modules, &assembly->rules, &PRIOR_FIRST, &assembly->total) < 0)
		return error_oom(err);
	*ret = TAKE(assembly->total);
	return 0;
}
