/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a file is cut into, of either kind: slices that stand for themselves (chain.h: plain files, BGZF, gzip as one slice), or those of
 * a gzip stream, each of which needs the text before it (split_chain.h). Both prove the same things, in order.
 */
#pragma once

#include "lib/fastq/chain.h"
#include "lib/fastq/split_chain.h"

struct local_chain {
	bool is_split;
	struct chain whole;       /* otherwise */
	struct split_chain split; /* is_split */
	/*
	 * is_split: by link, where it begins, with a window of its own: from when a thread takes the link until nobody counts it any
	 * more. The chain's own go away while threads still read them.
	 */
	struct split_point *points;
	uint64_t n; /* links, as planned */
};

/* split: of gzip only. Deinit also after failure. 0, -ENOMEM, or -E2BIG for more than slices_max. */
int local_chain_init(struct local_chain *chain, const struct file_facts *facts, bool split, uint64_t slice_size, uint64_t slices_max,
                     struct error *err);
void local_chain_deinit(struct local_chain *chain);

uint64_t local_chain_proven(const struct local_chain *chain);
uint64_t local_chain_records(const struct local_chain *chain); /* in proven links */
bool local_chain_empty(const struct local_chain *chain, uint64_t link);
uint64_t local_chain_bytes(const struct local_chain *chain, uint64_t link);
const struct slice_seam *local_chain_seam(const struct local_chain *chain, uint64_t link);

/* Whether the file's beginning is counted alone now, `done` links being merged: chain_leads(). */
bool local_chain_leads(const struct local_chain *chain, uint64_t done);

/*
 * The task for a link that can be counted; or again, for one that is proven and of which the point was not forgotten. What it points
 * to stays the chain's. -ENOMEM.
 */
int local_chain_task(struct local_chain *chain, uint64_t link, uint64_t read_max, bool lenient, struct slice_task *ret);

/* Nobody counts the link any more. */
void local_chain_forget(struct local_chain *chain, uint64_t link);
