/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The chain as pure bookkeeping: slices of a file that nobody reads, offered in all the ways that can happen. */
#include "lib/fastq/chain.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/tap.h"

static struct chain chain_of(enum file_kind kind, uint64_t size, uint64_t slice_size)
{
	struct file_facts facts = {.kind = kind, .fingerprint = {.size = size}};
	struct chain chain = {0};
	struct error err = {0};

	is_int(chain_init(&chain, &facts, slice_size, 1000, &err), 0, "a chain");
	return chain;
}

static struct slice_seam seam(uint64_t first, uint64_t next, uint64_t records)
{
	return (struct slice_seam){{first, 0}, {next, 0}, records};
}

/* Offers the count of slice i with its present task. */
static enum chain_outcome offer(struct chain *chain, uint64_t i, enum slice_outcome outcome,
                                struct slice_seam what, bool used)
{
	struct slice_fault fault = {.kind = FAULT_NO_AT};
	struct slice_task task;
	enum chain_outcome k;
	bool was_used;

	chain_task(chain, i, 100, false, &task);
	k = chain_offer(chain, i, &task, outcome, &what, &fault, &was_used);
	ok(was_used == used, "slice %llu is %s", (unsigned long long)i, used ? "used" : "dropped");
	return k;
}

static void in_order(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 250, 100);
	struct slice_task task;

	is_u64(chain.n, 3, "slices");
	is_int(offer(&chain, 0, SLICE_END, seam(0, 110, 4), true), CHAIN_MORE, "one of three");
	chain_task(&chain, 1, 100, true, &task);
	ok(task.start_known && task.start.block == 110 && task.begin == 100 && task.end == 200 &&
	       task.lenient && task.read_max == 100 && task.file_size == 250,
	   "the task of the second begins where the first ended");
	chain_task(&chain, 2, 100, true, &task);
	ok(!task.start_known && task.begin == 200 && task.end == 250, "the third has to guess");
	is_int(offer(&chain, 1, SLICE_END, seam(110, 200, 3), true), CHAIN_MORE, "two of three");
	is_int(offer(&chain, 2, SLICE_END, seam(200, 250, 2), true), CHAIN_DONE, "three of three");
	is_u64(chain.records, 9, "records");
	chain_deinit(&chain);
}

/* A large first slice is cut at the lead, wherever that is in the slice; the others keep their size. */
static void lead(void)
{
	const uint64_t large = 5 * LEAD_BYTES;
	struct file_facts empty = {.kind = FILE_PLAIN}, gzip = {.kind = FILE_GZIP, .fingerprint.size = 9 * large};
	struct file_facts small = {.kind = FILE_PLAIN, .fingerprint.size = LEAD_BYTES};
	struct chain chain = chain_of(FILE_PLAIN, LEAD_BYTES + 2 * large + 1, large);

	is_u64(chain.n, 4, "slices of a large file");
	is_u64(chain.links[0].end, LEAD_BYTES, "the first is the lead");
	ok(chain.links[1].begin == LEAD_BYTES && chain.links[1].end == LEAD_BYTES + large, "the second is whole");
	ok(chain.links[3].begin == LEAD_BYTES + 2 * large && chain.links[3].end == chain.file_size, "the last is one byte");
	chain_deinit(&chain);
	chain = chain_of(FILE_BGZF, large, large);
	ok(chain.n == 2 && chain.links[0].end == LEAD_BYTES / 4, "of BGZF it is a quarter");
	chain_deinit(&chain);
	chain = chain_of(FILE_PLAIN, large, LEAD_BYTES / 4);
	ok(chain_leads(&chain, 0), "the first slice goes before the others");
	chain.records = LEAD_RECORDS - 1;
	ok(chain_leads(&chain, 3) && !chain_leads(&chain, 4), "and the next ones, to the lead's end");
	chain.records = LEAD_RECORDS;
	ok(!chain_leads(&chain, 1) && chain_leads(&chain, 0), "or until there are records enough");
	chain_deinit(&chain);
	chain = chain_of(FILE_PLAIN, large, LEAD_BYTES / 64 - 1);
	ok(!chain_leads(&chain, 0), "small slices need no lead");
	chain_deinit(&chain);
	is_u64(chain_slices(&small, large), 1, "a file of the lead alone");
	small.fingerprint.size++;
	is_u64(chain_slices(&small, large), 2, "and of one byte more");
	is_u64(chain_slices(&empty, large), 1, "an empty file");
	is_u64(chain_slices(&gzip, 100), 1, "gzip is never cut");
}

