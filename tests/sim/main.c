/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs histories by seed.
 *
 *     sim [--seeds N] [--first K]  N histories (20,000) from seed K (1) must hold; a failing one prints its seed and options
 *                                  and what did not hold
 *     sim --mutant M [--seeds N]   with bug M put in: prints the first seed that finds it; 1 when none does
 *     sim --mutants                how many bugs there are
 *     sim --twice SEED             the same seed must be the same history
 *     sim --tell SEED              what happens in it: the journal, and who is given what
 *     sim --nodes N [--slots S] [--jobs J] [--files F] [--slices K] [--lead]
 *                                  many nodes, and what an event costs (many.c)
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/many.h"
#include "tests/sim/sim.h"

#define FAILURES_MAX 5 /* told of one run */

static bool run(uint64_t seed, bool tell, bool journal, uint64_t *ret_trace)
{
	struct sim *sim = malloc(sizeof *sim);
	char options[4000];
	bool good;

	if (!sim)
		abort();
	good = history_run(sim, seed, journal);
	if (!good && tell) {
		options_print(sim, options, sizeof options);
		(void)printf("# %s\n# %s: %s (at %" PRIu64 " ms)\n", options, sim->failure, sim->text, sim->now);
	}
	*ret_trace = sim->trace;
	history_free(sim);
	free(sim);
	return good;
}

static int run_mutant(uint64_t mutant, uint64_t seeds, uint64_t first)
{
	uint64_t trace;

	if (mutant <= MUTANT_NONE || mutant >= _MUTANT_MAX)
		return 64;
	coord_mutant = (enum coord_mutant)mutant;
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		if (run(seed, false, false, &trace))
			continue;
		(void)printf("%" PRIu64 "\n", seed);
		return 0;
	}
	return 1;
}

static int run_twice(uint64_t seed)
{
	uint64_t trace, again;

	(void)run(seed, true, false, &trace);
	(void)run(seed, true, false, &again);
	return trace != again;
}

static int run_all(uint64_t seeds, uint64_t first)
{
	uint64_t trace, failed = 0, seed = first;

	for (; seed < first + seeds && failed < FAILURES_MAX; seed++)
		failed += !run(seed, true, false, &trace);
	(void)printf("# %" PRIu64 " histories, %" PRIu64 " failed\n", seed - first, failed);
	return failed > 0;
}

/* False: it is none of these. */
static bool many_option(struct many_options *many, int c)
{
	uint32_t *number = c == 'N' ? &many->nodes : c == 'S' ? &many->slots : c == 'J' ? &many->jobs : c == 'F' ? &many->files :
	                   c == 'K' ? &many->slices : NULL;

	if (number)
		*number = (uint32_t)strtoul(optarg, NULL, 10);
	many->lead = many->lead || c == 'l';
	return number || c == 'l';
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seeds", required_argument, NULL, 's'},  {"first", required_argument, NULL, 'f'},
	    {"mutant", required_argument, NULL, 'm'}, {"mutants", no_argument, NULL, 'n'},
	    {"twice", required_argument, NULL, 't'},  {"tell", required_argument, NULL, 'j'},
	    {"nodes", required_argument, NULL, 'N'},  {"slots", required_argument, NULL, 'S'},
	    {"jobs", required_argument, NULL, 'J'},   {"files", required_argument, NULL, 'F'},
	    {"slices", required_argument, NULL, 'K'}, {"lead", no_argument, NULL, 'l'},
	    {0},
	};
	struct many_options many = {.slots = 1, .jobs = 1, .files = 1000, .slices = 1};
	uint64_t seeds = 20000, first = 1, mutant = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			seeds = strtoull(optarg, NULL, 10);
			break;
		case 'f':
			first = strtoull(optarg, NULL, 10);
			break;
		case 'm':
			mutant = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			return printf("%d\n", _MUTANT_MAX - 1) < 0;
		case 't':
			return run_twice(strtoull(optarg, NULL, 10));
		case 'j':
			return !run(strtoull(optarg, NULL, 10), true, true, &(uint64_t){0});
		default:
			if (many_option(&many, c))
				break;
			(void)fputs("usage: sim [--seeds N] [--first K] [--mutant M] | --mutants | --twice SEED | --tell SEED\n"
			            "       sim --nodes N [--slots S] [--jobs J] [--files F] [--slices K] [--lead]\n", stderr);
			return 64;
		}
	}
	if (many.nodes > 0)
		return many_run(&many);
	return mutant ? run_mutant(mutant, seeds, first) : run_all(seeds, first);
}
