/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory for all peers together: see budget.h. */
#include "daemon/budget.h"

#include <assert.h>
#include <stddef.h>

static bool fits(const struct budget *budget, uint64_t bytes)
{
	return budget->granted == 0 || (budget->used <= budget->max && bytes <= budget->max - budget->used);
}

static void grant(struct budget *budget, struct claim *claim)
{
	claim->state = CLAIM_GRANTED;
	budget->used += claim->bytes;
	budget->granted++;
}

static void unlink_waiting(struct budget *budget, struct claim *claim)
{
	if (claim->previous)
		claim->previous->next = claim->next;
	else
		budget->first = claim->next;
	if (claim->next)
		claim->next->previous = claim->previous;
	else
		budget->last = claim->previous;
	claim->next = claim->previous = NULL;
	budget->waiting--;
}

bool budget_ask(struct budget *budget, struct claim *claim, uint64_t bytes, void *owner)
{
	assert(claim->state == CLAIM_NONE);
	claim->bytes = bytes;
	claim->owner = owner;
	if (!budget->first && fits(budget, bytes)) {
		grant(budget, claim);
		return true;
	}
	claim->state = CLAIM_WAITS;
	claim->previous = budget->last;
	if (budget->last)
		budget->last->next = claim;
	else
		budget->first = claim;
	budget->last = claim;
	budget->waiting++;
	return false;
}

struct claim *budget_next(struct budget *budget)
{
	struct claim *claim = budget->first;

	if (!claim || !fits(budget, claim->bytes))
		return NULL;
	unlink_waiting(budget, claim);
	grant(budget, claim);
	return claim;
}

bool budget_return(struct budget *budget, struct claim *claim)
{
	enum claim_state state = claim->state;

	if (state == CLAIM_WAITS) {
		unlink_waiting(budget, claim);
	} else if (state == CLAIM_GRANTED) {
		budget->used -= claim->bytes;
		budget->granted--;
	}
	claim->state = CLAIM_NONE;
	return state != CLAIM_NONE && budget->first;
}
