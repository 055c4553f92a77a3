/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Slices of every size against a slow parser of the whole text: some hundreds of made files, good and bad, plain and
 * compressed, each cut at every slice size; slices in random order, counted again where the chain says so, read ahead in a
 * thread or not. Number and content of the records, and kind, record and place of the fault, must be the same always.
 *
 * FQ_SEED and FQ_FILES (how many files of each kind) look further.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fastq/drive.h"
#include "tests/unit/fastq/made.h"
#include "tests/unit/tap.h"

#define ALL_SIZES_MAX 160 /* longer files are cut at some sizes only */
#define SOME_SIZES 40

/* Files of each kind; a sanitizer build takes sixty times as long for one. */
#if defined(__SANITIZE_ADDRESS__)
#define FEWER 8
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FEWER 8
#endif
#endif
#ifndef FEWER
#define FEWER 1
#endif

struct tally {
	uint64_t cases, counts, slices_least, faults;
};

static bool same_fault(const struct slice_fault *got, const struct slice_fault *wanted)
{
	if (got->kind != wanted->kind)
		return false;
	if (got->kind == FAULT_NONE)
		return true;
	if (!text_place_equal(got->at, wanted->at))
		return false;
	return got->kind >= FAULT_GZIP_TRUNCATED ||
	       (got->value == wanted->value && got->value2 == wanted->value2);
}

static bool agrees(const struct driven *got, const struct wanted *wanted)
{
	return got->code == (wanted->fault.kind ? CHAIN_FAULT : CHAIN_DONE) &&
	       got->records == wanted->records && got->digest == wanted->digest &&
	       same_fault(&got->fault, &wanted->fault);
}

static void show(const struct made *made, const struct drive_options *options, const struct driven *got,
                 const struct wanted *wanted)
{
	diag("slices of %" PRIu64 " of %zu bytes%s: code %d %s", options->slice_size, made->file.n,
	     options->ahead ? ", read ahead" : "", got->code, got->code ? got->err.text : "");
	diag("records %" PRIu64 ", wanted %" PRIu64, got->records, wanted->records);
	diag("fault %d at %" PRIu64 "+%" PRIu64 ", wanted %d at %" PRIu64 "+%" PRIu64,
	     got->fault.kind, got->fault.at.block, got->fault.at.within, wanted->fault.kind,
	     wanted->fault.at.block, wanted->fault.at.within);
	if (made->kind == FILE_PLAIN) {
		char text[4096] = "";
		size_t n = 0;

		for (size_t i = 0; i < made->text.n && n + 8 < sizeof text; i++)
			n += (size_t)snprintf(text + n, 8, made->text.p[i] < 33 ? "\\x%02x" : "%c",
			                      made->text.p[i]);
		diag("text: %s", text);
	}
}

/* One file at one slice size. */
static bool try_size(const struct made *made, int fd, struct drive_options *options,
                     const struct wanted *wanted, struct tally *tally)
{
	struct driven got;

	drive(fd, "made", options, &got);
	tally->cases++;
	tally->counts += got.counts;
	if (options->slice_size)
		tally->slices_least +=
		    (made->file.n + options->slice_size - 1) / options->slice_size;
	if (got.kind == made->kind && agrees(&got, wanted))
		return true;
	show(made, options, &got, wanted);
	return false;
}

/* The file cut at each slice size. */
static bool try_file(const struct made *made, uint64_t *random, struct tally *tally)
{
	struct drive_options options = {
	    .lenient = random_below(random, 5) == 0,
	    .read_max = random_below(random, 5) == 0 ? 8 : 0,
	};
	int fd = memory_file(made->file.p, made->file.n);
	uint64_t n = made->file.n, sizes = n <= ALL_SIZES_MAX ? n : SOME_SIZES;
	struct wanted wanted;
	bool good;

	want(made, options.read_max ? options.read_max : READ_MAX_DEFAULT, options.lenient, &wanted);
	if (made->fault_unsure) {
		/* What an inflater gives before the cut is its own matter, but it must not depend on slices. */
		struct driven whole;

		drive(fd, "made", &options, &whole);
		wanted = (struct wanted){whole.records, whole.digest, whole.fault};
	}
	tally->faults += wanted.fault.kind != FAULT_NONE;
	good = try_size(made, fd, &options, &wanted, tally);
	options.ahead = true;
	good = good && try_size(made, fd, &options, &wanted, tally);
	for (uint64_t i = 0; i < sizes && good && made->kind != FILE_GZIP; i++) {
		options.slice_size = i < 3 || n <= ALL_SIZES_MAX ? i + 1 : 1 + random_below(random, n);
		options.seed = random_next(random);
		options.ahead = options.seed % 4 == 0;
		good = try_size(made, fd, &options, &wanted, tally);
	}
	close(fd);
	return good;
}

static void try_kind(enum file_kind kind, uint64_t files, uint64_t seed)
{
	struct tally tally = {0};
	uint64_t bad = 0;

	for (uint64_t i = 0; i < files && bad < 3; i++) {
		uint64_t file_seed = seed + i, random = file_seed;
		struct made made = {0};

		make_text(&made, &random);
		if (kind == FILE_PLAIN)
			make_plain(&made);
		else if (kind == FILE_GZIP)
			make_gzip(&made, &random);
		else
			make_bgzf(&made, &random);
		if (!try_file(&made, &random, &tally)) {
			diag("FQ_SEED=%" PRIu64 " FQ_FILES=1", file_seed);
			bad++;
		}
		made_deinit(&made);
	}
	ok(bad == 0, "%s: %" PRIu64 " files (%" PRIu64 " at fault) in %" PRIu64 " cuts",
	   file_kind_name(kind), files, tally.faults, tally.cases);
	diag("%" PRIu64 " slices were counted, %" PRIu64 " is what the cuts have",
	     tally.counts, tally.slices_least);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *value = getenv(name);

	return value ? strtoull(value, NULL, 10) : otherwise;
}

int main(void)
{
	uint64_t seed = number_from("FQ_SEED", 1), files = number_from("FQ_FILES", 0);

	try_kind(FILE_PLAIN, files ? files : 800 / FEWER, seed);
	try_kind(FILE_GZIP, files ? files : 4000 / FEWER, seed);
	try_kind(FILE_BGZF, files ? files : 600 / FEWER, seed);
	return done_testing();
}
