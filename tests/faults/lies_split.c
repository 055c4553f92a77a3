/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lies about slices of one gzip stream (liar.h): of a scout, about the text that it has inflated, and of who counts from a point, about
 * where the text ends and what it holds. Each says "split" when it had such a slice to lie about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/split.h"
#include "lib/fastq/symbol.h"
#include "tests/faults/liar.h"

static void split(void)
{
	(void)puts("split");
	(void)fflush(stdout);
}

static bool is_scout(const fq_Task *task, const struct answer *answer)
{
	bool is = task->ref.scout && answer->result.outcome == SPLIT_DONE;

	if (is)
		split();
	return is;
}

/* A count from a point. */
static bool is_count(const fq_Task *task, const struct answer *answer)
{
	bool is = task->split && !task->ref.scout && answer->result.outcome == SLICE_END && answer->result.has_report;

	if (is)
		split();
	return is;
}

/* ---- scouts */

static void pack(struct answer *answer, const uint16_t *symbols)
{
	free(TAKE(answer->blob));
	liar_must(symbols_pack(symbols, &answer->blob, &answer->n) == 0, "packing");
	answer_sign(answer);
}

/* The window is another one: each byte that is known. */
static void scout_window(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	static uint16_t symbols[SPLIT_WINDOW];

	if (!is_scout(task, answer) || answer->n == 0)
		return;
	liar_must(symbols_unpack(answer->blob, answer->n, symbols) == 0, "symbols");
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		symbols[i] = symbols[i] < 256 ? symbols[i] ^ 1 : symbols[i];
	pack(answer, symbols);
}

/* ... and all of it refers to the first byte before. */
static void scout_open(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	static uint16_t symbols[SPLIT_WINDOW];

	if (!is_scout(task, answer))
		return;
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		symbols[i] = SYMBOL_OPEN;
	pack(answer, symbols);
}

static void scout_text(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.report.text += 1000;
}

/* No boundary is there. */
static void scout_begin(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.report.first_bit += 3;
}

static void scout_end(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.report.next_bit += 5;
}

/* The slice has all of the file. */
static void scout_far(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (!is_scout(task, answer))
		return;
	answer->result.report.next_bit = 8 * task->fingerprint.size;
	answer->result.report.next_header = answer->result.report.head_ends = true;
	answer->result.report.tail_member = task->fingerprint.size;
	answer->n = answer->result.blob_bytes = 0;
}

static void scout_beyond(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.report.next_bit = UINT64_MAX;
}

static void scout_noise(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (!is_scout(task, answer))
		return;
	for (size_t i = 0; i < answer->n; i++)
		answer->blob[i] = (uint8_t)(i * 2654435761u >> 13);
	answer_sign(answer);
}

static void scout_huge(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.blob_bytes = 1u << 30;
}

static void scout_outcome(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.outcome = 77;
}

static void scout_fault(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (!is_scout(task, answer))
		return;
	answer->result.outcome = SPLIT_FAULT;
	answer->result.has_fault = answer->result.fault.has_at = true;
	answer->result.fault.kind = FAULT_GZIP_DATA;
	answer->result.blob_bytes = answer->n = 0;
}

/* Of the slices of others, too. */
static void scout_others(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	fq_Result result = answer->result;

	if (!is_scout(task, answer) || answer->n == 0)
		return;
	for (uint64_t i = 0; i < 20; i++) {
		result.ref.slice = i;
		if (i != task->ref.slice)
			liar_send_blob(liar, fq_Type_RESULT, &result, answer->blob, answer->n);
	}
}

/* A count where a scout was asked for. */
static void scout_counts(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.ref.scout = false;
}

/* Of a stream that is none. */
static void scout_unsplit(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_scout(task, answer))
		answer->result.ref.split = false;
}

/* ---- counts */

static void count_crc(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_count(task, answer))
		answer->result.report.head.crc ^= 1;
}

static void count_trailer(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (!is_count(task, answer))
		return;
	answer->result.report.head_ends = true;
	answer->result.report.head_crc = 1;
	answer->result.report.tail_member = task->begin;
}

static void count_text(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_count(task, answer))
		answer->result.report.text += 100;
}

static void count_end(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_count(task, answer))
		answer->result.report.next_bit += 1;
}

static void count_window(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	_cleanup_(freep) uint8_t *window = malloc(SPLIT_WINDOW), *packed = NULL;
	size_t n = 0;

	if (!is_count(task, answer) || answer->result.window.size == 0)
		return;
	liar_must(window && window_unpack(answer->result.window.bytes, answer->result.window.size, window, SPLIT_WINDOW) == 0, "a window");
	for (size_t i = 0; i < SPLIT_WINDOW; i++)
		window[i] ^= 2;
	liar_must(window_pack(window, SPLIT_WINDOW, &packed, &n) == 0 && n <= sizeof answer->result.window.bytes, "packing");
	memcpy(answer->result.window.bytes, packed, n);
	answer->result.window.size = (pb_size_t)n;
}

static void count_no_window(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_count(task, answer))
		answer->result.window.size = 0;
}

static void count_no_report(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	if (is_count(task, answer))
		answer->result.has_report = false;
}

/* What it counts is not what the stream holds: it reads on from another window. */
static void count_other_text(struct liar *liar, const fq_Task *task, struct answer *answer)
{
	_cleanup_(freep) fq_Task *other = malloc(sizeof *other);
	_cleanup_(freep) uint8_t *window = malloc(SPLIT_WINDOW), *packed = NULL;
	size_t n = task->point.within < SPLIT_WINDOW ? task->point.within : SPLIT_WINDOW, packed_n = 0;

	if (n == 0 || !is_count(task, answer))
		return;
	liar_must(other && window && window_unpack(task->point.window.bytes, task->point.window.size, window, n) == 0, "a window");
	for (size_t i = 0; i < n; i++)
		window[i] = window[i] == 'A' ? 'C' : window[i];
	liar_must(window_pack(window, n, &packed, &packed_n) == 0, "packing");
	*other = *task;
	memcpy(other->point.window.bytes, packed, packed_n);
	other->point.window.size = (pb_size_t)packed_n;
	free(answer->blob);
	liar_count(liar, other, task->modules, &liar->rules, answer);
}

const struct lie lies_of_splits[] = {
	{.name = "scout-window", .result = scout_window},
	{.name = "scout-open", .result = scout_open},
	{.name = "scout-text", .result = scout_text},
	{.name = "scout-begin", .result = scout_begin},
	{.name = "scout-end", .result = scout_end},
	{.name = "scout-far", .result = scout_far},
	{.name = "scout-beyond", .result = scout_beyond},
	{.name = "scout-noise", .result = scout_noise},
	{.name = "scout-huge", .result = scout_huge},
	{.name = "scout-outcome", .result = scout_outcome},
	{.name = "scout-fault", .result = scout_fault},
	{.name = "scout-others", .result = scout_others},
	{.name = "scout-counts", .result = scout_counts},
	{.name = "scout-unsplit", .result = scout_unsplit},
	{.name = "count-crc", .result = count_crc},
	{.name = "count-trailer", .result = count_trailer},
	{.name = "count-text", .result = count_text},
	{.name = "count-end", .result = count_end},
	{.name = "count-window", .result = count_window},
	{.name = "count-no-window", .result = count_no_window},
	{.name = "count-no-report", .result = count_no_report},
	{.name = "count-other-text", .result = count_other_text},
	{0},
};