static void out_of_order(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 400, 100);

	is_int(offer(&chain, 3, SLICE_END, seam(301, 400, 1), true), CHAIN_MORE, "the last");
	is_int(offer(&chain, 3, SLICE_END, seam(301, 400, 1), false), CHAIN_MORE, "its copy");
	is_int(offer(&chain, 1, SLICE_UNSURE, seam(0, 0, 0), true), CHAIN_MORE, "the unsure");
	is_int(chain.links[1].state, LINK_WAITS, "waits");
	is_int(offer(&chain, 2, SLICE_END, seam(222, 301, 1), true), CHAIN_MORE, "the third");
	is_int(offer(&chain, 0, SLICE_END, seam(0, 105, 1), true), CHAIN_MORE, "the first");
	ok(chain.links[1].state == LINK_OPEN && chain.links[1].start_known, "the unsure is open again");
	is_int(offer(&chain, 1, SLICE_END, seam(105, 220, 1), true), CHAIN_MORE, "the second again");
	ok(chain.proven == 2 && chain.links[2].state == LINK_OPEN && chain.links[2].start_known,
	   "the third had guessed wrong and is open again");
	is_int(offer(&chain, 2, SLICE_END, seam(220, 301, 1), true), CHAIN_DONE, "the third again");
	chain_deinit(&chain);
}

static void empty_slices(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 500, 100);

	is_int(offer(&chain, 2, SLICE_END, seam(210, 300, 1), true), CHAIN_MORE, "a wrong guess");
	is_int(offer(&chain, 0, SLICE_END, seam(0, 450, 1), true), CHAIN_MORE, "a long record");
	is_u64(chain.proven, 4, "three slices hold no record");
	ok(chain.links[1].empty && chain.links[2].empty && chain.links[3].empty, "and are empty");
	is_int(offer(&chain, 1, SLICE_END, seam(150, 200, 1), false), CHAIN_MORE, "late and of no use");
	is_int(offer(&chain, 4, SLICE_END, seam(450, 500, 1), true), CHAIN_DONE, "the end");
	chain_deinit(&chain);

	chain = chain_of(FILE_PLAIN, 0, 100);
	is_u64(chain.n, 1, "an empty file has a slice");
	is_int(offer(&chain, 0, SLICE_END, seam(0, 0, 0), true), CHAIN_DONE, "which is counted");
	ok(!chain.links[0].empty, "and has counters");
	chain_deinit(&chain);
}

static void faults(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 300, 100);

	is_int(offer(&chain, 1, SLICE_FAULT, seam(110, 0, 5), true), CHAIN_MORE,
	       "a fault from a guess is no fault yet");
	is_int(offer(&chain, 0, SLICE_END, seam(0, 120, 1), true), CHAIN_MORE, "it guessed wrong");
	is_int(offer(&chain, 1, SLICE_FAULT, seam(120, 0, 7), true), CHAIN_FAULT,
	       "a fault from the proven start");
	ok(chain.proven == 1 && chain.records == 1 && chain.links[1].fault.kind == FAULT_NO_AT,
	   "is at the proven slice");
	is_int(offer(&chain, 2, SLICE_END, seam(200, 300, 1), true), CHAIN_FAULT, "and stays");
	chain_deinit(&chain);
}

/* Copies that were given out before the start was known. */
static void late_guesses(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 300, 100);
	struct slice_task guess;
	struct slice_seam good = seam(120, 200, 1), bad = seam(110, 200, 1);
	bool used;

	chain_task(&chain, 1, 100, false, &guess);
	is_int(offer(&chain, 0, SLICE_END, seam(0, 120, 1), true), CHAIN_MORE, "the first");
	ok(!chain.links[1].start_known, "a guess may be on its way");
	is_int(chain_offer(&chain, 1, &guess, SLICE_END, &bad, NULL, &used), CHAIN_MORE,
	       "a wrong guess comes late");
	ok(!used && chain.links[1].state == LINK_OPEN && chain.links[1].start_known, "is dropped");
	is_int(chain_offer(&chain, 1, &guess, SLICE_UNSURE, NULL, NULL, &used), CHAIN_MORE,
	       "an unsure one");
	ok(!used && chain.links[1].state == LINK_OPEN, "is dropped too");
	is_int(chain_offer(&chain, 1, &guess, SLICE_END, &good, NULL, &used), CHAIN_MORE,
	       "a right guess comes late");
	ok(used && chain.proven == 2, "and is used");
	chain_deinit(&chain);
}

