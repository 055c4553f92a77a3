/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of modules: a row each. */
#include "lib/qc/module.h"

#include <assert.h>

static const struct module *const modules[_MODULE_MAX] = {
    [MODULE_LENGTHS] = &module_lengths,
    [MODULE_QUALITY_SUM] = &module_quality_sum,
    [MODULE_QUALITY_TABLE] = &module_quality_table,
    [MODULE_BASES] = &module_bases,
    [MODULE_GC] = &module_gc,
    [MODULE_SCORES] = &module_scores,
    [MODULE_TILES] = &module_tiles,
    [MODULE_SEQUENCES] = &module_sequences,
    [MODULE_ADAPTERS] = &module_adapters,
    [MODULE_KMERS] = &module_kmers,
};

_Static_assert(COUNT_LENGTHS == 1u << MODULE_LENGTHS, "bit of counters.h");
_Static_assert(COUNT_QUALITY_SUM == 1u << MODULE_QUALITY_SUM, "bit of counters.h");
_Static_assert(COUNT_QUALITY_TABLE == 1u << MODULE_QUALITY_TABLE, "bit of counters.h");
_Static_assert(COUNT_BASES == 1u << MODULE_BASES, "bit of counters.h");
_Static_assert(COUNT_GC == 1u << MODULE_GC, "bit of counters.h");
_Static_assert(COUNT_SCORES == 1u << MODULE_SCORES, "bit of counters.h");
_Static_assert(COUNT_TILES == 1u << MODULE_TILES, "bit of counters.h");
_Static_assert(COUNT_SEQUENCES == 1u << MODULE_SEQUENCES, "bit of counters.h");
_Static_assert(COUNT_ADAPTERS == 1u << MODULE_ADAPTERS, "bit of counters.h");
_Static_assert(COUNT_KMERS == 1u << MODULE_KMERS, "bit of counters.h");

const struct module *module_get(enum module_id id)
{
	assert(id < _MODULE_MAX);
	return modules[id];
}
