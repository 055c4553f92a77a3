/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a file is cut into: see ctl/local/chain.h. Memory of a split one: 32 KiB for each link that is counted, or to be counted again. */
#include "ctl/local/chain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

int local_chain_init(struct local_chain *chain, const struct file_facts *facts, bool split, uint64_t slice_size, uint64_t slices_max,
                     struct error *err)
{
	int r;

	*chain = (struct local_chain){.is_split = split};
	if (!split) {
		r = chain_init(&chain->whole, facts, slice_size, slices_max, err);
		chain->n = r < 0 ? 0 : chain->whole.n;
		return r;
	}
	r = split_chain_init(&chain->split, facts->fingerprint.size, slice_size, slices_max, err);
	if (r < 0)
		return r;
	chain->points = calloc((size_t)chain->split.n, sizeof *chain->points);
	if (!chain->points)
		return error_oom(err);
	chain->n = chain->split.n;
	return 0;
}

void local_chain_deinit(struct local_chain *chain)
{
	for (uint64_t i = 0; chain->points && i < chain->n; i++)
		local_chain_forget(chain, i);
	free(chain->points);
	if (chain->is_split)
		split_chain_deinit(&chain->split);
	else
		chain_deinit(&chain->whole);
	*chain = (struct local_chain){0};
}

uint64_t local_chain_proven(const struct local_chain *chain)
{
	return chain->is_split ? chain->split.proven : chain->whole.proven;
}

uint64_t local_chain_records(const struct local_chain *chain)
{
	return chain->is_split ? chain->split.records : chain->whole.records;
}

bool local_chain_empty(const struct local_chain *chain, uint64_t link)
{
	return chain->is_split ? chain->split.links[link].empty : chain->whole.links[link].empty;
}

uint64_t local_chain_bytes(const struct local_chain *chain, uint64_t link)
{
	if (chain->is_split)
		return chain->split.links[link].end - chain->split.links[link].begin;
	return chain->whole.links[link].end - chain->whole.links[link].begin;
}

const struct slice_seam *local_chain_seam(const struct local_chain *chain, uint64_t link)
{
	return chain->is_split ? &chain->split.links[link].seam : &chain->whole.links[link].seam;
}

bool local_chain_leads(const struct local_chain *chain, uint64_t done)
{
	const struct split_link *links = chain->split.links;

	if (!chain->is_split)
		return chain_leads(&chain->whole, done);
	/* As of BGZF, which is compressed as far. */
	return done < chain->split.n && chain->split.n > 1 &&
	       chain_lead_goes_on(FILE_BGZF, links[0].end, links[done].begin, chain->split.records);
}

static int keep_point(struct local_chain *chain, uint64_t link)
{
	const struct split_point *point = &chain->split.links[link].point;
	size_t n = split_window_size(point);
	uint8_t *window = NULL;

	if (chain->points[link].window)
		return 0;
	if (n > 0) {
		window = malloc(n);
		if (!window)
			return -ENOMEM;
		memcpy(window, point->window, n);
	}
	chain->points[link] = *point;
	chain->points[link].window = window;
	return 0;
}

int local_chain_task(struct local_chain *chain, uint64_t link, uint64_t read_max, bool lenient, struct slice_task *ret)
{
	bool again = link < local_chain_proven(chain);

	if (!chain->is_split) {
		chain_task(&chain->whole, link, read_max, lenient, ret);
		return 0;
	}
	if (!again && keep_point(chain, link) < 0)
		return -ENOMEM;
	split_chain_count_task(&chain->split, link, read_max, lenient, ret);
	ret->point = &chain->points[link];
	if (again) {
		ret->start_known = true;
		ret->start = link > 0 ? chain->split.links[link].seam.first : (struct text_place){0};
	}
	return 0;
}

void local_chain_forget(struct local_chain *chain, uint64_t link)
{
	if (!chain->points)
		return;
	free((void *)(uintptr_t)chain->points[link].window); /* from malloc(), and only written there */
	chain->points[link].window = NULL;
}
