/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of the slices of an ordinary gzip file: see split_chain.h. */
#include "lib/fastq/split_chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/crc.h"
#include "lib/fastq/source.h"
#include "lib/fastq/symbol.h"

#define WORK_PER_SLOT 3 /* slices a slot, as of other kinds (chain.c) */

uint64_t split_size_choose(uint64_t file_size, uint32_t slots)
{
	uint64_t size;

	if (slots < SPLIT_SLOTS_LEAST || file_size < SPLIT_SLOTS_LEAST * SPLIT_SLICE_LEAST)
		return 0;
	size = file_size / ((uint64_t)WORK_PER_SLOT * slots) + 1;
	if (size < SPLIT_SLICE_LEAST)
		return SPLIT_SLICE_LEAST;
	return size < SPLIT_SLICE_MOST ? size : SPLIT_SLICE_MOST;
}

/* ---- links and their windows */

int split_chain_init(struct split_chain *chain, uint64_t file_size, uint64_t slice_size, uint64_t slices_max, struct error *err)
{
	uint64_t n;

	assert(chain && file_size > 0 && slice_size > 0 && slices_max > 0);
	n = file_size / slice_size + (file_size % slice_size != 0);
	if (n > slices_max)
		return error_set(err, -E2BIG, ERROR_USAGE, "%llu slices of %llu bytes are too many: the most is %llu; take larger slices",
		                 (unsigned long long)n, (unsigned long long)slice_size, (unsigned long long)slices_max);
	*chain = (struct split_chain){.file_size = file_size, .n = n, .placed = 1};
	chain->links = calloc((size_t)n, sizeof *chain->links);
	if (!chain->links)
		return error_oom(err);
	for (uint64_t i = 0; i < n; i++) {
		chain->links[i].begin = i * slice_size;
		chain->links[i].end = i + 1 < n ? (i + 1) * slice_size : file_size;
	}
	chain->links[0].state = SPLIT_LINK_POINTED;
	chain->links[0].point = (struct split_point){.header = true};
	return 0;
}

static void drop_window(struct split_point *point)
{
	free((void *)(uintptr_t)point->window); /* from malloc(), and only written there */
	point->window = NULL;
}

static void drop_symbols(struct split_link *link)
{
	free(link->symbols);
	link->symbols = NULL;
}

void split_chain_deinit(struct split_chain *chain)
{
	for (uint64_t i = 0; i < chain->n; i++) {
		drop_window(&chain->links[i].point);
		drop_symbols(&chain->links[i]);
	}
	drop_window(&chain->next);
	free(chain->links);
	*chain = (struct split_chain){0};
}

/* ---- places */

static struct text_place begin_place(const struct split_point *point)
{
	return (struct text_place){.block = point->member, .within = point->within};
}

/* Of what is behind a slice's end: the member, and how much of its text is before. */
static struct text_place end_place(const struct split_point *point, const struct split_report *report)
{
	if (report->next_header)
		return (struct text_place){.block = report->next_bit / 8};
	if (report->head_ends)
		return (struct text_place){.block = report->tail_member, .within = report->tail.length};
	return (struct text_place){.block = point->member, .within = point->within + report->text};
}

/* Whether so much text can be between so many bits. */
static bool report_valid(const struct split_chain *chain, const struct split_link *link, const struct split_report *report)
{
	uint64_t bytes = (report->next_bit - report->first_bit) / 8 + 1;

	if (report->first_bit < 8 * link->begin || report->first_bit >= 8 * link->end || report->next_bit < 8 * link->end ||
	    report->next_bit > 8 * chain->file_size || report->reach > SPLIT_WINDOW)
		return false;
	if ((report->first_header && report->first_bit % 8) || (report->next_header && report->next_bit % 8) ||
	    (report->next_bit == 8 * chain->file_size && !report->next_header))
		return false;
	if (report->text / GZIP_RATIO_MAX > bytes || report->head.length > report->text || report->tail.length > report->text)
		return false;
	if ((report->first_header || report->next_header) && !report->head_ends)
		return false;
	return !report->head_ends || (report->tail_member <= report->next_bit / 8 && report->tail_member >= report->first_bit / 8);
}

static bool seam_valid(const struct split_link *link, const struct split_report *report, const struct slice_seam *seam)
{
	struct text_place begin = begin_place(&link->point), end = end_place(&link->point, report);

	if (text_place_before(seam->first, begin) || text_place_before(seam->next, seam->first) || text_place_before(seam->next, end))
		return false;
	if (seam->records == 0)
		return text_place_equal(seam->first, seam->next);
	return text_place_before(seam->first, end) && text_place_before(seam->first, seam->next) && seam->records <= report->text + 1;
}