static void impossible_seams(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 300, 100);
	const struct slice_seam impossible[] = {
	    seam(99, 200, 1),  seam(110, 199, 1), seam(110, 301, 1), seam(210, 205, 0),
	    seam(110, 200, 0), seam(210, 210, 1), seam(210, 220, 1), {{110, 3}, {200, 0}, 1},
	    {{110, 0}, {200, 1}, 1},
	};

	for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
		is_int(offer(&chain, 1, SLICE_END, impossible[i], false), CHAIN_MORE,
		       "impossible seam %zu", i);
	is_int(offer(&chain, 2, SLICE_END, seam(210, 299, 1), false), CHAIN_MORE,
	       "the last must reach the end");
	is_int(offer(&chain, 1, SLICE_END, seam(210, 210, 0), true), CHAIN_MORE,
	       "but one may hold no record");
	chain_deinit(&chain);
}

static void sizes(void)
{
	struct file_facts facts = {.kind = FILE_PLAIN, .fingerprint = {.size = 1000}};
	struct chain chain;
	struct error err = {0};

	is_u64(slice_size_choose(FILE_PLAIN, 12000, 4, 10, 5000), 1000, "three slices a slot");
	is_u64(slice_size_choose(FILE_PLAIN, 12001, 4, 10, 5000), 1001, "rounded up");
	is_u64(slice_size_choose(FILE_PLAIN, 12000, 4, 2000, 5000), 2000, "the smallest");
	is_u64(slice_size_choose(FILE_PLAIN, 120000, 4, 10, 5000), 5000, "the largest");
	is_u64(slice_size_choose(FILE_BGZF, 120000, 4, 10, 4000), 1000, "BGZF: a quarter of it");
	is_u64(slice_size_choose(FILE_GZIP, 120000, 4, 10, 4000), 120000, "gzip: all");
	is_u64(slice_size_choose(FILE_PLAIN, 0, 0, 0, 0), 1, "never 0");
	is_int(chain_init(&chain, &facts, 1, 999, &err), -E2BIG, "too many slices");
	ok(err.class == ERROR_USAGE && strstr(err.text, "1000"), "is said: %s", err.text);
	chain = chain_of(FILE_GZIP, 1000, 10);
	is_u64(chain.n, 1, "gzip is one slice");
	chain_deinit(&chain);
}

/* What was counted has room between the places of its seam, in text or in what deflate can make of the bytes. */
static void room(void)
{
	struct chain chain = chain_of(FILE_PLAIN, 1000, 1000);
	struct slice_seam what = seam(100, 300, 200);

	ok(chain_counts_valid(&chain, &what, 200), "as many records and bases as bytes");
	ok(!chain_counts_valid(&chain, &what, 201), "one base more");
	what.records = 201;
	ok(!chain_counts_valid(&chain, &what, 200), "one record more");
	what = seam(300, 100, 0);
	ok(!chain_counts_valid(&chain, &what, 0), "a seam backwards");
	what = seam(100, 1001, 1);
	ok(!chain_counts_valid(&chain, &what, 1), "a seam behind the file");
	chain_deinit(&chain);
	chain = chain_of(FILE_GZIP, 1000, 1000);
	what = seam(0, 1000, 1);
	ok(chain_counts_valid(&chain, &what, 1000 * GZIP_RATIO_MAX), "gzip: the most that deflate can make");
	ok(!chain_counts_valid(&chain, &what, 1000 * GZIP_RATIO_MAX + 1), "gzip: more than that");
	what = (struct slice_seam){{0, 0}, {0, 500}, 1};
	ok(chain_counts_valid(&chain, &what, 1000 * GZIP_RATIO_MAX), "a place within a member may be far in its text");
	chain_deinit(&chain);
	chain = chain_of(FILE_GZIP, UINT64_MAX / 2, UINT64_MAX);
	what = seam(0, UINT64_MAX / 2, UINT64_MAX);
	ok(chain_counts_valid(&chain, &what, UINT64_MAX), "where the product would overflow nothing is said");
	chain_deinit(&chain);
}

int main(void)
{
	in_order();
	lead();
	out_of_order();
	empty_slices();
	faults();
	late_guesses();
	impossible_seams();
	sizes();
	room();
	return done_testing();
}
