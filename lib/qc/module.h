/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A module counts one thing about reads. It is one file and one row of the table in module.c; the
 * container (counters.c) knows no module by name.
 *
 * Every module stands for itself: its numbers can be checked and derived from alone. What two
 * modules must agree about is said by their check().
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/base/error.h"
#include "lib/fastq/slice.h"
#include "lib/qc/counters.h"
#include "lib/qc/prior.h"
#include "lib/qc/rules.h"
#include "lib/qc/varint.h"

enum module_id { /* the order of the states in packed counters: new ones come last */
	         MODULE_LENGTHS,
	         MODULE_QUALITY_SUM,
	         MODULE_QUALITY_TABLE,
	         MODULE_BASES,
	         MODULE_GC,
	         MODULE_SCORES,
	         MODULE_TILES,
	         MODULE_SEQUENCES,
	         MODULE_ADAPTERS,
	         MODULE_KMERS,
	         _MODULE_MAX,
};

/*
 * The most reads and the most bases of one set of counters: far above any file, and low enough that
 * no sum of bytes (at most 255 a base) exceeds 63 bits.
 */
#define COUNT_TOTAL_MAX (1ULL << 55)

/*
 * Outcome of merge(): what `from` counted of this module is not enough where it lies, so its slice is to be counted again
 * for this module with everything known, and merged as a patch. `into` is as if `from` had no reads for this module,
 * but for what the order of reads tells (which sequences are tracked, the next ordinal).
 */
#define MERGE_LACKS 1

struct module {
	const char *name;
	enum module_id id;
	size_t state_size;

	/*
	 * The state comes as zero bytes, is set up once and is taken down by deinit() in whatever
	 * condition it is. Before unpack(), prior is PRIOR_UNKNOWN. rules outlive the state; prior does not, but
	 * for prior->tracked, of which a module takes its own reference. 0 or -ENOMEM.
	 */
	int (*init)(void *state, const struct count_rules *rules, const struct prior *prior);
	void (*deinit)(void *state);

	/* Hot: every record of the batch, in the order of the file. 0 or -ENOMEM. */
	int (*add)(void *state, const struct batch *batch);

	/*
	 * into += from, where from's reads lie directly behind those of into in the file. 0, MERGE_LACKS, -ENOMEM,
	 * -EOVERFLOW (COUNT_TOTAL_MAX would be passed), or -EINVAL where the two do not fit together.
	 */
	int (*merge)(void *into, const void *from);

	/*
	 * May be NULL (the module never lacks anything). into += from, where from's reads lie within those of into, whose
	 * merge() lacked them; from was counted with everything known. As merge(), but without MERGE_LACKS.
	 */
	int (*patch)(void *into, const void *from);

	/*
	 * Canonical: the same bytes for the same numbers, however they came together. 0 or -ENOMEM.
	 */
	int (*pack)(const void *state, struct packer *packer);

	/* Into a fresh state; believes nothing. 0, -ENOMEM or -EBADMSG with a sentence. */
	int (*unpack)(void *state, struct unpacker *unpacker, struct error *err);

	/*
	 * May be NULL. After all modules were unpacked: whether this one agrees with others of the
	 * set. As unpack().
	 */
	int (*check)(const void *state, const struct counters *counters, struct error *err);
};

extern const struct module module_lengths, module_quality_sum, module_quality_table, module_bases, module_gc,
    module_scores, module_tiles, module_sequences, module_adapters, module_kmers;

/* By enum module_id, _MODULE_MAX of them. */
const struct module *module_get(enum module_id id);

/* A module's state, or NULL where the counters do not have that module. */
const void *counters_state(const struct counters *counters, enum module_id id);
void *counters_state_own(struct counters *counters, enum module_id id); /* the same, to be changed */