/*
 * The link from which the rest is to be read if link i cannot be. Text is delivered in whole pieces of a member's text
 * (gzip_source.h): so that the same records come before a fault, none that was counted may reach into the piece in which link i begins.
 */
static uint64_t rest_link(const struct split_chain *chain, uint64_t i)
{
	struct text_place piece = begin_place(&chain->links[i].point), record = i < chain->proven ? chain->links[i].seam.first : chain->at;

	piece.within -= piece.within % SOURCE_ROOM_MIN;
	while (i > 0 && (chain->links[i].empty || text_place_before(piece, record))) {
		i--;
		record = chain->links[i].seam.first;
	}
	return i;
}

/* Windows of links from which no rest can begin any more. */
static void forget_windows(struct split_chain *chain)
{
	uint64_t last = chain->proven, keep;

	while (last > 0 && (last == chain->proven || chain->links[last].empty))
		last--;
	keep = rest_link(chain, last);
	for (; chain->windows < keep; chain->windows++)
		if (chain->windows != chain->member_link)
			drop_window(&chain->links[chain->windows].point);
}

/* ---- the proof of the decoding */

/* The point behind a slice: *next, with a window of its own. 0, -ENOMEM, or -EBADMSG where its symbols refer to what is not. */
static int step_point(const struct split_point *point, const struct split_report *report, const uint16_t *symbols,
                      const uint8_t *bytes, struct split_point *ret)
{
	struct text_place place = end_place(point, report);
	struct split_point next = {
	    .bit = report->next_bit,
	    .header = report->next_header,
	    .member = place.block,
	    .within = place.within,
	};
	size_t n = split_window_size(&next), known = split_window_size(point);
	_cleanup_(freep) uint8_t *window = NULL, *before = NULL;

	if (n > 0) {
		window = malloc(SPLIT_WINDOW);
		before = calloc(1, SPLIT_WINDOW);
		if (!window || !before)
			return -ENOMEM;
		if (known > 0)
			memcpy(before + SPLIT_WINDOW - known, point->window, known);
		if (symbols && !symbols_resolve(symbols, SPLIT_WINDOW - n, before, known, window))
			return -EBADMSG;
		memmove(window, (symbols ? window : bytes) + SPLIT_WINDOW - n, n);
		next.window = TAKE(window);
	}
	*ret = next;
	return 0;
}

/* The link at `placed` gets its point: the chain's, with the window. */
static void give_point(struct split_chain *chain, struct split_link *link, enum split_state state)
{
	link->point = chain->next;
	chain->next = (struct split_point){0};
	chain->next_known = false;
	link->state = state;
	drop_symbols(link);
	chain->placed++;
}

/* A link that is held begins where the one before ended: it is placed, and where it ends is known. false: it is not. */
static int place_held(struct split_chain *chain, struct split_link *link)
{
	struct split_point next;
	int r;

	if (link->report.first_bit != chain->next.bit || link->report.first_header != chain->next.header ||
	    link->report.reach > split_window_size(&chain->next))
		return -EBADMSG;
	r = step_point(&chain->next, &link->report, link->symbols, NULL, &next);
	if (r < 0)
		return r;
	give_point(chain, link, SPLIT_LINK_PLACED);
	chain->next = next;
	chain->next_known = true;
	return 0;
}

static int advance_placed(struct split_chain *chain)
{
	while (chain->next_known && chain->placed < chain->n) {
		struct split_link *link = &chain->links[chain->placed];
		int r;

		if (chain->next.bit >= 8 * link->end) {
			link->state = SPLIT_LINK_COUNTED;
			link->empty = true;
			drop_symbols(link);
			chain->placed++;
			continue;
		}
		if (link->state == SPLIT_LINK_OPEN)
			break;
		if (link->state == SPLIT_LINK_HELD) {
			r = place_held(chain, link);
			if (r == -ENOMEM)
				return r;
			if (r == 0)
				continue;
		}
		give_point(chain, link, SPLIT_LINK_POINTED);
	}
	return 0;
}

bool split_chain_point(struct split_chain *chain, uint64_t i)
{
	if (i != chain->placed || !chain->next_known || chain->links[i].state != SPLIT_LINK_OPEN)
		return false;
	give_point(chain, &chain->links[i], SPLIT_LINK_POINTED);
	return true;
}

/* ---- tasks */

