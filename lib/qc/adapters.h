/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The module of adapters: reads by the first place at which each adapter occurs, as FastQC counts it (FASTQC.md sections 1.11
 * and 2.5).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct adapters;

/* The longest read of those that are longer than the longest adapter; 0 where there is none. */
uint64_t adapters_longest_read(const struct adapters *adapters);

struct adapter_hits {
	uint64_t position; /* from 0 */
	uint64_t reads;    /* at least 1 */
};

/* The counted hits of one adapter by growing position; the caller frees. 0 or -ENOMEM. */
int adapters_hits(const struct adapters *adapters, uint32_t adapter, struct adapter_hits **ret, size_t *ret_n);
