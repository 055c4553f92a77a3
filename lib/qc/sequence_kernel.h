/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inner loops over bases, for each kind of CPU: all give the same (a test compares those that this machine can
 * run with the plainest means). Which one runs is chosen at run time. Lower case is as upper case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At least BATCH_SLACK bytes behind it can be read. */
struct sequence {
	const uint8_t *bytes;
	uint32_t n;
};

#define FILTER_ADAPTERS 8 /* of one filter: a bit of a byte each */
#define FILTER_BASES 8    /* the first bases of an adapter, by which it is found */

struct filter_adapter {
	const uint8_t *bytes; /* in upper case, as reads are when compared */
	uint32_t n;           /* at least 1 */
	uint32_t number;      /* the caller's */
};

/*
 * Up to 8 adapters that are looked for at once, and the tables that say where one of them may be; there the whole
 * adapter is compared. No adapter is ever missed; with random bases 8 of 65536 places are compared in vain.
 */
struct adapter_filter {
	struct filter_adapter adapters[FILTER_ADAPTERS];
	uint32_t n;        /* adapters, at least 1 */
	uint32_t shortest; /* bases of the shortest one */

	/*
	 * For vectors: adapters, a bit each, by the codes of two bases next to each other (the first one's + 4
	 * times the second one's): pairs[j] for those at 2j and 2j + 1 of an adapter. Behind its end and in place
	 * of letters other than A, C, G and T everything may be.
	 */
	uint8_t pairs[FILTER_BASES / 2][16];

	/*
	 * For machine words: bit 8a + j of letters[l] says that adapter a has at j a letter whose lower five bits
	 * are l; of ends, that it ends there, at the eighth base at the latest.
	 */
	uint64_t letters[32];
	uint64_t ends;
};

struct adapter_hit {
	uint32_t sequence; /* which of the n */
	uint32_t adapter;  /* its number */
	uint32_t position; /* of the adapter's first occurrence there, from 0 */
};

struct sequence_kernel {
	const char *name;
	bool (*supported)(void); /* by this CPU */

	/* How many bytes of each are c, C, g or G. */
	void (*count_gc)(const struct sequence *sequences, size_t n, uint32_t *ret_counts);

	/*
	 * Where the adapters of a filter first occur; at most FILTER_ADAPTERS * n, by growing sequence. Returns
	 * how many.
	 */
	size_t (*find_adapters)(const struct adapter_filter *filter, const struct sequence *sequences, size_t n,
	                        struct adapter_hit *ret_hits);
};

/* Makes a filter of n (1 to FILTER_ADAPTERS) adapters, whose bytes must outlive it. */
void adapter_filter_make(struct adapter_filter *filter, const struct filter_adapter *adapters, uint32_t n);

/* All kernels built in, best first; the last one is the portable one. */
const struct sequence_kernel *sequence_kernels(size_t *ret_n);

/* The best one that this CPU supports. */
const struct sequence_kernel *sequence_kernel_best(void);
