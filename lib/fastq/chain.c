/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of a file's slices: see chain.h. */
#include "lib/fastq/chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define WORK_PER_SLOT 3 /* slices a slot, so that slots that are slower than others matter less */
#define BGZF_PACKED 4   /* bytes of text for one of BGZF, about */

uint64_t slice_size_choose(enum file_kind kind, uint64_t file_size, uint32_t slots,
                           uint64_t smallest, uint64_t largest)
{
	uint64_t slices = (uint64_t)WORK_PER_SLOT * (slots > 0 ? slots : 1);
	uint64_t size = file_size / slices + (file_size % slices != 0);

	if (kind == FILE_GZIP)
		return file_size > 0 ? file_size : 1;
	if (kind == FILE_BGZF) {
		smallest /= BGZF_PACKED;
		largest /= BGZF_PACKED;
	}
	if (size > largest)
		size = largest;
	if (size < smallest)
		size = smallest;
	return size > 0 ? size : 1;
}

uint64_t chain_lead(enum file_kind kind)
{
	return kind == FILE_BGZF ? LEAD_BYTES / BGZF_PACKED : LEAD_BYTES;
}

bool chain_lead_goes_on(enum file_kind kind, uint64_t first_end, uint64_t begin, uint64_t records)
{
	uint64_t lead = chain_lead(kind);

	return first_end >= lead / 64 && (begin == 0 || (begin < lead && records < LEAD_RECORDS));
}

bool chain_leads(const struct chain *chain, uint64_t done)
{
	return done < chain->n && chain->n > 1 &&
	       chain_lead_goes_on(chain->kind, chain->links[0].end, chain->links[done].begin, chain->records);
}

/* Bytes of the first slice, at most. */
static uint64_t first_size(const struct file_facts *facts, uint64_t slice_size)
{
	uint64_t lead = chain_lead(facts->kind);

	if (facts->kind == FILE_GZIP)
		return UINT64_MAX;
	return slice_size < lead ? slice_size : lead;
}

uint64_t chain_slices(const struct file_facts *facts, uint64_t slice_size)
{
	uint64_t size = facts->fingerprint.size, first = first_size(facts, slice_size);

	assert(slice_size > 0);
	if (size <= first)
		return 1;
	return 1 + (size - first) / slice_size + ((size - first) % slice_size != 0);
}

int chain_init(struct chain *chain, const struct file_facts *facts, uint64_t slice_size,
               uint64_t slices_max, struct error *err)
{
	uint64_t size = facts->fingerprint.size, n, at = 0;
	struct link *links;

	assert(chain && slice_size > 0 && slices_max > 0);
	n = chain_slices(facts, slice_size);
	if (n > slices_max)
		return error_set(err, -E2BIG, ERROR_USAGE,
		                 "%llu slices of %llu bytes are too many: the most is %llu; take "
		                 "larger slices",
		                 (unsigned long long)n, (unsigned long long)slice_size,
		                 (unsigned long long)slices_max);
	links = calloc((size_t)n, sizeof *links);
	if (!links)
		return error_oom(err);
	for (uint64_t i = 0; i < n; i++) {
		links[i].begin = at;
		at += i == 0 ? first_size(facts, slice_size) : slice_size;
		links[i].end = i + 1 < n ? at : size;
	}
	*chain = (struct chain){
	    .kind = facts->kind,
	    .file_size = size,
	    .n = n,
	    .links = links,
	};
	return 0;
}

void chain_deinit(struct chain *chain)
{
	free(chain->links);
	*chain = (struct chain){0};
}

/* Where slice i begins, if that is proven. */
static struct text_place start_of(const struct chain *chain, uint64_t i)
{
	if (i == chain->proven)
		return chain->at;
	return i > 0 && i < chain->proven ? chain->links[i].seam.first : (struct text_place){0};
}

void chain_task(const struct chain *chain, uint64_t i, uint64_t read_max, bool lenient,
                struct slice_task *ret_task)
{
	assert(i < chain->n);
	*ret_task = (struct slice_task){
	    .kind = chain->kind,
	    .file_size = chain->file_size,
	    .begin = chain->links[i].begin,
	    .end = chain->links[i].end,
	    .start_known = i <= chain->proven,
	    .start = start_of(chain, i),
	    .read_max = read_max,
	    .lenient = lenient,
	};
}

static bool place_before(struct text_place a, struct text_place b)
{
	return a.block < b.block || (a.block == b.block && a.within < b.within);
}

/* Whether a place can be in the file: no offset within a byte of plain text, nor within the file's end. */
static bool place_valid(const struct chain *chain, struct text_place place)
{
	if (place.block > chain->file_size)
		return false;
	return place.within == 0 ||
	       (chain->kind != FILE_PLAIN && place.block < chain->file_size);
}

