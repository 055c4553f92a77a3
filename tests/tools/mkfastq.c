/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes FASTQ for tests and benchmarks, the same bytes for the same arguments: Illumina-like names, bases, and qualities
 * either of four levels ("nova") or of forty that fall towards the end ("hiseq").
 *
 *     mkfastq READS LENGTH [nova|hiseq] [SEED] [trim]       trim: reads are cut at their end, at random
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state;

/* splitmix64 */
static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void sequence_make(char *out, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 32 == 0)
			bits = draw();
		out[i] = "ACGT"[bits & 3];
		bits >>= 2;
	}
	if (draw() % 64 == 0)
		out[draw() % n] = 'N';
}

static void nova_make(char *out, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			bits = draw();
		out[i] = "FFFFFFFFFFFFF:,#"[bits & 15];
		bits >>= 4;
	}
}

static void hiseq_make(char *out, size_t n)
{
	int level = 40;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			bits = draw();
		level += (int)(bits & 7) - 3 - (int)(i * 2 / n);
		level = level > 40 ? 40 : level < 2 ? 2 : level;
		out[i] = (char)('!' + level);
		bits >>= 4;
	}
}

int main(int argc, char **argv)
{
	uint64_t reads = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	size_t length = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	int hiseq = argc > 3 && strcmp(argv[3], "hiseq") == 0, trim = argc > 5;
	char *sequence = malloc(length + 1), *quality = malloc(length + 1);

	state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
	if (argc < 3 || length == 0 || !sequence || !quality) {
		fputs("usage: mkfastq READS LENGTH [nova|hiseq] [SEED] [trim]\n", stderr);
		return 64;
	}
	for (uint64_t i = 0; i < reads; i++) {
		size_t n = trim ? length - draw() % (length / 2 + 1) : length;

		sequence_make(sequence, n);
		(hiseq ? hiseq_make : nova_make)(quality, n);
		if (printf("@A00187:188:HJ5VNDSXX:%" PRIu64 ":%" PRIu64 ":%" PRIu64 ":%" PRIu64 " 1:N:0:ACGTACGT\n%.*s\n+\n%.*s\n",
		           1 + i % 4, 1101 + i / 4096 % 578, 1000 + i % 32768, 1000 + i / 7 % 36000, (int)n, sequence, (int)n,
		           quality) < 0)
			return 73;
	}
	free(sequence);
	free(quality);
	return fflush(stdout) == 0 ? 0 : 73;
}
