/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes FOLDER/counters, FOLDER/merge and FOLDER/rules: what real workers and coordinators would send, for the fuzz targets
 * of these names. qc-corpus.t replays what it writes, so that it always fits the present format; tests/fuzz/corpus keeps
 * some of it, and what libFuzzer found.
 *
 *     make_qc_corpus FOLDER [FILES]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/chain.h"
#include "lib/qc/count.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences.h"
#include "lib/qc/tiles.h"
#include "tests/report/made.h"
#include "tests/unit/qc/reads.h"

static const char *folder;

static void must(bool fact, const char *what)
{
	if (fact)
		return;
	fprintf(stderr, "make_qc_corpus: %s: %s\n", what, strerror(errno));
	exit(73);
}

static FILE *create(const char *target, uint64_t number, const char *name)
{
	char path[4096];
	FILE *out;

	(void)snprintf(path, sizeof path, "%s/%s", folder, target);
	must(mkdir(path, 0777) == 0 || errno == EEXIST, path);
	(void)snprintf(path, sizeof path, "%s/%s/%s-%" PRIu64, folder, target, name, number);
	out = fopen(path, "w");
	must(out != NULL, path);
	return out;
}

static void write_set(FILE *out, const struct counters *counters, bool with_length)
{
	_cleanup_(freep) uint8_t *bytes = NULL;
	size_t n;

	bytes = counters_bytes(counters, &n);
	for (int i = 0; with_length && i < 4; i++)
		fputc((int)(n >> (8 * i) & 255), out);
	must(fwrite(bytes, 1, n, out) == n, "write");
}

static void write_sets(uint64_t number, const char *name, const struct counters *const *sets, size_t n)
{
	FILE *out = create(n > 1 ? "merge" : "counters", number, name);

	for (size_t i = 0; i < n; i++)
		write_set(out, sets[i], n > 1);
	must(fclose(out) == 0, "close");
}

struct source {
	int fd;
	struct chain chain; /* of one slice */
	struct count_rules rules;
};

/* The records that begin in bytes [begin, end), where begin is a record's first. *ret_next: where the one behind begins. */
static struct counters *count(const struct source *source, uint64_t begin, uint64_t end, const struct prior *prior,
                              uint32_t modules, uint64_t *ret_next)
{
	struct slice_count counted = {0};
	struct slice_task task;
	struct error err;

	chain_task(&source->chain, 0, READ_MAX_DEFAULT, false, &task);
	task.begin = begin;
	task.end = end;
	task.start_known = true;
	task.start = (struct text_place){.block = begin};
	must(count_slice(source->fd, &task, modules, &source->rules, prior, NULL, NULL, &counted, &err) == 0 &&
	         counted.outcome == SLICE_END,
	     "a made file cannot be counted");
	*ret_next = counted.seam.next.block;
	return counted.counters;
}

static void write_rules(uint64_t number, const struct count_rules *rules, const struct tracked *tracked)
{
	for (int which = 0; which < 2; which++) {
		FILE *out = create("rules", number, which ? "tracked" : "rules");
		struct packer packer = {0};

		pack_byte(&packer, (uint8_t)which);
		if (which)
			tracked_pack(tracked, &packer);
		else
			rules_pack(rules, &packer);
		must(!packer.oom && fwrite(packer.bytes, 1, packer.n, out) == packer.n && fclose(out) == 0, "write");
		free(packer.bytes);
	}
}

/* What is known of the text behind the first part when the whole was seen. */
static void prior_take(const struct counters *first, const struct counters *whole, struct prior *ret)
{
	*ret = (struct prior){
		.known = true,
		.reads = counters_reads(first),
		.qualities = tiles_qualities(counters_state(first, MODULE_TILES)),
		.tile_field = tiles_field(counters_state(whole, MODULE_TILES)),
	};
	must(sequences_tracked(counters_state(whole, MODULE_SEQUENCES), &ret->tracked) == 0, "tracked");
}

/* The whole; its first part; its second, which knows nothing, or everything; and what goes together. */
static void write_parts(const struct source *source, uint64_t number, uint64_t size)
{
	_cleanup_(counters_freep) struct counters *whole = NULL, *first = NULL, *own = NULL, *known = NULL;
	struct prior prior;
	uint64_t next, end;

	whole = count(source, 0, size, NULL, COUNT_ALL, &end);
	write_sets(number, "whole", (const struct counters *const[]){whole}, 1);
	if (size == 0)
		return;
	first = count(source, 0, size / 2 + 1, NULL, COUNT_ALL, &next);
	prior_take(first, whole, &prior);
	write_rules(number, &source->rules, prior.tracked);
	if (next < size) {
		own = count(source, next, size, NULL, COUNT_ALL, &end);
		known = count(source, next, size, &prior, COUNT_ORDERED & COUNT_ALL, &end);
		write_sets(number, "own", (const struct counters *const[]){own}, 1);
		write_sets(number, "known", (const struct counters *const[]){known}, 1);
		write_sets(number, "behind", (const struct counters *const[]){first, own}, 2);
		write_sets(number, "patch", (const struct counters *const[]){first, own, known}, 3);
	}
	tracked_free(prior.tracked);
}

static void write_file(uint64_t number)
{
	uint64_t seed = number * 7919 + 3;
	struct source source;
	struct made_kind kind;
	struct file_facts facts;
	struct error err;

	made_kind_draw(&kind, 20, &seed);
	kind.longest = kind.longest > 60 ? 60 : kind.longest;
	kind.shortest = kind.shortest > kind.longest ? kind.longest : kind.shortest;
	made_rules(&source.rules, &seed);
	source.fd = made_file(&kind, &source.rules, &seed);
	must(file_facts_take(source.fd, &facts, &err) == 0 &&
	         chain_init(&source.chain, &facts, UINT64_MAX, 1, &err) == 0,
	     "a made file");
	write_parts(&source, number, facts.fingerprint.size);
	chain_deinit(&source.chain);
	closep(&source.fd);
}

int main(int argc, char **argv)
{
	uint64_t files = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;

	if (argc < 2) {
		fputs("usage: make_qc_corpus FOLDER [FILES]\n", stderr);
		return 64;
	}
	folder = argv[1];
	for (uint64_t i = 1; i <= files; i++)
		write_file(i);
	return 0;
}
