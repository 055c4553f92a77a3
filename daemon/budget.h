/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * So many bytes of memory for all peers together, given in the order in which they were asked for.
 *
 *     budget_ask() -> granted at once, or waits -> budget_next() hands it over when others have given back -> budget_return()
 *
 * A claim is embedded in what it is for (a result that comes in, one that goes out) and asks for all of its bytes before
 * it uses any, so that no two claims can wait for each other. One that asks for more than there is in all is granted when
 * nothing else is. Behind the first that waits all others wait: a large one is not passed over for ever.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum claim_state {
	CLAIM_NONE = 0,
	CLAIM_WAITS,
	CLAIM_GRANTED,
};

struct claim {
	enum claim_state state;
	uint64_t bytes;
	struct claim *next, *previous; /* CLAIM_WAITS */
	void *owner;
};

struct budget {
	uint64_t max, used;
	uint32_t granted, waiting; /* claims */
	struct claim *first, *last;
};

/* A claim of CLAIM_NONE. True: granted. owner comes back with budget_next(). */
bool budget_ask(struct budget *budget, struct claim *claim, uint64_t bytes, void *owner);

/* The next waiting claim for which there is room now, granted by this; or NULL. */
struct claim *budget_next(struct budget *budget);

/* Gives back what was granted, or waits no longer; nothing for CLAIM_NONE. True: others may be granted now. */
bool budget_return(struct budget *budget, struct claim *claim);
