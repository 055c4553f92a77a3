/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The section "Adapter Content" (FASTQC.md section 1.11): per cent of reads in which an adapter begins at a position or before
 * it.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/base/cleanup.h"
#include "lib/qc/adapters.h"
#include "lib/qc/derive.h"
#include "lib/qc/module.h"

/* The position, and the adapters' names. NULL: out of memory. */
static const char *const *columns_make(struct derive *derive)
{
	const char **columns = derive_alloc(derive, 1 + derive->rules->adapters_n, sizeof *columns);

	if (!columns)
		return NULL;
	columns[0] = "Position";
	for (uint32_t i = 0; i < derive->rules->adapters_n; i++) {
		columns[1 + i] = derive_text(derive, "%s", derive->rules->adapters[i].name);
		if (!columns[1 + i])
			return NULL;
	}
	return columns;
}

/* One column; positions behind n have no reads, but their group is as wide as it is. */
static void column_fill(const struct derive *derive, struct section *section, uint32_t adapter, const struct groups *groups,
                        uint64_t n, const struct adapter_hits *hits, size_t hits_n)
{
	uint64_t reads = 0;
	size_t at = 0;

	for (size_t i = 0; i < groups->n; i++) {
		const struct base_group *group = &groups->of[i];
		double percent = 0;

		for (uint64_t p = group->from - 1; p < group->to && p < n; p++) {
			while (at < hits_n && hits[at].position <= p)
				reads += hits[at++].reads;
			percent += (double)reads * 100.0 / (double)derive->reads;
		}
		percent /= (double)(group->to - group->from + 1);
		section_row(section, i)[1 + adapter] = cell_double(percent);
	}
}

/* 0 or -ENOMEM. */
static int section_judge(struct derive *derive, struct section *section, const struct limit *limit)
{
	struct judged *judged = &section->judged[0];
	bool fail = false, warn = false;
	size_t adapter = 0;

	for (size_t i = 0; i < section->rows_n; i++)
		for (size_t k = 1; k < section->columns_n; k++) {
			double percent = section_row(section, i)[k].real;

			if (!(percent <= judged->value)) {
				*judged = (struct judged){percent, section_row(section, i)[0].text};
				adapter = k;
			}
			fail |= percent > limit->error;
			warn |= percent > limit->warn;
		}
	section->status = status_of(fail, warn);
	if (adapter == 0)
		return 0;
	judged->where = derive_text(derive, "%s, position %s", section->columns[adapter], judged->where);
	return judged->where ? 0 : -ENOMEM;
}

int derive_adapters(struct derive *derive, struct section *section)
{
	const struct adapters *adapters = counters_state(derive->counters, MODULE_ADAPTERS);
	uint64_t longest = adapters_longest_read(adapters), adapter = rules_longest_adapter(derive->rules), n;
	const char *const *columns = columns_make(derive);
	struct groups groups;
	int r;

	section->status = STATUS_WARN;
	if (adapter > longest)
		return 0;
	n = longest - adapter + 1;
	if (!columns)
		return -ENOMEM;
	r = derive_groups_filled(derive, n, &groups);
	if (r == 0)
		r = derive_table(derive, section, columns, 1 + derive->rules->adapters_n, groups.n);
	for (size_t i = 0; r == 0 && i < groups.n; i++)
		section_row(section, i)[0] = cell_text(groups.labels[i]);
	for (uint32_t i = 0; r == 0 && i < derive->rules->adapters_n; i++) {
		_cleanup_(freep) struct adapter_hits *hits = NULL;
		size_t hits_n = 0;

		r = adapters_hits(adapters, i, &hits, &hits_n);
		if (r == 0)
			column_fill(derive, section, i, &groups, n, hits, hits_n);
	}
	return r < 0 ? r : section_judge(derive, section, &derive->options->limits->of[LIMIT_ADAPTER]);
}
