/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of tiles: counting. See tiles_state.h.
 *
 * Reads of one tile come one after another, so the tile is recognised by the header's beginning, and the qualities of a
 * class are collected as pieces until another tile or the batch's end comes; then they are summed position by position.
 */
#include "lib/qc/tiles.h"

#include <string.h>

#include "lib/qc/module.h"
#include "lib/qc/tile_header.h"
#include "lib/qc/tiles_state.h"

#define PILE (BATCH_MAX / TILE_CLASSES + 1) /* most reads of a batch that are of one class of ten */

/* Qualities of the run's tile that were not summed yet. */
struct piles {
	uint32_t room; /* of a pile: all of pieces where there is one class */
	uint32_t some; /* bits of the classes whose pile is not empty */
	uint32_t n[TILE_CLASSES];
	struct piece pieces[TILE_CLASSES * PILE];
};

_Static_assert(TILE_CLASSES * PILE >= BATCH_MAX, "room of one pile");

static int tiles_init(void *state, const struct count_rules *rules, const struct prior *prior)
{
	struct tiles *tiles = state;

	tiles->compat = rules->compat;
	tiles->known = prior->first || prior->known;
	tiles->before[0] = prior->reads;
	tiles->before[1] = prior->qualities;
	tiles->field = prior->tile_field;
	for (size_t c = 0; c < TILE_CLASSES; c++)
		tiles->classes[c].field = TILE_FIELD_UNKNOWN;
	tiles->loops = (struct tile_loops){.quality = quality_kernel_best(), .tile = tile_kernel_best()};
	return 0;
}

static void tiles_deinit(void *state)
{
	struct tiles *tiles = state;

	for (size_t c = 0; c < TILE_CLASSES; c++)
		tile_set_deinit(&tiles->classes[c].set);
}

uint64_t tiles_positions(const struct tiles *tiles)
{
	uint64_t positions = 0;

	for (size_t c = 0; c < TILE_CLASSES; c++)
		positions += tiles->classes[c].set.positions;
	return positions;
}

void tiles_uncount(struct tiles *tiles)
{
	tiles->field = TILE_FIELD_NONE;
	memset(&tiles->run, 0, sizeof tiles->run);
	for (size_t c = 0; c < TILE_CLASSES; c++) {
		tile_set_deinit(&tiles->classes[c].set);
		tiles->classes[c].bad = false;
	}
}

void tile_class_spoil(struct tiles *tiles, struct tile_class *class)
{
	if (tiles->known) {
		tiles_uncount(tiles);
		return;
	}
	tiles->run.cells[class - tiles->classes] = NULL;
	tile_set_deinit(&class->set);
	class->bad = true;
}

/* ---- adding */

/* Sums up a pile. */
static int pile_sum(struct tiles *tiles, struct piles *piles, unsigned int c)
{
	struct tile_class *class = &tiles->classes[c];
	struct tile_cells *cells = tiles->run.cells[c];
	int r = 0;

	if (piles->n[c] > 0 && cells)
		r = tile_set_add(&class->set, cells, &tiles->loops, piles->pieces + c * piles->room, piles->n[c],
		                 tiles_split(tiles->compat));
	piles->n[c] = 0;
	if (r == TILE_SET_FULL) {
		tile_class_spoil(tiles, class);
		r = 0;
	}
	return r;
}

static int piles_sum(struct tiles *tiles, struct piles *piles)
{
	int r = 0;

	for (; r == 0 && piles->some > 0; piles->some &= piles->some - 1)
		r = pile_sum(tiles, piles, (unsigned int)__builtin_ctz(piles->some));
	return r;
}

/* Whether a name begins as the run's, for n bytes. */
static inline bool run_begins(const struct tile_run *run, const struct record *record, uint32_t n)
{
	const uint8_t *a = run->prefix, *b = record->name;
	uint64_t x, y, differ = 0;

	if (n < sizeof x || record->name_length < n)
		return record->name_length >= n && memcmp(a, b, n) == 0;
	for (uint32_t i = 0; i < n - sizeof x; i += sizeof x) {
		memcpy(&x, a + i, sizeof x);
		memcpy(&y, b + i, sizeof y);
		differ |= x ^ y;
	}
	memcpy(&x, a + n - sizeof x, sizeof x);
	memcpy(&y, b + n - sizeof y, sizeof y);
	return (differ | (x ^ y)) == 0;
}