void split_chain_inflate_task(const struct split_chain *chain, uint64_t i, uint64_t text_max, struct split_task *ret)
{
	assert(i > 0 && i < chain->n);
	*ret = (struct split_task){
	    .file_size = chain->file_size,
	    .begin = chain->links[i].begin,
	    .end = chain->links[i].end,
	    .text_max = text_max,
	};
}

void split_chain_count_task(const struct split_chain *chain, uint64_t i, uint64_t read_max, bool lenient, struct slice_task *ret)
{
	const struct split_link *link = &chain->links[i];

	assert(i < chain->n);
	*ret = (struct slice_task){
	    .kind = FILE_GZIP,
	    .file_size = chain->file_size,
	    .begin = link->begin,
	    .end = link->end,
	    .start_known = i == chain->proven,
	    .start = i == chain->proven ? chain->at : (struct text_place){0},
	    .read_max = read_max,
	    .lenient = lenient,
	    .point = &link->point,
	    .rest = chain->rest && i + 1 == chain->n,
	};
}

int split_chain_offer_inflated(struct split_chain *chain, uint64_t i, enum split_outcome outcome, const struct split_report *report,
                               uint16_t *symbols, bool *ret_used)
{
	_cleanup_(freep) uint16_t *own = symbols;
	struct split_link *link;

	assert(ret_used && outcome != SPLIT_MORE && outcome != SPLIT_FAULT);
	*ret_used = false;
	if (i >= chain->n || chain->links[i].state != SPLIT_LINK_OPEN)
		return 0;
	link = &chain->links[i];
	if (outcome != SPLIT_DONE) {
		link->state = SPLIT_LINK_WAITS;
	} else if (report_valid(chain, link, report) && (report->next_header || symbols)) {
		link->state = SPLIT_LINK_HELD;
		link->report = *report;
		link->report.counted = false;
		link->symbols = report->next_header ? NULL : TAKE(own);
	} else {
		return 0;
	}
	*ret_used = true;
	return advance_placed(chain);
}

void split_chain_lost(struct split_chain *chain, uint64_t i)
{
	struct split_link *link;

	if (i >= chain->n)
		return;
	link = &chain->links[i];
	if (link->state == SPLIT_LINK_HELD) {
		drop_symbols(link);
		link->state = SPLIT_LINK_OPEN;
	} else if (link->state == SPLIT_LINK_PLACED) {
		link->state = SPLIT_LINK_POINTED;
	}
}

/* ---- the proof of the counting */

/* Link i, and all behind it, become one that is read to the file's end. Links before it are proven. */
static void make_rest(struct split_chain *chain, uint64_t i)
{
	struct split_link *link = &chain->links[i];

	for (uint64_t k = i; k < chain->n; k++)
		drop_symbols(&chain->links[k]);
	for (uint64_t k = i + 1; k < chain->n; k++)
		drop_window(&chain->links[k].point);
	drop_window(&chain->next);
	chain->next_known = false;
	chain->n = chain->placed = i + 1;
	chain->proven = i;
	chain->windows = chain->windows < i ? chain->windows : i;
	chain->rest = true;
	link->end = chain->file_size;
	link->state = SPLIT_LINK_POINTED;
	link->unsure = link->empty = false;
	link->fault = (struct slice_fault){0};
}

/* Back to link k, which is proven or about to be, and from there to the file's end in one. */
static void go_back(struct split_chain *chain, uint64_t k)
{
	for (uint64_t i = k; i < chain->proven; i++)
		if (!chain->links[i].empty)
			chain->records -= chain->links[i].seam.records;
	if (k < chain->proven)
		chain->at = chain->links[k].seam.first;
	make_rest(chain, k);
}

/* The members that end in link `proven`, and the one that goes on. false: the head's trailer says otherwise. */
static bool account_members(struct split_chain *chain, const struct split_link *link)
{
	const struct split_report *report = &link->report;
	struct split_part *member = &chain->member;

	if (!report->first_header) {
		member->crc = crc32_join(member->crc, report->head.crc, report->head.length);
		member->length += report->head.length;
		if (!report->head_ends)
			return true;
		if (member->crc != report->head_trailer.crc || (uint32_t)member->length != report->head_trailer.size)
			return false;
	}
	*member = report->tail;
	if (chain->member_link < chain->windows)
		drop_window(&chain->links[chain->member_link].point);
	chain->member_link = chain->proven;
	return true;
}

/* The link at `proven` was counted from a record that is none: again, by the one that is. */
static void recount(struct split_link *link)
{
	link->state = SPLIT_LINK_POINTED;
	link->fault = (struct slice_fault){0};
}

