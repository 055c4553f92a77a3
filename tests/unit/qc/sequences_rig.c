/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of tracked sequences with lowered limits: see sequences_rig.h. */
#include "tests/unit/qc/sequences_rig.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/cleanup.h"

struct sequences *state_new(const struct count_rules *rules, const struct prior *prior)
{
	struct sequences *state = calloc(1, sizeof *state);

	if (!state || module_sequences.init(state, rules, prior) < 0)
		abort();
	state->tracked_max = TRACKED_LOW;
	state->own_max = OWN_LOW;
	return state;
}

struct sequences *state_free(struct sequences *state)
{
	if (state)
		module_sequences.deinit(state);
	free(state);
	return NULL;
}

void statep(struct sequences **state)
{
	state_free(*state);
}

void trackedp(struct tracked **tracked)
{
	tracked_free(*tracked);
}

void packerp(struct packer *packer)
{
	free(packer->bytes);
}

struct sequences *state_count(struct rig *rig, size_t from, size_t to, const struct prior *prior)
{
	struct sequences *state = state_new(&rig->rules, prior);
	struct batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		abort();
	while (from < to) {
		uint32_t most = 1 + (uint32_t)random_below(&rig->seed, 3) * 60;

		for (batch->n = 0; batch->n < most && from < to; from++)
			batch->records[batch->n++] = rig->reads.records[from];
		if (module_sequences.add(state, batch) < 0)
			abort();
	}
	free(batch);
	return state;
}

void state_pack(const struct sequences *state, struct packer *ret)
{
	*ret = (struct packer){0};
	if (module_sequences.pack(state, ret) < 0)
		abort();
}

struct sequences *state_travel(const struct rig *rig, struct sequences *state, struct error *err)
{
	_cleanup_(packerp) struct packer packer = {0};
	struct sequences *got = state_new(&rig->rules, &PRIOR_UNKNOWN);
	struct unpacker unpacker;

	state_pack(state, &packer);
	state_free(state);
	unpacker = (struct unpacker){packer.bytes, packer.bytes + packer.n};
	if (module_sequences.unpack(got, &unpacker, err) < 0 || unpack_left(&unpacker) > 0)
		return state_free(got);
	return got;
}

bool state_equal(const struct sequences *a, const struct sequences *b)
{
	_cleanup_(packerp) struct packer pa = {0}, pb = {0};

	state_pack(a, &pa);
	state_pack(b, &pb);
	return pa.n == pb.n && memcmp(pa.bytes, pb.bytes, pa.n) == 0;
}

void forms_make(struct forms *forms)
{
	static const struct pool many = {900, 5000, 50, 110, true, false};
	struct prior prior = PRIOR_UNKNOWN;

	*forms = (struct forms){.rig = {.seed = 1}};
	rules_default(&forms->rig.rules, COMPAT_0_12_1);
	reads_of_pool(&forms->rig.reads, &many, 5);
	forms->begun = state_count(&forms->rig, 0, 20, &PRIOR_FIRST);
	forms->placed = state_count(&forms->rig, 0, forms->rig.reads.n,
	                            &(struct prior){.first = true, .ordinals = true, .known = true, .tile_field = TILE_FIELD_UNKNOWN});
	forms->full = state_count(&forms->rig, 0, forms->rig.reads.n, &PRIOR_FIRST);
	forms->own = state_count(&forms->rig, 20, 40, &PRIOR_UNKNOWN);
	forms->over = state_count(&forms->rig, 20, 400, &PRIOR_UNKNOWN);
	if (sequences_tracked(forms->full, &forms->list) < 0)
		abort();
	prior.tracked = forms->list;
	forms->counted = state_count(&forms->rig, 200, 300, &prior);
}

void forms_deinit(struct forms *forms)
{
	state_free(forms->begun);
	state_free(forms->placed);
	state_free(forms->full);
	state_free(forms->own);
	state_free(forms->over);
	state_free(forms->counted);
	tracked_free(forms->list);
	reads_deinit(&forms->rig.reads);
}
