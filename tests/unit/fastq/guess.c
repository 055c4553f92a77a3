/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Guesses of where a record begins. That a wrong guess does no harm is shown by slices.c; here, that guesses are made and
 * are right on what sequencers write, also where qualities begin with '@' or '+' or hold nothing else.
 */
#include "lib/fastq/guess.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

static void try_guess(const char *what, const char *middle, enum guess_edge edge,
                      enum text_tail tail, enum guess_outcome outcome, size_t start)
{
	struct record_rules rules = {.span = span_ops_best(), .read_max = 1000};
	uint8_t text[512] = {0};
	size_t found = SIZE_MAX;

	memcpy(text, middle, strlen(middle));
	is_int(guess_start(&rules, text, strlen(middle), tail, edge, &found), outcome, "%s: outcome",
	       what);
	if (outcome == GUESS_MADE)
		is_u64(found, start, "%s: start", what);
}

static void examples(void)
{
	try_guess("at a header", "@a\nAC\n+\nII\n@b\nAC\n+\nII\n", EDGE_LINE, TEXT_ENDS, GUESS_MADE, 0);
	try_guess("in a header", "a\nAC\n+\nII\n@b\nAC\n+\nII\n", EDGE_WITHIN, TEXT_ENDS, GUESS_MADE,
	          11 - 1);
	try_guess("in a quality", "II\n@b\nAC\n+\nII\n@c\n", EDGE_WITHIN, TEXT_GOES_ON, GUESS_MADE, 3);
	try_guess("at a quality of '@'", "@@\n@b\nAC\n+\n@@\n@c\nAC\n+\n@@\n", EDGE_LINE, TEXT_GOES_ON,
	          GUESS_MADE, 3);
	try_guess("at a quality of '+'", "++\n@b\nAC\n+\n++\n@c\nAC\n+\n++\n", EDGE_LINE, TEXT_GOES_ON,
	          GUESS_MADE, 3);
	try_guess("at an edge that is not known", "@b\nAC\n+\nII\n@c\n", EDGE_UNKNOWN, TEXT_GOES_ON,
	          GUESS_MADE, 0);
	try_guess("the rest of a line end", "\n@b\nAC\n+\nII\n@c\n", EDGE_UNKNOWN, TEXT_GOES_ON,
	          GUESS_MADE, 1);
	try_guess("only the last quality", "II\n", EDGE_WITHIN, TEXT_ENDS, GUESS_MADE, 3);
	try_guess("nothing", "", EDGE_UNKNOWN, TEXT_ENDS, GUESS_MADE, 0);
	try_guess("too little text", "II\n@b\nAC\n", EDGE_WITHIN, TEXT_GOES_ON, GUESS_MORE, 0);
	try_guess("what is no FASTQ", ">a\nAC\n>b\nAC\n>c\n", EDGE_LINE, TEXT_GOES_ON, GUESS_UNSURE, 0);
	try_guess("text that reads either way", "@\n@\n+\n+\n@\n@\n+\n+\n@\n@\n+\n+\n", EDGE_UNKNOWN,
	          TEXT_GOES_ON, GUESS_MORE, 0);
}

/* Reads as a sequencer names them, with qualities out of `levels`. */
static void add_reads(struct bytes *text, const char *levels, bool plus_name, bool trimmed)
{
	uint64_t random = 3;

	for (unsigned int i = 0; i < 400; i++) {
		size_t n = trimmed ? random_below(&random, 102) : 101;
		char name[64], line[128];

		(void)snprintf(name, sizeof name, "A00187:6:HJ5:3:%u:%u:36714 1:N:0:ACGT", 1101 + i / 50,
		               i * 37);
		bytes_add(text, "@", 1);
		bytes_add(text, name, strlen(name));
		bytes_add(text, "\n", 1);
		for (size_t k = 0; k < n; k++)
			line[k] = "ACGTN"[random_below(&random, 5)];
		bytes_add(text, line, n);
		bytes_add(text, "\n+", 2);
		bytes_add(text, name, plus_name ? strlen(name) : 0);
		bytes_add(text, "\n", 1);
		for (size_t k = 0; k < n; k++)
			line[k] = levels[random_below(&random, strlen(levels))];
		bytes_add(text, line, n);
		bytes_add(text, "\n", 1);
	}
}

/* Every slice must be counted once only: each guess made, and right. */
static void try_reads(const char *levels, bool plus_name, bool trimmed)
{
	static const uint64_t sizes[] = {1000, 1777, 4096, 20011};
	struct bytes text = {0};
	int fd;

	add_reads(&text, levels, plus_name, trimmed);
	fd = memory_file(text.p, text.n);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct drive_options options = {.slice_size = sizes[i], .seed = i};
		struct driven driven;

		drive(fd, "made", &options, &driven);
		is_u64(driven.records, 400, "qualities %s: reads", levels);
		is_u64(driven.counts, (text.n + sizes[i] - 1) / sizes[i],
		       "qualities %s: each slice was counted once", levels);
	}
	close(fd);
	bytes_deinit(&text);
}

int main(void)
{
	examples();
	try_reads("F:,#", false, false);
	try_reads("@+I", false, true);
	try_reads("@", false, true);
	try_reads("+", true, false);
	try_reads("@", true, true);
	return done_testing();
}
