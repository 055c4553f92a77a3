/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of modules: a row each. */
#include "lib/qc/module.h"

#include <assert.h>

#include "lib/qc/lengths.h"
#include "lib/qc/quality_sum.h"
#include "lib/qc/quality_table.h"

static const struct module *const modules[_MODULE_MAX] = {
    [MODULE_LENGTHS] = &module_lengths,
    [MODULE_QUALITY_SUM] = &module_quality_sum,
    [MODULE_QUALITY_TABLE] = &module_quality_table,
};

_Static_assert(COUNT_LENGTHS == 1u << MODULE_LENGTHS, "bit of counters.h");
_Static_assert(COUNT_QUALITY_SUM == 1u << MODULE_QUALITY_SUM, "bit of counters.h");
_Static_assert(COUNT_QUALITY_TABLE == 1u << MODULE_QUALITY_TABLE, "bit of counters.h");
_Static_assert(COUNT_ALL == (1u << _MODULE_MAX) - 1, "COUNT_ALL of counters.h has every module");

const struct module *module_get(enum module_id id)
{
	assert(id < _MODULE_MAX);
	return modules[id];
}