static enum chain_outcome advance_proven(struct split_chain *chain)
{
	while (chain->proven < chain->n) {
		struct split_link *link = &chain->links[chain->proven];

		if (link->state != SPLIT_LINK_COUNTED)
			return CHAIN_MORE;
		if (link->empty) {
			link->seam = (struct slice_seam){.first = chain->at, .next = chain->at};
			link->state = SPLIT_LINK_PROVEN;
			chain->proven++;
			continue;
		}
		if (!text_place_equal(link->seam.first, chain->at) && chain->proven > 0) {
			recount(link);
			return CHAIN_MORE;
		}
		if (!chain->rest || chain->proven + 1 < chain->n)
			link->point.crc = chain->member.crc;
		if (link->fault.kind == FAULT_READ || link->fault.kind == FAULT_CHANGED)
			return CHAIN_FAULT;
		if (link->fault.kind != FAULT_NONE) {
			if (chain->rest && chain->proven + 1 == chain->n)
				return CHAIN_FAULT;
			go_back(chain, rest_link(chain, chain->proven));
			return CHAIN_MORE;
		}
		if (!(chain->rest && chain->proven + 1 == chain->n) && !account_members(chain, link)) {
			go_back(chain, chain->member_link); /* where in the member it went wrong nobody knows */
			return CHAIN_MORE;
		}
		link->state = SPLIT_LINK_PROVEN;
		chain->at = link->seam.next;
		chain->records += link->seam.records;
		chain->proven++;
	}
	return CHAIN_DONE;
}

/* Whether the report of a count is that of the link: from its point on, and to where it is known to end. */
static bool report_fits(const struct split_chain *chain, uint64_t i, const struct split_report *report)
{
	const struct split_link *link = &chain->links[i];
	const struct split_report *held = &link->report;

	if (!report || !report->counted || report->first_bit != link->point.bit || report->first_header != link->point.header ||
	    !report_valid(chain, link, report))
		return false;
	if (i + 1 == chain->placed && !chain->next_known)
		return true;
	return report->next_bit == held->next_bit && report->next_header == held->next_header && report->text == held->text &&
	       report->head.length == held->head.length && report->head_ends == held->head_ends &&
	       report->tail_member == held->tail_member && report->tail.length == held->tail.length;
}

static bool wanted(const struct split_chain *chain, uint64_t i, const struct slice_task *task, enum slice_outcome outcome,
                   const struct slice_seam *seam, const struct split_report *report, const uint8_t *window)
{
	const struct split_link *link;
	bool rest = chain->rest && i + 1 == chain->n;

	if (i < chain->proven || i >= chain->n || task->rest != rest)
		return false;
	link = &chain->links[i];
	if (link->state != SPLIT_LINK_PLACED && link->state != SPLIT_LINK_POINTED)
		return false;
	if (outcome == SLICE_UNSURE)
		return !task->start_known && !link->unsure;
	if (i == chain->proven && i > 0 && !text_place_equal(seam->first, chain->at))
		return false;
	if (text_place_before(seam->first, begin_place(&link->point)))
		return false;
	if (outcome == SLICE_FAULT)
		return true;
	if (rest)
		return seam->next.block == chain->file_size && seam->next.within == 0;
	return report_fits(chain, i, report) && seam_valid(link, report, seam) && (link->state == SPLIT_LINK_PLACED || window);
}

int split_chain_offer_counted(struct split_chain *chain, uint64_t i, const struct slice_task *task, enum slice_outcome outcome,
                              const struct slice_seam *seam, const struct slice_fault *fault, const struct split_report *report,
                              const uint8_t *window, bool *ret_used)
{
	struct split_link *link;
	int r = 0;

	assert(chain && task && ret_used && (outcome == SLICE_UNSURE || seam));
	forget_windows(chain);
	*ret_used = wanted(chain, i, task, outcome, seam, report, window);
	if (!*ret_used)
		return (int)advance_proven(chain);
	link = &chain->links[i];
	if (outcome == SLICE_UNSURE) {
		link->unsure = true;
		return (int)advance_proven(chain);
	}
	link->seam = *seam;
	link->fault = outcome == SLICE_FAULT ? *fault : (struct slice_fault){0};
	if (outcome == SLICE_END && !task->rest) {
		link->report = *report;
		if (i + 1 == chain->placed && !chain->next_known) {
			r = step_point(&link->point, report, NULL, window, &chain->next);
			chain->next_known = r == 0;
		}
	}
	link->state = SPLIT_LINK_COUNTED;
	if (r == 0)
		r = advance_placed(chain);
	return r < 0 ? r : (int)advance_proven(chain);
}
