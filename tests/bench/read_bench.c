/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How fast slices are read, without counting: read_bench FILE [ROUNDS [SLICE_BYTES [ahead]]] prints bytes of text a second
 * (of the best round), reads, and the largest memory.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "lib/fastq/chain.h"
#include "lib/fastq/fingerprint.h"
#include "lib/fastq/span.h"

struct total {
	uint64_t reads, bases, text;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void add(struct total *total, const struct batch *batch)
{
	total->reads += batch->n;
	for (uint32_t i = 0; i < batch->n; i++) {
		const struct record *record = &batch->records[i];

		total->bases += record->length;
		total->text += 6 + (uint64_t)record->name_length + record->length +
		               record->quality_length;
	}
}

static int read_slice(int fd, const struct slice_task *task, struct slice_reader **ret_reader,
                      struct total *total, struct error *err)
{
	static struct batch batch;
	int r;

	r = slice_reader_new(fd, task, ret_reader, err);
	if (r < 0)
		return r;
	while ((r = slice_reader_next(*ret_reader, &batch, err)) == SLICE_BATCH)
		add(total, &batch);
	return r;
}

/* All slices in order; an enum chain_outcome or negative errno. */
static int read_file(int fd, uint64_t slice_size, bool ahead, struct total *total, struct error *err)
{
	struct file_facts facts;
	struct chain chain;
	int r;

	r = file_facts_take(fd, &facts, err);
	if (r < 0)
		return r;
	r = chain_init(&chain, &facts, slice_size, UINT32_MAX, err);
	if (r < 0)
		return r;
	do {
		struct slice_reader *reader = NULL;
		struct slice_task task;
		bool used;

		chain_task(&chain, chain.proven, READ_MAX_DEFAULT, false, &task);
		task.ahead = ahead;
		r = read_slice(fd, &task, &reader, total, err);
		if (r >= 0)
			r = (int)chain_offer(&chain, chain.proven, &task, (enum slice_outcome)r,
			                     slice_reader_seam(reader), slice_reader_fault(reader),
			                     &used);
		slice_reader_free(reader);
	} while (r == CHAIN_MORE);
	if (r == CHAIN_FAULT)
		(void)fault_sentence(&chain.links[chain.proven].fault, facts.kind, "file",
		                     chain.records, err);
	chain_deinit(&chain);
	return r;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 3;
	uint64_t slice_size = argc > 3 ? strtoull(argv[3], NULL, 10) : 64u << 20;
	_cleanup_(closep) int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct total total = {0};
	struct rusage usage;
	double best = 0;

	if (fd < 0 || slice_size == 0) {
		fprintf(stderr, "usage: read_bench FILE [ROUNDS [SLICE_BYTES [ahead]]]\n");
		return 64;
	}
	for (unsigned long i = 0; i < rounds; i++) {
		struct error err = {0};
		double start = now(), seconds;

		total = (struct total){0};
		if (read_file(fd, slice_size, argc > 4, &total, &err) != CHAIN_DONE) {
			fprintf(stderr, "%s: %s\n", argv[1], err.text);
			return 65;
		}
		seconds = now() - start;
		if (best == 0 || seconds < best)
			best = seconds;
	}
	getrusage(RUSAGE_SELF, &usage);
	printf("%s\t%s\t%.3f GB/s\t%llu reads\t%llu bases\t%ld KiB\n", argv[1],
	       span_ops_best()->name, (double)total.text / best / 1e9,
	       (unsigned long long)total.reads, (unsigned long long)total.bases, usage.ru_maxrss);
	return 0;
}
