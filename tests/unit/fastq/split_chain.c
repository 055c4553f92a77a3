/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain of the slices of a gzip file: what it believes and what not. Whole files are tests/unit/fastq/split.c. */
#include "lib/fastq/split_chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fastq/symbol.h"
#include "tests/unit/tap.h"

/* A file of 3000 bytes in three slices; one member of 30000 bytes of 'A', 10000 in each slice, with a record at 0, 10000 and 20000. */
#define SIZE 3000
#define TEXT 10000

static struct split_chain chain;

static struct split_report report_of(uint64_t i)
{
	struct split_report report = {
	    .first_bit = i * 8000 + (i > 0 ? 3 : 0),
	    .next_bit = i == 2 ? 8 * SIZE : (i + 1) * 8000 + 3,
	    .first_header = i == 0,
	    .next_header = i == 2,
	    .text = TEXT,
	    .head = {.length = i == 0 ? 0 : TEXT},
	    .head_ends = i != 1,
	    .counted = true,
	};

	if (i == 0)
		report.tail = (struct split_part){.length = TEXT};
	if (i == 2)
		report.tail_member = SIZE;
	return report;
}

static struct slice_seam seam_of(uint64_t i)
{
	struct slice_seam seam = {.first = {0, i * TEXT}, .next = {0, (i + 1) * TEXT}, .records = 1};

	if (i == 2)
		seam.next = (struct text_place){.block = SIZE};
	return seam;
}

static uint16_t *symbols_of(void)
{
	uint16_t *symbols = malloc(SPLIT_WINDOW * sizeof *symbols);

	assert(symbols);
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		symbols[i] = 'A';
	return symbols;
}

static uint8_t window[SPLIT_WINDOW];

static bool inflated(uint64_t i, const struct split_report *report)
{
	bool used = false;
	int r = split_chain_offer_inflated(&chain, i, SPLIT_DONE, report, report->next_header ? NULL : symbols_of(), &used);

	assert(r == 0);
	(void)r;
	return used;
}

static int counted(uint64_t i, enum slice_outcome outcome, const struct slice_seam *seam, const struct split_report *report, bool *ret_used)
{
	struct slice_fault fault = {.kind = FAULT_GZIP_DATA};
	struct slice_task task;

	split_chain_count_task(&chain, i, 1000, false, &task);
	return split_chain_offer_counted(&chain, i, &task, outcome, seam, outcome == SLICE_FAULT ? &fault : NULL, report, window, ret_used);
}

static void begin(void)
{
	struct error err;
	int r = split_chain_init(&chain, SIZE, 1000, 100, &err);

	assert(r == 0);
	(void)r;
}

/* All three in an order; the trailer has a CRC of nothing but zeros, as the parts have. */
static int count_all(bool right_trailer)
{
	int r = CHAIN_MORE;

	for (uint64_t i = 0; i < 3 && r == CHAIN_MORE; i++) {
		struct split_report report = report_of(i);
		struct slice_seam seam = seam_of(i);
		bool used;

		report.head_trailer.size = i == 2 ? 3 * TEXT + !right_trailer : 0;
		r = counted(i, SLICE_END, &seam, &report, &used);
		assert(used);
	}
	return r;
}

static void try_order(void)
{
	struct split_report reports[3] = {report_of(0), report_of(1), report_of(2)};
	struct split_task task;

	begin();
	is_u64(chain.n, 3, "three slices");
	is_int(chain.links[0].state, SPLIT_LINK_POINTED, "the first has its point");
	split_chain_inflate_task(&chain, 1, 5, &task);
	ok(task.begin == 1000 && task.end == 2000 && task.file_size == SIZE && task.text_max == 5, "a task from anywhere");
	ok(inflated(2, &reports[2]) && inflated(1, &reports[1]), "two are inflated");
	is_int(chain.links[1].state, SPLIT_LINK_HELD, "and held");
	ok(!inflated(1, &reports[1]), "once");
	is_int(count_all(true), CHAIN_DONE, "all are counted");
	is_u64(chain.records, 3, "three records");
	split_chain_deinit(&chain);
}

static void try_trailer(void)
{
	begin();
	for (uint64_t i = 1; i < 3; i++) {
		struct split_report report = report_of(i);

		(void)inflated(i, &report);
	}
	is_int(count_all(false), CHAIN_MORE, "a member of another length");
	ok(chain.rest && chain.n == 1 && chain.proven == 0 && chain.records == 0, "is read from where it began, in one");
	split_chain_deinit(&chain);
}

static void try_misfit(void)
{
	struct split_report report = report_of(0), held = report_of(1);
	struct slice_seam seam = seam_of(0);
	bool used;

	begin();
	held.first_bit++;
	ok(inflated(1, &held), "a slice that began a bit too late");
	(void)counted(0, SLICE_END, &seam, &report, &used);
	ok(used && chain.links[1].state == SPLIT_LINK_POINTED && chain.links[1].point.bit == 8003, "is read from where the first ended");
	ok(!inflated(1, &held), "and no longer inflated");
	split_chain_deinit(&chain);

	begin();
	held = report_of(1);
	held.reach = TEXT + 1;
	(void)inflated(1, &held);
	(void)counted(0, SLICE_END, &seam, &report, &used);
	is_int(chain.links[1].state, SPLIT_LINK_POINTED, "so is one that refers to before the member");
	split_chain_deinit(&chain);

	begin();
	(void)split_chain_offer_inflated(&chain, 1, SPLIT_UNSURE, NULL, NULL, &used);
	is_int(chain.links[1].state, SPLIT_LINK_WAITS, "one that is unsure waits");
	report.next_bit = 8 * 2500;
	seam.next.within = TEXT;
	(void)counted(0, SLICE_END, &seam, &report, &used);
	ok(used && chain.links[1].empty && chain.links[1].state == SPLIT_LINK_PROVEN, "and is empty, where the first has its bits");
	ok(!chain.links[2].empty && split_chain_point(&chain, 2), "the last one can be read from its point");
	split_chain_deinit(&chain);
}

