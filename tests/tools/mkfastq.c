/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes FASTQ for tests and benchmarks, the same bytes for the same arguments:
 *
 *     mkfastq READS LENGTH [nova|hiseq|long] [SEED] [trim]
 *
 * nova, hiseq: Illumina's reads as a sequencer writes them, tile after tile and row after row; with qualities of four levels
 * ("nova"), or of forty that fall towards the end ("hiseq"). Some sequences are there many times, and some reads run into the
 * adapter. trim: 45 of 100 reads are cut at their end.
 * long: Nanopore's reads, of 1000 to LENGTH bases, as many short ones as long ones on a scale of logarithms.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE_READS 20000   /* of a tile, where a sequencer has millions, so that small files have some */
#define COPIES_PERCENT 12  /* of reads that are copies of one of... */
#define ORIGINALS 4096
#define ADAPTER_PERCENT 3
#define TRIM_PERCENT 45
#define LONG_LEAST 1000

static const char adapter[] = "AGATCGGAAGAGCACACGTCTGAACTCCAGTCACACGTACGTATCTCGTATGCCGTCTTCTGCTTG";

struct maker {
	uint64_t state;
	size_t length;     /* of a whole read */
	bool trim;
	uint64_t read;     /* ordinal */
	unsigned int x, y; /* of the read before on its tile */
	char *sequence, *quality;
};

/* splitmix64 */
static uint64_t draw_from(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t draw(struct maker *maker)
{
	return draw_from(&maker->state);
}

static void bases_make(uint64_t *state, char *out, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 32 == 0)
			bits = draw_from(state);
		out[i] = "ACGT"[bits & 3];
		bits >>= 2;
	}
}

/* A fragment of its own or a copy; what lies behind a short fragment is the adapter and then G, as two colours show nothing. */
static void sequence_make(struct maker *maker, size_t n)
{
	uint64_t dice = draw(maker), original = (dice >> 32) % ORIGINALS * ((dice >> 48) % ORIGINALS) / ORIGINALS;
	char *out = maker->sequence;

	bases_make(dice % 100 < COPIES_PERCENT ? &original : &maker->state, out, n);
	if ((dice >> 8) % 100 < ADAPTER_PERCENT) {
		size_t at = draw(maker) % n, room = n - at, some = sizeof adapter - 1;

		memset(out + at, 'G', room);
		memcpy(out + at, adapter, room < some ? room : some);
	}
	if ((dice >> 16) % 64 == 0)
		out[draw(maker) % n] = 'N';
}

/* Nearly all the best; the others come in clusters. */
static void nova_make(struct maker *maker, size_t n)
{
	char *out = maker->quality;
	unsigned int worse = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		if (i % 8 == 0)
			bits = draw(maker);
		if ((bits & 63) == 0)
			worse = 3;
		out[i] = worse > 0 ? "FFF:F,F#"[bits >> 3 & 7] : 'F';
		worse -= worse > 0;
		bits >>= 8;
	}
}

static int level_within(int level, int least, int most)
{
	return level > most ? most : level < least ? least : level;
}

/* A walk that begins with the best and is drawn down, the more the later. */
static void hiseq_make(struct maker *maker, size_t n)
{
	uint64_t bits = 0;
	int level = 40;

	for (size_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			bits = draw(maker);
		level = level_within(level + (int)(bits & 7) - 3 - (int)(i * 2 / n), 2, 40);
		maker->quality[i] = (char)('!' + level);
		bits >>= 4;
	}
}

/* A wide walk about 14. */
static void nanopore_make(struct maker *maker, size_t n)
{
	uint64_t bits = 0;
	int level = 14;

	for (size_t i = 0; i < n; i++) {
		if (i % 16 == 0)
			bits = draw(maker);
		level = level_within(level + (int)(bits & 15) - 7 - (level > 14 ? 2 : 0), 1, 50);
		maker->quality[i] = (char)('!' + level);
		bits >>= 4;
	}
}

static void record_write(const struct maker *maker, size_t n)
{
	(void)fputc('\n', stdout);
	(void)fwrite(maker->sequence, 1, n, stdout);
	(void)fputs("\n+\n", stdout);
	(void)fwrite(maker->quality, 1, n, stdout);
	(void)fputc('\n', stdout);
}

static void illumina_write(struct maker *maker, void (*quality_make)(struct maker *, size_t))
{
	uint64_t tile = maker->read / TILE_READS, n = maker->length;

	if (maker->read % TILE_READS == 0 || maker->x > 32000) {
		maker->y = maker->read % TILE_READS == 0 ? 1000 : maker->y + 16;
		maker->x = 1000;
	}
	maker->x += 9 + (unsigned int)(draw(maker) % 300);
	if (maker->trim && draw(maker) % 100 < TRIM_PERCENT)
		n -= draw(maker) % (2 * n / 3 + 1);
	sequence_make(maker, n);
	quality_make(maker, n);
	(void)printf("@A00187:188:HJ5VNDSXX:1:%u%u%02u:%u:%u 1:N:0:ACGTACGT", 1 + (unsigned int)(tile / 468 % 2),
	             1 + (unsigned int)(tile / 78 % 6), 1 + (unsigned int)(tile % 78), maker->x, maker->y);
	record_write(maker, n);
}

static void nanopore_write(struct maker *maker)
{
	double steps = log((double)maker->length / LONG_LEAST);
	size_t n = (size_t)(LONG_LEAST * exp(steps * (double)(draw(maker) >> 11) / (double)(1ULL << 53)));
	uint64_t a = draw(maker), b = draw(maker);

	bases_make(&maker->state, maker->sequence, n);
	nanopore_make(maker, n);
	(void)printf("@%08x-%04x-%04x-%04x-%012" PRIx64 " runid=3b5c0d1f6f3f4c0e9a7d2c1b0a998877665544aa read=%" PRIu64
	             " ch=%u start_time=2023-05-%02uT%02u:%02u:%02uZ",
	             (uint32_t)a, (unsigned int)(a >> 32 & 0xffff), (unsigned int)(a >> 48), (unsigned int)(b & 0xffff),
	             b >> 16, maker->read, 1 + (unsigned int)(a % 512), 1 + (unsigned int)(b % 28),
	             (unsigned int)(b >> 8) % 24, (unsigned int)(b >> 16) % 60, (unsigned int)(b >> 24) % 60);
	record_write(maker, n);
}

int main(int argc, char **argv)
{
	uint64_t reads = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	const char *style = argc > 3 ? argv[3] : "nova";
	struct maker maker = {
	    .length = argc > 2 ? strtoull(argv[2], NULL, 10) : 0,
	    .state = argc > 4 ? strtoull(argv[4], NULL, 10) : 1,
	    .trim = argc > 5,
	};
	bool is_long = strcmp(style, "long") == 0;

	maker.sequence = malloc(maker.length + 1);
	maker.quality = malloc(maker.length + 1);
	if (argc < 3 || maker.length < (is_long ? LONG_LEAST : 1) || !maker.sequence || !maker.quality) {
		fputs("usage: mkfastq READS LENGTH [nova|hiseq|long] [SEED] [trim]\n", stderr);
		return 64;
	}
	for (; maker.read < reads; maker.read++)
		if (is_long)
			nanopore_write(&maker);
		else
			illumina_write(&maker, strcmp(style, "hiseq") == 0 ? hiseq_make : nova_make);
	free(maker.sequence);
	free(maker.quality);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 73;
}
