/* SPDX-License-Identifier: GPL-3.0-or-later */
/* States of tracked sequences with lowered limits, which small files fill and overflow. Aborts when out of memory. */
#pragma once

#include "lib/qc/module.h"
#include "lib/qc/sequences_state.h"
#include "tests/unit/qc/pool.h"

#define TRACKED_LOW 40
#define OWN_LOW 60

struct rig {
	struct count_rules rules;
	struct reads reads;
	uint64_t seed;
};

struct sequences *state_new(const struct count_rules *rules, const struct prior *prior);
struct sequences *state_free(struct sequences *state);

/* Reads [from, to), in batches of random size. */
struct sequences *state_count(struct rig *rig, size_t from, size_t to, const struct prior *prior);

void state_pack(const struct sequences *state, struct packer *ret);

/* The same state after a journey; NULL where it is refused. */
struct sequences *state_travel(const struct rig *rig, struct sequences *state, struct error *err);

bool state_equal(const struct sequences *a, const struct sequences *b); /* packs to the same bytes */

/* Of one file, with more keys than are tracked, one of each form, and the file's list. */
struct forms {
	struct rig rig;
	struct sequences *begun, *full, *placed, *own, *over, *counted;
	struct tracked *list;
};

void forms_make(struct forms *forms);
void forms_deinit(struct forms *forms);

/* For _cleanup_. */
void statep(struct sequences **state);
void trackedp(struct tracked **tracked);
void packerp(struct packer *packer);