/* The tile of a read that may be another one than the run's. *ret_found: whether it has one. */
static int run_change(struct tiles *tiles, struct piles *piles, const struct record *record, bool *ret_found)
{
	const uint8_t *name = record->name;
	struct tile_run *run = &tiles->run;
	uint32_t n = record->name_length, at = run->field_at, end;
	int32_t number;
	int r = 0;

	*ret_found = ((run->prefix_n > 0 && run_begins(run, record, at)) || header_field_at(name, n, tiles->field, &at)) &&
	             header_tile(name, n, at, &number, &end);
	if (!*ret_found)
		return 0;
	if (!run->known || run->number != number) {
		r = piles_sum(tiles, piles);
		memset(run->cells, 0, sizeof run->cells);
		run->known = true;
		run->number = number;
	}
	run->prefix_n = end <= TILES_PREFIX_MAX ? end : 0;
	run->field_at = at;
	memcpy(run->prefix, name, run->prefix_n);
	return r;
}

/* The first read of a class tells which field it would fix for the file. */
static void class_begin(struct tiles *tiles, struct tile_class *class, const struct record *record)
{
	class->field = header_field(record->name, record->name_length);
	if (tiles->field == TILE_FIELD_UNKNOWN)
		tiles->field = class->field;
	if (tiles->known && tiles->field == TILE_FIELD_NONE)
		tiles_uncount(tiles);
}

/* A read of a class. */
static int class_add(struct tiles *tiles, struct piles *piles, unsigned int c, uint64_t ordinal, const struct record *record)
{
	struct tile_class *class = &tiles->classes[c];
	struct tile_run *run = &tiles->run;
	bool found = true;
	int r = 0;

	if (class->field == TILE_FIELD_UNKNOWN)
		class_begin(tiles, class, record);
	if (tiles->field == TILE_FIELD_NONE || class->bad)
		return 0;
	if (!run->known || run->prefix_n == 0 || !run_begins(run, record, run->prefix_n))
		r = run_change(tiles, piles, record, &found);
	if (r < 0 || tiles->field == TILE_FIELD_NONE || class->bad)
		return r;
	if (found && !run->cells[c])
		r = tile_set_find(&class->set, run->number, tiles_limit(tiles->compat), ordinal, &run->cells[c]);
	if (!found || r == TILE_SET_FULL) {
		piles->n[c] = 0;
		tile_class_spoil(tiles, class);
		return 0;
	}
	if (r < 0)
		return r;
	if (record->quality_length > 0) {
		piles->pieces[c * piles->room + piles->n[c]++] =
		    (struct piece){.bytes = record->quality, .n = record->quality_length};
		piles->some |= 1u << c;
	} else {
		run->cells[c]->reads++;
		run->cells[c]->empty++;
	}
	return 0;
}

static bool all_bad(const struct tiles *tiles)
{
	for (size_t c = 0; c < TILE_CLASSES; c++)
		if (!tiles->classes[c].bad)
			return false;
	return true;
}

/* Whether reads are looked at no more. */
static bool tiles_idle(const struct tiles *tiles)
{
	return tiles->field == TILE_FIELD_NONE ? tiles->known || tiles_ordinals(tiles) >= TILE_CLASSES : all_bad(tiles);
}

static uint64_t qualities_count(const struct batch *batch)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < batch->n; i++)
		n += batch->records[i].quality_length > 0;
	return n;
}

static int tiles_add(void *state, const struct batch *batch)
{
	struct tiles *tiles = state;
	bool every = tiles->compat == COMPAT_0_11_9;
	uint64_t ordinal = tiles_ordinals(tiles) + (tiles->known ? tiles_before(tiles) : 0);
	struct piles piles;
	int r = 0;

	piles.room = tiles->known ? TILE_CLASSES * PILE : PILE;
	piles.some = 0;
	memset(piles.n, 0, sizeof piles.n);
	for (uint32_t i = 0; r == 0 && i < batch->n && !tiles_idle(tiles); i++) {
		const struct record *record = &batch->records[i];

		if (!every && record->quality_length == 0)
			continue;
		ordinal++;
		if (!tiles->known)
			r = class_add(tiles, &piles, ordinal % TILE_CLASSES, ordinal, record);
		else if (tiles_sampled(tiles->compat, ordinal))
			r = class_add(tiles, &piles, 0, ordinal, record);
	}
	if (r == 0)
		r = piles_sum(tiles, &piles);
	if (r == 0 && !tiles->known && tiles_positions(tiles) > TILES_POSITIONS_MAX)
		tiles_uncount(tiles);
	tiles->reads += batch->n;
	tiles->qualities += qualities_count(batch);
	return r;
}

const struct module module_tiles = {
    .name = "tiles",
    .id = MODULE_TILES,
    .state_size = sizeof(struct tiles),
    .init = tiles_init,
    .deinit = tiles_deinit,
    .add = tiles_add,
    .merge = tiles_merge,
    .patch = tiles_patch,
    .pack = tiles_pack,
    .unpack = tiles_unpack,
    .check = tiles_check,
};
