/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tiles: spans come together. What merge() cannot use is a span that was counted by another field of the header
 * than the file's, one that holds the 10,000th read of 0.12.1 in its middle, one that had too many positions for ten classes, and a
 * whole file behind others, since of it other reads were sampled.
 */
#include <errno.h>

#include "lib/qc/module.h"
#include "lib/qc/tiles_state.h"

static bool given_up(const struct tiles *tiles)
{
	return tiles->known && tiles->field == TILE_FIELD_NONE;
}

/* A class of from, whose ordinals grow by before, into one of into. 0 or -ENOMEM. */
static int class_merge(struct tiles *into, struct tile_class *class, const struct tile_class *from, uint64_t before)
{
	int r = TILE_SET_FULL;

	if (class->bad)
		return 0;
	if (!from->bad)
		r = tile_set_merge(&class->set, &from->set, tiles_limit(into->compat), before);
	if (r == TILE_SET_FULL) {
		tile_class_spoil(into, class);
		r = 0;
	}
	return r;
}

/* Both places are known. */
static int known_merge(struct tiles *into, const struct tiles *from)
{
	if (into->field == TILE_FIELD_UNKNOWN)
		into->field = from->field;
	if (from->field == TILE_FIELD_UNKNOWN)
		return 0;
	if (from->field == TILE_FIELD_NONE) {
		tiles_uncount(into);
		return 0;
	}
	if (into->field != from->field)
		return -EINVAL;
	return class_merge(into, &into->classes[0], &from->classes[0], 0);
}

/* No place is known: classes turn by the reads of into. */
static int unknown_merge(struct tiles *into, const struct tiles *from)
{
	uint64_t before = tiles_ordinals(into);
	int r = 0;

	for (unsigned int c = 0; c < TILE_CLASSES; c++) {
		struct tile_class *class = &into->classes[(c + before) % TILE_CLASSES];

		if (class->field == TILE_FIELD_UNKNOWN)
			class->field = from->classes[c].field;
	}
	if (tiles_ordinals(from) == 0)
		return 0;
	if (into->field == TILE_FIELD_UNKNOWN)
		into->field = from->field;
	if (into->field != from->field)
		return MERGE_LACKS;
	for (unsigned int c = 0; r == 0 && into->field != TILE_FIELD_NONE && c < TILE_CLASSES; c++)
		r = class_merge(into, &into->classes[(c + before) % TILE_CLASSES], &from->classes[c], before);
	if (r == 0 && tiles_positions(into) > TILES_POSITIONS_MAX)
		tiles_uncount(into);
	return r;
}

/* The place of into is known, so the classes of from that are sampled are known. */
static int place_merge(struct tiles *into, const struct tiles *from)
{
	uint64_t before = tiles_before(into) + tiles_ordinals(into), n = tiles_ordinals(from);
	bool all = into->compat != COMPAT_0_11_9 && before < TILES_ALL; /* at least the first read is sampled */
	unsigned int first = all ? 1 : (unsigned int)((TILE_CLASSES - before % TILE_CLASSES) % TILE_CLASSES);
	int r = 0;

	if (from->classes[first].field == TILE_FIELD_UNKNOWN)
		return 0; /* no sampled read */
	if (into->field == TILE_FIELD_UNKNOWN)
		into->field = from->classes[first].field;
	if (into->field == TILE_FIELD_NONE) {
		tiles_uncount(into);
		return 0;
	}
	if (into->field != from->field || (all && before + n > TILES_ALL))
		return MERGE_LACKS;
	for (unsigned int c = 0; r == 0 && !given_up(into) && c < TILE_CLASSES; c++)
		if (all || c == first)
			r = class_merge(into, &into->classes[0], &from->classes[c], before);
	return r;
}

int tiles_follow(void *state)
{
	struct tiles *tiles = state;

	if (!tiles->known || tiles->before[0] > 0 || tiles->missing > 0)
		return -EINVAL;
	tiles->follows = true;
	return 0;
}

/* A whole file: of use where nothing with an ordinal lies before, and else where none of its reads is sampled. */
static int follow_merge(struct tiles *into, const struct tiles *from)
{
	uint64_t before = tiles_ordinals(into), n = tiles_ordinals(from);

	if (!into->known || tiles_before(into) > 0)
		return -EINVAL;
	if (before == 0)
		return known_merge(into, from);
	if (n == 0 || ((into->compat == COMPAT_0_11_9 || before >= TILES_ALL) && (before + n) / 10 == before / 10))
		return 0;
	return MERGE_LACKS;
}

/* Whether from's reads lie directly behind those of into, as far as places are known. */
static bool adjacent(const struct tiles *into, const struct tiles *from)
{
	if (!from->known || from->follows)
		return true;
	return into->known && from->before[0] == into->before[0] + into->reads &&
	       from->before[1] == into->before[1] + into->qualities;
}

int tiles_merge(void *into_state, const void *from_state)
{
	struct tiles *into = into_state;
	const struct tiles *from = from_state;
	int r = 0;

	if (into->compat != from->compat || !adjacent(into, from))
		return -EINVAL;
	if (into->reads > COUNT_TOTAL_MAX - from->reads)
		return -EOVERFLOW;
	into->run.known = false;
	if (!given_up(into))
		r = from->follows ? follow_merge(into, from) : from->known ? known_merge(into, from)
		    : into->known ? place_merge(into, from) : unknown_merge(into, from);
	if (r < 0)
		return r;
	into->missing += r == MERGE_LACKS ? from->reads : from->missing;
	into->reads += from->reads;
	into->qualities += from->qualities;
	return r;
}

int tiles_patch(void *into_state, const void *from_state)
{
	struct tiles *into = into_state;
	const struct tiles *from = from_state;
	int r = 0;

	if (into->compat != from->compat || !into->known || !from->known || from->missing > 0 || from->reads > into->missing ||
	    from->before[0] < into->before[0] || from->before[0] + from->reads > into->before[0] + into->reads ||
	    from->before[1] < into->before[1] || from->before[1] + from->qualities > into->before[1] + into->qualities)
		return -EINVAL;
	into->run.known = false;
	if (!given_up(into))
		r = known_merge(into, from);
	if (r == 0)
		into->missing -= from->reads;
	return r;
}
