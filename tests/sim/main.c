/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs histories by seed.
 *
 *     sim SEEDS [FIRST]            all must hold; a failing one prints its seed and options and what did not hold
 *     sim --mutant N SEEDS         with bug N put in: prints the first seed that finds it; 1 when none does
 *     sim --mutants                how many bugs there are
 *     sim --twice SEED             the same seed must be the same history
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/coord/core_internal.h"
#include "tests/sim/sim.h"

static bool run(uint64_t seed, bool tell, uint64_t *ret_trace)
{
	struct sim *sim = malloc(sizeof *sim);
	char options[400];
	bool good;

	if (!sim)
		abort();
	good = history_run(sim, seed);
	if (!good && tell) {
		history_options(sim, options, sizeof options);
		(void)printf("# %s\n# %s: %s (at %" PRIu64 " ms)\n", options, sim->failure, sim->text, sim->now);
	}
	*ret_trace = sim->trace;
	history_free(sim);
	free(sim);
	return good;
}

static int run_mutant(uint64_t mutant, uint64_t seeds)
{
	uint64_t trace;

	if (mutant <= MUTANT_NONE || mutant >= _MUTANT_MAX)
		return 64;
	coord_mutant = (enum coord_mutant)mutant;
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		if (run(seed, false, &trace))
			continue;
		(void)printf("%" PRIu64 "\n", seed);
		return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t seeds, first, trace, again, failed = 0;

	if (argc == 4 && strcmp(argv[1], "--mutant") == 0)
		return run_mutant(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10));
	if (argc == 2 && strcmp(argv[1], "--mutants") == 0)
		return printf("%d\n", _MUTANT_MAX - 1) < 0;
	if (argc == 3 && strcmp(argv[1], "--twice") == 0) {
		(void)run(strtoull(argv[2], NULL, 10), true, &trace);
		(void)run(strtoull(argv[2], NULL, 10), true, &again);
		return trace != again;
	}
	if (argc < 2) {
		(void)fputs("usage: sim SEEDS [FIRST] | --mutant N SEEDS | --mutants | --twice SEED\n", stderr);
		return 64;
	}
	seeds = strtoull(argv[1], NULL, 10);
	first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	for (uint64_t seed = first; seed < first + seeds && failed < 5; seed++)
		failed += !run(seed, true, &trace);
	(void)printf("# %" PRIu64 " histories, %" PRIu64 " failed\n", seeds, failed);
	return failed > 0;
}
