/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Per tile sequence quality" (FASTQC.md section 1.3): by how much the mean quality of a tile differs from the
 * average of all tiles, by group of positions.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/derive.h"
#include "lib/qc/java_hash.h"
#include "lib/qc/module.h"
#include "lib/qc/tiles.h"

#define NO_QUALITY 255 /* tile.lowest of a tile whose sampled reads are all empty */

static const char *const columns[] = {"Tile", "Base", "Mean"};

static int by_first_read(const void *a, const void *b)
{
	const struct tile *x = *(const struct tile *const *)a, *y = *(const struct tile *const *)b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* The tile that comes first when FastQC 0.11.9 walks its hash map of them. 0 or -ENOMEM. */
static int first_in_map(const struct tile *tiles, size_t n, const struct tile **ret)
{
	_cleanup_(freep) const struct tile **put = calloc(n, sizeof *put);
	_cleanup_(freep) uint32_t *codes = calloc(n, sizeof *codes);
	_cleanup_(freep) size_t *order = calloc(n, sizeof *order);
	int r;

	if (!put || !codes || !order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		put[i] = &tiles[i];
	qsort(put, n, sizeof *put, by_first_read);
	for (size_t i = 0; i < n; i++)
		codes[i] = java_hash_number(put[i]->number);
	r = java_hash_order(codes, n, NULL, NULL, order);
	if (r == 0)
		*ret = put[order[0]];
	return r;
}

/* The lowest byte tells the encoding: of all tiles, in 0.11.9 of one of them. */
static int tiles_encoding(const struct derive *derive, const struct tile *tiles, size_t n, struct encoding *ret)
{
	const struct tile *first = tiles;
	uint8_t lowest = NO_QUALITY;
	int r = 0;

	if (derive->rules->compat == COMPAT_0_11_9) {
		r = first_in_map(tiles, n, &first);
		lowest = first->lowest;
	}
	for (size_t i = 0; derive->rules->compat != COMPAT_0_11_9 && i < n; i++)
		lowest = tiles[i].lowest < lowest ? tiles[i].lowest : lowest;
	if (r == 0 && lowest == NO_QUALITY)
		return error_set(derive->err, -EBADMSG, ERROR_DATA,
		                 "all sampled reads of tile %d are empty: no report of FastQC %s can be made of that (0.12.1 leaves "
		                 "empty reads out)",
		                 first->number, compat_name(derive->rules->compat));
	return r < 0 ? r : encoding_tell(lowest, derive->options->phred, ret, derive->err);
}

/*
 * As in "Per base sequence quality": the mean of the means of the positions that have reads. Bytes below the offset do not count,
 * where FastQC itself found the offset; where the user gave it they count as negative.
 */
static double group_mean(const struct tile *tile, const struct base_group *group, uint8_t offset, bool forced)
{
	bool from64 = offset == PHRED_64 && !forced;
	const uint64_t *sums = from64 ? tile->sums64 : tile->sums;
	const uint64_t *reads = from64 ? tile->reads64 : tile->reads;
	double mean = 0;
	uint64_t n = 0;

	for (uint64_t p = group->from - 1; p < group->to && p < tile->positions; p++) {
		if (tile->reads[p] == 0)
			continue;
		mean += (double)(int64_t)(sums[p] - reads[p] * offset) / (double)reads[p];
		n++;
	}
	return n > 0 ? mean / (double)n : 0;
}

/* Rows of means, tile by tile, and the average of each group over all tiles. */
static void means_make(const struct derive *derive, const struct tile *tiles, size_t n, const struct groups *groups,
                       uint8_t offset, double *means, double *averages)
{
	for (size_t i = 0; i < n; i++)
		for (size_t g = 0; g < groups->n; g++) {
			means[i * groups->n + g] = group_mean(&tiles[i], &groups->of[g], offset, derive->options->phred != PHRED_AUTO);
			averages[g] += means[i * groups->n + g];
		}
	for (size_t g = 0; g < groups->n; g++)
		averages[g] /= (double)n;
}

static int rows_make(struct derive *derive, struct section *section, const struct tile *tiles, size_t n,
                     const struct groups *groups, uint8_t offset)
{
	_cleanup_(freep) double *means = calloc(n * groups->n + 1, sizeof *means);
	_cleanup_(freep) double *averages = calloc(groups->n + 1, sizeof *averages);
	const struct limit *limit = &derive->options->limits->of[LIMIT_TILE];
	size_t farthest_at = 0;
	double farthest = 0;
	int r;

	if (!means || !averages)
		return -ENOMEM;
	r = derive_table(derive, section, columns, 3, n * groups->n);
	if (r < 0)
		return r;
	means_make(derive, tiles, n, groups, offset, means, averages);
	for (size_t i = 0; i < n * groups->n; i++) {
		struct cell *row = section_row(section, i);
		double off = means[i] - averages[i % groups->n];

		r = derive_integer(derive, tiles[i / groups->n].number, &row[0]);
		if (r < 0)
			return r;
		row[1] = cell_text(groups->labels[i % groups->n]);
		row[2] = cell_double(off);
		if (fabs(off) > farthest) {
			farthest = fabs(off);
			farthest_at = i;
		}
	}
	section->judged[0].value = section_row(section, farthest_at)[2].real;
	section->judged[0].where = derive_text(derive, "tile %d, position %s", tiles[farthest_at / groups->n].number,
	                                       groups->labels[farthest_at % groups->n]);
	if (!section->judged[0].where)
		return -ENOMEM;
	section->status = status_of(farthest > limit->error, farthest > limit->warn);
	return 0;
}

int derive_tiles(struct derive *derive, struct section *section)
{
	_cleanup_(freep) struct tile *tiles = NULL;
	struct encoding encoding;
	struct groups groups;
	uint32_t positions = 0;
	size_t n = 0;
	bool shown;
	int r;

	r = tiles_list(counters_state(derive->counters, MODULE_TILES), &tiles, &n, &shown);
	if (r == -EINVAL)
		return derive_partial(derive);
	if (r < 0)
		return r;
	if (!shown)
		return DERIVE_ABSENT;
	r = tiles_encoding(derive, tiles, n, &encoding);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		positions = tiles[i].positions > positions ? tiles[i].positions : positions;
	r = derive_groups(derive, positions, &groups);
	return r < 0 ? r : rows_make(derive, section, tiles, n, &groups, encoding.offset);
}