bool chain_seam_valid(const struct chain *chain, uint64_t i, const struct slice_task *task,
                      enum slice_outcome outcome, const struct slice_seam *seam)
{
	const struct link *slice = &chain->links[i];
	bool known = task->start_known && i > 0;

	if (!place_valid(chain, seam->first) || seam->first.block < slice->begin)
		return false;
	if (known && !text_place_equal(seam->first, task->start))
		return false;
	if (outcome == SLICE_FAULT)
		return true;
	if (!place_valid(chain, seam->next) || seam->next.block < slice->end ||
	    place_before(seam->next, seam->first))
		return false;
	if (seam->records == 0)
		return text_place_equal(seam->first, seam->next);
	return seam->first.block < slice->end && place_before(seam->first, seam->next);
}

bool chain_counts_valid(const struct chain *chain, const struct slice_seam *seam, uint64_t bases)
{
	uint64_t end = seam->next.within > 0 ? chain->file_size : seam->next.block, ratio, bytes;

	if (end > chain->file_size || end < seam->first.block)
		return false;
	bytes = end - seam->first.block;
	ratio = chain->kind == FILE_PLAIN ? 1 : GZIP_RATIO_MAX;
	return bytes > UINT64_MAX / ratio || (seam->records <= bytes * ratio && bases <= bytes * ratio);
}

/* To be counted (again) from the start that is proven now. */
static void reopen(struct link *slice)
{
	slice->state = LINK_OPEN;
	slice->start_known = true;
	slice->seam = (struct slice_seam){0};
	slice->fault = (struct slice_fault){0};
}

void chain_reopen(struct chain *chain)
{
	assert(chain->proven < chain->n && chain->links[chain->proven].fault.kind != FAULT_NONE);
	reopen(&chain->links[chain->proven]);
}

static void prove_empty(struct chain *chain, struct link *slice)
{
	slice->state = LINK_PROVEN;
	slice->start_known = true;
	slice->empty = true;
	slice->seam = (struct slice_seam){.first = chain->at, .next = chain->at};
	slice->fault = (struct slice_fault){0};
	chain->proven++;
}

/* Moves the proof as far as it goes. */
static enum chain_outcome advance(struct chain *chain)
{
	while (chain->proven < chain->n) {
		uint64_t i = chain->proven;
		struct link *slice = &chain->links[i];

		if (i > 0 && chain->at.block >= slice->end) {
			prove_empty(chain, slice);
			continue;
		}
		if (slice->state == LINK_WAITS ||
		    (slice->state == LINK_COUNTED && i > 0 &&
		     !text_place_equal(slice->seam.first, chain->at)))
			reopen(slice);
		if (slice->state != LINK_COUNTED)
			return CHAIN_MORE;
		if (slice->fault.kind != FAULT_NONE)
			return CHAIN_FAULT;
		slice->state = LINK_PROVEN;
		slice->start_known = true;
		chain->at = slice->seam.next;
		chain->records += slice->seam.records;
		chain->proven++;
	}
	return CHAIN_DONE;
}

/* Whether the count is of use: of a slice that lacks one, and from the start that is proven, where one is. */
static bool wanted(const struct chain *chain, uint64_t i, const struct slice_task *task,
                   enum slice_outcome outcome, const struct slice_seam *seam)
{
	const struct link *slice = &chain->links[i];

	if (i < chain->proven || (slice->state != LINK_OPEN && slice->state != LINK_WAITS))
		return false;
	if (outcome == SLICE_UNSURE)
		return !slice->start_known && !task->start_known;
	if (!chain_seam_valid(chain, i, task, outcome, seam))
		return false;
	return i == 0 || i > chain->proven || text_place_equal(seam->first, chain->at);
}

enum chain_outcome chain_offer(struct chain *chain, uint64_t i, const struct slice_task *task,
                               enum slice_outcome outcome, const struct slice_seam *seam,
                               const struct slice_fault *fault, bool *ret_used)
{
	struct link *slice;

	assert(chain && i < chain->n && task && ret_used);
	assert(outcome == SLICE_UNSURE || seam);
	assert(outcome != SLICE_FAULT || (fault && fault->kind != FAULT_NONE));
	slice = &chain->links[i];
	*ret_used = wanted(chain, i, task, outcome, seam);
	if (*ret_used && outcome == SLICE_UNSURE) {
		slice->state = LINK_WAITS;
	} else if (*ret_used) {
		slice->state = LINK_COUNTED;
		slice->start_known = task->start_known;
		slice->seam = *seam;
		slice->fault = outcome == SLICE_FAULT ? *fault : (struct slice_fault){0};
	} else if (i == chain->proven && slice->state == LINK_OPEN) {
		/* A guess that was wrong, or none: the start is known now. */
		slice->start_known = true;
	}
	return advance(chain);
}
