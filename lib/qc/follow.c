/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters of a file that comes behind others: see follow.h. Each module changes its own state. */
#include "lib/qc/follow.h"

#include <errno.h>

#include "lib/qc/gc.h"
#include "lib/qc/kmers_state.h"
#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"
#include "lib/qc/tiles_state.h"

int counters_follow(struct counters *counters)
{
	static const struct {
		enum module_id id;
		int (*follow)(void *state);
	} rows[] = {
		{MODULE_GC, gc_follow},
		{MODULE_TILES, tiles_follow},
		{MODULE_SEQUENCES, sequences_follow},
		{MODULE_KMERS, kmers_follow},
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof rows / sizeof *rows; i++) {
		void *state = counters_state_own(counters, rows[i].id);

		r = state ? rows[i].follow(state) : 0;
	}
	return r;
}