static void try_lost(void)
{
	struct split_report report = report_of(0), held = report_of(1), other;
	struct slice_seam seam = seam_of(0), next = seam_of(1);
	bool used;

	begin();
	(void)inflated(1, &held);
	split_chain_lost(&chain, 1);
	is_int(chain.links[1].state, SPLIT_LINK_OPEN, "who held a slice is lost");
	(void)inflated(1, &held);
	(void)counted(0, SLICE_END, &seam, &report, &used);
	is_int(chain.links[1].state, SPLIT_LINK_PLACED, "it is placed");
	split_chain_lost(&chain, 1);
	is_int(chain.links[1].state, SPLIT_LINK_POINTED, "and lost again");
	other = held;
	other.text--;
	other.head.length--;
	next.next.within--;
	(void)counted(1, SLICE_END, &next, &other, &used);
	ok(!used, "another text than was held is not believed");
	next = seam_of(1);
	(void)counted(1, SLICE_END, &next, &held, &used);
	ok(used && chain.proven == 2, "the same is");
	split_chain_deinit(&chain);
}

static void try_fault(void)
{
	struct split_report report = report_of(0);
	struct slice_seam seam = seam_of(0), next = seam_of(1), rest = {.first = {0, 0}, .next = {SIZE, 0}, .records = 3};
	bool used;

	begin();
	(void)counted(0, SLICE_END, &seam, &report, &used);
	ok(split_chain_point(&chain, 1), "the second is handed out with its point");
	is_int(counted(1, SLICE_FAULT, &next, NULL, &used), CHAIN_MORE, "a fault is not believed");
	/* 10000 bytes of text are in the first piece still, so it is the first slice that has to be read again. */
	ok(used && chain.rest && chain.n == 1 && chain.links[0].end == SIZE && chain.links[0].state == SPLIT_LINK_POINTED,
	   "the rest is read");
	is_int(counted(0, SLICE_END, &rest, NULL, &used), CHAIN_DONE, "and believed: good");
	split_chain_deinit(&chain);

	begin();
	(void)counted(0, SLICE_FAULT, &seam, NULL, &used);
	is_int(counted(0, SLICE_FAULT, &seam, NULL, &used), CHAIN_FAULT, "or at fault");
	split_chain_deinit(&chain);
}

/* Everything that a liar can say of a slice, one at a time. */
static void try_nonsense(void)
{
	struct split_report good = report_of(1);
	unsigned int taken = 0;

	begin();
	for (unsigned int i = 0; i < 14; i++) {
		struct split_report bad = good;

		switch (i) {
		case 0: bad.first_bit = 7999; break;
		case 1: bad.first_bit = 16000; break;
		case 2: bad.next_bit = 15999; break;
		case 3: bad.next_bit = 8 * SIZE + 1; break;
		case 4: bad.next_bit = 8 * SIZE; break;
		case 5: bad.first_header = true; break;
		case 6: bad.next_header = true; break;
		case 7: bad.reach = SPLIT_WINDOW + 1; break;
		case 8: bad.text = UINT64_MAX; break;
		case 9: bad.head.length = TEXT + 1; break;
		case 10: bad.tail.length = TEXT + 1; break;
		case 11: bad.head_ends = true; bad.tail_member = SIZE; break;
		case 12: bad.head_ends = true; bad.tail_member = 3; break;
		case 13: bad.text = 1032ULL * 1002 * 2; break;
		}
		taken += inflated(1, &bad);
	}
	taken += inflated(3, &good);
	is_u64(taken, 0, "no nonsense is taken");
	ok(inflated(1, &good), "what is none is");
	split_chain_deinit(&chain);
}

int main(void)
{
	struct error err;

	memset(window, 'A', sizeof window);
	is_int(split_chain_init(&chain, 1 << 20, 1, 1000, &err), -E2BIG, "too many slices");
	is_u64(split_size_choose(1ULL << 30, 2), 0, "two slots do not pay");
	is_u64(split_size_choose(2 << 20, 64), 0, "nor does a small file");
	is_u64(split_size_choose(1ULL << 30, 3), SPLIT_SLICE_MOST, "large slices of a large file");
	is_u64(split_size_choose(64 << 20, 64), SPLIT_SLICE_LEAST, "small ones of a small one");
	is_u64(split_size_choose(600 << 20, 100), 600 * (1 << 20) / 300 + 1, "three for each slot in between");
	try_order();
	try_trailer();
	try_misfit();
	try_lost();
	try_fault();
	try_nonsense();
	return done_testing();
}
