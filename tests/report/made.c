/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random FASTQ: see made.h. */
#include "tests/report/made.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/cleanup.h"
#include "tests/unit/qc/reads.h"

void made_kind_draw(struct made_kind *kind, uint64_t reads, uint64_t *seed)
{
	static const uint32_t lengths[] = {0, 1, 12, 13, 30, 50, 51, 75, 76, 100, 199, 200, 301, 700};
	uint32_t a = lengths[random_below(seed, sizeof lengths / sizeof *lengths)];
	uint32_t b = lengths[random_below(seed, sizeof lengths / sizeof *lengths)];

	*kind = (struct made_kind){
		.reads = random_below(seed, reads + 1),
		.shortest = a < b ? a : b,
		.longest = a < b ? b : a,
		.different = random_below(seed, 3) ? 1 + random_below(seed, 300) : 0,
		.same_first = random_below(seed, 2) ? random_below(seed, reads) : 0,
		.tiles = (uint32_t)random_below(seed, 3) * (1 + (uint32_t)random_below(seed, 9)),
		.odd_header = random_below(seed, 3) ? 0 : 1 + (uint32_t)random_below(seed, 4 * reads),
		.adapter = random_below(seed, 2) ? 1 + (uint32_t)random_below(seed, 9) : 0,
	};
}

void made_rules(struct count_rules *rules, uint64_t *seed)
{
	rules_default(rules, random_below(seed, 2) ? COMPAT_0_11_9 : COMPAT_0_12_1);
	if (random_below(seed, 4) == 0)
		rules->dup_length = 1 + (uint32_t)random_below(seed, 90);
	if (random_below(seed, 4) == 0)
		rules->kmer_size = 2 + (uint32_t)random_below(seed, 9);
	if (random_below(seed, 3))
		return;
	rules->adapters_n = 1 + (uint32_t)random_below(seed, 4);
	for (uint32_t i = 0; i < rules->adapters_n; i++) {
		struct adapter *adapter = &rules->adapters[i];
		size_t n = 4 + random_below(seed, 20);

		(void)snprintf(adapter->name, sizeof adapter->name, "adapter %" PRIu32, i);
		memset(adapter->sequence, 0, sizeof adapter->sequence);
		for (size_t k = 0; k < n; k++)
			adapter->sequence[k] = "ACGT"[random_below(seed, 4)];
	}
}

static void name_write(FILE *out, const struct made_kind *kind, uint64_t i, uint64_t *seed)
{
	uint64_t tile = kind->tiles ? 1101 + random_below(seed, kind->tiles) : 0;
	bool odd = kind->odd_header && random_below(seed, kind->odd_header) == 0;

	if (!kind->tiles)
		fprintf(out, "@read%" PRIu64 "\n", i);
	else if (odd)
		fprintf(out, "@a:b:%" PRIu64 ":d:e%s\n", tile + 7, random_below(seed, 2) ? ":f" : "");
	else
		fprintf(out, "@a:%" PRIu64 ":c:1:%" PRIu64 ":x:y z\n", i, tile);
}

/* The bases of one sequence, told by its number alone. */
static void sequence_make(char *out, uint32_t n, uint64_t number)
{
	uint64_t own = number * 2 + 1;

	for (uint32_t i = 0; i < n; i++)
		out[i] = random_below(&own, 50) ? "ACGT"[random_below(&own, 4)] : "Nacgt."[random_below(&own, 6)];
}

static void read_write(FILE *out, const struct made_kind *kind, const struct count_rules *rules, uint64_t i, uint64_t *seed,
                       char *sequence)
{
	uint64_t number = i < kind->same_first ? random_below(seed, 10) : kind->different ? random_below(seed, kind->different) : i;
	uint32_t spread = kind->longest - kind->shortest + 1;
	/* Reads of one sequence differ in length now and then. */
	uint32_t n = kind->shortest + (uint32_t)((random_below(seed, 4) ? number : random_next(seed)) % spread);
	uint64_t step = 1 + random_below(seed, 7);

	sequence_make(sequence, n, number);
	if (kind->adapter && random_below(seed, kind->adapter) == 0) {
		const char *adapter = rules->adapters[random_below(seed, rules->adapters_n)].sequence;
		uint32_t at = n ? (uint32_t)random_below(seed, n) : 0;

		for (uint32_t k = 0; at + k < n && adapter[k]; k++)
			sequence[at + k] = adapter[k];
	}
	name_write(out, kind, i, seed);
	fprintf(out, "%.*s\n+\n", (int)n, sequence);
	for (uint32_t k = 0; k < n; k++)
		fputc('#' + (int)((number + k * step) % 40), out);
	fputc('\n', out);
}

int made_file(const struct made_kind *kind, const struct count_rules *rules, uint64_t *seed)
{
	_cleanup_(freep) char *sequence = malloc(kind->longest + 1);
	int fd = memfd_create("made", MFD_CLOEXEC), copy = dup(fd);
	FILE *out = copy < 0 ? NULL : fdopen(copy, "w");

	if (!sequence || !out)
		abort();
	for (uint64_t i = 0; i < kind->reads; i++)
		read_write(out, kind, rules, i, seed, sequence);
	if (fclose(out) != 0)
		abort();
	return fd;
}
