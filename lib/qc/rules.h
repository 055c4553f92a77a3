/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a job is counted by, beside its set of modules: all that changes a counter. It travels with the job and stays in the
 * counters; counters of different rules are never merged. What changes only how numbers are shown (limits, contaminants,
 * groups of bases) is report.h's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/qc/varint.h"

/* The version of FastQC that is reproduced (shared facts: FASTQC.md section 3). */
enum compat {
	COMPAT_0_11_9 = 0,
	COMPAT_0_12_1 = 1, /* the default */
	_COMPAT_MAX,
};

const char *compat_name(enum compat compat); /* "0.11.9" */

#define ADAPTERS_MAX 64
#define ADAPTER_NAME_MAX 128     /* bytes, with the final zero */
#define ADAPTER_SEQUENCE_MAX 128 /* bytes, with the final zero */

/* The sequence is compared as it stands with reads in upper case: one in lower case is never found, as in FastQC. */
struct adapter {
	char name[ADAPTER_NAME_MAX];
	char sequence[ADAPTER_SEQUENCE_MAX];
};

#define DUP_LENGTH_MAX 1000

struct count_rules {
	enum compat compat;
	uint32_t dup_length; /* bases of a read that are compared for duplicates, 1 to DUP_LENGTH_MAX; 0: as compat does */
	uint32_t kmer_size;  /* 2 to 10 */
	uint32_t adapters_n; /* at least 1 */
	struct adapter adapters[ADAPTERS_MAX];
};

/* Rules by default: the adapters that this version of FastQC ships, k-mers of 7. */
void rules_default(struct count_rules *rules, enum compat compat);

bool rules_equal(const struct count_rules *a, const struct count_rules *b);

/* Longest adapter, in bases. */
size_t rules_longest_adapter(const struct count_rules *rules);

#define RULES_PACKED_MAX 16900

/* Canonical bytes; and back, believing nothing: 0, -ENOMEM, or -EBADMSG with a sentence. */
void rules_pack(const struct count_rules *rules, struct packer *packer);
int rules_unpack(struct count_rules *rules, struct unpacker *unpacker, struct error *err);
